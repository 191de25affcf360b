"""DescribeChangeSet with ``IncludePropertyValues``: what each resource has before the change and after it.

``BeforeContext`` and ``AfterContext`` are JSON of a resource's Properties and Metadata, with references resolved as far
as what they name is there already; what is known only when it is made is KNOWN_AFTER_APPLY, what a NoEcho parameter
says is masked. AWS's ``BeforeValue`` and ``AfterValue`` of single properties are left out.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, engine, handlers
from ministack.services.cloudformation.helpers import _p
from ministack.services.cloudformation.stacks import _stack_region_context

KNOWN_AFTER_APPLY = "{{changeSet:KNOWN_AFTER_APPLY}}"
MASKED = "****"
_END = "</ResourceChange>"

Answer = tuple[int, dict[str, str], bytes]


class _Unknown(dict[str, str]):
    """The attributes of a resource that is not there yet."""

    def __contains__(self, name: object) -> bool:
        return True

    def __getitem__(self, name: str) -> str:
        return KNOWN_AFTER_APPLY


def install() -> None:
    """Answer DescribeChangeSet with the values where they are asked for."""
    actions = handlers._ACTION_HANDLERS
    actions["DescribeChangeSet"] = _with_values(actions["DescribeChangeSet"])


def _with_values(handler: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
    def described(params: Any) -> Answer:
        status, headers, body = handler(params)
        if status != 200 or _p(params, "IncludePropertyValues", "false").lower() != "true":
            return status, headers, body
        _, found = changesets._find_change_set(_p(params, "ChangeSetName"), _p(params, "StackName"))
        pieces = body.decode().split(_END)
        contexts = _contexts(found)
        shown = [piece + context for piece, context in zip(pieces, contexts, strict=False)]
        return status, headers, _END.join([*shown, *pieces[len(shown) :]]).encode()

    return described


def _contexts(found: Mapping[str, Any]) -> list[str]:
    """The XML of both contexts of each change, in order."""
    stack = cloudformation._stacks.get(found["StackName"]) or {}
    there = stack.get("_resources", {})
    with _stack_region_context(stack, found["StackId"]):
        before = _resolved(stack.get("_template") or {}, stack.get("_resolved_params", {}), there, found)
        after = _resolved(found["_template"], found["_resolved_params"], there, found)
    for name, actual in found.get("_actual", {}).items():  # of a drift-aware change set
        if actual is None:
            before.pop(name, None)
        else:
            before[name] = {**before.get(name, {}), "Properties": actual}
    names = [change["ResourceChange"]["LogicalResourceId"] for change in found["Changes"]]
    return [_context("Before", before.get(name)) + _context("After", after.get(name)) for name in names]


def _context(which: str, resource: Any) -> str:
    if resource is None:
        return ""
    text = json.dumps(resource, default=str).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return f"<{which}Context>{text}</{which}Context>"


def _resolved(
    template: Mapping[str, Any], given: Mapping[str, Any], there: Mapping[str, Any], found: Mapping[str, Any]
) -> dict[str, dict[str, Any]]:
    """Logical id → Properties and Metadata of each resource of a template."""
    resources = template.get("Resources", {})
    if not resources:
        return {}
    values = {
        name: {**value, "Value": MASKED} if value.get("NoEcho") or _hidden(template, name) else value
        for name, value in given.items()
    }
    unknown = {"PhysicalResourceId": KNOWN_AFTER_APPLY, "Attributes": _Unknown()}
    known = {name: there.get(name, unknown) for name in resources}
    conditions = engine._evaluate_conditions(template, given)
    shown = {}
    for name, resource in resources.items():
        properties = engine._resolve_refs(
            copy.deepcopy(resource.get("Properties", {})),
            known,
            values,
            conditions,
            template.get("Mappings", {}),
            found["StackName"],
            found["StackId"],
        )
        shown[name] = {"Properties": properties}
        if resource.get("Metadata"):
            shown[name]["Metadata"] = resource["Metadata"]
    return shown


def _hidden(template: Mapping[str, Any], parameter: str) -> bool:
    return str(template.get("Parameters", {}).get(parameter, {}).get("NoEcho", False)).lower() == "true"
