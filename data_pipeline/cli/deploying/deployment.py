"""A deployment: gather what is there, then carry out what shall be; shows progress, asks nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import click

from data_pipeline.aws import s3
from data_pipeline.aws.cloudformation import Stack, Stacks
from data_pipeline.cli.project import root
from data_pipeline.core.config import dataset_document
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.artifacts import template_key
from data_pipeline.core.deployment.deployment_record import Deployment, current, retained
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.core.machine.steps import runtimes
from data_pipeline.etl.documents import deployment as deployment_document
from data_pipeline.project.scheduling import find_pause, keep_paused
from data_pipeline.stacks import file_names

from .commit import commit
from .package import Listing, Package, package
from .preflight import refuse_unfit_buckets
from .recording import MadeOf
from .stack_apply import Agree, Prepared, apply, prepare
from .stack_progress import sending
from .stack_requests import adopting, fits, parameters_of, place_templates, request, storage_request
from .target import Target, Wanted


@dataclass
class Plan:
    """What a deployment will do, before it does it."""

    bucket_exists: bool
    wanted: Wanted
    storage: Prepared
    pipeline: Prepared

    @property
    def package(self) -> Package:
        return self.wanted.package

    @property
    def nothing(self) -> bool:
        stacks = (self.storage.plan, self.pipeline.plan)
        return self.bucket_exists and not self.package.missing and all(plan.nothing for plan in stacks)

    def discard(self, stacks: Stacks) -> None:
        """Delete the change sets that were not applied."""
        self.pipeline.discard(stacks)
        self.storage.discard(stacks)


def gather(target: Target, create_bucket: bool, revert_drift: bool = False) -> Plan:
    """Look at what is there and work out what will be done.

    Makes change sets, which ``Plan.discard`` deletes again, and puts a template into an existing bucket that
    is too large for a change set without; nothing else.
    """
    exists = _bucket_exists(target, create_bucket)
    refuse_unfit_buckets(target.environment, target.connection, target.bucket if exists else None)
    env = target.environment
    packed = package(env, target.bucket, root(), _listing(target, exists))
    paused = revert_drift and exists and find_pause(env, target.connection, target.bucket) is not None
    wanted = Wanted(packed, bodies(env), env.all_tags, None, revert_drift, paused)
    return plan_stacks(target, wanted, exists)


def plan_stacks(target: Target, wanted: Wanted, exists: bool) -> Plan:
    """The plan of both stacks. ``exists``: whether the artifact bucket does."""
    packed, names = wanted.package, target.environment.names
    storage_body, pipeline_body = wanted.bodies
    if exists:
        place_templates(target, wanted.bodies, large=True)
    wanted_storage = storage_request(target, wanted)
    ready = fits(storage_body) or exists
    adopt = adopting(target, storage_body, exists)
    storage = prepare(target.stacks, wanted_storage, storage_body, ready=ready, protect=True, adopt=adopt)
    try:
        known = parameters_of(pipeline_body, packed, storage.stack)
        wanted_pipeline = request(target, wanted, names.pipeline_stack, pipeline_body, known or {})
        ready = known is not None and (fits(pipeline_body) or exists)
        adopt = adopting(target, pipeline_body, False)
        pipeline = prepare(target.stacks, wanted_pipeline, pipeline_body, ready=ready, adopt=adopt)
    except BaseException:
        storage.discard(target.stacks)
        raise
    return Plan(exists, wanted, storage, pipeline)


def carry_out(target: Target, plan: Plan, agree: Agree) -> dict[str, str]:
    """Bucket, objects, storage stack, pipeline stack: in this order. Returns both stacks' outputs.

    The record says from the beginning what is used, and at the end whether it went well.
    """
    if not plan.bucket_exists:
        s3.create_bucket(target.connection, target.bucket)
        click.echo(f"made the bucket {target.bucket}", err=True)
    begun = target.record.begin(_made_of(target, plan))
    try:
        found = _apply(target, plan, begun, agree)
    except UserError as error:
        target.record.fail(begun, str(error))
        raise
    tidy(target)
    return found


def _apply(target: Target, plan: Plan, begun: Deployment, agree: Agree) -> dict[str, str]:
    """Make everything of a deployment that has begun; both stacks' outputs."""
    place_templates(target, plan.wanted.bodies)
    for key, content in sending(plan.package.missing):
        s3.put(target.connection, target.bucket, key, content)
    storage_body, pipeline_body = plan.wanted.bodies
    storage = apply(target.stacks, plan.storage, storage_request(target, plan.wanted), agree)
    begun = replace(begun, retained=retained(storage.outputs, templates.read_rendered(storage_body)))
    target.record.note(begun)
    if plan.storage.plan.protect:
        target.stacks.protect(storage.id)
    parameters = parameters_of(pipeline_body, plan.package, storage)
    assert parameters is not None, "the storage stack has every output that the pipeline stack asks for"
    name = target.environment.names.pipeline_stack
    wanted = request(target, plan.wanted, name, pipeline_body, parameters)
    try:
        pipeline = apply(target.stacks, plan.pipeline, wanted, agree)
    finally:  # a deployment that fails and is rolled back may have switched the schedule on, too
        keep_paused(target.environment, target.connection, target.bucket)
    found = outputs(storage, pipeline)
    _end(target, begun, found)
    return found


def _end(target: Target, begun: Deployment, found: Mapping[str, str]) -> None:
    """Tell the runs which deployment they belong to, then the record that it has ended well."""
    definitions = begun.parameters.get(dataset_document.PARAMETER)
    if definitions:
        key = dataset_document.key(target.environment.names.artifacts, definitions)
        place = deployment_document.place(key, begun.parameters["CodeVersion"])
        content = deployment_document.write(begun.number, begun.commit, begun.dirty)
        s3.put(target.connection, target.bucket, place, content.encode())
    target.record.end(begun, found)


def tidy(target: Target) -> None:
    """Delete artifacts and versions that no recent deployment names, and say what came of it."""
    days = target.environment.retention.artifacts_days
    if days is None:
        return
    try:
        tidied = target.record.tidy(days)
    except UserError as error:
        click.echo(
            f"not all that is unused is deleted yet; the next deployment tries again: {error}", err=True
        )
        return
    if tidied.deleted:
        click.echo(
            f"deleted {tidied.deleted} artifacts of deployments that were replaced over {days} days ago",
            err=True,
        )
    for version, why in tidied.kept.items():
        click.echo(f"{version} is kept: {why}", err=True)


def note_present(target: Target, plan: Plan) -> None:
    """Write the record of what is deployed already, where that is missing: an older data-pipeline has kept none, or a
    deployment was killed when it had done all but this.
    """
    known, keys = target.record.read(), _template_keys(target, plan)
    for each in filter(None, (known[-1] if known else None, current(known))):
        if (each.parameters, each.templates) == (plan.package.parameters, keys):
            begun = each
            break
    else:
        begun = target.record.begin(_made_of(target, plan))
        place_templates(target, plan.wanted.bodies)
    if not begun.well:
        storage = outputs(plan.storage.stack)
        begun = replace(begun, retained=retained(storage, templates.read_rendered(plan.wanted.bodies[0])))
        _end(target, begun, {**storage, **outputs(plan.pipeline.stack)})


def outputs(*stacks: Stack | None) -> dict[str, str]:
    """The outputs of the stacks that there are, together."""
    return {key: value for stack in stacks if stack for key, value in stack.outputs.items()}


def _bucket_exists(target: Target, create: bool) -> bool:
    """UserError when there is none and nobody has asked for one."""
    exists = s3.find_bucket(target.connection, target.bucket)
    if not exists and not create and not target.environment.embedded:
        raise UserError(
            f"there is no bucket {target.bucket!r} in account {target.connection.account}. "
            "To have it made, add --create-bucket:\n"
            f"  ./deploy.sh {target.environment.name} {target.bucket} --create-bucket"
        )
    return exists


def _listing(target: Target, exists: bool) -> Listing:
    return lambda prefix: s3.existing_sizes(target.connection, target.bucket, prefix) if exists else {}


def bodies(environment: Environment) -> tuple[str, str]:
    """The rendered templates of storage and pipeline."""
    storage, pipeline = ((root() / "templates" / name) for name in file_names(environment.name))
    return storage.read_text(encoding="utf-8"), pipeline.read_text(encoding="utf-8")


def _made_of(target: Target, plan: Plan) -> MadeOf:
    """What this deployment is made of: its own, or that of the deployment which it brings back."""
    recorded = plan.wanted.recorded
    if recorded is not None:
        names = ("artifacts", "parameters", "templates", "tags", "commit", "dirty")
        return MadeOf(**{name: getattr(recorded, name) for name in names}, back_to=recorded.number)
    within, known = target.environment.names.artifacts, plan.package.parameters
    wheels = {name: known[RUNTIMES[name].wheels_parameter] for name in runtimes(target.environment)}
    keys = _template_keys(target, plan)
    artifacts = (
        f"{within}/code/{known['CodeVersion']}/",
        *(f"{within}/wheels/{name}/{sha}/" for name, sha in wheels.items()),
        *keys,
    )
    checked_out, dirty = commit(root())
    return MadeOf(artifacts, known, keys, plan.wanted.tags, checked_out, dirty)


def _template_keys(target: Target, plan: Plan) -> tuple[str, ...]:
    """Where the templates of storage and pipeline are in the artifact bucket."""
    return tuple(template_key(target.environment.names.artifacts, body) for body in plan.wanted.bodies)
