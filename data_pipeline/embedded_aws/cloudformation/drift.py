"""Drift: what MiniStack's detection reads of the resource types that it does not read, or not whole.

As on AWS, only properties that the template gives are compared, and a state machine's ``Definition`` is not: its
handler cannot read it back in the form of the template.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import glue, iam, scheduler, stepfunctions
from ministack.services.cloudformation import drift

from data_pipeline.embedded_aws.stepfunctions.versions import INITIAL

Properties = Mapping[str, Any]
Reader = Callable[[str, Properties], "dict[str, Any] | None"]

_SCHEDULE = (
    *("Description", "FlexibleTimeWindow", "GroupName", "Name", "ScheduleExpression"),
    *("ScheduleExpressionTimezone", "State", "Target"),
)
_JOB = (
    *("Command", "Connections", "DefaultArguments", "Description", "ExecutionProperty", "GlueVersion"),
    *("MaxCapacity", "MaxRetries", "Name", "NumberOfWorkers", "Role", "Timeout", "WorkerType"),
)


def install() -> None:
    """Put our readers beside MiniStack's, and in the place of its own of roles, which lacks their policies."""
    types = {
        "AWS::IAM::Role": (_role, frozenset({"AssumeRolePolicyDocument", "Description", "Policies"})),
        "AWS::Scheduler::Schedule": (_schedule, frozenset(_SCHEDULE)),
        "AWS::Glue::Job": (_job, frozenset(_JOB)),
        "AWS::StepFunctions::StateMachine": (_machine, frozenset({"RoleArn", "LoggingConfiguration"})),
        "AWS::StepFunctions::StateMachineAlias": (
            _alias,
            frozenset({"Description", "Name", "RoutingConfiguration"}),
        ),
        "AWS::StepFunctions::StateMachineVersion": (
            _version,
            frozenset({"Description", "StateMachineArn", "StateMachineRevisionId"}),
        ),
    }
    drift._DRIFT_READERS.update(types)


def _role(name: str, given: Properties) -> dict[str, Any] | None:
    """The policies in the order of the template, those that are not in it behind them."""
    role = iam._roles.get(name)
    if role is None:
        return None
    there = {policy: _parsed(document) for policy, document in role["InlinePolicies"].items()}
    order = [policy["PolicyName"] for policy in given.get("Policies", [])]
    names = [*(policy for policy in order if policy in there), *sorted(there.keys() - set(order))]
    return {
        "Description": role.get("Description", ""),
        "AssumeRolePolicyDocument": _parsed(role["AssumeRolePolicyDocument"]),
        "Policies": [{"PolicyName": policy, "PolicyDocument": there[policy]} for policy in names],
    }


def _schedule(name: str, given: Properties) -> dict[str, Any] | None:
    found = scheduler._schedules.get(f"{given.get('GroupName', 'default')}/{name}")
    return None if found is None else {key: found[key] for key in _SCHEDULE if found.get(key) is not None}


def _job(name: str, _given: Properties) -> dict[str, Any] | None:
    found = glue._jobs.get(name)
    return None if found is None else {key: found[key] for key in _JOB if found.get(key) is not None}


def _machine(arn: str, _given: Properties) -> dict[str, Any] | None:
    found = stepfunctions._state_machines.get(arn)
    if found is None:
        return None
    logging = found.get("loggingConfiguration") or {}
    groups = [
        {"CloudWatchLogsLogGroup": {"LogGroupArn": each["cloudWatchLogsLogGroup"]["logGroupArn"]}}
        for each in logging.get("destinations", [])
    ]
    shown = {
        "Level": logging.get("level", "OFF"),
        "IncludeExecutionData": logging.get("includeExecutionData", False),
        "Destinations": groups,
    }
    return {"RoleArn": found["roleArn"], "LoggingConfiguration": shown}


def _alias(arn: str, _given: Properties) -> dict[str, Any] | None:
    """An alias as it is. DeploymentPreference cannot be read back."""
    found = stepfunctions._state_machine_aliases.get(arn)
    if found is None:
        return None
    routes = [
        {"StateMachineVersionArn": route["stateMachineVersionArn"], "Weight": route["weight"]}
        for route in found["routingConfiguration"]
    ]
    described = {"Description": found["description"]} if found["description"] else {}
    return {"Name": found["name"], "RoutingConfiguration": routes, **described}


def _version(arn: str, _given: Properties) -> dict[str, Any] | None:
    found = stepfunctions._state_machine_versions.get(arn)
    if found is None:
        return None
    described = {"Description": found["description"]} if found["description"] else {}
    revision = found["stateMachineRevisionId"] or INITIAL
    return {"StateMachineArn": found["stateMachineArn"], "StateMachineRevisionId": revision, **described}


def _parsed(document: Any) -> Any:
    return json.loads(document) if isinstance(document, str) else document
