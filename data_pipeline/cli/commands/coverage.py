"""``coverage``: which periods of which data sets are published."""

from __future__ import annotations

import json
import os

import click

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress.coverage_text import as_json, legend, lines
from data_pipeline.project.covering import coverages

#: sign → its colour on a terminal.
_STYLES = {"#": "green", "q": "yellow", "a": "yellow", "!": "cyan", "x": "red", "u": "red", ".": "red"}


@click.group(epilog=examples("coverage show dev"))
def coverage() -> None:
    """Which periods of which data sets are published."""


@coverage.command(epilog=examples("coverage show dev", "coverage show dev --dataset orders --json"))
@environment_argument
@click.option("--dataset", "datasets", metavar="NAME", multiple=True, help="This data set only; repeatable.")
@click.option(
    "--input/--no-input", "look", default=True, help="Look for unpublished files in the input (the default)."
)
@click.option("--json", "as_json_", is_flag=True, help="Print one JSON object on stdout.")
def show(env: str, datasets: tuple[str, ...], look: bool, as_json_: bool) -> None:
    """Show a grid of data set by period: published, let through, unreadable, not yet read, missing …

    A period is missing between the first of its series and the last of its data set. Why a file of the input is not
    published, the last run that has read it says; what was let through by --accept, and who did, is named below.
    """
    environment, connection = open_environment(env)
    if not environment.datasets:
        raise UserError(f"{env} has no data sets in the configuration, which coverage is about")
    outputs = deployed_outputs(environment, connection)
    uris = outputs["InputUri"], outputs["OutputUri"]
    found = coverages(environment, connection, *uris, datasets, look)
    if as_json_:
        click.echo(json.dumps({"environment": env, "datasets": [as_json(each) for each in found]}, indent=2))
        return
    for each in found:
        for line in lines(each, _painted):
            click.echo(line)
    if said := legend(found):
        click.echo(f"\n{said}")


def _painted(sign: str) -> str:
    """A sign in its colour, which click leaves out where stdout is no terminal."""
    return click.style(sign, fg=_STYLES.get(sign)) if "NO_COLOR" not in os.environ else sign
