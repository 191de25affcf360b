"""``deploy ENV BUCKET``: packages the jobs, shows what both stacks will change, asks, applies, prints
outputs.

Nothing of the user's changes before the answer: until then there are change sets, which a "no" deletes again.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import click

from data_pipeline.aws.errors import explained
from data_pipeline.cli.arguments import allow_replace, revert_drift
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.columns import labelled, width
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deploying.deployment import Plan, carry_out, gather, note_present, outputs
from data_pipeline.cli.deploying.feature_guard import refuse_replaced_groups, refuse_what_loses_records
from data_pipeline.cli.deploying.plan_page import fingerprint_of, notes, place_of, plan_page, show
from data_pipeline.cli.deploying.recorded import BUCKET, stacks_of
from data_pipeline.cli.deploying.stack_progress import note
from data_pipeline.cli.deploying.target import Target
from data_pipeline.cli.examples import examples
from data_pipeline.cli.feature_types import with_feature_types
from data_pipeline.cli.project import root
from data_pipeline.cli.screen import console
from data_pipeline.core.deployment import losses
from data_pipeline.core.deployment.changes import StackChanges, describe, summary
from data_pipeline.core.deployment.page import reviewed
from data_pipeline.core.deployment.page.reviewed import Reviewed
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts import limits
from data_pipeline.core.problems import RefusedError
from data_pipeline.project.scheduling import keep_paused

from .create import refuse_stale_templates


@click.command(
    epilog=examples(
        "deploy dev my-artifact-bucket",
        "deploy dev my-artifact-bucket --create-bucket --yes",
        "deploy dev --revert-drift",
    )
)
@environment_argument
@click.argument("bucket", metavar="[BUCKET]", required=False)
@click.option("--yes", is_flag=True, help="Apply without asking.")
@click.option(
    "--plan",
    "file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Apply, without asking, the plan in FILE, as `plan ENV --json` has printed it; if anything has moved since, "
    "nothing.",
)
@allow_replace
@revert_drift
@click.option(
    "--no-wait",
    is_flag=True,
    help="Where another deployment is under way, say whose, and end; else wait for its end.",
)
@click.option("--create-bucket", is_flag=True, help="Make BUCKET: private, encrypted, versioned, TLS only.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on stdout.")
def deploy(
    env: str,
    bucket: str | None,
    yes: bool,
    file: Path | None,
    allowed: tuple[str, ...],
    revert_drift: bool,
    no_wait: bool,
    create_bucket: bool,
    as_json: bool,
) -> None:
    """Show what deploying ENV will change, ask, apply it, and print the stacks' outputs.

    BUCKET holds the jobs' code and packages, nothing else; once ENV is deployed it is known.
    """
    given = reviewed.read(file.read_text(encoding="utf-8"), str(file)) if file else None
    if given and bucket not in (None, given.bucket):
        raise click.UsageError(f"{file}: is a plan with the bucket {given.bucket}, and BUCKET is {bucket}.")
    with explained():
        target = open_target(env, given.bucket if given else bucket, wait=not no_wait)
        refuse_what_loses_records(target.environment, target.connection)
        plan = gather(target, create_bucket or given is not None, revert_drift)
        changed, found = show_and_apply(target, plan, yes, allowed, given)
    if as_json:
        click.echo(json.dumps({"environment": env, "changed": changed, "outputs": found}))
    else:
        print_outputs(found)


def open_target(env: str, bucket: str | None, wait: bool = True) -> Target:
    """Where a deployment goes; without a bucket to that of the deployed stack.

    UsageError where there is none, or where it cannot be a bucket's name.
    """
    if bucket is not None:
        _check(bucket)
    environment, connection = open_environment(env)
    environment = with_feature_types(root(), environment)
    refuse_stale_templates(root(), environment)
    stacks = stacks_of(environment, connection, wait)
    if bucket is None:
        stack = stacks.find(environment.names.pipeline_stack)
        bucket = stack.parameters.get(BUCKET) if stack else None
    if not bucket:
        raise click.UsageError(
            f"BUCKET is missing, the bucket for code and packages, and "
            f"{environment.names.prefix} is not deployed, so that it is not known. "
            "To have it made, add --create-bucket."
        )
    return Target(environment, connection, bucket, stacks)


def _check(bucket: str) -> None:
    try:
        limits.artifact_bucket(bucket)
    except RefusedError as refused:
        why = f"expected {refused.expected}" + (f"; {refused.advice}" if refused.advice else "")
        raise click.UsageError(f"{bucket!r} cannot be a bucket's name: {why}.") from refused


def show_and_apply(
    target: Target, plan: Plan, yes: bool, allowed: Collection[str], given: Reviewed | None = None
) -> tuple[bool, dict[str, str]]:
    """Show a plan, ask, and carry it out; what is not applied is discarded.

    Returns whether anything changed, and the outputs of both stacks.
    ``given``: the plan that was reviewed, in place of the question; ``allowed``: what may be lost.
    """
    try:
        refuse_replaced_groups(plan.storage.plan)
        if given is not None:
            reviewed.refuse_other_target(given, *place_of(target))
            reviewed.refuse_what_moved(given, fingerprint_of(plan))
        if plan.nothing:
            note_present(target, plan)
            keep_paused(target.environment, target.connection, target.bucket)
            for each in notes(target, plan):
                note(each)
            recorded = plan.wanted.recorded
            how = f"as deployment {recorded.number} was" if recorded else "as it stands here"
            click.echo(f"no changes: {target.environment.name} is deployed {how}", err=True)
            return False, outputs(plan.storage.stack, plan.pipeline.stack)
        show(plan_page(target, plan))
        _refuse_losses([plan.storage.plan, plan.pipeline.plan], allowed)
        if given is None and not agreed(yes):
            raise UserError("nothing was changed.")

        def agree(changes: StackChanges) -> bool:
            refuse_replaced_groups(changes)
            losses.refuse([changes], allowed)
            click.echo("other than was shown:", err=True)
            _print_changes([changes])
            return given is None and agreed(yes)

        return True, carry_out(target, plan, agree)
    finally:
        plan.discard(target.stacks)


def _refuse_losses(plans: Sequence[StackChanges], allowed: Collection[str]) -> None:
    """UserError for what would be lost and is not named; a note for each name that was not needed."""
    losses.refuse(plans, allowed)
    for name in sorted({*allowed} - {*losses.names(plans)}):
        click.echo(f"{losses.OPTION} {name}: nothing replaces or deletes it", err=True)


def _print_changes(plans: Sequence[StackChanges]) -> None:
    screen = console()
    for plan in plans:
        for line in describe(plan):
            screen.print(line, markup=False, style="bold red" if line.lstrip().startswith("!") else None)
    screen.print(summary(plans), markup=False)


def agreed(yes: bool) -> bool:
    """The user's answer; where there is nobody to ask, no."""
    if yes:
        return True
    if not sys.stdin.isatty():
        click.echo("there is no terminal to ask on; to apply this, add --yes", err=True)
        return False
    return click.confirm("apply this?", err=True)


def print_outputs(found: Mapping[str, str]) -> None:
    place = max((len(name) for name in found), default=0) + 2
    for line in labelled(found.items(), width(), place=place):
        click.echo(line)
