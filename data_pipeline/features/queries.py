"""A user's SQL over the published tables on the embedded AWS: DuckDB over what PyIceberg reads.

The statement is translated so that it means what it means in Athena, or refused (data_pipeline/athena_sql). DuckDB
sees the tables that the query names and nothing else: no file, no network, no extension; its time, its memory and the
size of its answer are bounded.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from threading import Timer
from typing import TYPE_CHECKING

import duckdb
import pyarrow as pa
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot

from data_pipeline.core import sql
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import quoted

from . import snapshots
from .snapshots import Tables

if TYPE_CHECKING:
    from data_pipeline.athena_sql.names import CatalogTable, State
    from data_pipeline.athena_sql.translation import Translation
    from data_pipeline.athena_sql.types import Type

MOST_SECONDS = 300.0
MOST_BYTES = 2**30
"""Of an answer."""
#: `expression_rewriter` turns `x + 1 > 10` into `x > 9`, which cannot overflow; `statistics_propagation` computes
#: constants in a branch of CASE that is not taken, too, and the query stops. Without the first, a join by OR compares
#: every pair of rows.
_SETTINGS = {
    "ieee_floating_point_ops": "true",  # as in Athena, 1e0 / 0e0 is Infinity
    "disabled_optimizers": "'expression_rewriter,statistics_propagation'",
    "memory_limit": "'2GB'",
    "temp_directory": "''",  # what does not fit in memory is an error
    "TimeZone": "'UTC'",
    "python_enable_replacements": "false",
    "enable_external_access": "false",
    "lock_configuration": "true",
}
_OUT_OF_RANGE = re.compile(r"with value (\S+) can't be cast because .* destination type (\w+)")
_NAMES = {"INT8": "tinyint", "INT16": "smallint", "INT32": "integer", "INT64": "bigint"}
_OURS = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException, duckdb.InternalException)
"""What DuckDB says of a statement that the translation got wrong: a bug, not the user's mistake."""


class TooManyBytesError(UserError):
    """The query would read more than it may; ``bytes`` is how much."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(
            f"the query would read {size:,} bytes; athena.gb_per_query allows {most:,}. Name fewer tables, or raise it."
        )
        self.bytes = size


@dataclass(frozen=True)
class Answer:
    """The rows of a query, the bytes of the data files that it looked at, and its columns with Trino's types."""

    rows: pa.Table
    bytes: int
    columns: tuple[tuple[str, Type], ...] = ()


@dataclass(frozen=True)
class TableState:
    """A state of a table: columns with Iceberg's types, what gives the bytes of its files, and what gives its rows."""

    relation: str
    columns: tuple[tuple[str, str], ...]
    size: Callable[[], int]
    read: Callable[[], pa.Table]


#: parts of a table's name and the state that is asked for → the table. UserError if there is none.
Find = Callable[[Sequence[str], "State | None"], TableState]


@dataclass
class _Read:
    """The states of tables that a statement names."""

    find: Find
    states: dict[str, TableState] = field(default_factory=dict)

    def resolve(self, parts: Sequence[str], state: State | None) -> CatalogTable:
        """The table with its columns, as the translation asks for it."""
        from data_pipeline.athena_sql.names import CatalogTable

        found = self.find(parts, state)
        self.states[found.relation] = found
        return CatalogTable(found.relation, found.columns)


def iceberg_state(table: Table, state: State | None) -> TableState:
    """A state of an Iceberg table, the newest one for None. UserError where there is no such state (any more)."""
    from data_pipeline.etl import null_lists

    null_lists.keep()
    snapshot = _snapshot(table, state)
    scan = table.scan(snapshot_id=snapshot.snapshot_id)
    return TableState(
        f"{'.'.join(table.name())}@{snapshot.snapshot_id}",
        tuple((each.name, str(each.field_type)) for each in scan.projection().fields),
        lambda: sum(task.file.file_size_in_bytes for task in scan.plan_files()),
        lambda: _without_zones(scan.to_arrow()),
    )


def run(
    tables: Tables,
    query: sql.Query,
    most_bytes: int,
    most_seconds: float = MOST_SECONDS,
    now: datetime | None = None,
) -> Answer:
    """What the query answers. UserError for what is not there, is not translated, or reads over ``most_bytes``."""

    def find(parts: Sequence[str], state: State | None) -> TableState:
        name = sql.table_named(parts, tables.database, tables.names())
        return iceberg_state(tables.load(name), state)

    return answer(query.text, find, most_bytes, most_seconds, now)


def answer(
    text: str,
    find: Find,
    most_bytes: int,
    most_seconds: float = MOST_SECONDS,
    now: datetime | None = None,
) -> Answer:
    """What the statement answers of the tables that ``find`` finds. UserError as of ``run``."""
    from data_pipeline.athena_sql.translation import translate

    read = _Read(find)
    translation = translate(text, read.resolve, now or datetime.now(UTC))
    size = sum(state.size() for state in read.states.values())
    if size > most_bytes:
        raise TooManyBytesError(size, most_bytes)
    with duckdb.connect(":memory:") as db:
        for name, state in read.states.items():
            db.register(name, state.read())
        configure(db)
        return Answer(execute(db, translation, most_seconds), size, translation.columns)


def configure(db: duckdb.DuckDBPyConnection) -> None:
    """Shut DuckDB in, for good: it reads what is registered, in bounds."""
    for setting, value in _SETTINGS.items():
        db.execute(f"SET {setting} = {value}")


def execute(db: duckdb.DuckDBPyConnection, translation: Translation, most_seconds: float) -> pa.Table:
    """The rows, with the names and types that Athena gives. UserError when it fails, or takes too much."""
    from data_pipeline.athena_sql.results import typed

    timer = Timer(most_seconds, db.interrupt)
    timer.start()
    try:
        reader = db.execute(translation.sql).to_arrow_reader()
        batches, size = [], 0
        for batch in reader:
            batches.append(batch)
            size += batch.nbytes
            if size > MOST_BYTES:
                raise UserError(f"the answer is larger than {MOST_BYTES:,} bytes; aggregate, or add LIMIT")
        return typed(pa.Table.from_batches(batches, reader.schema), translation.columns)
    except duckdb.InterruptException as error:
        raise UserError(
            f"the query was stopped after {most_seconds:,.0f} seconds; read fewer rows"
        ) from error
    except duckdb.OutOfMemoryException as error:
        raise UserError("the query needs more than 2 GB of memory; read fewer rows") from error
    except _OURS:
        raise
    except duckdb.Error as error:
        raise UserError(f"the query cannot be run: {_said(error)}") from error
    finally:
        timer.cancel()


def _said(error: duckdb.Error) -> str:
    """DuckDB's words without its names for columns."""
    text = re.sub(r"^[A-Za-z ]+ Error: ", "", str(error).strip().partition("\n")[0])
    found = _OUT_OF_RANGE.search(text)
    if found:
        return f"{found[1]} is out of range of {_NAMES.get(found[2], found[2])}"
    return text.partition(" when casting from source column")[0]


def _without_zones(rows: pa.Table) -> pa.Table:
    """Times of UTC as times without a zone: what DuckDB is given, and knows no zones for."""
    fields = [
        field.with_type(pa.timestamp("us")) if pa.types.is_timestamp(field.type) else field
        for field in rows.schema
    ]
    return rows.cast(pa.schema(fields))


def _snapshot(table: Table, state: State | None) -> Snapshot:
    if state is None:
        return snapshots.current(table)
    if state.kind == "version":
        return snapshots.by_id(table, state.text)
    text = state.text.removesuffix("UTC").strip()
    try:
        time = datetime.fromisoformat(text)
    except ValueError as error:
        raise UserError(
            f"FOR TIMESTAMP AS OF {quoted(state.text)}: expected '2026-11-25 12:00:00 UTC'"
        ) from error
    return snapshots.as_of(table, time if time.tzinfo else time.replace(tzinfo=UTC))
