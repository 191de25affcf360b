"""``drift``: what was changed by hand since the deployment."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import click

from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.examples import examples
from data_pipeline.core.deployment import drifts
from data_pipeline.project import drifting


@click.group(epilog=examples("drift show dev"))
def drift() -> None:
    """What was changed by hand since the deployment."""


@drift.command(epilog=examples("drift show dev", "drift show dev --detect"))
@environment_argument
@click.option(
    "--detect", is_flag=True, help="Have CloudFormation look at every resource now; takes a minute or so."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def show(env: str, detect: bool, as_json: bool) -> int:
    """Show what was changed by hand in ENV's stacks, property by property, as last detected.

    A pause of the schedule is no drift. CloudFormation compares what the templates give, and not the definition of a
    state machine. Exits 0 without drift, and 2 with some.
    """
    environment, connection = open_environment(env)
    found = drifting.drifts(environment, connection, anew=detect)
    if as_json:
        click.echo(json.dumps({"environment": env, "stacks": drifts.as_json(found)}, indent=2))
    else:
        for each in found:
            for line in drifts.lines(each, datetime.now(UTC)):
                click.echo(line)
    return 2 if any(each.drifted for each in found) else 0
