"""``rollback ENV``: plans and applies a recorded deployment, exactly as it was carried out."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from data_pipeline.aws.errors import explained
from data_pipeline.cli.arguments import allow_replace
from data_pipeline.cli.arguments import bucket as bucket_option
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deploying.deployment import plan_stacks
from data_pipeline.cli.deploying.destroying import refuse_running
from data_pipeline.cli.deploying.plan_page import show
from data_pipeline.cli.deploying.recorded import recorded, recorded_target, rules_since
from data_pipeline.cli.deploying.target import Target
from data_pipeline.cli.examples import examples
from data_pipeline.core.deployment.deployment_record import Deployment, current, earlier
from data_pipeline.core.deployment.returned import until
from data_pipeline.core.errors import UserError

from .deploy import agreed, print_outputs, show_and_apply

if TYPE_CHECKING:
    from data_pipeline.cli.deploying.returning import Returning


@click.command(epilog=examples("rollback dev", "rollback dev --to 12", "rollback dev --to 12 --with-data"))
@environment_argument
@click.option(
    "--to",
    "number",
    metavar="N",
    type=click.IntRange(min=1),
    help="The deployment to go back to; without it, the last one that ended well before the newest.",
)
@click.option(
    "--with-data",
    is_flag=True,
    help="Bring back tables, exports and the ledger, too, as that deployment had published them last.",
)
@click.option("--yes", is_flag=True, help="Apply without asking.")
@allow_replace
@bucket_option
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def rollback(
    env: str,
    number: int | None,
    with_data: bool,
    yes: bool,
    allowed: tuple[str, ...],
    bucket: str | None,
    as_json: bool,
) -> None:
    """Show what going back to an earlier deployment of ENV will change, ask, and apply it.

    Jobs, packages, templates and parameters are those of that deployment, from its record. What is published stays as
    it is, without --with-data. It becomes a deployment of its own; the project here is not touched.
    """
    if with_data and number is None:
        raise click.UsageError(
            "--with-data needs --to N, so that the same command ends what was broken off; "
            f"python -m data_pipeline deployments list {env} has the numbers."
        )
    environment, connection = open_environment(env)
    with explained():
        target, _ = recorded_target(environment, connection, bucket)
        known = target.record.read()
        chosen = earlier(known, number, env)
        click.echo(
            f"back to deployment {chosen.number} of {chosen.time[:16].replace('T', ' ')} UTC", err=True
        )
        returning = _returning(target, known, chosen) if with_data else None
        plan = plan_stacks(target, recorded(target, chosen), exists=True)
        if returning is not None and not _data_shown(returning, asks=plan.nothing, yes=yes):
            raise UserError("nothing was changed.")
        changed, found = show_and_apply(target, plan, yes, allowed)
        if returning is not None and returning.anything:
            _bring_back(target, returning)
            changed = True
    if as_json:
        result = {"environment": env, "to": chosen.number, "changed": changed, "outputs": found}
        click.echo(json.dumps(result))
    else:
        print_outputs(found)


def _bring_back(target: Target, returning: Returning) -> None:
    from data_pipeline.cli.deploying.returning import bring_back

    refuse_running(target)
    bring_back(target.connection, returning)
    click.echo("tables, exports and ledger are back", err=True)


def _returning(target: Target, known: Sequence[Deployment], chosen: Deployment) -> Returning:
    """What its data were when it was replaced. UserError while a run is under way, or where it was not replaced."""
    from data_pipeline.cli.deploying.returning import gather_returning  # tables need PyIceberg, stacks do not

    env, moment, now = target.environment, until(known, chosen), current(known)
    if moment is None or now is None:
        raise UserError(
            f"deployment {chosen.number} of {env.name} was not replaced, so that its data are those of now"
        )
    refuse_running(target)
    since = rules_since(target, known, chosen)
    return gather_returning(target.connection, env.name, now.outputs, env.data, env.retention, moment, since)


def _data_shown(returning: Returning, *, asks: bool, yes: bool) -> bool:
    """Show what is brought back, and ask where no change of the stacks will; whether to go on."""
    from data_pipeline.cli.deploying.returning import data_page

    show(data_page(returning))
    return agreed(yes) if asks and returning.anything else True
