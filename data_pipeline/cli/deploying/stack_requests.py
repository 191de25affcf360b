"""What the stacks of a deployment shall become, as CloudFormation is told it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from data_pipeline.aws import s3
from data_pipeline.aws.change_set_request import Request
from data_pipeline.aws.cloudformation import BODY_LIMIT, Stack
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.adoption import GROUP, Adoption
from data_pipeline.core.deployment.artifacts import template_key
from data_pipeline.core.deployment.deployment_record import remembered
from data_pipeline.project.drifting import SCHEDULE

from .adopt import find
from .package import Package
from .stack_apply import Adopt
from .target import Target, Wanted


def request(target: Target, wanted: Wanted, stack: str, body: str, parameters: Mapping[str, str]) -> Request:
    """What a stack shall become; a template that is too large for a request is named by its URL."""
    found = Request(
        stack,
        create=True,
        parameters=parameters,
        tags=wanted.tags,
        revert_drift=wanted.revert_drift,
        paused=SCHEDULE if wanted.paused else "",
    )
    if fits(body):
        return replace(found, body=body)
    key = template_key(target.environment.names.artifacts, body)
    return replace(found, url=s3.template_url(target.connection, target.bucket, key))


def storage_request(target: Target, wanted: Wanted) -> Request:
    """What the storage stack shall become; feature groups that are there already are taken over."""
    body = wanted.bodies[0]
    kinds = {resource["Type"] for resource in templates.read_rendered(body).get("Resources", {}).values()}
    given = parameters_of(body, wanted.package, None) or {}
    made = request(target, wanted, target.environment.names.storage_stack, body, given)
    return replace(made, adopt_named=GROUP in kinds)


def parameters_of(body: str, packed: Package, storage: Stack | None) -> dict[str, str] | None:
    """A stack's parameters; None while the storage stack cannot say its outputs that are among them."""
    known = {**packed.parameters, **(storage.outputs if storage else {})}
    wanted = templates.parameters(templates.read_rendered(body))
    return {name: known[name] for name in wanted} if known.keys() >= set(wanted) else None


def place_templates(target: Target, bodies: tuple[str, str], *, large: bool = False) -> None:
    """Put the templates where they can be read again; with ``large`` only those that are too large for a request, which
    CloudFormation reads there.
    """
    for body in bodies:
        key = template_key(target.environment.names.artifacts, body)
        if not (large and fits(body)) and not s3.existing_sizes(target.connection, target.bucket, key):
            s3.put(target.connection, target.bucket, key, body.encode())


def fits(body: str) -> bool:
    """Whether a template can be sent with a request."""
    return len(body.encode()) <= BODY_LIMIT


def adopting(target: Target, body: str, recorded: bool) -> Adopt:
    """Looks for what outlived the stack of this template; ``recorded``: there may be a record to ask as well."""
    template = templates.read_rendered(body)
    record = target.record

    def look() -> Adoption:
        known = remembered(record.read()) if recorded else {}
        return find(target.connection, template, known, record.uri)

    return look
