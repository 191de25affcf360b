"""The records of two snapshots of a table, and what is between them: new and changed ones, and those that are gone.

Only the data files that the snapshots do not share are read, but for the newest record of each identifier, which
may be anywhere. A record is changed if any feature is, or when it was available.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

from collections.abc import Collection, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import duckdb
import pyarrow as pa
from pyiceberg.manifest import DataFile
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.etl.documents.features import Group
from data_pipeline.etl.exits import log
from data_pipeline.etl.publishing import availability, coverage, tables

_AVAILABLE = pa.schema(
    [("dataset", pa.string()), ("month", pa.timestamp("us")), ("at", pa.timestamp("us")), ("by", pa.string())]
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
ROWS = 5_000

Row = dict[str, str]


def gather(db: duckdb.DuckDBPyConnection, table: Table, group: Group, since: Collection[str | None]) -> None:
    """Make ``db``'s tables ``changed`` (whole records), ``gone`` (identifier and event time) and ``newest`` (the
    record of each identifier) of the table's newest snapshot: what differs from any of the snapshots ``since``, where
    None is an empty table.
    """
    after = table.current_snapshot()
    assert after is not None, "a published table has a snapshot"
    keys = f"{group.identifier}, {group.event_time}"
    changed, gone = [], []
    for number, before in enumerate(since):
        came, left_over = f"came_{number}", f"left_over_{number}"
        come, left, earlier = _files(table, before, after)
        _records(db, came, table, group, come, after)
        _records(db, left_over, table, group, left, earlier or after)
        changed.append(f"(FROM {came} EXCEPT FROM {left_over})")
        gone.append(f"(SELECT {keys} FROM {left_over} ANTI JOIN {came} USING ({keys}))")
    db.execute(f"CREATE TABLE changed AS {' UNION '.join(changed)}")
    db.execute(f"CREATE TABLE gone AS {' UNION '.join(gone)}")
    if group.online:
        _records(db, "present", table, group, tables.files_in(table, after), after)
        db.execute(
            f"CREATE TABLE newest AS FROM present QUALIFY row_number() OVER "
            f"(PARTITION BY {group.identifier} ORDER BY {group.event_time} DESC) = 1"
        )


def count(db: duckdb.DuckDBPyConnection, name: str) -> int:
    """How many rows one of the tables has."""
    found = db.execute(f"SELECT count(*) FROM {name}").fetchone()
    return int(found[0]) if found else 0


def rows(db: duckdb.DuckDBPyConnection, name: str, group: Group) -> Iterator[Row]:
    """The rows of one of the tables by time, as SageMaker takes them: text, and no value where there is none."""
    wanted = group.features if name != "gone" else [group.identifier, group.event_time]
    columns = ", ".join(_text(group, feature) for feature in wanted)
    order = f"{group.event_time}, {group.identifier}"
    for batch in (
        db.cursor().execute(f"SELECT {columns} FROM (FROM {name} ORDER BY {order})").to_arrow_reader(ROWS)
    ):
        for row in batch.to_pylist():
            yield {feature: value for feature, value in row.items() if value is not None}


def _text(group: Group, feature: str) -> str:
    if feature in (group.event_time, "available_at"):
        return f"strftime({feature}, '{_TIME}') AS {feature}"
    return f"CAST({feature} AS VARCHAR) AS {feature}"


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


def _records(
    db: duckdb.DuckDBPyConnection,
    name: str,
    table: Table,
    group: Group,
    files: list[DataFile],
    snapshot: Snapshot,
) -> None:
    """Make a table of the records in these files, as ``snapshot`` tells when they were available."""
    known = _available(snapshot, group)
    db.register("rows", tables.read_files(table, files, tuple(group.columns)))
    db.register("by_dataset", pa.Table.from_pylist(known, _AVAILABLE))
    last: dict[Any, dict[str, Any]] = {}
    for one in known:
        if one["month"] not in last or one["at"] > last[one["month"]]["at"]:
            last[one["month"]] = one
    db.register("by_all", pa.Table.from_pylist(list(last.values()), _AVAILABLE))
    db.execute(f"CREATE OR REPLACE TABLE {name} AS {group.query}")


def _available(snapshot: Snapshot, group: Group) -> list[dict[str, Any]]:
    """When each covered month was available, on the table's wall clock: as it was noted, or by the source's lag."""
    noted = tables.properties_of(snapshot)
    times = availability.parse(noted.get(availability.AVAILABLE, ""))
    found = []
    for dataset, text in sorted(coverage.parse(noted.get(coverage.COVERED, ""))):
        month = datetime.strptime(text, "%Y-%m")  # noqa: DTZ007 - a wall clock
        by_lag = (month + timedelta(days=31)).replace(day=1) + timedelta(days=group.lag_days)
        time = times.get((dataset, text))
        at = _wall_clock(time, group.timezone) if time else None
        published = at is not None and at <= by_lag
        by = "published" if published else "lag"
        found.append({"dataset": dataset, "month": month, "at": at if published else by_lag, "by": by})
    return found


def _wall_clock(time: str, zone: str) -> datetime:
    moment = datetime.strptime(time, _TIME).replace(tzinfo=timezone.utc)
    return moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
