"""Change sets with ``DeploymentMode: REVERT_DRIFT``: what was changed by hand becomes again what the template says.

As the user guide's "Using drift-aware change sets" says: the actual state, as far as drift detection reads it, takes
the place of what was last deployed, in what is shown, in what is applied, and in what a failure goes back to. A
resource that has gone is made again. What cannot change in place (a create-only property) is left as it is.
``SyncWithActual``, where the template has come to say what is there, is not told apart: applying it changes nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ministack.core.responses import now_iso
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, drift, handlers, provisioners
from ministack.services.cloudformation.helpers import _error, _p

Answer = tuple[int, dict[str, str], bytes]
Handler = Callable[[Any], Answer]

MODE = "REVERT_DRIFT"
_ID = re.compile(r"<Id>([^<]+)</Id>")


def install() -> None:
    """Stand before MiniStack's handlers, which do not know the mode."""
    actions = handlers._ACTION_HANDLERS
    actions["CreateChangeSet"] = _created(actions["CreateChangeSet"])
    actions["ExecuteChangeSet"] = _executed(actions["ExecuteChangeSet"])


def _created(handler: Handler) -> Handler:
    def create(params: Any) -> Answer:
        mode = _p(params, "DeploymentMode")
        if mode and (mode != MODE or _p(params, "ChangeSetType", "UPDATE") != "UPDATE"):
            said = f"DeploymentMode is {MODE}, for a change set of the type UPDATE."
            refused: Answer = _error("ValidationError", said)
            return refused
        status, headers, body = handler(params)
        made = _ID.search(body.decode())
        if mode and status == 200 and made:
            _, change_set = changesets._find_change_set(made[1])
            _compare(change_set, cloudformation._stacks[change_set["StackName"]])
        return status, headers, body

    return create


def _executed(handler: Handler) -> Handler:
    def execute(params: Any) -> Answer:
        _, change_set = changesets._find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))
        if change_set and change_set["ExecutionStatus"] == "AVAILABLE":
            resources = cloudformation._stacks[change_set["StackName"]]["_resources"]
            for name, actual in change_set.get("_actual", {}).items():
                if actual is None:
                    resources.pop(name, None)
                else:
                    resources[name]["Properties"] = actual
        return handler(params)

    return execute


def _compare(change_set: dict[str, Any], stack: Mapping[str, Any]) -> None:
    """Add to a change set what has drifted, and note the actual properties: None of a resource that has gone."""
    named = {change["ResourceChange"]["LogicalResourceId"] for change in change_set["Changes"]}
    actual: dict[str, dict[str, Any] | None] = {}
    for name, record in stack["_resources"].items():
        if name not in change_set["_template"]["Resources"] or not drift.supports_drift(
            record["ResourceType"]
        ):
            continue
        found = drift.detect_resource_drift(stack, name, record, now_iso())
        if found["StackResourceDriftStatus"] == "DELETED":
            actual[name] = None
            change = {"Action": "Add", "LogicalResourceId": name, "ResourceType": record["ResourceType"]}
            change_set["Changes"] = [*_others(change_set["Changes"], name), {"ResourceChange": change}]
        elif drifted := _drifted(found, record["ResourceType"]):
            actual[name] = _properties(record["Properties"], found, drifted)
            if name not in named:
                change_set["Changes"].append({"ResourceChange": _change(name, record, drifted)})
    change_set["_actual"] = actual
    change_set["DeploymentMode"] = MODE
    if change_set["Changes"] and change_set["Status"] == "FAILED":
        change_set |= {"Status": "CREATE_COMPLETE", "ExecutionStatus": "AVAILABLE", "StatusReason": ""}


def _drifted(found: Mapping[str, Any], type_: str) -> list[str]:
    """The properties that differ and can change in place."""
    paths = (each["PropertyPath"].split("/")[1] for each in found.get("PropertyDifferences", []))
    return [
        name for name in dict.fromkeys(paths) if name not in provisioners._REPLACING_PROPERTIES.get(type_, ())
    ]


def _properties(
    known: Mapping[str, Any], found: Mapping[str, Any], drifted: Collection[str]
) -> dict[str, Any]:
    """The properties of a resource with what has drifted as it is."""
    there = json.loads(found["ActualProperties"])
    kept = {name: value for name, value in known.items() if name not in drifted}
    return kept | {name: there[name] for name in drifted if name in there}


def _change(name: str, record: Mapping[str, Any], drifted: Collection[str]) -> dict[str, Any]:
    details = [
        {
            "Target": {"Attribute": "Properties", "Name": each, "RequiresRecreation": "Never"},
            "Evaluation": "Static",
            "ChangeSource": "DirectModification",
        }
        for each in sorted(drifted)
    ]
    return {
        "Action": "Modify",
        "LogicalResourceId": name,
        "PhysicalResourceId": record["PhysicalResourceId"],
        "ResourceType": record["ResourceType"],
        "Replacement": "False",
        "Scope": ["Properties"],
        "Details": details,
    }


def _others(changes: list[dict[str, Any]], name: str) -> Iterator[dict[str, Any]]:
    return (change for change in changes if change["ResourceChange"]["LogicalResourceId"] != name)
