"""The record that deployments of one environment keep in the artifact bucket: what each of them used and made.

It outlives the stacks: from it the next deployment knows the data bucket whose name CloudFormation made up, and which
code, packages and templates are still in use.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

from data_pipeline.core.errors import UserError

VERSION = 1
#: outputs of the storage stack that are physical ids of resources of the same name.
_MADE_UP = ("DataBucket", "DataKey")


@dataclass(frozen=True)
class Deployment:
    """One deployment; ``time``: when it began, in UTC (ISO 8601); ``by``: the ARN of who deployed."""

    time: str
    by: str
    #: key prefixes, or whole keys, of what it uses in the artifact bucket
    artifacts: tuple[str, ...]
    #: of both stacks; empty for one that has not ended well
    outputs: Mapping[str, str] = field(default_factory=dict)
    #: logical id → physical id of what outlives the storage stack under a name that CloudFormation made up
    retained: Mapping[str, str] = field(default_factory=dict)

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.time)


def key(prefix: str) -> str:
    """Where the record of an environment lies in the artifact bucket; ``prefix``: that of its artifacts."""
    return f"{prefix}/deployments.json"


def dump(deployments: Sequence[Deployment]) -> bytes:
    """The record's content, oldest deployment first."""
    whole = {"version": VERSION, "deployments": [asdict(each) for each in deployments]}
    return (json.dumps(whole, indent=1) + "\n").encode()


def parse(content: bytes, where: str) -> tuple[Deployment, ...]:
    """The deployments of a record; ``where`` names it in the UserError for one that cannot be read."""
    try:
        whole = json.loads(content)
        version = whole["version"]
        if version != VERSION:
            raise UserError(
                f"{where}: is a record of version {version!r}, and this data-pipeline reads version {VERSION}. "
                "Deploy with the data-pipeline that wrote it, or a newer one."
            )
        return tuple(_deployment(each) for each in whole["deployments"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise UserError(
            f"{where}: is no record of deployments ({error!r}). It tells which bucket holds the data and which code is "
            "in use: bring an older version of the object back. Without one, delete it; the next deployment writes it "
            "anew, and will make a new data bucket if the storage stack has gone."
        ) from error


def retained(outputs: Mapping[str, str], template: Mapping[str, Any]) -> dict[str, str]:
    """What a deployment should find again: resources of the storage stack whose names CloudFormation made up."""
    resources = template.get("Resources", {})
    return {name: outputs[name] for name in _MADE_UP if name in resources and name in outputs}


def remembered(deployments: Sequence[Deployment]) -> dict[str, str]:
    """Logical id → physical id of what the newest deployment that says so has left."""
    found: dict[str, str] = {}
    for each in deployments:
        found |= each.retained
    return found


def noted(deployments: Sequence[Deployment], new: Deployment) -> tuple[Deployment, ...]:
    """The record with a deployment, in the place of what it said of itself before."""
    others = [each for each in deployments if (each.time, each.by) != (new.time, new.by)]
    return (*others, new)


def over(deployments: Sequence[Deployment], now: datetime, days: int) -> tuple[Deployment, ...]:
    """The deployments that were replaced more than ``days`` days ago: no run of theirs can be redriven any more.

    A deployment is replaced when the next one that ended well has begun. The last that ended well never is.
    """
    ended = [each for each in deployments if each.outputs]
    found = []
    for each in deployments:
        successor = next((other for other in ended if other.at > each.at), None)
        if successor and now - successor.at > timedelta(days=days):
            found.append(each)
    return tuple(found)


def unused(deployments: Sequence[Deployment], now: datetime, days: int) -> set[str]:
    """Artifacts that deployments which are over name, and no other one."""
    past = over(deployments, now, days)
    in_use = {artifact for each in deployments if each not in past for artifact in each.artifacts}
    return {artifact for each in past for artifact in each.artifacts} - in_use


def _deployment(given: Mapping[str, Any]) -> Deployment:
    made = Deployment(
        str(given["time"]),
        str(given["by"]),
        tuple(str(artifact) for artifact in given["artifacts"]),
        {str(name): str(value) for name, value in given["outputs"].items()},
        {str(name): str(value) for name, value in given["retained"].items()},
    )
    if made.at.tzinfo is None:
        raise ValueError(f"time {made.time!r} without its zone")
    return made
