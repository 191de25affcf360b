"""Which snapshot of a table is meant by its id, by a run or by a time; what cannot be read any more is refused.

Iceberg's own log forgets expired snapshots, and would answer with an older one that a tag has kept. Every
commit has a sequence number, so a gap in those that are left shows where one is missing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from pyiceberg.catalog.glue import GlueCatalog
from pyiceberg.exceptions import NoSuchIcebergTableError, NoSuchPropertyException, NoSuchTableError
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted

RUN = "pipeline.run"
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Tables:
    """The published tables of one Glue database."""

    catalog: GlueCatalog
    database: str
    known: tuple[str, ...] | None = None
    """All that matter; None: those that the catalog lists."""

    def find(self, name: str) -> Table | None:
        """The newest state of a table, None when there is none."""
        return self.load(name) if self.catalog.table_exists((self.database, name)) else None

    def names(self) -> list[str]:
        """The tables that there are, in order."""
        if self.known is not None:
            return [*self.known]
        return sorted(name for _, name in self.catalog.list_tables(self.database))

    def load(self, name: str) -> Table:
        """The newest state of a table. UserError when there is none."""
        from data_pipeline.etl import null_lists  # loads PyArrow

        null_lists.keep()
        try:
            return self.catalog.load_table((self.database, name))
        except NoSuchTableError as error:
            raise UserError(self._without(name)) from error
        except (NoSuchIcebergTableError, NoSuchPropertyException) as error:
            raise UserError(f"{self.database}.{name} is not an Iceberg table") from error

    def _without(self, name: str) -> str:
        """Why there is no such table: it has another name, or nothing is published."""
        names = self.names()
        if not names or name in names:  # those that matter are not yet there, either
            why = "nothing has been published yet. Run the pipeline first."
        else:
            near = did_you_mean(name, names)
            why = f"it has {one_of(names)}" + (f"; {near}" if near else "")
        return f"there is no table {self.database}.{name}: {why}"


def connect(glue: Any, access: Mapping[str, str], database: str) -> Tables:
    """Tables through a boto3 client of Glue; ``access`` are PyIceberg's properties of S3 (``s3.endpoint``, …)."""
    return Tables(GlueCatalog("glue", client=glue, **access), database)


def chosen(
    table: Table, as_of_time: datetime | None = None, snapshot: str | None = None, run: str | None = None
) -> Snapshot:
    """The state at a time, in the snapshot of an id or as a run published it; the newest one without any of them."""
    if sum(choice is not None for choice in (as_of_time, snapshot, run)) > 1:
        raise UserError("choose one of as-of, snapshot and run: each names one state of the table")
    if snapshot is not None:
        return by_id(table, snapshot)
    if run is not None:
        return by_run(table, run)
    return as_of(table, as_of_time) if as_of_time is not None else current(table)


def current(table: Table) -> Snapshot:
    """The newest state, or the one that it was rolled back to."""
    found = table.current_snapshot()
    if found is None:
        raise UserError(f"{_name(table)} has no snapshot: nothing has been published yet")
    return found


def by_id(table: Table, text: str) -> Snapshot:
    """The snapshot with this id. UserError names the oldest still readable when it is not there (any more)."""
    found = table.snapshot_by_id(int(text)) if text.isascii() and text.isdecimal() else None
    if found is None:
        raise UserError(
            f"{_name(table)} has no snapshot {quoted(text)}: it has expired or never was. {_oldest(table)}"
        )
    return found


def by_run(table: Table, run: str) -> Snapshot:
    """The last snapshot that this run has published."""
    runs = {properties(snapshot).get(RUN, ""): snapshot for snapshot in _in_order(table)}
    if run not in runs:
        near = did_you_mean(run, [name for name in runs if name])
        raise UserError(
            f"{_name(table)} has no snapshot of run {quoted(run)}: it published nothing new, or its snapshot has "
            f"expired. {_oldest(table)}" + (f"; {near}" if near else "")
        )
    return runs[run]


def as_of(table: Table, time: datetime) -> Snapshot:
    """The snapshot that was the table's state at ``time`` (with a zone), roll-backs considered.

    UserError before the first one, and where an expired one may have been the state.
    """
    moment = (time - EPOCH) // timedelta(milliseconds=1)
    entry = next((e for e in reversed(table.history()) if e.timestamp_ms <= moment), None)
    found = table.snapshot_by_id(entry.snapshot_id) if entry else None
    if entry is None or found is None or _missing_between(table, entry.timestamp_ms, moment):
        raise UserError(
            f"what {_name(table)} held at {time:%Y-%m-%d %H:%M:%S%z} cannot be told: it was not there yet, or that "
            f"snapshot has expired. {_oldest(table)}"
        )
    return found


def properties(snapshot: Snapshot) -> dict[str, str]:
    """What the snapshot's publication noted in it."""
    return dict(snapshot.summary.additional_properties) if snapshot.summary else {}


def _missing_between(table: Table, since: int, until: int) -> bool:
    """Whether an expired snapshot may have been committed after ``since`` and not after ``until`` (ms)."""
    known = _in_order(table)
    last = getattr(table.metadata, "last_sequence_number", 0)  # format 1 has none
    ends = [
        *((s.sequence_number or 0, s.timestamp_ms) for s in known),
        (last + 1, None),
    ]
    before = 0, 0
    for number, time in ends:
        if number > before[0] + 1 and before[1] < until and (time is None or time > since):
            return True
        before = number, time or 0
    return False


def _in_order(table: Table) -> list[Snapshot]:
    return sorted(table.snapshots(), key=lambda snapshot: snapshot.sequence_number or 0)


def _oldest(table: Table) -> str:
    ordered = _in_order(table)
    if not ordered:
        return "There is none that can be read"
    oldest = ordered[0]
    time = EPOCH + timedelta(milliseconds=oldest.timestamp_ms)
    run = properties(oldest).get(RUN)
    return f"The oldest still readable is {oldest.snapshot_id} of {time:%Y-%m-%dT%H:%M:%SZ}" + (
        f", run {run}" if run else ""
    )


def _name(table: Table) -> str:
    return ".".join(table.name())
