"""From the change sets of both stacks, and what is beside them, to the page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from data_pipeline.core.deployment import losses
from data_pipeline.core.deployment.changes import HOLDS_DATA, Change, StackChanges, summary
from data_pipeline.core.deployment.hashes import only_carried
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.etl.documents.datasets import Definitions

from . import definitions, files, machines, permissions, versions
from .entries import ADDED, CHANGED, REMOVED, REPLACED, SAID, TAKEN_OVER, WARNED, Entry, Page, Section
from .values import differences, entry, renewed

_ROLE, _MACHINE = "AWS::IAM::Role", "AWS::StepFunctions::StateMachine"
_SCHEDULE, _GROUP = "AWS::Scheduler::Schedule", "AWS::SageMaker::FeatureGroup"
#: properties that hold what another section tells
_ELSEWHERE = {
    _ROLE: ("Policies", "ManagedPolicyArns", "AssumeRolePolicyDocument"),
    _MACHINE: ("Definition", "DefinitionString", "DefinitionSubstitutions"),
}


@dataclass(frozen=True)
class Given:
    """What the page is made of besides the change sets. ``hashes``: old SHA-256 → new one, of code, packages and
    documents; ``steps``: logical id of a role → the step whose job has it; ``code``: the deployed files, None where
    there are none; ``notes``: what is to be said, as of a pause; ``deployed``: whether there is a deployment to go back
    to; ``names``: texts, such as a bucket's ARN → what they are called here.
    """

    environment: str
    hashes: Mapping[str, str] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    code: Mapping[str, files.Stored] | None = None
    shipped: Mapping[str, bytes] = field(default_factory=dict)
    encrypted: bool = False
    before: Definitions | None = None
    after: Definitions | None = None
    uploads: Mapping[str, int] = field(default_factory=dict)
    bucket: str = ""
    makes_bucket: bool = False
    notes: tuple[str, ...] = ()
    deployed: bool = False
    names: Mapping[str, str] = field(default_factory=dict)


def page(plans: Sequence[StackChanges], given: Given) -> Page:
    """The page of a deployment."""
    published = [entry for plan in plans for entry in versions.entries(plan)]
    rest = [replace(plan, changes=versions.others(plan)) for plan in plans]
    plain = [replace(plan, changes=tuple(_plain(plan, given.hashes))) for plan in rest]
    folded = sum(len(plan.changes) for plan in rest) - sum(len(plan.changes) for plan in plain)
    tagged = [change for plan in plain for change in plan.changes if _only_tags(change, given.hashes)]
    shown = [replace(plan, changes=tuple(c for c in plan.changes if c not in tagged)) for plan in plain]
    changes = [change for plan in shown for change in plan.changes]
    sections = (
        Section("Warnings", tuple(_warnings(rest))),
        Section("Stacks", tuple(_stacks(plans))),
        Section("State machines", (*_machines(changes, given.hashes), *published)),
        Section("Permissions", tuple(_permissions(changes, given))),
        Section("Code", tuple(_code(given, folded))),
        Section("Data sets and tables", tuple(_definitions(given))),
        Section("Schedule", tuple(_resources(changes, given.hashes, {_SCHEDULE}))),
        Section("Feature groups", tuple(_resources(changes, given.hashes, {_GROUP}))),
        Section("Other resources", (*_others(shown, given.hashes), *_tags(tagged))),
        Section("Stays as it is", tuple(_stays(changes, given))),
        Section("Uploads", tuple(_uploads(given))),
        Section("To undo it", tuple(_undo(plans, given))),
    )
    anything = any(not plan.nothing for plan in plans) or bool(given.uploads) or given.makes_bucket
    return Page(given.environment, tuple(s for s in sections if s.entries), anything, summary(plans))


def _plain(plan: StackChanges, hashes: Mapping[str, str]) -> Iterator[Change]:
    """The changes that are more than a new hash of code, packages or documents."""
    return (change for change in plan.changes if not only_carried(change, hashes))


def _warnings(plans: Iterable[StackChanges]) -> Iterator[Entry]:
    """What is lost or replaced, and why."""
    for plan in plans:
        yield from (Entry(WARNED, warning) for warning in plan.warnings)
        for change in plan.changes:
            if text := losses.said(change):
                needs = f"deploy refuses this without {losses.OPTION} {change.logical_id}"
                yield Entry(WARNED, text, (Entry(SAID, needs),) if change.endangers_data else ())


def _stacks(plans: Iterable[StackChanges]) -> Iterator[Entry]:
    for plan in plans:
        if plan.nothing:
            continue
        details = [Entry(SAID, plan.unknown)] if plan.unknown else []
        if plan.any and not plan.changes and not plan.unknown:
            details.append(Entry(CHANGED, "outputs, tags or parameters only; no resource"))
        if plan.protect:
            details.append(Entry(ADDED, "termination protection"))
        yield Entry(SAID, f"{plan.stack}: {plan.treatment.value}", tuple(details))


def _machines(changes: Iterable[Change], hashes: Mapping[str, str]) -> Iterator[Entry]:
    for change in changes:
        if change.type == _MACHINE and change.action == "Modify":
            old, new = (machines.definition(each.get("Properties", {})) for each in _sides(change, hashes))
            found = tuple(machines.entries(old, new))
            if found:
                yield Entry(CHANGED, change.logical_id, found)


def _permissions(changes: Iterable[Change], given: Given) -> Iterator[Entry]:
    for change in changes:
        if change.type != _ROLE or (change.action == "Add" and not change.after):
            continue
        sides = (renewed(side, given.names) for side in _sides(change, given.hashes))
        found = permissions.entries(*sides)
        if found:
            step = given.steps.get(change.logical_id)
            sign = {"Add": ADDED, "Remove": REMOVED}.get(change.action, CHANGED)
            yield Entry(sign, f"role {change.logical_id}{f', of the step {step}' if step else ''}", found)


def _code(given: Given, folded: int) -> Iterator[Entry]:
    if given.code is not None:
        yield from files.entries(given.code, given.shipped, given.encrypted)
    if folded:
        resources = "1 resource carries" if folded == 1 else f"{folded:,} resources carry"
        yield Entry(SAID, f"{resources} the new hash of code, packages or documents, and nothing else")


def _definitions(given: Given) -> Iterator[Entry]:
    if given.before is not None and given.after is not None:
        yield from definitions.entries(given.before, given.after, given.environment)


def _resources(changes: Iterable[Change], hashes: Mapping[str, str], types: Iterable[str]) -> Iterator[Entry]:
    """Resources of some types, property by property."""
    for change in changes:
        if change.type in types:
            yield from _resource(change, hashes)


def _others(plans: Iterable[StackChanges], hashes: Mapping[str, str]) -> Iterator[Entry]:
    """All resources that no other section has; those of a new stack are counted by type."""
    for plan in plans:
        new = plan.treatment in (Treatment.CREATE, Treatment.DELETE)
        if plan.changes and new and all(change.action == "Add" for change in plan.changes):
            counts = Counter(change.type for change in plan.changes)
            number = "1 resource" if len(plan.changes) == 1 else f"{len(plan.changes)} resources"
            yield Entry(ADDED, f"all of {plan.stack}: {number}", tuple(_counted(counts)))
            continue
        for change in plan.changes:
            if change.type not in (_SCHEDULE, _GROUP):
                yield from _resource(change, hashes)


def _only_tags(change: Change, hashes: Mapping[str, str]) -> bool:
    """Whether nothing but the tags of a resource change, and hashes."""
    before, after = (_rest(each, ("Tags",)) for each in _sides(change, hashes))
    modified = change.action == "Modify" and not change.replaces and "Tags" in change.because
    return modified and before == after and (bool(before) or change.because == ("Tags",))


def _tags(changes: Sequence[Change]) -> Iterator[Entry]:
    """All resources that get other tags, in one entry, with what changes in the tags, as far as a resource says so."""
    if not changes:
        return
    both = ((change.before.get("Properties", {}), change.after.get("Properties", {})) for change in changes)
    found = (
        each for old, new in both for each in differences(old.get("Tags", []), new.get("Tags", []), ("Tags",))
    )
    number = changes[0].logical_id if len(changes) == 1 else f"{len(changes)} resources"
    yield Entry(CHANGED, f"tags of {number}", tuple(dict.fromkeys(map(entry, found))))


def _counted(counts: Mapping[str, int]) -> Iterator[Entry]:
    for type_, count in sorted(counts.items()):
        yield Entry(ADDED, f"{count} × {type_}" if count > 1 else type_)


def _resource(change: Change, hashes: Mapping[str, str]) -> Iterator[Entry]:
    """A resource with its properties, but for those that another section tells; none if nothing is left."""
    if change.action == "Import":
        yield Entry(TAKEN_OVER, f"{change.logical_id} ({change.type}): {', '.join(change.because)}")
        return
    sign = {"Add": ADDED, "Remove": REMOVED}.get(change.action, CHANGED)
    if change.replaces:
        sign = REPLACED
    details: tuple[Entry, ...] = ()
    if change.action == "Modify" and change.before and change.after:
        old, new = (_rest(each, _ELSEWHERE.get(change.type, ())) for each in _sides(change, hashes))
        details = tuple(map(entry, differences(old, new)))
        if not details and not change.replaces and "Tags" not in change.because:
            return
    elif change.because:
        details = (Entry(CHANGED, ", ".join(change.because)),)
    elif change.action == "Add" and change.type == _SCHEDULE:
        details = tuple(_schedule(change.after.get("Properties", {})))
    if "Tags" in change.because and not any(each.text.startswith("Tags") for each in details):
        details = (*details, Entry(CHANGED, "tags"))
    yield Entry(sign, f"{change.logical_id} ({change.type})", details)


def _schedule(properties: Mapping[str, Any]) -> Iterator[Entry]:
    """When a new schedule starts runs."""
    if "ScheduleExpression" in properties:
        zone = properties.get("ScheduleExpressionTimezone", "UTC")
        off = ", but it is off" if properties.get("State") == "DISABLED" else ""
        yield Entry(SAID, f"starts a run at {properties['ScheduleExpression']} in {zone}{off}")


def _rest(resource: Mapping[str, Any], without: Sequence[str]) -> dict[str, Any]:
    """The properties but for some."""
    return {name: value for name, value in resource.get("Properties", {}).items() if name not in without}


def _stays(changes: Iterable[Change], given: Given) -> Iterator[Entry]:
    """What is removed from a stack and goes on to exist, and what else a deployment leaves alone."""
    for change in changes:
        if change.action == "Remove" and change.keeps:
            holds = ", with what it holds" if change.type in HOLDS_DATA else ""
            yield Entry(SAID, f"{change.logical_id} ({change.type}) leaves the stack and is kept{holds}")
    yield from (Entry(SAID, note) for note in given.notes)


def _uploads(given: Given) -> Iterator[Entry]:
    if given.makes_bucket:
        yield Entry(ADDED, f"bucket {given.bucket}: made (private, encrypted, versioned, TLS only)")
    if given.uploads:
        count = len(given.uploads)
        objects = "1 object" if count == 1 else f"{count:,} objects"
        yield Entry(ADDED, f"{objects}, {_size(sum(given.uploads.values()))}, to s3://{given.bucket}/")


def _undo(plans: Sequence[StackChanges], given: Given) -> Iterator[Entry]:
    """How to go back, and what does not come back."""
    if not given.deployed or not any(plan.changes or plan.unknown for plan in plans):
        return
    yield Entry(SAID, f"python -m data_pipeline rollback {given.environment}")
    yield Entry(SAID, "what is published stays as it is then")
    lost = [change.logical_id for plan in plans for change in plan.changes if change.loses_data]
    if lost:
        yield Entry(WARNED, f"what {', '.join(lost)} held does not come back")


def _sides(change: Change, hashes: Mapping[str, str]) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The resource before, with the hashes of now, and after."""
    return renewed(change.before, hashes), change.after


def _size(count: int) -> str:
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"
