"""Every name that a deployment gives to something, derived in one place from pipeline and environment.

AWS's limits that shape them: an SageMaker ProcessingJobName has at most 63 characters of ``[a-zA-Z0-9-]``; an IAM
policy can scope only by a fixed prefix, so every name begins with ``<pipeline>-<environment>``.
"""

from __future__ import annotations

from dataclasses import dataclass

#: characters of a SageMaker job name that come after ``<prefix>-<step>``: "-", 12 of a hash, "-", attempt counts.
JOB_SUFFIX = len("-") + 12 + len("-99-99-99")
JOB_NAME_LIMIT = 63

#: SageMaker's FeatureGroupName.
FEATURE_GROUP_NAME_LIMIT = 64

#: the maintenance's name among the jobs, which no step may have.
MAINTENANCE = "maintenance"

#: the alias of the pipeline's state machine that schedule and commands start: it goes to the deployed version.
LIVE = "live"

#: the name of the schedule of the pipeline; that of the maintenance has the maintenance's.
DAILY = "daily"


def job_path(name: str) -> tuple[str, ...]:
    """Where a job stands in the configuration."""
    return (MAINTENANCE,) if name == MAINTENANCE else ("steps", name)


@dataclass(frozen=True)
class Names:
    """The names of one deployed environment."""

    pipeline: str
    environment: str

    @property
    def prefix(self) -> str:
        return f"{self.pipeline}-{self.environment}"

    @property
    def artifacts(self) -> str:
        """Key prefix of what this environment keeps in the artifact bucket, without ``/``: another one may share
        the bucket, and no role of this one reads its code.
        """
        return f"{self.pipeline}/{self.environment}"

    @property
    def storage_stack(self) -> str:
        return f"{self.prefix}-storage"

    @property
    def pipeline_stack(self) -> str:
        return f"{self.prefix}-pipeline"

    @property
    def state_machine(self) -> str:
        return self.prefix

    @property
    def maintenance(self) -> str:
        """The state machine of the maintenance."""
        return f"{self.prefix}-{MAINTENANCE}"

    @property
    def database(self) -> str:
        """Glue database: lower case letters, digits and underscores, which Athena can name without quotes."""
        return self.prefix.replace("-", "_")

    @property
    def workgroup(self) -> str:
        """Athena's workgroup, in which the tables are asked."""
        return self.prefix

    @property
    def schedule_group(self) -> str:
        return self.prefix

    @property
    def state_machine_log_group(self) -> str:
        return f"/aws/vendedlogs/states/{self.prefix}"

    @property
    def maintenance_log_group(self) -> str:
        return f"{self.state_machine_log_group}-{MAINTENANCE}"

    @property
    def glue_log_group_prefix(self) -> str:
        return f"/{self.prefix}/glue"

    def feature_group(self, group: str) -> str:
        """Feature group of SageMaker."""
        return f"{self.prefix}-{group.replace('_', '-')}"

    @property
    def glue_configuration(self) -> str:
        """Glue's security configuration of the jobs."""
        return f"{self.prefix}-jobs"

    @property
    def network_connection(self) -> str:
        """Glue's connection to the network of the jobs."""
        return f"{self.prefix}-network"

    def job(self, step: str) -> str:
        """Glue job of a step, and the fixed part of its SageMaker job names."""
        return f"{self.prefix}-{step.replace('_', '-')}"
