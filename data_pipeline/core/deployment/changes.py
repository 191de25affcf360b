"""A change set as a value, and as what the user reads before it is applied."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from .stack_states import Treatment

#: resources that hold something which cannot be rendered again.
HOLDS_DATA = frozenset(
    {
        "AWS::S3::Bucket",
        "AWS::Glue::Database",
        "AWS::Glue::Table",
        "AWS::SageMaker::FeatureGroup",
        "AWS::DynamoDB::Table",
        "AWS::KMS::Key",
        "AWS::Logs::LogGroup",
        "AWS::SQS::Queue",
    }
)
MACHINE_VERSION, MACHINE_ALIAS = (f"AWS::StepFunctions::StateMachine{what}" for what in ("Version", "Alias"))
_KEEPS = frozenset({"Retain", "ReplaceAndRetain", "RetainExceptOnCreate", "Snapshot", "ReplaceAndSnapshot"})
_SIGNS = {"Add": "+", "Modify": "~", "Remove": "-", "Import": "<", "Dynamic": "?"}


@dataclass(frozen=True)
class Change:
    """What happens to one resource of a stack, in CloudFormation's words."""

    action: str
    logical_id: str
    type: str
    replacement: Literal["True", "False", "Conditional"] = "False"
    #: names of the changed properties, or attributes such as Tags, sorted.
    because: tuple[str, ...] = ()
    #: what becomes of the present resource where it is removed or replaced ("" when the change set does not
    #: say).
    policy: str = ""
    #: the properties whose change makes CloudFormation replace the resource, sorted.
    forced_by: tuple[str, ...] = ()
    #: ``Properties`` and ``Metadata`` of the resource now and then, empty where there is none or nothing was said.
    before: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)
    after: Mapping[str, Any] = field(default_factory=dict, compare=False, repr=False)

    @property
    def replaces(self) -> bool:
        """Whether the resource is, or may be, replaced by a new one."""
        return self.action == "Modify" and self.replacement != "False"

    @property
    def loses_data(self) -> bool:
        """Whether something that holds data is, or may be, deleted."""
        return self.endangers_data and not self.keeps

    @property
    def endangers_data(self) -> bool:
        """Whether something that holds data is, or may be, deleted, or replaced by an empty one."""
        goes = self.replaces or (self.action == "Remove" and not self.keeps)
        return goes and self.type in HOLDS_DATA

    @property
    def keeps(self) -> bool:
        """Whether the present resource is kept where it is removed or replaced."""
        return self.policy in _KEEPS

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What a user agreed to, when this change was shown."""
        return (self.action, self.logical_id, self.type, self.replacement)


@dataclass(frozen=True)
class StackChanges:
    """What a deployment will do to one stack."""

    stack: str
    treatment: Treatment
    changes: tuple[Change, ...] = ()
    #: something changes: resources, or only outputs, tags or parameters.
    any: bool = True
    #: termination protection will be switched on.
    protect: bool = False
    #: what the user should know before anything else.
    warnings: tuple[str, ...] = ()
    #: None: the changes are known. Otherwise: why they cannot be known before the treatment has begun.
    unknown: str | None = None

    @property
    def nothing(self) -> bool:
        return not self.any and not self.protect

    def agrees_with(self, shown: StackChanges) -> bool:
        """Whether nothing will happen that was not already shown as ``shown``.

        What is taken over is then changed, in its place, into what the template says.
        """
        known = {c.key for c in shown.changes}
        known |= {("Modify", c.logical_id, c.type, "False") for c in shown.changes if c.action == "Import"}
        return shown.unknown is None and {c.key for c in self.changes} <= known


def from_change_set(described: Iterable[Mapping[str, Any]]) -> tuple[Change, ...]:
    """The ``Changes`` of DescribeChangeSet, sorted by action and name.

    What a drift-aware change set only notes to be as it is (``SyncWithActual``) is none.
    """
    resources = (entry["ResourceChange"] for entry in described if entry.get("Type") == "Resource")
    return _sorted(_change(each) for each in resources if each["Action"] != "SyncWithActual")


def publishing(changes: Sequence[Change]) -> tuple[Change, ...]:
    """The changes by which a state machine that changes is published: a new version, and its alias that goes there."""
    changed = [change for change in changes if change.action == "Modify"]
    names = {change.logical_id for change in changed}
    versions = [change.logical_id for change in changed if change.type == MACHINE_VERSION]
    if not any(version.removesuffix("Version") in names for version in versions):
        return ()
    return tuple(change for change in changed if change.type in (MACHINE_VERSION, MACHINE_ALIAS))


def without_pause(changes: Sequence[Change], schedule: str) -> tuple[Change, ...]:
    """The changes but for that of a paused schedule (its logical id) which would only switch it on again."""
    return tuple(change for change in changes if change.logical_id != schedule or not _only_on(change))


def _only_on(change: Change) -> bool:
    """Whether nothing but the state of a schedule changes."""
    before, after = (dict(each.get("Properties", {})) for each in (change.before, change.after))
    before.pop("State", None), after.pop("State", None)
    return change.action == "Modify" and bool(before) and before == after


def from_template(template: Mapping[str, Any]) -> tuple[Change, ...]:
    """What creating a stack from this template will add: every resource that has no condition; of a schedule when it
    starts something, too.
    """
    resources: Mapping[str, Any] = template.get("Resources", {})
    return _sorted(
        Change("Add", name, resource["Type"], after=_literal(resource))
        for name, resource in resources.items()
    )


def _literal(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a template says of a schedule by itself."""
    if resource["Type"] != "AWS::Scheduler::Schedule":
        return {}
    known = {name: each for name, each in resource.get("Properties", {}).items() if isinstance(each, str)}
    return {"Properties": known}


def describe(plan: StackChanges) -> list[str]:
    """The lines that a user reads, without colour; a line that tells of lost data begins with ``!``."""
    if plan.nothing:
        return [f"{plan.stack}: no changes"]
    lines = [f"{plan.stack}: {plan.treatment.value}", *(f"  ! {warning}" for warning in plan.warnings)]
    if plan.unknown:
        lines.append(f"  ? {plan.unknown}")
    elif plan.any and not plan.changes:
        lines.append("  ~ Modify   outputs, tags or parameters only; no resource")
    width = max((len(change.type) for change in plan.changes), default=0)
    lines += [_change_line(change, width) for change in plan.changes]
    if plan.protect:
        lines.append("  + termination protection")
    lines += [_warning(change) for change in plan.changes if change.loses_data]
    return lines


def summary(plans: Sequence[StackChanges]) -> str:
    """How many resources will be added, modified, replaced and removed, in one line."""
    changes = [c for plan in plans for c in plan.changes if c not in publishing(plan.changes)]
    counts = {
        "to take over": sum(c.action == "Import" for c in changes),
        "to add": sum(c.action == "Add" for c in changes),
        "to modify": sum(c.action in ("Modify", "Dynamic") and not c.replaces for c in changes),
        "to replace": sum(c.replaces for c in changes),
        "to remove": sum(c.action == "Remove" for c in changes),
    }
    counted = [f"{count} {what}" for what, count in counts.items() if count]
    unknown = [f"{plan.stack}: not known yet" for plan in plans if plan.unknown]
    return ", ".join([*counted, *unknown]) or "no resource changes"


def _change(resource: Mapping[str, Any]) -> Change:
    targets = [detail.get("Target", {}) for detail in resource.get("Details", [])]
    names = {target.get("Name") or target.get("Attribute") for target in targets}
    return Change(
        action=resource["Action"],
        logical_id=resource["LogicalResourceId"],
        type=resource["ResourceType"],
        replacement=resource.get("Replacement") or "False",
        because=tuple(sorted(name for name in names if name)),
        policy=resource.get("PolicyAction", ""),
        forced_by=tuple(
            sorted({t.get("Name") or "" for t in targets if t.get("RequiresRecreation") == "Always"} - {""})
        ),
        before=_context(resource, "BeforeContext"),
        after=_context(resource, "AfterContext"),
    )


def _context(resource: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """What DescribeChangeSet says of a resource as JSON text."""
    try:
        found = json.loads(resource.get(name) or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _sorted(changes: Iterable[Change]) -> tuple[Change, ...]:
    order = list(_SIGNS)
    return tuple(sorted(changes, key=lambda change: (order.index(change.action), change.logical_id)))


def _change_line(change: Change, width: int) -> str:
    line = f"  {_SIGNS[change.action]} {change.action:<8} {change.type:<{width}}  {change.logical_id}"
    if change.because:
        line += f" ({', '.join(change.because)})"
    if change.replaces:
        line += " · REPLACED" if change.replacement == "True" else " · MAY BE REPLACED"
    return line


def _warning(change: Change) -> str:
    verb = "is removed" if change.action == "Remove" else "is replaced by an empty one"
    return f"  ! DATA LOSS: {change.type} {change.logical_id} {verb}, and what it holds is deleted"
