"""Rows of units in a data set's table: replaced in one commit, and left alone where nothing changes."""

import random
import threading
from datetime import UTC, datetime

import duckdb
import pyarrow as pa
import pytest
from randomness import SEED, times

from data_pipeline.etl.documents.datasets import AVAILABLE_AT, FILE, RESERVED, UNIT, Column
from data_pipeline.etl.documents.types import parse
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import (
    following,
    iceberg_types,
    parquet_parts,
    table_columns,
    tables,
    units,
)
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.publishing.keys import keys
from data_pipeline.etl.publishing.parquet_parts import PartWriter
from data_pipeline.etl.publishing.small_files import MOST
from data_pipeline.etl.publishing.table_columns import Wanted
from data_pipeline.etl.publishing.units import Staged

COLUMNS = pa.schema(
    [
        ("id", pa.int64()),
        ("at", pa.timestamp("us", "UTC")),
        ("tags", pa.list_(pa.field("element", pa.string()))),
        (UNIT, pa.string()),
        (FILE, pa.string()),
        (AVAILABLE_AT, pa.timestamp("us", "UTC")),
    ]
)
NOW = datetime(2024, 5, 1, tzinfo=UTC)


def unit(number: int) -> str:
    return f"{number:016x}"


def rows_of(number: int, ids: list[int], available: datetime = NOW) -> list[dict]:
    return [
        {
            "id": i,
            "at": datetime.fromtimestamp(i * 50_000, UTC),
            "tags": [str(i), None] if i % 3 else None,
            UNIT: unit(number),
            FILE: f"{number}.csv",
            AVAILABLE_AT: available,
        }
        for i in ids
    ]


def definition(*partitions: str, columns: pa.Schema = COLUMNS) -> Definition:
    return Definition(columns, "", {}, partitions)


def staged(at, folder, wanted: Definition, rows: dict[int, list[dict]], anew: bool = False) -> Staged:
    """``rows``, by unit, as a run stages them."""
    columns = [
        Column(field.name, str(iceberg_types.of_arrow(field.type)), nullable=True)
        for field in wanted.columns
        if field.name not in RESERVED
    ]
    table = Wanted(wanted, columns, anew)
    layout = table_columns.layout(at, "orders", table)
    writer = PartWriter(folder, layout.schema, layout.split)
    for each in rows.values():
        writer.write(pa.Table.from_pylist(each, layout.schema))
    return Staged(table, writer.close(), frozenset(map(unit, rows)), layout.spec)


def publish(at, tmp_path, wanted, rows, anew=False):
    folder = tmp_path / str(random.random())
    return units.publish(
        at, "orders", staged(at, folder, wanted, rows, anew), {"pipeline.run": "r"}, tmp_path
    )


def published(at) -> list[dict]:
    return sorted(at.find("orders").scan().to_arrow().to_pylist(), key=lambda row: (row[UNIT], row["id"]))


def expected(table: dict[int, list[dict]]) -> list[dict]:
    return sorted((row for rows in table.values() for row in rows), key=lambda row: (row[UNIT], row["id"]))


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("units")))
def test_units_are_replaced_and_the_rest_stays(attempt, at, tmp_path, monkeypatch):
    """Random units are issued, issued again, dropped, and the table made anew: it has what a dictionary has, a commit
    is made only where rows change, and each row is once in the files, whatever row groups they have.
    """
    chance = random.Random(f"{SEED}-units-{attempt}")
    monkeypatch.setattr(parquet_parts, "GROUP_BYTES", chance.choice([1, parquet_parts.GROUP_BYTES]))
    wanted = definition(*chance.choice([(), ("day(at)",), ("bucket(3, id)", "month(at)")]))
    table: dict[int, list[dict]] = {}
    for _ in range(chance.randrange(3, 7)):
        anew = chance.random() < 0.15
        given = {
            n: rows_of(n, sorted(chance.sample(range(20), chance.randrange(0, 6))))
            for n in chance.sample(range(6), chance.randrange(1, 4))
        }
        for n in chance.sample(sorted(table), min(len(table), 1)):
            given.setdefault(n, table[n])
        after = {**({} if anew else table), **given}
        change = expected(after) != expected(table)
        done = publish(at, tmp_path, wanted, given, anew)
        assert done.committed is change
        assert published(at) == expected(after)
        assert done.rows == len(expected(after))
        table = after
    found = at.find("orders")
    assert {str(field.transform) for field in found.spec().fields} <= {"day", "bucket[3]", "month"}


def test_the_same_rows_are_no_change_and_stay_available_since(at, tmp_path):
    """A run that publishes what another one did is told since when it is there; a unit beside it is published."""
    publish(at, tmp_path, definition(), {1: rows_of(1, [1, 2])})
    later = datetime(2024, 6, 1, tzinfo=UTC)
    again = publish(at, tmp_path, definition(), {1: rows_of(1, [2, 1], later)})
    assert (again.committed, again.available) == (False, {unit(1): {"1.csv": NOW}})
    more = publish(at, tmp_path, definition(), {1: rows_of(1, [2, 1], later), 2: rows_of(2, [3], later)})
    assert (more.committed, more.available) == (True, {unit(1): {"1.csv": NOW}})
    assert published(at) == [*rows_of(1, [1, 2]), *rows_of(2, [3], later)]
    assert more.sequence == again.sequence + 1


def test_what_is_null_or_empty_in_a_list_counts(at, tmp_path):
    """A unit that differs only there is published: DuckDB's hash does not tell these apart."""
    for tags in ([], None, [None], [None, None], [""], ["a", "b"], ["a, b"], ["NULL"]):
        rows = [{**row, "tags": tags} for row in rows_of(1, [1])]
        assert publish(at, tmp_path, definition(), {1: rows}).committed
        assert published(at) == rows
        assert not publish(at, tmp_path, definition(), {1: rows}).committed


@pytest.mark.parametrize("partition", [(), ("day(at)",), ("bucket(3, id)", "month(at)"), ("shop",)])
def test_small_files_are_put_together(at, tmp_path, partition, monkeypatch):
    """Each run adds a row to each of many partitions: they are put together once there are ``MOST``, not before. The
    rows stay as they are, and are found again: what changes is replaced, and nothing is what it was not.
    """
    columns = COLUMNS.insert(2, pa.field("shop", pa.string()))
    wanted, taken = definition(*partition, columns=columns), []
    real = units.small_files.crowded
    monkeypatch.setattr(
        units.small_files, "crowded", lambda *given: taken.append(len(real(*given))) or real(*given)
    )
    table = {}
    for n in range(MOST + 2):
        rows = rows_of(n, [*range(8)], datetime(2024, 5, 1 + n, tzinfo=UTC))
        table[n] = [{**row, "shop": "αβ"[row["id"] % 2]} for row in rows]
        publish(at, tmp_path, wanted, {n: table[n]})
        assert published(at) == expected(table)
    assert taken[:MOST] == [0] * MOST
    assert taken[MOST] >= MOST
    assert len(tables.files_in(at.find("orders"), at.find("orders").current_snapshot())) < 8 * MOST
    table[1], table[3] = [{**table[1][0], "tags": ["new"]}], []
    publish(at, tmp_path, wanted, {1: table[1], 3: []})
    assert published(at) == expected(table)
    assert not publish(at, tmp_path, wanted, {0: table[0], 2: table[2]}).committed


def test_rows_that_were_put_together_have_not_changed(at, tmp_path):
    """What a table that follows makes anew are the days of new and of changed rows."""
    for n in range(MOST):
        publish(at, tmp_path, definition(), {n: rows_of(n, [4 * n], datetime(2024, 5, 1 + n, tzinfo=UTC))})
    now = datetime(2024, 6, 1, tzinfo=UTC)
    (key,) = keys(["day(at)"], {"at": parse("timestamptz")})
    same = [{**row, "tags": ["x"]} for row in rows_of(4, [16], datetime(2024, 5, 5, tzinfo=UTC))]
    for given, days in (
        ({7: rows_of(7, [40], now)}, [40]),
        ({0: rows_of(0, [80], now)}, [0, 80]),
        ({4: same}, [16]),
    ):
        before = at.find("orders").current_snapshot().snapshot_id
        publish(at, tmp_path, definition(), given)
        table = at.find("orders")
        assert len(tables.files_in(table, table.current_snapshot())) < MOST
        with duckdb.connect() as db:
            found = following._changed(db, table, before, key)
        assert {moment.date() for moment in found} == {
            datetime.fromtimestamp(i * 50_000, UTC).date() for i in days
        }


def test_new_units_read_no_data_file(at, tmp_path, monkeypatch):
    """What cannot have their rows, by the bounds of its ids, is not opened."""
    from data_pipeline.etl.publishing import data_files

    publish(at, tmp_path, definition(), {1: rows_of(1, [1]), 5: rows_of(5, [1])})
    opened = []
    real = data_files.batches
    monkeypatch.setattr(data_files, "batches", lambda *a: opened.append(a) or real(*a))
    publish(at, tmp_path, definition(), {7: rows_of(7, [2])})
    assert opened == []
    publish(at, tmp_path, definition(), {3: rows_of(3, [2])})
    assert len(opened) == 1


def test_a_new_column_and_a_race_to_add_it(at, tmp_path):
    """Parts that were laid out for another table than is there are written again; old rows have null."""
    publish(at, tmp_path, definition(), {1: rows_of(1, [1])})
    more = definition(
        columns=COLUMNS.append(pa.field("note", pa.string())).append(pa.field("rate", pa.float64()))
    )
    rows = [{**row, "note": "x", "rate": 0.5} for row in rows_of(2, [2])]
    mine = staged(at, tmp_path / "mine", more, {2: rows})
    other = definition(columns=COLUMNS.append(pa.field("rate", pa.float64())))
    publish(at, tmp_path, other, {3: [{**row, "rate": 1.5} for row in rows_of(3, [3])]})
    units.publish(at, "orders", mine, {}, tmp_path)
    assert [(row["id"], row["note"], row["rate"]) for row in published(at)] == [
        (1, None, None),
        (2, "x", 0.5),
        (3, None, 1.5),
    ]


def test_columns_that_the_table_cannot_take_are_refused(at, tmp_path):
    """Nothing is published; the message says what to do."""
    publish(at, tmp_path, definition(), {1: rows_of(1, [1])})
    fewer = definition(columns=pa.schema([field for field in COLUMNS if field.name != "tags"]))
    with pytest.raises(JobError, match=r"--drop-column orders.tags"):
        publish(at, tmp_path, fewer, {2: [{**row, "tags": None} for row in rows_of(2, [2])]})
    assert published(at) == rows_of(1, [1])


def test_two_publishers_at_once_lose_nothing(at, tmp_path):
    """Each replaces its own unit again and again; the table ends with the last rows of both, in whole commits."""
    publish(at, tmp_path, definition(), {1: rows_of(1, [0]), 2: rows_of(2, [0])})
    errors = []

    def again(number: int) -> None:
        try:
            for n in range(1, 4):
                mine = tables.Tables(at.catalog, at.database, at.warehouse)
                publish(mine, tmp_path, definition(), {number: rows_of(number, [n])})
        except BaseException as error:
            errors.append(error)
            raise

    threads = [threading.Thread(target=again, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert published(at) == [*rows_of(1, [3]), *rows_of(2, [3])]
    assert len(at.find("orders").snapshots()) == 7
