"""The records of two snapshots of a table, and what is between them: new and changed ones, and those that are gone.

Only the data files that the snapshots do not share are read, but for the newest record of an identifier of which
anything has changed or gone, which may be anywhere. A record is changed if any feature is, or when it was available.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.etl.documents import feature_records, noted_months
from data_pipeline.etl.documents.features import Group
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import log
from data_pipeline.etl.publishing import tables
from data_pipeline.etl.publishing.tables import Tables

_AVAILABLE = pa.schema(
    [("dataset", pa.string()), ("month", pa.timestamp("us")), ("at", pa.timestamp("us")), ("by", pa.string())]
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
ROWS = 5_000

Row = dict[str, str]


@dataclass(frozen=True)
class Reading:
    """How rows of a table are the records of a group; ``at``: where the tables are that it is made of."""

    at: Tables
    table: Table
    group: Group

    def __post_init__(self) -> None:
        there, source = self.columns, self.group.source
        missing = [name for name in feature_records.needed(source, there) if name not in there]
        if missing:
            has = f"table {source.table} has no column {', '.join(missing)}; it has {', '.join(there)}"
            raise JobError(f"features.{self.group.name}: {has}. Deploy the group as the table is")

    @property
    def columns(self) -> dict[str, str]:
        """Column → type of Iceberg, as the table has them now."""
        return {field.name: str(field.field_type) for field in self.table.schema().fields}

    def records(
        self, db: duckdb.DuckDBPyConnection, name: str, files: list[DataFile], snapshot: Snapshot
    ) -> None:
        """Make a table of the records in these files, as ``snapshot`` tells when they were available."""
        source, noted = self.group.source, tables.properties_of(snapshot)
        known = noted_months.months(noted, source.lag_minutes, source.timezone)
        needed = tuple(feature_records.needed(source, self.columns))
        db.register("rows", tables.read_files(self.table, files, needed))
        db.register("by_dataset", _arrow(known))
        db.register("by_all", _arrow(noted_months.latest(known)))
        period = feature_records.period_of(source, noted, self._newest)
        series = {one.dataset for one in known}
        query = feature_records.query(source, self.columns, period, series)
        db.execute(f"CREATE OR REPLACE TABLE {name} AS {query}")

    def _newest(self, name: str) -> dict[str, str]:
        """What the newest snapshot of another table says."""
        table = self.at.find(name)
        return tables.properties_of(table.current_snapshot()) if table else {}


def gather(db: duckdb.DuckDBPyConnection, reading: Reading, since: Collection[str | None]) -> None:
    """Make ``db``'s tables ``changed`` (whole records), ``gone`` (identifier and event time) and ``newest`` (the newest
    record of each identifier in one of them) of the table's newest snapshot: what differs from any of the snapshots
    ``since``, where None is an empty table.
    """
    table, group = reading.table, reading.group
    after = table.current_snapshot()
    assert after is not None, "a published table has a snapshot"
    db.execute("SET TimeZone = 'UTC'")
    keys = f"{_quoted(group.identifier)}, {_quoted(group.event_time)}"
    changed, gone = [], []
    for number, before in enumerate(since):
        came, left_over = f"came_{number}", f"left_over_{number}"
        come, left, earlier = _files(table, before, after)
        reading.records(db, came, come, after)
        reading.records(db, left_over, left, earlier or after)
        changed.append(f"(FROM {came} EXCEPT FROM {left_over})")
        gone.append(f"(SELECT {keys} FROM {left_over} ANTI JOIN {came} USING ({keys}))")
    db.execute(f"CREATE TABLE changed AS {' UNION '.join(changed)}")
    db.execute(f"CREATE TABLE gone AS {' UNION '.join(gone)}")
    if group.online:
        reading.records(db, "present", tables.files_in(table, after), after)
        name = _quoted(group.identifier)
        db.execute(
            f"CREATE TABLE newest AS FROM present SEMI JOIN (SELECT {name} FROM changed UNION SELECT {name} FROM gone) "
            f"USING ({name}) QUALIFY row_number() OVER (PARTITION BY {name} "
            f"ORDER BY {_quoted(group.event_time)} DESC, available_at DESC) = 1"
        )


def ended(db: duckdb.DuckDBPyConnection, group: Group, now: datetime) -> set[str]:
    """The identifiers whose newest record has ended by ``now``, on the wall clock of the group's time zone."""
    if not group.source.ends:
        return set()
    clock = now.astimezone(ZoneInfo(group.source.timezone)).replace(tzinfo=None)
    name = _quoted(group.identifier)
    query = f"SELECT CAST({name} AS VARCHAR) FROM newest WHERE {feature_records.ENDS} <= ?"
    return {identifier for (identifier,) in db.execute(query, [clock]).fetchall()}


def count(db: duckdb.DuckDBPyConnection, name: str) -> int:
    """How many rows one of the tables has."""
    found = db.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(found[0]) if found else 0


def rows(db: duckdb.DuckDBPyConnection, name: str, group: Group) -> Iterator[Row]:
    """The rows of one of the tables by time, as SageMaker takes them: text, and no value where there is none. Of
    several versions of a record, the one that became available last comes last.
    """
    wanted = group.features if name != "gone" else [group.identifier, group.event_time]
    columns = ", ".join(_text(group, feature) for feature in wanted)
    order = f"{_quoted(group.event_time)}, {_quoted(group.identifier)}"
    order += "" if name == "gone" else ", available_at"
    for batch in (
        db.cursor().execute(f"SELECT {columns} FROM (FROM {name} ORDER BY {order})").to_arrow_reader(ROWS)
    ):
        for row in batch.to_pylist():
            yield {feature: value for feature, value in row.items() if value is not None}


def _text(group: Group, feature: str) -> str:
    name = _quoted(feature)
    if feature in (group.event_time, "available_at"):
        return f"strftime({name}, '{_TIME}') AS {name}"
    return f"CAST({name} AS VARCHAR) AS {name}"


def _quoted(name: str) -> str:
    return f'"{name}"'


def _files(
    table: Table, before: str | None, after: Snapshot
) -> tuple[list[DataFile], list[DataFile], Snapshot | None]:
    """The files that only ``after`` has, those that only ``before`` has, and ``before`` itself."""
    earlier = table.snapshot_by_id(int(before)) if before else None
    if earlier is None:
        if before:
            log(f"{table.name()[-1]}: snapshot {before} has expired, so every record is written again")
        return tables.files_in(table, after), [], None
    try:
        return (*tables.difference(table, earlier.snapshot_id, after.snapshot_id), earlier)
    except FileNotFoundError:
        log(f"{table.name()[-1]}: files of snapshot {before} are gone, so every record is written again")
        return tables.files_in(table, after), [], None


def _arrow(known: list[noted_months.Available]) -> pa.Table:
    rows = [{"dataset": one.dataset, "month": one.month, "at": one.at, "by": one.by} for one in known]
    return pa.Table.from_pylist(rows, _AVAILABLE)
