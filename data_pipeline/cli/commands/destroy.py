"""``destroy ENV``: says what goes and what stays, asks, and takes an environment down."""

from __future__ import annotations

import json
import sys

import click

from data_pipeline.aws.errors import explained
from data_pipeline.cli.arguments import bucket as bucket_option
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deploying.destroying import destroy_all, gather_doomed, refuse_running
from data_pipeline.cli.deploying.plan_page import show
from data_pipeline.cli.deploying.recorded import recorded_target, stacks_of
from data_pipeline.cli.deploying.target import Target
from data_pipeline.cli.examples import examples
from data_pipeline.core.deployment.destruction import page
from data_pipeline.core.errors import UserError

from .deploy import agreed


@click.command(
    epilog=examples("destroy dev", "destroy dev --with-data --confirm dev", "destroy dev --pipeline old-name")
)
@environment_argument
@click.option("--with-data", is_flag=True, help="Delete tables, input, records and state, too.")
@click.option("--yes", is_flag=True, help="Go ahead without asking; not enough for --with-data.")
@click.option(
    "--confirm", metavar="NAME", help="The name that --with-data asks for: ENV, or that of the old pipeline."
)
@click.option(
    "--pipeline",
    metavar="NAME",
    help="Take down the pipeline of this name, as the one here was called before.",
)
@bucket_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def destroy(
    env: str,
    with_data: bool,
    yes: bool,
    confirm: str | None,
    pipeline: str | None,
    bucket: str | None,
    as_json: bool,
) -> None:
    """Say what goes and what stays of ENV, ask, and take it down.

    The pipeline goes: jobs, roles, state machine, schedule, logs. Bucket, tables, feature groups and the record of
    deployments stay, and the next deployment takes them up. If it is broken off, run the same command again.
    """
    environment, connection = open_environment(env)
    former = pipeline is not None and pipeline != environment.pipeline
    if former:
        environment = environment.model_copy(update={"pipeline": pipeline})
    name = environment.names.prefix if former else env
    if confirm is not None and confirm != name:
        raise UserError(
            f"--confirm {confirm}: expected {name}, the name of what is to go; nothing was deleted"
        )
    with explained():
        stack = stacks_of(environment, connection).find(environment.names.pipeline_stack)
        deleted = False
        if stack is not None or with_data or bucket:
            target, _ = recorded_target(environment, connection, bucket, former)
            deleted = _destroy(target, with_data, yes, confirm)
    if as_json:
        result = {
            "environment": env,
            "pipeline": environment.pipeline,
            "deleted": deleted,
            "with_data": with_data,
        }
        click.echo(json.dumps(result))
    else:
        click.echo(f"{name} is down" if deleted else f"nothing to delete: {name} is not deployed")


def _destroy(target: Target, with_data: bool, yes: bool, confirm: str | None) -> bool:
    """Show, ask, delete; whether there was anything to delete."""
    doomed = gather_doomed(target, with_data)
    if not doomed.anything:
        return False
    show(page(doomed))
    if not (_named(target.name, confirm) if with_data else agreed(yes or confirm is not None)):
        raise UserError("nothing was deleted.")
    refuse_running(target)  # one may have begun while the answer was waited for
    destroy_all(target, doomed)
    return True


def _named(name: str, confirm: str | None) -> bool:
    """Whether the user has typed the name of what is to go."""
    if confirm is not None:
        return True
    if not sys.stdin.isatty():
        click.echo(f"no terminal to ask on; to delete the data, add --confirm {name}", err=True)
        return False
    return bool(
        click.prompt(f"type {name} to delete all of it", err=True, default="", show_default=False) == name
    )
