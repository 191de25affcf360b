"""The versions of a state machine, and the alias that starts runs, in one line of the page."""

from __future__ import annotations

from collections.abc import Iterator

from data_pipeline.core.deployment.changes import MACHINE_ALIAS, MACHINE_VERSION, Change, StackChanges
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.core.naming import LIVE

from .entries import ADDED, CHANGED, REMOVED, Entry


def entries(plan: StackChanges) -> Iterator[Entry]:
    """What becomes of the versions of a stack; nothing of a machine that only might change."""
    machines = {change.logical_id: change for change in plan.changes}
    for change in _versions(plan):
        name = change.logical_id.removesuffix("Version")
        if change.action == "Add":
            yield Entry(ADDED, f"{name} gets versions; its alias {LIVE} starts runs from then on")
        elif change.action == "Remove":
            yield Entry(REMOVED, f"{name} loses its versions and the alias {LIVE}: runs start it as it is")
        elif name in machines and _differs(machines[name]):
            yield Entry(CHANGED, f"{name} is published as a new version, to which the alias {LIVE} goes")


def others(plan: StackChanges) -> tuple[Change, ...]:
    """The changes of which ``entries`` does not speak: those of a version that changes without its machine, too."""
    machines = {change.logical_id for change in plan.changes}
    actions = {
        change.action
        for change in _versions(plan)
        if change.action != "Modify" or change.logical_id.removesuffix("Version") in machines
    }
    spoken = (MACHINE_VERSION, MACHINE_ALIAS)
    return tuple(c for c in plan.changes if c.type not in spoken or c.action not in actions)


def _versions(plan: StackChanges) -> list[Change]:
    """The changes of versions; none of a stack that is new, whose resources are counted."""
    new = plan.treatment in (Treatment.CREATE, Treatment.DELETE)
    return [] if new else [change for change in plan.changes if change.type == MACHINE_VERSION]


def _differs(machine: Change) -> bool:
    known = bool(machine.before) and bool(machine.after)
    return not known or machine.before.get("Properties") != machine.after.get("Properties")
