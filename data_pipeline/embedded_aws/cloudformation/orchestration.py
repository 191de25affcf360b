"""AWS::StepFunctions::StateMachine, AWS::Logs::LogGroup, AWS::Scheduler::ScheduleGroup and
AWS::Scheduler::Schedule.
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.core.responses import get_account_id, get_region

from data_pipeline.embedded_aws.stepfunctions.versions import INITIAL

from .kinds import Kind, Properties, Resource, arn_of, call

_SCHEDULE = frozenset(
    [
        "ActionAfterCompletion",
        "Description",
        "EndDate",
        "FlexibleTimeWindow",
        "GroupName",
        "Name",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "StartDate",
        "State",
        "Target",
    ]
)


def substituted(definition: Any, values: dict[str, Any]) -> Any:
    """A definition with ``${Key}`` replaced in every string, values and names alike."""
    if isinstance(definition, str):
        return re.sub(r"\$\{([A-Za-z0-9_]+)\}", lambda key: str(values.get(key[1], key[0])), definition)
    if isinstance(definition, dict):
        return {substituted(key, values): substituted(item, values) for key, item in definition.items()}
    if isinstance(definition, list):
        return [substituted(item, values) for item in definition]
    return definition


def _machine(resource: Resource) -> dict[str, Any]:
    given = resource.properties
    if ("Definition" in given) == ("DefinitionString" in given):
        raise ValueError("The embedded AWS makes a state machine of either Definition or DefinitionString.")
    definition = substituted(
        given["Definition"] if "Definition" in given else given["DefinitionString"],
        given.get("DefinitionSubstitutions", {}),
    )
    logging = given.get("LoggingConfiguration", {"Level": "OFF"})
    return {
        "definition": definition if isinstance(definition, str) else json.dumps(definition),
        "roleArn": given["RoleArn"],
        "loggingConfiguration": {
            "level": logging.get("Level", "OFF"),
            "includeExecutionData": logging.get("IncludeExecutionData", False),
            "destinations": [
                {"cloudWatchLogsLogGroup": {"logGroupArn": item["CloudWatchLogsLogGroup"]["LogGroupArn"]}}
                for item in logging.get("Destinations", [])
            ],
        },
    }


def _make_machine(resource: Resource) -> str:
    tags = [{"key": key, "value": value} for key, value in resource.tags().items()]
    kind = (
        {"type": resource.properties["StateMachineType"]} if "StateMachineType" in resource.properties else {}
    )
    values = {"name": resource.name("StateMachineName", 80), **_machine(resource), **kind, "tags": tags}
    return str(call("stepfunctions", "CreateStateMachine", values)["stateMachineArn"])


def _update_machine(arn: str, resource: Resource, old: Resource | None) -> None:
    if old is None:
        return
    call("stepfunctions", "UpdateStateMachine", {"stateMachineArn": arn, **_machine(resource)})
    tags, before = resource.tags(), old.tags()
    if set(before) - set(tags):
        values = {"resourceArn": arn, "tagKeys": sorted(set(before) - set(tags))}
        call("stepfunctions", "UntagResource", values)
    changed = [{"key": key, "value": value} for key, value in tags.items() if before.get(key) != value]
    if changed:
        call("stepfunctions", "TagResource", {"resourceArn": arn, "tags": changed})


def _machine_attributes(arn: str, _properties: Properties) -> dict[str, Any]:
    found = call("stepfunctions", "DescribeStateMachine", {"stateMachineArn": arn})
    revision = found.get("revisionId") or INITIAL
    return {"Arn": arn, "Name": found["name"], "StateMachineRevisionId": revision}


def _make_log_group(resource: Resource) -> str:
    name = resource.name("LogGroupName", 512)
    tags = resource.tags()
    call("logs", "CreateLogGroup", {"logGroupName": name, **({"tags": tags} if tags else {})})
    return name


def _configure_log_group(name: str, resource: Resource, old: Resource | None) -> None:
    days = resource.properties.get("RetentionInDays")
    if days != (old.properties.get("RetentionInDays") if old else None):
        if days is None:
            call("logs", "DeleteRetentionPolicy", {"logGroupName": name})
        else:
            call("logs", "PutRetentionPolicy", {"logGroupName": name, "retentionInDays": days})
    tags, before = resource.tags(), old.tags() if old else resource.tags()
    arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{name}"
    if set(before) - set(tags):
        call("logs", "UntagResource", {"resourceArn": arn, "tagKeys": sorted(set(before) - set(tags))})
    if tags != before and tags:
        call("logs", "TagResource", {"resourceArn": arn, "tags": tags})


def _log_group_attributes(name: str, _properties: Properties) -> dict[str, Any]:
    groups = call("logs", "DescribeLogGroups", {"logGroupNamePrefix": name})["logGroups"]
    return {"Arn": next(group["arn"] for group in groups if group["logGroupName"] == name)}


def _make_group(resource: Resource) -> str:
    name = resource.name("Name", 64)
    tags = [{"Key": key, "Value": value} for key, value in resource.tags().items()]
    call("scheduler", "CreateScheduleGroup", {"Name": name, **({"Tags": tags} if tags else {})})
    return name


def _retag_group(name: str, resource: Resource, old: Resource | None) -> None:
    if old is None:
        return
    arn = _group_attributes(name, {})["Arn"]
    tags, before = resource.tags(), old.tags()
    if set(before) - set(tags):
        call("scheduler", "UntagResource", {"ResourceArn": arn, "TagKeys": sorted(set(before) - set(tags))})
    changed = [{"Key": key, "Value": value} for key, value in tags.items() if before.get(key) != value]
    if changed:
        call("scheduler", "TagResource", {"ResourceArn": arn, "Tags": changed})


def _group_attributes(name: str, _properties: Properties) -> dict[str, Any]:
    group = call("scheduler", "GetScheduleGroup", {"Name": name})
    return {"Arn": group["Arn"], "State": group["State"]}


def _make_schedule(resource: Resource) -> str:
    name = resource.name("Name", 64)
    call("scheduler", "CreateSchedule", {**resource.properties, "Name": name})
    return name


def _update_schedule(name: str, resource: Resource, old: Resource | None) -> None:
    if old is not None:
        call("scheduler", "UpdateSchedule", {**resource.properties, "Name": name})


def _schedule_attributes(name: str, properties: Properties) -> dict[str, Any]:
    return {"Arn": call("scheduler", "GetSchedule", _schedule(name, properties))["Arn"]}


def _schedule(name: str, properties: Properties) -> dict[str, str]:
    return {"GroupName": properties.get("GroupName", "default"), "Name": name}


KINDS = (
    Kind(
        "AWS::StepFunctions::StateMachine",
        frozenset(
            [
                "Definition",
                "DefinitionString",
                "DefinitionSubstitutions",
                "LoggingConfiguration",
                "RoleArn",
                "StateMachineName",
                "StateMachineType",
            ]
        ),
        _make_machine,
        _update_machine,
        _machine_attributes,
        lambda arn, _: call("stepfunctions", "DeleteStateMachine", {"stateMachineArn": arn}),
        create_only=("StateMachineName", "StateMachineType"),
        arn=lambda arn, _: arn,
        returns=frozenset({"Arn", "Name", "StateMachineRevisionId"}),
    ),
    Kind(
        "AWS::Logs::LogGroup",
        frozenset({"LogGroupName", "RetentionInDays"}),
        _make_log_group,
        _configure_log_group,
        _log_group_attributes,
        lambda name, _: call("logs", "DeleteLogGroup", {"logGroupName": name}),
        create_only=("LogGroupName",),
        arn=lambda name, _: arn_of("logs", f"log-group:{name}"),
        returns=frozenset({"Arn"}),
    ),
    Kind(
        "AWS::Scheduler::ScheduleGroup",
        frozenset({"Name"}),
        _make_group,
        _retag_group,
        _group_attributes,
        lambda name, _: call("scheduler", "DeleteScheduleGroup", {"Name": name}),
        create_only=("Name",),
        arn=lambda name, _: arn_of("scheduler", f"schedule-group/{name}"),
        returns=frozenset({"Arn", "State"}),
    ),
    Kind(
        "AWS::Scheduler::Schedule",
        _SCHEDULE,
        _make_schedule,
        _update_schedule,
        _schedule_attributes,
        lambda name, properties: call("scheduler", "DeleteSchedule", _schedule(name, properties)),
        tags=None,
        create_only=("GroupName", "Name"),
        returns=frozenset({"Arn"}),
    ),
)
