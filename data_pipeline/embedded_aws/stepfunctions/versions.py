"""Versions of state machines: numbered snapshots of what a machine was, from which executions start.

MiniStack keeps them; what it lacks stands here: publishing one revision twice gives one version, a revision changes
only with what it is of, and the first has no identifier (``INITIAL`` names it). Source: API reference of Step
Functions, and "State machine versions" of its Developer Guide. No page says that an update which changes nothing keeps
its revision: that is assumed. Tracing, of which a revision is, too, is always off here.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.services import stepfunctions

from data_pipeline.embedded_aws.answers import Handler, Response, answer, error

from . import arns, pages

Record = dict[str, Any]

#: Versions that a state machine may have, and characters of a version's description.
MOST, DESCRIPTION = 1000, 256
#: What names the revision of a machine that was never updated.
INITIAL = "INITIAL"
_SNAPSHOT = ("definition", "roleArn", "type", "loggingConfiguration", "encryptionConfiguration")
#: What a machine's revision is of, by the members of UpdateStateMachine.
_REVISED = ("definition", "roleArn", "loggingConfiguration")


def install() -> None:
    """Put our versions over MiniStack's."""
    stepfunctions._create_state_machine = _creating(stepfunctions._create_state_machine)
    stepfunctions._update_state_machine = _updating(stepfunctions._update_state_machine)
    stepfunctions._delete_state_machine = _deleting(stepfunctions._delete_state_machine)
    stepfunctions._describe_state_machine = _describing(stepfunctions._describe_state_machine)
    stepfunctions._publish_state_machine_version = publish
    stepfunctions._delete_state_machine_version = delete
    stepfunctions._list_state_machine_versions = listed


def of(machine: str) -> Iterator[tuple[str, Record]]:
    """(ARN, record) of each version of a state machine, the oldest first."""
    found = stepfunctions._state_machine_versions.items()
    mine = [(arn, version) for arn, version in found if version["stateMachineArn"] == machine]
    return iter(sorted(mine, key=lambda pair: int(pair[0].rpartition(":")[2])))


def publish(data: dict[str, Any]) -> Response:
    """PublishStateMachineVersion: a version of the current revision, the one that there is already if there is one."""
    arn, revision = data.get("stateMachineArn", ""), data.get("revisionId")
    refused = arns.wrong(arn, qualified=False) or _wrong_description(data.get("description"))
    if refused is not None:
        return refused
    machine = stepfunctions._state_machines.get(arn)
    if machine is None:
        return arns.unknown(arn)
    current = machine.get("revisionId") or INITIAL
    if revision and revision != current:
        return error(
            "ConflictException",
            f"Failed to publish the State Machine version for revision {revision}. The current State Machine "
            f"revision is {current}.",
            409,
        )
    published = _published(machine, data.get("description"))
    if published is None:
        return _full(arn)
    return answer(
        {
            "stateMachineVersionArn": published["stateMachineVersionArn"],
            "creationDate": published["creationDate"],
        }
    )


def delete(data: dict[str, Any]) -> Response:
    """DeleteStateMachineVersion: refused while an alias routes to the version; its executions go on."""
    arn = data.get("stateMachineVersionArn", "")
    refused = arns.wrong(arn, qualified=True)
    if refused is not None:
        return refused
    aliases = [
        alias["name"]
        for alias in stepfunctions._state_machine_aliases.values()
        if any(route["stateMachineVersionArn"] == arn for route in alias["routingConfiguration"])
    ]
    if aliases:
        return error(
            "ConflictException",
            "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this "
            f"version: [{', '.join(sorted(aliases))}]",
            409,
        )
    stepfunctions._state_machine_versions.pop(arn, None)
    return answer({})


def listed(data: dict[str, Any]) -> Response:
    """ListStateMachineVersions, the newest first."""
    arn = data.get("stateMachineArn", "")
    refused = arns.wrong(arn, qualified=False)
    if refused is not None:
        return refused
    if arn not in stepfunctions._state_machines:
        return arns.unknown(arn)
    found = [
        {"stateMachineVersionArn": version, "creationDate": record["creationDate"]}
        for version, record in of(arn)
    ]
    return pages.page("stateMachineVersions", found[::-1], "stateMachineVersionArn", data)


def _published(machine: Record, description: str | None) -> Record | None:
    """The version of a machine's current revision; None where no further version may be made."""
    arn, revision = machine["stateMachineArn"], machine.get("revisionId")
    mine = [version for _, version in of(arn)]
    for version in mine:
        if version["stateMachineRevisionId"] == revision:
            return version
    if len(mine) >= MOST:
        return None
    machine["lastVersionNumber"] = machine.get("lastVersionNumber", 0) + 1
    made = {
        "stateMachineVersionArn": f"{arn}:{machine['lastVersionNumber']}",
        "stateMachineArn": arn,
        "stateMachineRevisionId": revision,
        "description": description or "",
        "creationDate": stepfunctions.now_iso(),
        **{key: copy.deepcopy(machine[key]) for key in _SNAPSHOT if key in machine},
    }
    stepfunctions._state_machine_versions[made["stateMachineVersionArn"]] = made
    return made


def _full(arn: str) -> Response:
    message = f"The state machine {arn} has {MOST} versions already, which is the most that there may be."
    return error("ServiceQuotaExceededException", message, 402)


def _wrong_description(text: str | None) -> Response | None:
    return pages.too_long("description", text or "", DESCRIPTION)


def _wrong_publishing(data: Mapping[str, Any]) -> Response | None:
    """Why ``versionDescription`` of a Create or an Update is refused."""
    if data.get("versionDescription") and not data.get("publish"):
        return error("ValidationException", "Version description can only be set when publish is true")
    return _wrong_description(data.get("versionDescription"))


def _creating(handler: Handler) -> Handler:
    """CreateStateMachine, whose machine has no revision's identifier yet."""

    def create(data: dict[str, Any]) -> Response:
        refused = _wrong_publishing(data)
        if refused is not None:
            return refused
        before = set(stepfunctions._state_machines.keys())
        status, headers, body = handler(data)
        arn = json.loads(body).get("stateMachineArn")
        if status == 200 and arn not in before:
            stepfunctions._state_machines[arn]["revisionId"] = None
            for _, version in of(arn):
                version["stateMachineRevisionId"] = None
        return status, headers, body

    return create


def _updating(handler: Handler) -> Handler:
    """UpdateStateMachine: what changes nothing keeps its revision, and ``publish`` publishes it."""

    def update(data: dict[str, Any]) -> Response:
        arn = data.get("stateMachineArn", "")
        refused = arns.wrong(arn, qualified=False) or _wrong_publishing(data)
        if refused is not None:
            return refused
        machine = stepfunctions._state_machines.get(arn)
        if machine is None:
            return arns.unknown(arn)
        if not any(member in data for member in _REVISED):
            message = f"Either of {', '.join(_REVISED)} must be specified"
            return error("MissingRequiredParameter", message)
        if data.get("publish") and len(list(of(arn))) >= MOST:
            return _full(arn)
        before = {key: copy.deepcopy(machine.get(key)) for key in (*_REVISED, "revisionId")}
        status, headers, body = handler({**data, "publish": False})
        if status != 200:
            return status, headers, body
        if all(machine.get(key) == before[key] for key in _REVISED):
            machine["revisionId"] = before["revisionId"]
        found = {**json.loads(body), "revisionId": machine["revisionId"]}
        if data.get("publish"):
            published = _published(machine, data.get("versionDescription"))
            found["stateMachineVersionArn"] = published and published["stateMachineVersionArn"]
        return answer(_set_only(found))

    return update


def _deleting(handler: Handler) -> Handler:
    """DeleteStateMachine, with the machine's versions and aliases."""

    def delete_all(data: dict[str, Any]) -> Response:
        arn = data.get("stateMachineArn", "")
        answered = handler(data)
        if answered[0] == 200:
            for table in (stepfunctions._state_machine_versions, stepfunctions._state_machine_aliases):
                for qualified in [each for each in table if arns.split(each)[0] == arn]:
                    table.pop(qualified, None)
        return answered

    return delete_all


def _describing(handler: Handler) -> Handler:
    """DescribeStateMachine of a machine, a version, or the version to which an alias sends most."""

    def describe(data: dict[str, Any]) -> Response:
        arn = data.get("stateMachineArn", "")
        refused = arns.wrong(arn)
        if refused is not None:
            return refused
        alias = stepfunctions._state_machine_aliases.get(arn)
        if alias is not None:
            arn = max(alias["routingConfiguration"], key=lambda route: route["weight"])[
                "stateMachineVersionArn"
            ]
        version = stepfunctions._state_machine_versions.get(arn)
        if version is not None:
            return answer(_set_only(described(version)))
        if arns.split(arn)[1] or arn not in stepfunctions._state_machines:
            return arns.unknown(arn)
        status, headers, body = handler(data)
        return answer(_set_only(json.loads(body))) if status == 200 else (status, headers, body)

    return describe


def described(version: Mapping[str, Any]) -> Record:
    """A version as DescribeStateMachine tells it."""
    return {
        "stateMachineArn": version["stateMachineVersionArn"],
        "name": arns.split(version["stateMachineVersionArn"])[0].rpartition(":")[2],
        "status": "ACTIVE",
        "creationDate": version["creationDate"],
        "revisionId": version["stateMachineRevisionId"],
        "description": version["description"] or None,
        **{key: version[key] for key in _SNAPSHOT if key in version},
    }


def _set_only(found: Mapping[str, Any]) -> Record:
    """An answer without what is not set."""
    return {key: value for key, value in found.items() if value is not None}
