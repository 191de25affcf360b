"""The record of deployments: written while one is carried out, and read for what is no longer in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from data_pipeline.aws import records, s3
from data_pipeline.aws.session import Connection
from data_pipeline.core.deployment import deployment_record
from data_pipeline.core.deployment.deployment_record import Deployment, noted, over, unused


@dataclass(frozen=True)
class Record:
    """The record of one environment in its artifact bucket."""

    connection: Connection
    bucket: str
    #: key prefix of the environment's artifacts, without its last slash
    prefix: str

    @property
    def key(self) -> str:
        return deployment_record.key(self.prefix)

    @property
    def uri(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    def read(self) -> tuple[Deployment, ...]:
        """The deployments so far, oldest first."""
        return records.read(self.connection, self.bucket, self.key)

    def note(self, deployment: Deployment) -> None:
        """Write what is known of a deployment, in the place of what was written of it before."""
        records.change(self.connection, self.bucket, self.key, lambda before: noted(before, deployment))

    def begin(self, artifacts: tuple[str, ...]) -> Deployment:
        """A deployment that begins now: whoever cleans up sees from here on what it uses."""
        by = self.connection.client("sts").get_caller_identity()["Arn"]
        begun = Deployment(datetime.now(UTC).isoformat(timespec="microseconds"), by, artifacts)
        self.note(begun)
        return begun

    def end(self, begun: Deployment, outputs: Mapping[str, str]) -> None:
        """Both stacks are as they shall be."""
        self.note(replace(begun, outputs=dict(outputs)))

    def tidy(self, days: int) -> int:
        """Delete the artifacts that no deployment of the last ``days`` days names; the number of objects deleted.

        Only what an older deployment names: an object that no record knows is not known to be unused.
        """
        now = datetime.now(UTC)
        deployments = self.read()
        keys = [
            key
            for artifact in unused(deployments, now, days)
            for key in s3.existing_sizes(self.connection, self.bucket, artifact)
        ]
        records.remove(self.connection, self.bucket, keys)
        past = over(deployments, now, days)
        records.change(
            self.connection,
            self.bucket,
            self.key,
            lambda before: [each for each in before if each not in past],
        )
        return len(keys)
