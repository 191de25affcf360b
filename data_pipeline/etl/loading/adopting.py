"""Tables that earlier versions of this project published, taken on as those of data sets, without reading a file again.

Such a table has the path of a row's file in its column ``source``. Each row gets its unit, file, period and since when
it was available, and loses ``source`` and ``etag``, in one commit that leaves all other values as they are; then the
ledger gets what the old list of processed files says. Each step is done again if a run was killed before the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.etl import arrow_types
from data_pipeline.etl.documents.datasets import AVAILABLE_AT, FILE, PERIOD, UNIT, Column, Dataset
from data_pipeline.etl.planning import earlier
from data_pipeline.etl.publishing import availability, schema_changes, tables
from data_pipeline.etl.publishing.commits import commit_with_retry
from data_pipeline.etl.publishing.tables import Tables
from data_pipeline.etl.state.entries import Entry, Issue, time_of, time_text
from data_pipeline.etl.state.ledger import Ledger

from . import columns

SOURCE = "source"
_RUN = "pipeline.run"

Times = Mapping[str, datetime]
"""Path of a file → since when its rows are available."""


def adopt(
    at: Tables,
    ledger: Ledger,
    datasets: Mapping[str, Dataset],
    processed: Mapping[str, earlier.Processed],
    lineage: Mapping[str, str],
) -> list[str]:
    """Take on what ``processed`` tells of; the names of the data sets whose ledger has been written."""
    adopted = []
    for name, dataset in datasets.items() if processed else ():
        if dataset.key:
            continue  # its table has something else: the files are read again
        found = earlier.entries(dataset, processed)
        lacking = found.keys() - {*ledger.shards(name)}
        if lacking and _adopt(
            at, ledger, dataset, {shard: found[shard] for shard in lacking}, found, lineage
        ):
            adopted.append(name)
    return adopted


def _adopt(
    at: Tables,
    ledger: Ledger,
    dataset: Dataset,
    lacking: Mapping[str, Mapping[str, Entry]],
    every: Mapping[str, Mapping[str, Entry]],
    lineage: Mapping[str, str],
) -> bool:
    entries = {path: entry for each in every.values() for path, entry in each.items()}
    table = commit_with_retry(dataset.name, lambda: _table(at, dataset, entries, lineage))
    snapshot = table.current_snapshot() if table is not None else None
    if table is None or snapshot is None:
        return False
    sequence = snapshot.sequence_number or 0
    times = _times_of_rows(table, snapshot)
    issues: dict[str, list[Issue]] = {}
    for shard, files in lacking.items():
        for path, entry in files.items():
            since = time_text(times.get(path) or _time(snapshot))
            noted = entry._replace(first_published=since, published=since, sequence=sequence)
            issues.setdefault(shard, []).append(Issue(entry.unit, {path: noted}, sequence))
    if ledger.definition(dataset.name) is None:
        ledger.define(dataset.name, dataset.definition)
    ledger.note(dataset.name, str(table.metadata.table_uuid), issues)
    return True


def _table(
    at: Tables, dataset: Dataset, entries: Mapping[str, Entry], lineage: Mapping[str, str]
) -> Table | None:
    """The table as a data set's, which it may have to become; None if there is none."""
    table = at.find(dataset.name)
    snapshot = table.current_snapshot() if table is not None else None
    if table is None or snapshot is None or UNIT in table.schema().column_names:
        return table
    if SOURCE not in table.schema().column_names:
        return None
    schema = columns.of(dataset).schema
    wanted = [Column(field.name, str(arrow_types.of_arrow(field.type)), True) for field in schema]
    change = schema_changes.anew(dataset.name, table, wanted, dataset.partition)
    gone = tables.files_in(table, snapshot)
    times = _times(table, snapshot, dataset, entries)
    rows = _rows(table, dataset, schema, entries, times)
    tables.replace(table, gone, rows, dict(lineage), change.apply)
    return at.find(dataset.name)


def _rows(
    table: Table, dataset: Dataset, schema: pa.Schema, entries: Mapping[str, Entry], times: Times
) -> Iterator[pa.Table]:
    """The rows of each partition, as ``schema`` has them."""
    parts = columns.parts_of(dataset)
    nullable = pa.schema([field.with_nullable(True) for field in schema])
    by_partition: dict[str, list[pa.Table]] = {}
    for file in tables.files_in(table, table.current_snapshot()):
        by_partition.setdefault(str(file.partition), []).append(tables.read_files(table, [file]))
    for found in by_partition.values():
        rows = pa.concat_tables(found)
        told = {path: entries[path] for path in pc.unique(rows[SOURCE]).to_pylist() if path in entries}
        made = {
            UNIT: {path: entry.unit for path, entry in told.items()},
            FILE: {path: path for path in told},
            PERIOD: {path: entry.period or None for path, entry in told.items()},
            AVAILABLE_AT: {path: times[path] for path in told},
            **{name: {path: entry.parts.get(name, "") for path, entry in told.items()} for name in parts},
        }
        yield _filled(rows, made, nullable)


def _filled(rows: pa.Table, made: Mapping[str, Mapping[str, object]], schema: pa.Schema) -> pa.Table:
    """``rows`` with columns that are ``made`` of each row's file, and null in those that nobody knows."""
    encoded = rows[SOURCE].combine_chunks().dictionary_encode()
    paths = encoded.dictionary.to_pylist()
    arrays = []
    for field in schema:
        if field.name in made:
            values = pa.array([made[field.name].get(path) for path in paths], field.type)
            arrays.append(values.take(encoded.indices))
        elif field.name in rows.column_names:
            arrays.append(rows[field.name].cast(field.type))
        else:
            arrays.append(pa.nulls(len(rows), field.type))
    return pa.table(arrays, schema=schema)


def _times(table: Table, snapshot: Snapshot, dataset: Dataset, entries: Mapping[str, Entry]) -> Times:
    """Since when the rows of each file are available: as a snapshot has noted it of the month, or the latest that
    it can be, which is when its run, or the newest snapshot, was published.
    """
    noted = availability.parse(tables.properties_of(snapshot).get(availability.AVAILABLE, ""))
    runs = {tables.properties_of(each).get(_RUN, ""): _time(each) for each in table.snapshots()}
    parts = columns.parts_of(dataset)
    found = {}
    for path, entry in entries.items():
        month = (" ".join(entry.parts.get(name, "") for name in parts), entry.period)
        known = noted.get(month)
        found[path] = time_of(known) if known else runs.get(entry.run, _time(snapshot))
    return found


def _times_of_rows(table: Table, snapshot: Snapshot) -> Times:
    """The same of a table that has been adopted: its rows say it."""
    rows = tables.read_files(table, tables.files_in(table, snapshot), (FILE, AVAILABLE_AT))
    first = rows.group_by(FILE).aggregate([(AVAILABLE_AT, "min")])
    pairs = zip(first[FILE].to_pylist(), first[f"{AVAILABLE_AT}_min"].to_pylist())
    return {path: time for path, time in pairs if path and time}


def _time(snapshot: Snapshot) -> datetime:
    return datetime.fromtimestamp(snapshot.timestamp_ms // 1000, timezone.utc)
