"""The record that deployments of one environment keep in the artifact bucket: what each of them used and made.

It outlives the stacks: from it the next deployment knows the data bucket whose name CloudFormation made up, and which
code, packages and templates are still in use; and from it an earlier deployment can be brought back exactly.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from data_pipeline.core.errors import UserError

VERSION = 2
#: what stands before the reason of a stack's first failure.
FIRST_FAILURE = "first failure: "
#: a record of this version knows no numbers, parameters and templates.
_WITHOUT_NUMBERS = 1
#: the stacks whose templates a record keeps, in this order.
TEMPLATES = ("storage", "pipeline")
#: output of the pipeline stack: the ARN of the version of the state machine.
MACHINE_VERSION = "StateMachineVersionArn"
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
    #: counts the deployments of the environment, from 1
    number: int = 0
    #: when it ended well, in UTC (ISO 8601); empty for one that failed, was killed, or goes on
    ended: str = ""
    #: why it failed, in a line; empty for one that was killed, too
    failed: str = ""
    #: of the project's git: a hexadecimal id, empty without git; ``dirty``: there were changes beside it
    commit: str = ""
    dirty: bool = False
    #: parameters that the project gave both stacks; those that the storage stack says itself are not among them
    parameters: Mapping[str, str] = field(default_factory=dict)
    #: keys of the templates of storage and pipeline in the artifact bucket; none were kept for one of an older version
    templates: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    #: number of the deployment that this one has brought back; 0 for one of the project as it stood
    back_to: int = 0

    @property
    def at(self) -> datetime:
        return datetime.fromisoformat(self.time)

    @property
    def well(self) -> bool:
        """Whether it has ended well."""
        return bool(self.outputs)

    @property
    def machine_version(self) -> str:
        """The number of its version of the state machine; empty where it has none."""
        return self.outputs.get(MACHINE_VERSION, "").rpartition(":")[2]

    @property
    def version(self) -> str:
        """Commit with ``+`` where there were changes beside it; empty without git."""
        return f"{self.commit}{'+' * self.dirty}"


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
        if version not in (_WITHOUT_NUMBERS, VERSION):
            raise UserError(
                f"{where}: is a record of version {version!r}, and this data-pipeline reads version {VERSION}. "
                "Deploy with the data-pipeline that wrote it, or a newer one."
            )
        found = [_deployment(each) for each in whole["deployments"]]
        if version == _WITHOUT_NUMBERS:
            found = [replace(each, number=number) for number, each in enumerate(found, 1)]
        return tuple(found)
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


def why_it_failed(text: str) -> str:
    """The line of an error's text that says why: the first failure of a stack, or else the first line."""
    lines = text.splitlines()
    first = next((line.partition(FIRST_FAILURE)[2] for line in lines if FIRST_FAILURE in line), "")
    return first or next(iter(lines), "no reason was given")


def next_number(deployments: Sequence[Deployment]) -> int:
    """The number of a deployment that begins now: none is given twice, since the newest one is never forgotten."""
    return max((each.number for each in deployments), default=0) + 1


def current(deployments: Sequence[Deployment]) -> Deployment | None:
    """The newest deployment that ended well."""
    return next((each for each in reversed(deployments) if each.well), None)


def numbered(deployments: Sequence[Deployment], number: int, environment: str) -> Deployment:
    """The deployment of a number. UserError where the record has none."""
    for each in deployments:
        if each.number == number:
            return each
    known = f"{deployments[0].number} to {deployments[-1].number}" if deployments else "none"
    raise UserError(
        f"found no deployment {number} of {environment} in the record, which has {known}; those that were replaced "
        "long ago are forgotten (retention.artifacts_days)"
    )


def earlier(deployments: Sequence[Deployment], number: int | None, environment: str) -> Deployment:
    """The deployment to go back to: of that number, or else the last one that ended well before the newest one; that of
    the newest one, where this was going back and did not end well.

    UserError where there is none, or where what it was made of is not known.
    """
    newest = deployments[-1] if deployments else None
    if number is None and newest is not None and newest.back_to and not newest.well:
        number = newest.back_to
    if number is None:
        before = [each for each in deployments[:-1] if each.well]
        if not before:
            raise UserError(
                f"{environment} has no earlier deployment to go back to: "
                f"python -m data_pipeline deployments list {environment}"
            )
        found = before[-1]
    else:
        found = numbered(deployments, number, environment)
    if not found.well:
        raise UserError(
            f"deployment {found.number} of {environment} did not end well, so it is not known to work: name another one"
        )
    if len(found.templates) != len(TEMPLATES):
        raise UserError(
            f"deployment {found.number} of {environment} was recorded by an older data-pipeline, without its "
            "templates, so it cannot be brought back: check out its commit and deploy that"
        )
    return found


def over(deployments: Sequence[Deployment], now: datetime, days: int) -> tuple[Deployment, ...]:
    """The deployments that were replaced more than ``days`` days ago: no run of theirs can be redriven any more.

    A deployment is replaced when the next one that ended well has begun. The last that ended well never is.
    """
    ended = [each for each in deployments if each.well]
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


def unused_versions(deployments: Sequence[Deployment], now: datetime, days: int) -> set[str]:
    """ARNs of versions of the state machine that deployments which are over have published, and no other one has."""
    past = over(deployments, now, days)
    in_use = {each.outputs.get(MACHINE_VERSION) for each in deployments if each not in past}
    return {arn for each in past if (arn := each.outputs.get(MACHINE_VERSION))} - in_use


def _deployment(given: Mapping[str, Any]) -> Deployment:
    made = Deployment(
        str(given["time"]),
        str(given["by"]),
        tuple(str(artifact) for artifact in given["artifacts"]),
        _texts(given["outputs"]),
        _texts(given["retained"]),
        number=int(given.get("number", 0)),
        ended=str(given.get("ended", "")),
        failed=str(given.get("failed", "")),
        commit=str(given.get("commit", "")),
        dirty=bool(given.get("dirty", False)),
        parameters=_texts(given.get("parameters", {})),
        templates=tuple(str(key) for key in given.get("templates", ())),
        tags=_texts(given.get("tags", {})),
        back_to=int(given.get("back_to", 0)),
    )
    if made.at.tzinfo is None:
        raise ValueError(f"time {made.time!r} without its zone")
    return made


def _texts(given: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(value) for name, value in given.items()}
