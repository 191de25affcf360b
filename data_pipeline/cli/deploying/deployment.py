"""A deployment: gather what is there, then carry out what shall be; shows progress, asks nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import click

from data_pipeline.aws import s3
from data_pipeline.aws.cloudformation import BODY_LIMIT, Request, Stack, Stacks
from data_pipeline.aws.session import Connection
from data_pipeline.cli.project import root
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.adoption import GROUP, Adoption
from data_pipeline.core.deployment.artifacts import template_key
from data_pipeline.core.deployment.deployment_record import remembered, retained
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.core.machine.steps import runtimes
from data_pipeline.project.scheduling import keep_paused
from data_pipeline.stacks import file_names

from .adopt import find
from .package import Listing, Package, package
from .preflight import refuse_unfit_buckets
from .recording import Record
from .stack_apply import Adopt, Agree, Prepared, apply, prepare
from .stack_progress import sending


@dataclass(frozen=True)
class Target:
    """Where a deployment goes."""

    environment: Environment
    connection: Connection
    bucket: str
    stacks: Stacks

    @property
    def tags(self) -> dict[str, str]:
        """Tags of both stacks, which CloudFormation hands down to their resources."""
        return self.environment.all_tags

    @property
    def record(self) -> Record:
        """The record of this environment's deployments."""
        return Record(self.connection, self.bucket, self.environment.names.artifacts)


@dataclass
class Plan:
    """What a deployment will do, before it does it; ``bodies``: the templates of storage and pipeline."""

    bucket_exists: bool
    package: Package
    bodies: tuple[str, str]
    storage: Prepared
    pipeline: Prepared

    @property
    def nothing(self) -> bool:
        stacks = (self.storage.plan, self.pipeline.plan)
        return self.bucket_exists and not self.package.missing and all(plan.nothing for plan in stacks)

    def discard(self, stacks: Stacks) -> None:
        """Delete the change sets that were not applied."""
        self.pipeline.discard(stacks)
        self.storage.discard(stacks)


def gather(target: Target, create_bucket: bool) -> Plan:
    """Look at what is there and work out what will be done.

    Makes change sets, which ``Plan.discard`` deletes again, and puts a template into an existing bucket that
    is too large for a change set without; nothing else.
    """
    exists = _bucket_exists(target, create_bucket)
    refuse_unfit_buckets(target.environment, target.connection, target.bucket if exists else None)
    packed = package(target.environment, target.bucket, root(), _listing(target, exists))
    names = target.environment.names
    storage_body, pipeline_body = bodies = _bodies(target.environment)
    if exists:
        _place_templates(target, bodies)
    request = _storage_request(target, storage_body, packed)
    ready = _fits(storage_body) or exists
    adopt = _adopt(target, storage_body, exists)
    storage = prepare(target.stacks, request, storage_body, ready=ready, protect=True, adopt=adopt)
    try:
        known = _parameters(pipeline_body, packed, storage.stack)
        request = _request(target, names.pipeline_stack, pipeline_body, known or {})
        ready = known is not None and (_fits(pipeline_body) or exists)
        adopt = _adopt(target, pipeline_body, False)
        pipeline = prepare(target.stacks, request, pipeline_body, ready=ready, adopt=adopt)
    except BaseException:
        storage.discard(target.stacks)
        raise
    return Plan(exists, packed, bodies, storage, pipeline)


def carry_out(target: Target, plan: Plan, agree: Agree) -> dict[str, str]:
    """Bucket, objects, storage stack, pipeline stack: in this order. Returns both stacks' outputs."""
    if not plan.bucket_exists:
        s3.create_bucket(target.connection, target.bucket)
        click.echo(f"made the bucket {target.bucket}", err=True)
        _place_templates(target, plan.bodies)
    begun = target.record.begin(_artifacts(target, plan))
    for key, content in sending(plan.package.missing):
        s3.put(target.connection, target.bucket, key, content)
    storage_body, pipeline_body = plan.bodies
    storage = apply(target.stacks, plan.storage, _storage_request(target, storage_body, plan.package), agree)
    begun = replace(begun, retained=retained(storage.outputs, templates.read_rendered(storage_body)))
    target.record.note(begun)
    if plan.storage.plan.protect:
        target.stacks.protect(storage.id)
    parameters = _parameters(pipeline_body, plan.package, storage)
    assert parameters is not None, "the storage stack has every output that the pipeline stack asks for"
    request = _request(target, target.environment.names.pipeline_stack, pipeline_body, parameters)
    try:
        pipeline = apply(target.stacks, plan.pipeline, request, agree)
    finally:  # a deployment that fails and is rolled back may have switched the schedule on, too
        keep_paused(target.environment, target.connection, target.bucket)
    found = outputs(storage, pipeline)
    target.record.end(begun, found)
    _tidy(target)
    return found


def _tidy(target: Target) -> None:
    """Delete artifacts that no recent deployment names."""
    days = target.environment.retention.artifacts_days
    if days is None:
        return
    try:
        count = target.record.tidy(days)
    except UserError as error:
        click.echo(f"unused artifacts are kept: {error}", err=True)
        return
    if count:
        click.echo(
            f"deleted {count} artifacts of deployments that were replaced over {days} days ago", err=True
        )


def note_present(target: Target, plan: Plan) -> None:
    """Write the record of what is deployed already, where an older deployment has kept none."""
    if any(each.outputs for each in target.record.read()):
        return
    begun = target.record.begin(_artifacts(target, plan))
    storage = plan.storage.stack
    begun = replace(begun, retained=retained(outputs(storage), templates.read_rendered(plan.bodies[0])))
    target.record.end(begun, outputs(storage, plan.pipeline.stack))


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


def _bodies(environment: Environment) -> tuple[str, str]:
    """The rendered templates of storage and pipeline."""
    storage, pipeline = ((root() / "templates" / name) for name in file_names(environment.name))
    return storage.read_text(encoding="utf-8"), pipeline.read_text(encoding="utf-8")


def _fits(body: str) -> bool:
    """Whether a template can be sent with a request."""
    return len(body.encode()) <= BODY_LIMIT


def _request(target: Target, stack: str, body: str, parameters: Mapping[str, str]) -> Request:
    """What a stack shall become; a template that is too large for a request is named by its URL."""
    request = Request(stack, create=True, parameters=parameters, tags=target.tags)
    if _fits(body):
        return replace(request, body=body)
    key = template_key(target.environment.names.artifacts, body)
    return replace(request, url=s3.template_url(target.connection, target.bucket, key))


def _place_templates(target: Target, bodies: tuple[str, str]) -> None:
    """Put the templates that are too large for a request where CloudFormation can read them."""
    for body in bodies:
        key = template_key(target.environment.names.artifacts, body)
        if not _fits(body) and not s3.existing_sizes(target.connection, target.bucket, key):
            s3.put(target.connection, target.bucket, key, body.encode())


def _storage_request(target: Target, body: str, packed: Package) -> Request:
    """What the storage stack shall become; feature groups that are there already are taken over."""
    kinds = {resource["Type"] for resource in templates.read_rendered(body).get("Resources", {}).values()}
    given = _parameters(body, packed, None) or {}
    request = _request(target, target.environment.names.storage_stack, body, given)
    return replace(request, adopt_named=GROUP in kinds)


def _adopt(target: Target, body: str, recorded: bool) -> Adopt:
    """Looks for what outlived the stack of this template; ``recorded``: there may be a record to ask as well."""
    template = templates.read_rendered(body)
    record = target.record

    def look() -> Adoption:
        known = remembered(record.read()) if recorded else {}
        return find(target.connection, template, known, record.uri)

    return look


def _artifacts(target: Target, plan: Plan) -> tuple[str, ...]:
    """The key prefixes, and the keys of templates, that this deployment uses in the artifact bucket."""
    within, known = target.environment.names.artifacts, plan.package.parameters
    wheels = {name: known[RUNTIMES[name].wheels_parameter] for name in runtimes(target.environment)}
    return (
        f"{within}/code/{known['CodeVersion']}/",
        *(f"{within}/wheels/{name}/{sha}/" for name, sha in wheels.items()),
        *(template_key(within, body) for body in plan.bodies if not _fits(body)),
    )


def _parameters(body: str, packed: Package, storage: Stack | None) -> dict[str, str] | None:
    """A stack's parameters; None while the storage stack cannot say its outputs that are among them."""
    known = {**packed.parameters, **(storage.outputs if storage else {})}
    wanted = templates.parameters(templates.read_rendered(body))
    return {name: known[name] for name in wanted} if known.keys() >= set(wanted) else None
