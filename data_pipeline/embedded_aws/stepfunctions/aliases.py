"""Aliases of state machines: names that send executions to one or two versions, by weight.

MiniStack keeps them; its checks are wider and narrower than AWS's. Source: API reference of Step Functions, and "State
machine aliases" of its Developer Guide.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from typing import Any

from ministack.services import stepfunctions

from data_pipeline.embedded_aws.answers import Response, answer, error

from . import arns, pages

#: Aliases that a state machine may have; characters of a name and of a description.
MOST, NAME, DESCRIPTION = 100, 80, 256
_PATTERN = r"^(?=.*[a-zA-Z_\-\.])[a-zA-Z0-9_\-\.]+$"


def install() -> None:
    """Put our aliases over MiniStack's."""
    stepfunctions._create_state_machine_alias = create
    stepfunctions._update_state_machine_alias = update
    stepfunctions._delete_state_machine_alias = delete
    stepfunctions._describe_state_machine_alias = describe
    stepfunctions._list_state_machine_aliases = listed


def chosen(alias: Mapping[str, Any]) -> str:
    """The ARN of the version that runs the next execution of an alias, drawn by weight."""
    drawn = secrets.randbelow(100)
    for route in alias["routingConfiguration"]:
        if drawn < route["weight"]:
            break
        drawn -= route["weight"]
    return str(route["stateMachineVersionArn"])


def create(data: dict[str, Any]) -> Response:
    """CreateStateMachineAlias; the same again is answered as before."""
    name, routes = data.get("name", ""), data.get("routingConfiguration")
    refused = _wrong_name(name) or _wrong_description(data) or _wrong_routes(routes)
    if refused is not None:
        return refused
    assert routes is not None
    machine = arns.split(routes[0]["stateMachineVersionArn"])[0]
    refused = _absent_versions(routes, machine)
    if refused is not None:
        return refused
    arn = f"{machine}:{name}"
    made = {"description": data.get("description", ""), "routingConfiguration": _kept(routes)}
    existing = stepfunctions._state_machine_aliases.get(arn)
    if existing is not None and any(existing[key] != value for key, value in made.items()):
        message = (
            "Failed to create alias because an alias with the same name and a different routing configuration or "
            f"description already exists: '{arn}'"
        )
        return error("ConflictException", message, 409)
    if existing is None:
        if len(_of(machine)) >= MOST:
            message = f"The state machine {machine} has {MOST} aliases already, which is the most that there may be."
            return error("ServiceQuotaExceededException", message, 402)
        now = stepfunctions.now_iso()
        record = {"stateMachineAliasArn": arn, "name": name, **made, "creationDate": now, "updateDate": now}
        existing = stepfunctions._state_machine_aliases[arn] = record
    return answer({"stateMachineAliasArn": arn, "creationDate": existing["creationDate"]})


def update(data: dict[str, Any]) -> Response:
    """UpdateStateMachineAlias: another description, other versions, or both."""
    arn = data.get("stateMachineAliasArn", "")
    refused = arns.wrong(arn, qualified=True) or _wrong_description(data)
    if refused is not None:
        return refused
    if "description" not in data and "routingConfiguration" not in data:
        message = "Either description or routingConfiguration must be specified"
        return error("ValidationException", message)
    alias = stepfunctions._state_machine_aliases.get(arn)
    if alias is None:
        return _missing()
    if "routingConfiguration" in data:
        routes = data["routingConfiguration"]
        refused = _wrong_routes(routes) or _absent_versions(routes, arns.split(arn)[0])
        if refused is not None:
            return refused
        alias["routingConfiguration"] = _kept(routes)
    if "description" in data:
        alias["description"] = data["description"]
    alias["updateDate"] = stepfunctions.now_iso()
    return answer({"updateDate": alias["updateDate"]})


def delete(data: dict[str, Any]) -> Response:
    """DeleteStateMachineAlias; nothing happens where there is none."""
    arn = data.get("stateMachineAliasArn", "")
    refused = arns.wrong(arn, qualified=True)
    if refused is not None:
        return refused
    stepfunctions._state_machine_aliases.pop(arn, None)
    return answer({})


def describe(data: dict[str, Any]) -> Response:
    """DescribeStateMachineAlias."""
    arn = data.get("stateMachineAliasArn", "")
    refused = arns.wrong(arn, qualified=True)
    if refused is not None:
        return refused
    alias = stepfunctions._state_machine_aliases.get(arn)
    if alias is None:
        return _missing()
    return answer({key: value for key, value in alias.items() if key != "description" or value})


def listed(data: dict[str, Any]) -> Response:
    """ListStateMachineAliases of a machine, or of a version, the newest first."""
    arn = data.get("stateMachineArn", "")
    refused = arns.wrong(arn)
    if refused is not None:
        return refused
    machine, qualifier = arns.split(arn)
    if machine not in stepfunctions._state_machines:
        return arns.unknown(arn)
    if qualifier and arn not in stepfunctions._state_machine_versions:
        return _missing()
    found = [
        {"stateMachineAliasArn": alias["stateMachineAliasArn"], "creationDate": alias["creationDate"]}
        for alias in _of(machine)
        if not qualifier
        or any(route["stateMachineVersionArn"] == arn for route in alias["routingConfiguration"])
    ]
    found.sort(key=lambda alias: (alias["creationDate"], alias["stateMachineAliasArn"]), reverse=True)
    return pages.page("stateMachineAliases", found, "stateMachineAliasArn", data)


def _of(machine: str) -> list[dict[str, Any]]:
    return [
        alias for arn, alias in stepfunctions._state_machine_aliases.items() if arns.split(arn)[0] == machine
    ]


def _missing() -> Response:
    return error("ResourceNotFound", "Request references a resource that does not exist.")


def _kept(routes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [
        {"stateMachineVersionArn": route["stateMachineVersionArn"], "weight": route["weight"]}
        for route in routes
    ]


def _wrong_name(name: str) -> Response | None:
    refused = pages.too_long("name", name, NAME)
    if refused is None and re.fullmatch(_PATTERN, name) is None:
        return error(
            "ValidationException",
            f"1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: "
            f"Member must satisfy regular expression pattern: {_PATTERN}",
        )
    return refused


def _wrong_description(data: Mapping[str, Any]) -> Response | None:
    return pages.too_long("description", data.get("description") or "", DESCRIPTION)


def _wrong_routes(routes: Any) -> Response | None:
    """Why a routing configuration is refused, whatever versions there are: ValidationException, or InvalidArn."""
    if not isinstance(routes, list) or not 1 <= len(routes) <= 2:
        return _validation("routingConfiguration must have one or two members")
    if not all(isinstance(route, dict) for route in routes):
        return _validation("the members of routingConfiguration must be objects")
    versions = [route.get("stateMachineVersionArn") for route in routes]
    for version in versions:
        refused = arns.wrong(version, qualified=True)
        if refused is not None or not arns.is_version(arns.split(str(version))[1]):
            return refused or error("InvalidArn", f"Invalid Arn: '{version}'")
    weights = [route.get("weight") for route in routes]
    if not all(isinstance(weight, int) and 0 <= weight <= 100 for weight in weights):
        return _validation(f"Weights must be whole numbers from 0 to 100. Received: {weights}")
    if sum(weights) != 100:
        return _validation(f"Sum of routing configuration weights must equal 100. Received: {weights}")
    if len(set(versions)) < len(versions):
        wrong = (
            f"Routing configuration must contain distinct state machine version ARNs. Received: {versions}"
        )
        return _validation(wrong)
    return None


def _absent_versions(routes: list[dict[str, Any]], machine: str) -> Response | None:
    """The answer where a version is of another machine than ``machine``, or not there."""
    versions = [route["stateMachineVersionArn"] for route in routes]
    if any(arns.split(version)[0] != machine for version in versions):
        return _validation(
            f"Routing configuration must contain versions of one state machine. Received: {versions}"
        )
    if any(version not in stepfunctions._state_machine_versions for version in versions):
        return _missing()
    return None


def _validation(message: str) -> Response:
    """ValidationException about a routing configuration."""
    return error("ValidationException", message)
