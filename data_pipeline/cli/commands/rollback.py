"""``rollback ENV``: plans and applies a recorded deployment, exactly as it was carried out."""

from __future__ import annotations

import json

import click

from data_pipeline.aws.errors import explained
from data_pipeline.cli.arguments import allow_replace
from data_pipeline.cli.arguments import bucket as bucket_option
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deploying.deployment import plan_stacks
from data_pipeline.cli.deploying.recorded import recorded, recorded_target
from data_pipeline.cli.examples import examples
from data_pipeline.core.deployment.deployment_record import earlier

from .deploy import print_outputs, show_and_apply


@click.command(epilog=examples("rollback dev", "rollback dev --to 12"))
@environment_argument
@click.option(
    "--to",
    "number",
    metavar="N",
    type=click.IntRange(min=1),
    help="The deployment to go back to; without it, the last one that ended well before the newest.",
)
@click.option("--yes", is_flag=True, help="Apply without asking.")
@allow_replace
@bucket_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def rollback(
    env: str, number: int | None, yes: bool, allowed: tuple[str, ...], bucket: str | None, as_json: bool
) -> None:
    """Show what going back to an earlier deployment of ENV will change, ask, and apply it.

    Jobs, packages, templates and parameters are those of that deployment, from its record. What is published stays as
    it is. It becomes a deployment of its own; the project here is not touched.
    """
    environment, connection = open_environment(env)
    with explained():
        target, _ = recorded_target(environment, connection, bucket)
        chosen = earlier(target.record.read(), number, env)
        click.echo(
            f"back to deployment {chosen.number} of {chosen.time[:16].replace('T', ' ')} UTC", err=True
        )
        plan = plan_stacks(target, recorded(target, chosen), exists=True)
        changed, found = show_and_apply(target, plan, yes, allowed)
    if as_json:
        click.echo(
            json.dumps({"environment": env, "to": chosen.number, "changed": changed, "outputs": found})
        )
    else:
        print_outputs(found)
