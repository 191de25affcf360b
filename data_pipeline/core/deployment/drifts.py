"""Drift: what was changed by hand since the deployment, as CloudFormation has last detected it; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

_SIGNS = {"ADD": "+", "REMOVE": "-", "NOT_EQUAL": "~"}
_LONGEST = 200


@dataclass(frozen=True)
class PropertyDrift:
    """One property, by its path in the resource; an absent value is ``null``."""

    path: str
    kind: str
    expected: str
    actual: str


@dataclass(frozen=True)
class ResourceDrift:
    """A resource that is not as its template says; ``deleted``, or with the properties that differ."""

    logical_id: str
    type: str
    deleted: bool = False
    properties: tuple[PropertyDrift, ...] = ()


@dataclass(frozen=True)
class StackDrift:
    """What a stack's drift was when it was last detected; ``checked`` is None where it never was."""

    stack: str
    checked: datetime | None = None
    resources: tuple[ResourceDrift, ...] = ()

    @property
    def drifted(self) -> bool:
        return bool(self.resources)


def resource(raw: Mapping[str, Any]) -> ResourceDrift:
    """An entry of DescribeStackResourceDrifts."""
    found = tuple(
        PropertyDrift(
            each["PropertyPath"], each["DifferenceType"], each["ExpectedValue"], each["ActualValue"]
        )
        for each in raw.get("PropertyDifferences", [])
    )
    deleted = raw["StackResourceDriftStatus"] == "DELETED"
    return ResourceDrift(raw["LogicalResourceId"], raw["ResourceType"], deleted, found)


def without_pause(found: StackDrift, schedule: str) -> StackDrift:
    """The drift without the schedule (its logical id) being off, which a pause wants."""
    kept = []
    for each in found.resources:
        properties = each.properties
        if each.logical_id == schedule:
            properties = tuple(
                one for one in properties if not (one.path == "/State" and one.actual == "DISABLED")
            )
        if each.deleted or properties:
            kept.append(replace(each, properties=properties))
    return replace(found, resources=tuple(kept))


def lines(found: StackDrift, now: datetime) -> list[str]:
    """A stack's drift for people."""
    if found.checked is None:
        return [f"{found.stack}: never looked at; --detect looks"]
    head = "drifted" if found.drifted else "in sync"
    texts = [f"{found.stack}: {head}, as detected {age(found.checked, now)}"]
    for each in found.resources:
        sign = "-" if each.deleted else "~"
        texts.append(f"  {sign} {each.logical_id} ({each.type})" + (": is gone" if each.deleted else ""))
        for one in each.properties:
            texts += _property(one)
    return texts


def as_json(found: Iterable[StackDrift]) -> list[dict[str, Any]]:
    """The same for scripts."""
    return [
        {
            "stack": each.stack,
            "checked": each.checked.isoformat() if each.checked else None,
            "drifted": each.drifted,
            "resources": [
                {
                    "logicalId": one.logical_id,
                    "type": one.type,
                    "deleted": one.deleted,
                    "properties": [vars(it) for it in one.properties],
                }
                for one in each.resources
            ],
        }
        for each in found
    ]


def summary(found: Sequence[StackDrift], now: datetime) -> str:
    """One line on all stacks: ``2 resources were changed by hand, as detected 3 h ago``."""
    checked = [each.checked for each in found if each.checked]
    if not checked:
        return "never looked at"
    count = sum(len(each.resources) for each in found)
    what = "none" if not count else f"{count} resource{'s' * (count > 1)} changed by hand"
    return f"{what}, as detected {age(min(checked), now)}"


def age(then: datetime, now: datetime) -> str:
    """``2 h ago (2026-11-30 09:12 UTC)``."""
    seconds = max(0, int((now - then).total_seconds()))
    units = ((86400, "d"), (3600, "h"), (60, "min"))
    count = next((f"{seconds // size} {name}" for size, name in units if seconds >= size), "moments")
    return f"{count} ago ({then.astimezone(UTC):%Y-%m-%d %H:%M} UTC)"


def _property(one: PropertyDrift) -> list[str]:
    """One line where it fits a terminal; expected and actual below each other where not."""
    sign = _SIGNS.get(one.kind, "~")
    expected, actual = (_shown(text) for text in (one.expected, one.actual))
    said = {"ADD": f"{actual} (not in the template)", "REMOVE": f"{expected} (is gone)"}
    text = f"      {sign} {one.path}: {said.get(one.kind, f'{expected} → {actual}')}"
    if len(text) <= 80 or one.kind in said:
        return [text]
    return [f"      {sign} {one.path}:", f"          expected {expected}", f"          actual   {actual}"]


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
