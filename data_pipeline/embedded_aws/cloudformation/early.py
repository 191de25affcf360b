"""Early validation: a change set fails where its properties are wrong, what it adds exists, or nothing exports a name.

Source: "Validate stack deployments" of the AWS CloudFormation User Guide. The change set has one sentence,
DescribeEvents the reasons. What a property comes to only when it is made is looked at then (``kinds``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ministack.core.responses import new_uuid
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers
from ministack.services.cloudformation.helpers import _error, _p
from ministack.services.cloudformation.stacks import _operation_event, _stack_region_context

from .existing import taken
from .templates import schemas
from .templates.functions import imported


def install() -> None:
    """Put it into MiniStack's place."""
    actions = handlers._ACTION_HANDLERS
    actions["CreateChangeSet"] = _validated(actions["CreateChangeSet"])
    actions["DescribeEvents"] = _with_change_sets(actions["DescribeEvents"])


def _validated(create: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """CreateChangeSet, whose change set fails where early validation fails."""

    def validated(params: Any) -> Any:
        answer = create(params)
        stack = _p(params, "StackName")
        _, made = changesets._find_change_set(
            _p(params, "ChangeSetName"), stack.split("/")[1] if "/" in stack else stack
        )
        if (
            answer[0] == 200
            and made
            and made["Status"] == "CREATE_COMPLETE"
            and made["ChangeSetType"] != "IMPORT"
        ):
            _validate(made)
        return answer

    return validated


def _validate(made: dict[str, Any]) -> None:
    """Fail a change set that is refused; its stack keeps the events, for DescribeEvents."""
    stack = cloudformation._stacks[made["StackName"]]
    made["_operation"] = new_uuid()
    with _stack_region_context(stack, made["StackId"]):
        changes = [entry["ResourceChange"] for entry in made["Changes"]]
        wrong = [event for change in changes for event in _wrong_properties(made, change)]
        conflicts = [_conflict(made, change, name) for change in changes if (name := _existing(made, change))]
        lacking = _not_exported(made)
    if wrong or conflicts:
        check = "PropertyValidation" if wrong else "ResourceExistenceCheck"
        _fail(
            made,
            f"The following hook(s)/validation failed: [AWS::EarlyValidation::{check}]. To troubleshoot Early "
            "Validation errors, use the DescribeEvents API for detailed failure information.",
        )
        stack["_operation_events"] = wrong or conflicts
    elif lacking:
        _fail(made, f"No export named {lacking[0]} found.")


def _fail(made: dict[str, Any], reason: str) -> None:
    made.update(Status="FAILED", ExecutionStatus="UNAVAILABLE", StatusReason=reason, Changes=[])


def _wrong_properties(made: Mapping[str, Any], change: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    logical = change["LogicalResourceId"]
    resource = made["_template"]["Resources"].get(logical)
    if resource is None or change["Action"] not in ("Add", "Modify"):
        return
    for problem in schemas.problems(resource["Type"], resource.get("Properties") or {}):
        path = problem.partition(": ")[0].removeprefix("#")
        yield _event(made, change, "PROPERTY_VALIDATION", problem, f"/Resources/{logical}/Properties{path}")


def _existing(made: Mapping[str, Any], change: Mapping[str, Any]) -> str | None:
    return taken(made, change) if change["Action"] == "Add" else None


def _conflict(made: Mapping[str, Any], change: Mapping[str, Any], name: str) -> dict[str, Any]:
    reason = f"Resource of type '{change['ResourceType']}' with identifier '{name}' already exists."
    return _event(
        made, change, "NAME_CONFLICT_VALIDATION", reason, f"/Resources/{change['LogicalResourceId']}"
    )


def _event(
    made: Mapping[str, Any], change: Mapping[str, Any], name: str, reason: str, path: str
) -> dict[str, Any]:
    event: dict[str, Any] = _operation_event(
        made["StackId"],
        made["_operation"],
        "VALIDATION_ERROR",
        "CREATE_CHANGESET",
        LogicalResourceId=change["LogicalResourceId"],
        ResourceType=change["ResourceType"],
        ValidationFailureMode="FAIL",
        ValidationName=name,
        ValidationStatus="FAILED",
        ValidationStatusReason=reason,
        ValidationPath=path,
    )
    return event


def _not_exported(made: Mapping[str, Any]) -> list[str]:
    """The names that the template imports and no stack exports."""
    template, values = made["_template"], made["_resolved_params"]
    held = engine._evaluate_conditions(template, values)
    used = [
        [member.get(part) for part in ("Properties", "Value", "Export")]
        for section in ("Resources", "Outputs")
        for member in (template.get(section) or {}).values()
        if held.get(member.get("Condition", ""), True)
    ]
    names = [
        str(
            engine._resolve_refs(
                argument, {}, values, held, template.get("Mappings") or {}, made["StackName"], ""
            )
        )
        for argument in imported(used, held)
    ]
    return [name for name in names if name not in cloudformation._exports]


def _with_change_sets(describe: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """DescribeEvents, by the ARN of a change set too: a bare name is refused, as by AWS."""

    def described(params: Any) -> Any:
        named = _p(params, "ChangeSetName")
        if not named:
            return describe(params)
        _, made = changesets._find_change_set(named) if named.startswith("arn:") else (None, None)
        if made is None:
            return _error(
                "ValidationError", "One of ChangeSetName, OperationId or StackName must be specified"
            )
        asked = {key: value for key, value in params.items() if key != "ChangeSetName"}
        operation = made.get("_operation", "none")
        return describe({**asked, "StackName": made["StackName"], "OperationId": operation})

    return described
