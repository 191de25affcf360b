"""``coverage``: which periods of which data sets are published."""

from __future__ import annotations

import json

import click

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress.coverage import as_json, lines
from data_pipeline.project.covering import coverages

_LEGEND = "# published   q 5 % or more in quarantine   ! waits in the input   . missing"


@click.group(epilog=examples("coverage show dev"))
def coverage() -> None:
    """Which periods of which data sets are published."""


@coverage.command(epilog=examples("coverage show dev", "coverage show dev --dataset orders --json"))
@environment_argument
@click.option("--dataset", "datasets", metavar="NAME", multiple=True, help="This data set only; repeatable.")
@click.option(
    "--input/--no-input", "look", default=True, help="Look for files that wait in the input (the default)."
)
@click.option("--json", "as_json_", is_flag=True, help="Print one JSON object on stdout.")
def show(env: str, datasets: tuple[str, ...], look: bool, as_json_: bool) -> None:
    """Show a grid of data set by period: published, much quarantined, waiting, missing.

    A period is missing between the first of its series and the last of its data set. A file waits that lies in the
    input and is not published as it is there: no run has read it yet, or it cannot be read, or a rule holds it back.
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
        for line in lines(each):
            click.echo(line)
    if any(each.unit and each.series for each in found):
        click.echo(f"\n{_LEGEND}")
