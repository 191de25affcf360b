"""The online store, brought to the newest record of each identifier.

What it has already is not written again. It takes a record only if its event time is after that of the one that is
there: so where a month was issued again, and where the newest record is gone, the one that is there is removed first.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from data_pipeline.etl.documents.features import Group

from .sending import Row, Sender

_FORM = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class Plan:
    """What to do: records to put, and (identifier, event time) of records to remove before that."""

    put: list[Row]
    remove: list[tuple[str, str]]
    #: records whose time to live is over already.
    expired: int = 0


def plan(group: Group, wanted: Iterable[Row], there: dict[str, Row], gone: Sequence[str], now: float) -> Plan:
    """From the newest records that are published, those that the online store has, and the identifiers that are
    not published any more.
    """
    put, remove, expired = [], [], 0
    for row in wanted:
        identifier, event = row[group.identifier], row[group.event_time]
        present = there.get(identifier)
        if present == row:
            continue
        if present is not None and present[group.event_time] >= event:
            remove.append((identifier, _after(present[group.event_time])))
        if group.ttl_days is not None and _moment(event).timestamp() + 86_400 * group.ttl_days <= now:
            expired += 1
        else:
            put.append(row)
    remove += [(name, _after(there[name][group.event_time])) for name in gone if name in there]
    return Plan(put, remove, expired)


def bring(sender: Sender, group: Group, wanted: Sequence[Row], gone: Sequence[str]) -> Plan:
    """Bring the online store to ``wanted``; what was done."""
    there = sender.read([*(row[group.identifier] for row in wanted), *gone])
    made = plan(group, wanted, there, gone, time.time())
    for identifier, event_time in made.remove:
        sender.forget(identifier, event_time)
    sender.write(made.put, "OnlineStore")
    return made


def _after(event_time: str) -> str:
    return (_moment(event_time) + timedelta(seconds=1)).strftime(_FORM)


def _moment(event_time: str) -> datetime:
    return datetime.strptime(event_time, _FORM).replace(tzinfo=timezone.utc)
