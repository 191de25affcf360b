"""Options of ``run`` that say what the execution shall look at; together they are its input."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from data_pipeline.core.machine import run_input
from data_pipeline.core.machine.execution import execution_input
from data_pipeline.core.problems import RefusedError, quoted

Check = Callable[[str], str]


class Checked(click.ParamType[str]):
    """Text that a check of the core lets through."""

    def __init__(self, name: str, check: Check) -> None:
        self.name = name
        self._check = check

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return self._check(str(value))
        except RefusedError as error:
            self.fail(_words(quoted(str(value)), error), param, ctx)


def _together(ctx: click.Context, param: click.Parameter, value: tuple[str, ...]) -> list[str]:
    try:
        return run_input.names(value)
    except RefusedError as error:
        raise click.BadParameter(_words(f"{len(value)} names", error), ctx, param) from error


def _words(found: str, error: RefusedError) -> str:
    return f"found {found}, expected {error.expected}" + (f"; {error.advice}" if error.advice else "")


#: the same everywhere: which data sets, and which months.
dataset_option = click.option(
    "--dataset",
    "datasets",
    metavar="NAME",
    type=Checked("dataset", run_input.name),
    multiple=True,
    callback=_together,
    help="Look at this data set only; repeatable.",
)
months_option = click.option(
    "--months",
    metavar="A..B",
    type=Checked("months", run_input.months),
    help="Look at the files of these months only, as in 2019-01..2019-06, or of one month.",
)

_OPTIONS = (
    click.option("--reprocess", is_flag=True, help="Read again what is already processed."),
    dataset_option,
    months_option,
    click.option("--prune", is_flag=True, help="Remove the counts of source files that are gone."),
    click.option(
        "--accept",
        metavar="RULE",
        type=Checked("accept", run_input.name),
        multiple=True,
        callback=_together,
        help="Publish although this quality rule fails; repeatable.",
    ),
    click.option("--concurrent", is_flag=True, help="Run although another execution is running."),
)


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options on a command, which is given them as ``value``: the input of the execution."""

    @functools.wraps(command)
    def collected(
        *,
        reprocess: bool,
        datasets: list[str],
        months: str | None,
        prune: bool,
        accept: list[str],
        concurrent: bool,
        **others: Any,
    ) -> Any:
        value = execution_input(
            reprocess=reprocess,
            datasets=datasets,
            months=months,
            prune=prune,
            accept=accept,
            concurrent=concurrent,
        )
        return command(value=value, **others)

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected
