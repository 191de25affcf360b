"""A recorded deployment, read from the artifact bucket as it was carried out: templates, parameters, tags and code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from data_pipeline.aws import s3
from data_pipeline.aws.cloudformation import Stack, Stacks
from data_pipeline.aws.session import Connection
from data_pipeline.core.config import dataset_document
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.deployment_record import Deployment
from data_pipeline.core.deployment.returned import Ruled, ruled
from data_pipeline.core.errors import UserError

from .package import Package
from .target import Target, Wanted

#: the parameters of the pipeline stack that name the artifact bucket and the code.
BUCKET, CODE = "ArtifactBucket", "CodeVersion"
#: seconds between two questions to CloudFormation.
_PACE, _EMBEDDED_PACE = 2.0, 0.1


def stacks_of(environment: Environment, connection: Connection, wait: bool = True) -> Stacks:
    """CloudFormation of an environment. ``wait``: for the end of an operation of somebody else."""
    pace = _EMBEDDED_PACE if environment.embedded else _PACE
    client = connection.client("cloudformation")
    return Stacks(client, pace=pace, identity=connection.identity, wait=wait)


def recorded_target(
    environment: Environment, connection: Connection, bucket: str | None, former: bool = False
) -> tuple[Target, Stack | None]:
    """Where the deployments of an environment are recorded, and its pipeline stack, None where there is none.

    ``bucket``: the artifact bucket; without it, that of the stack. UserError where it is not known, or another one.
    """
    stacks = stacks_of(environment, connection)
    stack = stacks.find(environment.names.pipeline_stack)
    deployed = stack.parameters.get(BUCKET) if stack else None
    if bucket and deployed and bucket != deployed:
        raise UserError(
            f"--bucket {bucket}: expected {deployed}, the artifact bucket of {environment.names.pipeline_stack}; leave "
            "--bucket out"
        )
    known = bucket or deployed
    if not known:
        what = environment.names.prefix if former else f"environment {environment.name!r}"
        raise UserError(
            f"{what} is not deployed, so its artifact bucket is not known: name it with --bucket BUCKET"
        )
    return Target(environment, connection, known, stacks, former=former), stack


def recorded(target: Target, deployment: Deployment) -> Wanted:
    """What a recorded deployment made. UserError that names what has gone of it since."""
    bodies = tuple(_text(target, key) for key in deployment.templates)
    storage, pipeline = bodies
    code = _code(target, deployment)
    for prefix in deployment.artifacts:
        if not s3.existing_sizes(target.connection, target.bucket, prefix):
            raise _gone(target, deployment, prefix)
    definitions = deployment.parameters.get(dataset_document.PARAMETER)
    if definitions:
        _text(target, dataset_document.key(target.environment.names.artifacts, definitions))
    package = Package({}, dict(deployment.parameters), code)
    return Wanted(package, (storage, pipeline), deployment.tags, deployment)


def rules_since(target: Target, known: Sequence[Deployment], chosen: Deployment) -> tuple[Ruled, ...]:
    """The rules that later deployments have given the data bucket, as far as their templates are still there."""

    def template(deployment: Deployment) -> dict[str, Any]:
        content = _content(target, deployment.templates[0]) if deployment.templates else None
        return templates.read_rendered(content.decode()) if content else {}

    return tuple(ruled(known, chosen, datetime.now(UTC), template))


def _code(target: Target, deployment: Deployment) -> dict[str, bytes]:
    """The files of its jobs."""
    prefix = f"{target.environment.names.artifacts}/code/{deployment.parameters.get(CODE)}/"
    keys = s3.existing_sizes(target.connection, target.bucket, prefix)
    if not keys:
        raise _gone(target, deployment, prefix)
    return {key.removeprefix(prefix): _content(target, key) or b"" for key in keys}


def _text(target: Target, key: str) -> str:
    content = _content(target, key)
    if content is None:
        raise UserError(
            f"s3://{target.bucket}/{key} has gone, without which this deployment cannot be brought back"
        )
    return content.decode()


def _content(target: Target, key: str) -> bytes | None:
    return s3.find(target.connection, target.bucket, key)


def _gone(target: Target, deployment: Deployment, prefix: str) -> UserError:
    return UserError(
        f"deployment {deployment.number} cannot be brought back: s3://{target.bucket}/{prefix} has gone, which its "
        f"jobs need; to list the others: python -m data_pipeline deployments list {target.environment.name}"
    )
