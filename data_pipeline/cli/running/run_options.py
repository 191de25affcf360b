"""Options of ``run`` that say what the execution shall look at; together they are its input."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from data_pipeline.core.machine import run_input
from data_pipeline.core.machine.execution import SCHEMA, execution_input
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


def _repeated(option: str, field: str, metavar: str, check: Check, help: str) -> Callable[..., Any]:
    """An option that is given once for each entry of a list."""
    kind = Checked(option.strip("-"), check)
    return click.option(
        option,
        field,
        metavar=metavar,
        type=kind,
        multiple=True,
        callback=_together,
        help=f"{help}; repeatable.",
    )


#: the same everywhere: which data sets, which parts of them, and which time.
_SCOPE = (
    _repeated("--dataset", "datasets", "NAME", run_input.name, "Look at this data set only"),
    _repeated(
        "--part",
        "parts",
        "NAME=VALUE",
        run_input.part,
        "Look at the files with this value of a named part only",
    ),
    click.option(
        "--periods",
        metavar="A..B",
        type=Checked("periods", run_input.periods),
        help="Look at the files of these years, months, days or hours only, as in 2024-01..2024-06-15, or of one.",
    ),
    click.option(
        "--months",
        metavar="A..B",
        type=Checked("months", run_input.months),
        help="Look at the files of these months only, as in 2019-01..2019-06, or of one month.",
    ),
)


#: fields of an input that say which files.
Scope = dict[str, Any]


def scope_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which files, on a command, which is given them as ``scope``."""
    names = ("datasets", "parts", "periods", "months")

    @functools.wraps(command)
    def collected(**given: Any) -> Any:
        scope = {name: given.pop(name) for name in names}
        return command(scope={name: each for name, each in scope.items() if each}, **given)

    for option in reversed(_SCOPE):
        collected = option(collected)
    return collected


_OPTIONS = (
    click.option("--reprocess", is_flag=True, help="Read again what is already processed."),
    *_SCOPE,
    click.option("--prune", is_flag=True, help="Remove what came from source files that are gone."),
    _repeated(
        "--rebuild",
        "rebuild",
        "NAME",
        run_input.name,
        "Make the table of this data set anew from all its files, as its definition is now",
    ),
    _repeated(
        "--from-now-on",
        "from_now_on",
        "NAME",
        run_input.name,
        "Let the changed definition of this data set hold for new files alone",
    ),
    _repeated(
        "--drop-column",
        "drop_columns",
        "NAME.COLUMN",
        run_input.column,
        "Drop a column that the configuration has no more from the table NAME",
    ),
    _repeated(
        "--accept",
        "accept",
        "RULE[@RUN]",
        run_input.rule,
        "Publish although this quality rule fails; of data sets, as far as RUN (the last that failed by it) has found",
    ),
    click.option(
        "--defer-tables",
        is_flag=True,
        help="Leave tables made of data sets, exports and the ingestion for a later run, as `backfill` does.",
    ),
    click.option("--concurrent", is_flag=True, help="Run although another execution is running."),
)
#: fields of the input that somebody asks for
_FIELDS = tuple(SCHEMA["properties"].keys() - {"version", "from", "started_by"})


def input_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options on a command, which is given them as ``value``: the input of the execution."""

    @functools.wraps(command)
    def collected(**given: Any) -> Any:
        value = execution_input(**{name: given[name] for name in _FIELDS})
        return command(value=value, **{name: each for name, each in given.items() if name not in _FIELDS})

    for option in reversed(_OPTIONS):
        collected = option(collected)
    return collected
