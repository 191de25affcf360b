"""``deploy ENV BUCKET``: packages the jobs, shows what both stacks will change, asks, applies, prints
outputs.

Nothing of the user's changes before the answer: until then there are change sets, which a "no" deletes again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import click

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.errors import explained
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deploying.deployment import Plan, Target, carry_out, gather, note_present, outputs
from data_pipeline.cli.deploying.feature_guard import refuse_replaced_groups, refuse_what_loses_records
from data_pipeline.cli.deploying.stack_progress import size
from data_pipeline.cli.examples import examples
from data_pipeline.cli.feature_types import with_feature_types
from data_pipeline.cli.project import root
from data_pipeline.cli.screen import console
from data_pipeline.core.deployment import drifts
from data_pipeline.core.deployment.changes import StackChanges, describe, summary
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts import limits
from data_pipeline.core.problems import RefusedError
from data_pipeline.project import drifting
from data_pipeline.project.scheduling import find_pause

from .create import refuse_stale_templates

#: seconds between two questions to CloudFormation.
_PACE, _EMBEDDED_PACE = 2.0, 0.1


@click.command(
    epilog=examples("deploy dev my-artifact-bucket", "deploy dev my-artifact-bucket --create-bucket --yes")
)
@environment_argument
@click.argument("bucket", metavar="BUCKET", required=False)
@click.option("--yes", is_flag=True, help="Apply without asking.")
@click.option("--create-bucket", is_flag=True, help="Make BUCKET: private, encrypted, versioned, TLS only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def deploy(env: str, bucket: str | None, yes: bool, create_bucket: bool, as_json: bool) -> None:
    """Show what deploying ENV will change, ask, apply it, and print the stacks' outputs.

    BUCKET holds the jobs' code and packages, nothing else.
    """
    if bucket is None:
        raise click.UsageError(
            "BUCKET is missing: the bucket for code and packages. To have it made, add --create-bucket."
        )
    try:
        limits.artifact_bucket(bucket)
    except RefusedError as refused:
        why = f"expected {refused.expected}" + (f"; {refused.advice}" if refused.advice else "")
        raise click.UsageError(f"{bucket!r} cannot be a bucket's name: {why}.") from refused
    environment, connection = open_environment(env)
    environment = with_feature_types(root(), environment)
    refuse_stale_templates(root(), environment)
    with explained():
        pace = _EMBEDDED_PACE if environment.embedded else _PACE
        stacks = Stacks(connection.client("cloudformation"), pace=pace)
        changed, found = _run(Target(environment, connection, bucket, stacks), yes, create_bucket)
    if as_json:
        click.echo(json.dumps({"environment": env, "changed": changed, "outputs": found}))
    else:
        _print_outputs(found)


def _run(target: Target, yes: bool, create_bucket: bool) -> tuple[bool, dict[str, str]]:
    """Plan, show, ask, apply. Whether anything changed, and the outputs of both stacks."""
    refuse_what_loses_records(target.environment, target.connection)
    plan = gather(target, create_bucket)
    try:
        refuse_replaced_groups(plan.storage.plan)
        if plan.nothing:
            note_present(target, plan)
            _note_pause(target, plan)
            _note_drift(target, plan)
            click.echo(f"no changes: {target.environment.name} is deployed as it stands here", err=True)
            return False, outputs(plan.storage.stack, plan.pipeline.stack)
        _show(target, plan)
        if not _agreed(yes):
            raise UserError("nothing was changed.")

        def agree(changes: StackChanges) -> bool:
            refuse_replaced_groups(changes)
            click.echo("other than was shown:", err=True)
            _print_changes([changes])
            return _agreed(yes)

        return True, carry_out(target, plan, agree)
    finally:
        plan.discard(target.stacks)


def _show(target: Target, plan: Plan) -> None:
    """What a deployment will do, on stderr."""
    if not plan.bucket_exists:
        click.echo(f"bucket {target.bucket}: make it (private, encrypted, versioned, TLS only)", err=True)
    count = len(plan.package.missing)
    upload = f"upload {count} objects, {size(plan.package.size)}" if count else "nothing to upload"
    click.echo(f"s3://{target.bucket}/{target.environment.names.artifacts}/: {upload}", err=True)
    if target.environment.data.bucket:
        own = f"bucket {target.environment.data.bucket} is yours: its lifecycle rules are left as they are"
        click.echo(f"retention: {own} (docs/how-to/retention.md says which to add)", err=True)
    if target.environment.embedded and target.environment.notify:
        without = "the embedded AWS keeps no metrics: a deployment on AWS has alarms as well"
        click.echo(f"alarms: none, {without}", err=True)
    _note_pause(target, plan)
    _note_drift(target, plan)
    _print_changes([plan.storage.plan, plan.pipeline.plan])


def _note_pause(target: Target, plan: Plan) -> None:
    """That the schedule is paused, and stays so."""
    paused = find_pause(target.environment, target.connection, target.bucket) if plan.bucket_exists else None
    if paused is not None:
        click.echo(f"schedule: {paused}; it stays paused", err=True)


def _note_drift(target: Target, plan: Plan) -> None:
    """That something was changed by hand, which a deployment does not see where the template has not changed."""
    dates = [
        each.stack.drifted for each in (plan.storage, plan.pipeline) if each.stack and each.stack.drifted
    ]
    if not dates:
        return
    env = target.environment
    try:
        found = drifts.summary(drifting.drifts(env, target.connection, anew=False), datetime.now(UTC))
    except UserError:  # it may be asked what stacks there are, and not what drifted in them
        found = f"resources changed by hand, as detected {drifts.age(min(dates), datetime.now(UTC))}"
    if not found.startswith("none"):
        click.echo(f"drift: {found}; python -m data_pipeline drift show {env.name} says which", err=True)


def _print_changes(plans: Sequence[StackChanges]) -> None:
    screen = console()
    for plan in plans:
        for line in describe(plan):
            screen.print(line, markup=False, style="bold red" if line.lstrip().startswith("!") else None)
    screen.print(summary(plans), markup=False)


def _agreed(yes: bool) -> bool:
    """The user's answer; where there is nobody to ask, no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        click.echo("there is no terminal to ask on; to apply this, add --yes", err=True)
        return False
    return click.confirm("apply this?", err=True)


def _print_outputs(found: Mapping[str, str]) -> None:
    width = max((len(name) for name in found), default=0)
    for name, value in found.items():
        click.echo(f"{name:<{width}}  {value}")
