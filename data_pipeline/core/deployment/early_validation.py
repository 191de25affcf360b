"""Why CloudFormation refuses a change set before anything is made (its early validation), and what mends it.

The change set itself says only that a hook or validation failed; DescribeEvents has the resources.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

#: what the reason of a refused change set speaks of, where DescribeEvents has more to say.
_HINTS = re.compile(r"hook|validation|DescribeEvents", re.IGNORECASE)
_EXISTS = re.compile(r"NAME_CONFLICT|already exists", re.IGNORECASE)
_REMEDY_IF_TAKEN = (
    "it exists and is not in this stack. If nobody needs it, delete it; if another stack has it, delete that stack, or "
    "name this pipeline or environment otherwise. Then deploy again"
)
_REMEDY_OF_PROPERTY = "change what the configuration says of it, render the templates, and deploy again"
_REMEDY_OF_HOOK = (
    "the hook is a rule of this account: do what it says, or ask whoever keeps the account's hooks"
)


def has_events(reason: str) -> bool:
    """Whether the reason of a failed change set is one that DescribeEvents explains."""
    return bool(_HINTS.search(reason))


def findings(events: Iterable[Mapping[str, Any]]) -> list[str]:
    """One text for each ``OperationEvents`` entry that says what failed: where, what, and what to do.

    A validation that only warns is left out: it does not stop a change set.
    """
    texts = (_finding(event) for event in events)
    return list(dict.fromkeys(text for text in texts if text))


def _finding(event: Mapping[str, Any]) -> str | None:
    kind = event.get("EventType")
    if kind == "HOOK_INVOCATION_ERROR" and event.get("HookFailureMode") != "WARN":
        name = event.get("HookType") or "a hook"
        return f"{_where(event)}: {name} says: {_said(event, 'HookStatusReason')}\n    {_REMEDY_OF_HOOK}."
    failed = (
        event.get("ValidationStatus", "FAILED") == "FAILED" and event.get("ValidationFailureMode") != "WARN"
    )
    if kind != "VALIDATION_ERROR" or not failed:
        return None
    said = _said(event, "ValidationStatusReason")
    exists = _EXISTS.search(f"{event.get('ValidationName', '')} {said}")
    return f"{_where(event)}: {said}\n    {_REMEDY_IF_TAKEN if exists else _REMEDY_OF_PROPERTY}."


def _where(event: Mapping[str, Any]) -> str:
    """``LogicalId (Type) at Properties/Name``, as far as the event says so."""
    logical, kind = str(event.get("LogicalResourceId", "the template")), event.get("ResourceType")
    path = str(event.get("ValidationPath") or "").removeprefix(f"/Resources/{logical}").strip("/")
    return logical + (f" ({kind})" if kind else "") + (f" at {path}" if path else "")


def _said(event: Mapping[str, Any], member: str) -> str:
    reason = event.get(member) or event.get("ResourceStatusReason") or "no reason given"
    return str(reason).rstrip(".")
