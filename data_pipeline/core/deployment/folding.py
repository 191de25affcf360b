"""The events of an operation on a stack, folded as its plan is: a line for each thing that a user knows; pure."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from . import hashes
from .changes import Change, publishing
from .page.entries import ADDED, CHANGED, REMOVED, REPLACED, TAKEN_OVER, WARNED
from .stack_events import Event

WIDTH = 80
#: what an end of the operation is called; any other is said in CloudFormation's own word.
_ENDS = {
    "CREATE_COMPLETE": "created",
    "UPDATE_COMPLETE": "updated",
    "IMPORT_COMPLETE": "taken over",
    "DELETE_COMPLETE": "deleted",
    "ROLLBACK_COMPLETE": "rolled back",
    "UPDATE_ROLLBACK_COMPLETE": "rolled back",
    "IMPORT_ROLLBACK_COMPLETE": "rolled back",
}
#: statuses of the stack on the way that are worth a line.
_TURNS = {
    "ROLLBACK_IN_PROGRESS": "rolling back",
    "UPDATE_ROLLBACK_IN_PROGRESS": "rolling back",
    "IMPORT_ROLLBACK_IN_PROGRESS": "rolling back",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS": "deleting what is no longer needed",
}
_DONE = ("_COMPLETE", "DELETE_SKIPPED")
_GOOD = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "IMPORT_COMPLETE"})


@dataclass(frozen=True)
class Group:
    """Resources that make one line together; ``text`` says what they are."""

    sign: str
    text: str
    members: frozenset[str]


def groups(changes: Sequence[Change], renewed: Mapping[str, str]) -> tuple[Group, ...]:
    """Those of a change set: of a new stack by type, else each change by itself, but for what only gets
    other tags, or carries new hashes.

    ``renewed``: old hash → new one, as ``hashes.changed`` finds them.
    """
    if all(change.action == "Add" for change in changes):
        counts = Counter(change.type for change in changes)
        return tuple(
            Group(
                ADDED,
                f"{count} × {type_}" if count > 1 else type_,
                _ids(c for c in changes if c.type == type_),
            )
            for type_, count in counts.items()
        )
    published = publishing(changes)
    carried = [change for change in changes if hashes.only_carried(change, renewed)]
    tagged = [change for change in changes if change.because == ("Tags",) and not change.replaces]
    found = [
        Group(_sign(change), f"{change.logical_id} ({change.type})", frozenset({change.logical_id}))
        for change in changes
        if change not in carried and change not in tagged and change not in published
    ]
    if tagged:
        found.append(Group(CHANGED, f"tags of {_number(tagged)}", _ids(tagged)))
    if carried:
        text = f"{_number(carried)} with the new hash of code, packages or documents"
        found.append(Group(CHANGED, text, _ids(carried)))
    if published:
        found.append(Group(CHANGED, "version of the state machine, and its alias", _ids(published)))
    return tuple(found)


@dataclass
class Folded:
    """An operation on a stack while it goes on: takes its events one by one, oldest first."""

    stack: str
    groups: tuple[Group, ...] = ()
    #: everything that happened
    events: list[Event] = field(default_factory=list)
    _begin: datetime | None = None
    _done: set[str] = field(default_factory=set)
    _moving: dict[str, None] = field(default_factory=dict)
    _shown: set[Group] = field(default_factory=set)
    _back: bool = False

    def lines(self, event: Event) -> Iterator[str]:
        """What there is to say once this has happened."""
        self.events.append(event)
        self._begin = self._begin or event.at
        clock = self._clock(event)
        if event.of_stack:
            yield from self._of_stack(event, clock)
            return
        self._moving.pop(event.logical_id, None)
        if event.failed:
            yield from _wrapped(f"  {WARNED} {event.logical_id} ({event.type}) failed: {event.reason}", clock)
        elif event.status.endswith("_IN_PROGRESS"):
            self._moving[event.logical_id] = None
        elif event.status.endswith(_DONE) and not self._back:
            self._done.add(event.logical_id)
            yield from self._finished(clock)

    @property
    def now(self) -> str:
        """Where it stands: ``7 of 12 · StateMachine, ScheduleRole``."""
        members = frozenset[str]().union(*(group.members for group in self.groups))
        moving = [name for name in self._moving if not members or name in members]
        count = f"{len(self._done & members)} of {len(members)}" if members and not self._back else ""
        back = "rolling back" if self._back else ""
        return " · ".join(filter(None, (back, count, ", ".join(moving))))

    def _of_stack(self, event: Event, clock: str) -> Iterator[str]:
        if event.status in _TURNS:
            self._back = self._back or "ROLLBACK" in event.status
            why = f": {event.reason}" if event.reason and self._back else ""
            yield from _wrapped(f"{self.stack}: {_TURNS[event.status]}{why}", clock)
        elif not event.status.endswith("_IN_PROGRESS"):
            if event.status in _GOOD:
                self._done.update(*(group.members for group in self.groups))
                yield from self._finished(clock)
            end = _ENDS.get(event.status, f"{event.status}: {event.reason}")
            yield from _wrapped(f"{self.stack}: {end}", clock)

    def _finished(self, clock: str) -> Iterator[str]:
        """The lines of groups of which now all is done."""
        for group in self.groups:
            if group.members <= self._done and group not in self._shown:
                self._shown.add(group)
                yield from _wrapped(f"  {group.sign} {group.text}", clock)

    def _clock(self, event: Event) -> str:
        """``m:ss`` since the first event."""
        if self._begin is None or event.at is None:
            return ""
        minutes, seconds = divmod(max(0, int((event.at - self._begin).total_seconds())), 60)
        return f"{minutes}:{seconds:02}"


def _wrapped(text: str, clock: str) -> Iterator[str]:
    """A line with its time at the right; what is too long goes on below."""
    indent = " " * (len(text) - len(text.lstrip()) + 4)
    first, *rest = textwrap.wrap(
        " ".join(text.split("\n")),
        WIDTH - 7,
        initial_indent="",
        subsequent_indent=indent,
        drop_whitespace=True,
        break_on_hyphens=False,
        break_long_words=False,
    )
    yield f"{first:<{WIDTH - 7}}{clock:>7}".rstrip()
    yield from rest


def _sign(change: Change) -> str:
    if change.replaces:
        return REPLACED
    return {"Add": ADDED, "Remove": REMOVED, "Import": TAKEN_OVER}.get(change.action, CHANGED)


def _ids(changes: Iterable[Change]) -> frozenset[str]:
    return frozenset(change.logical_id for change in changes)


def _number(changes: Sequence[Change]) -> str:
    return "1 resource" if len(changes) == 1 else f"{len(changes)} resources"
