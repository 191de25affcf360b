"""The record of deployments: written while one is carried out, and read for what is no longer in use."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from data_pipeline.aws import records, s3, states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core.deployment import deployment_record
from data_pipeline.core.deployment.deployment_record import (
    Deployment,
    next_number,
    noted,
    over,
    unused,
    unused_versions,
    why_it_failed,
)


@dataclass(frozen=True)
class MadeOf:
    """What a deployment is made of, as its record says it: fields of ``Deployment``."""

    artifacts: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    templates: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    dirty: bool = False
    back_to: int = 0


@dataclass(frozen=True)
class Tidied:
    """What came of tidying: how many objects are deleted; ARN of a version that is left → why AWS refuses it."""

    deleted: int
    kept: Mapping[str, str]


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

    def begin(self, made_of: MadeOf) -> Deployment:
        """A deployment that begins now: whoever cleans up sees from here on what it uses."""
        by = self.connection.client("sts").get_caller_identity()["Arn"]
        new = Deployment(_now(), by, **vars(made_of))
        begun: list[Deployment] = []

        def add(before: Sequence[Deployment]) -> Sequence[Deployment]:
            begun[:] = [replace(new, number=next_number(before))]
            return noted(before, begun[0])

        records.change(self.connection, self.bucket, self.key, add)
        return begun[0]

    def end(self, begun: Deployment, outputs: Mapping[str, str]) -> None:
        """Both stacks are as they shall be."""
        self.note(replace(begun, outputs=dict(outputs), ended=_now(), failed=""))

    def fail(self, begun: Deployment, why: str) -> None:
        """It ends without being what it should; what it has noted meanwhile stays."""
        failed = why_it_failed(why)
        records.change(
            self.connection,
            self.bucket,
            self.key,
            lambda before: [
                replace(each, failed=failed) if each.number == begun.number else each for each in before
            ],
        )

    def tidy(self, days: int) -> Tidied:
        """Delete the artifacts, and the versions of the state machine, that no deployment of the last ``days`` days
        names, and forget those deployments. A version that AWS refuses to delete, as where an alias of somebody's own
        routes to it, is left.

        Only what an older deployment names: what no record knows is not known to be unused.
        """
        now = datetime.now(UTC)
        deployments = self.read()
        keys = [
            key
            for artifact in unused(deployments, now, days)
            for key in s3.existing_sizes(self.connection, self.bucket, artifact)
        ]
        records.remove(self.connection, self.bucket, keys)
        client = self.connection.client("stepfunctions")
        with explained():
            refusals = {
                version: states.delete_version(client, version)
                for version in sorted(unused_versions(deployments, now, days))
            }
        past = over(deployments, now, days)
        records.change(
            self.connection,
            self.bucket,
            self.key,
            lambda before: [each for each in before if each not in past],
        )
        return Tidied(len(keys), {version: why for version, why in refusals.items() if why})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="microseconds")
