"""Where a deployment goes, and what it shall make there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.deployment_record import Deployment

from .package import Package
from .recording import Record


@dataclass(frozen=True)
class Target:
    """Where a deployment goes. ``former``: under the name that the pipeline had before, so that the project here does
    not say what it is made of.
    """

    environment: Environment
    connection: Connection
    bucket: str
    stacks: Stacks
    former: bool = False

    @property
    def name(self) -> str:
        """What it is called: a former one with its pipeline, as the environment's own name is that of the new one."""
        return self.environment.names.prefix if self.former else self.environment.name

    @property
    def record(self) -> Record:
        """The record of this environment's deployments."""
        return Record(self.connection, self.bucket, self.environment.names.artifacts)


@dataclass(frozen=True)
class Wanted:
    """What a deployment shall make. ``bodies``: the templates of storage and pipeline; ``tags``: of both stacks, which
    CloudFormation hands down to their resources; ``recorded``: the deployment that is brought back, None for the
    project as it stands; ``revert_drift``: what was changed by hand becomes again what the templates say, but for
    the schedule being off where it is ``paused``.
    """

    package: Package
    bodies: tuple[str, str]
    tags: Mapping[str, str]
    recorded: Deployment | None = None
    revert_drift: bool = False
    paused: bool = False
