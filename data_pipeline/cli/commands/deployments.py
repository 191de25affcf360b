"""``deployments``: what was deployed, when, by whom and of what; from the record in the artifact bucket."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click

from data_pipeline.aws.errors import explained
from data_pipeline.cli.arguments import bucket as bucket_option
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.columns import columns
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deploying.recorded import recorded_target
from data_pipeline.cli.examples import examples
from data_pipeline.core.deployment import deployment_text
from data_pipeline.core.deployment.deployment_record import Deployment, current, numbered
from data_pipeline.core.errors import UserError

_JSON = click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)


@click.group(epilog=examples("deployments list dev", "deployments show dev 12"))
def deployments() -> None:
    """What was deployed: each deployment with its number, time, person, commit and parts."""


@deployments.command("list", epilog=examples("deployments list dev", "deployments list dev --json"))
@environment_argument
@bucket_option
@_JSON
def list_(env: str, bucket: str | None, as_json: bool) -> None:
    """List the deployments of ENV, the newest first; * marks the one that is deployed.

    Those that were replaced long ago are forgotten, with their artifacts (retention.artifacts_days).
    """
    found, now = _read(env, bucket)
    if as_json:
        shown = [_as_json(each, each == now) for each in reversed(found)]
        click.echo(json.dumps({"environment": env, "deployments": shown}, indent=2))
        return
    if not found:
        click.echo(f"no deployment of {env} is recorded")
        return
    for line in columns(deployment_text.table(found, now), right=(0,)):
        click.echo(line)


@deployments.command(epilog=examples("deployments show dev", "deployments show dev 12 --json"))
@environment_argument
@click.argument("number", metavar="[N]", type=click.IntRange(min=1), required=False)
@bucket_option
@_JSON
def show(env: str, number: int | None, bucket: str | None, as_json: bool) -> None:
    """Show what deployment N of ENV was made of, and how it ended; without N, the newest."""
    found, now = _read(env, bucket)
    if not found:
        raise UserError(f"no deployment of {env} is recorded")
    shown = numbered(found, number, env) if number else found[-1]
    if as_json:
        click.echo(json.dumps({"environment": env, **_as_json(shown, shown == now)}, indent=2))
        return
    for line in columns(deployment_text.rows(shown, deployed=shown == now)):
        click.echo(line)


def _read(env: str, bucket: str | None) -> tuple[tuple[Deployment, ...], Deployment | None]:
    """The record, and the deployment that is deployed, if any is."""
    environment, connection = open_environment(env)
    with explained():
        target, stack = recorded_target(environment, connection, bucket)
        found = target.record.read()
    return found, current(found) if stack else None


def _as_json(each: Deployment, deployed: bool) -> dict[str, Any]:
    return {**asdict(each), "status": deployment_text.status(each), "deployed": deployed}
