"""Tables made of others: whole and by partition are equal, no commit without a change, and what a changed SQL does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pyarrow as pa
import pytest
from pyiceberg.conversions import from_bytes
from pyiceberg.exceptions import CommitFailedException
from pyiceberg.types import LongType, StringType
from randomness import SEED, times

from data_pipeline.etl.documents.datasets import Series, Table
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing import derived, expiry, tables
from data_pipeline.etl.publishing.definition import Definition
from data_pipeline.etl.publishing.derived import refresh
from data_pipeline.etl.quality.judging import finding
from data_pipeline.etl.rehearsal.catalog import connect

ORDERS = pa.schema(
    [
        ("id", pa.int64()),
        ("at", pa.timestamp("us", "UTC")),
        ("shop", pa.string()),
        ("amount", pa.decimal128(12, 2)),
    ]
)
START = datetime(2024, 1, 1, tzinfo=UTC)
LINEAGE = {"pipeline.run": "one"}
DAYS = Table(
    "days",
    'SELECT CAST("at" AS DATE) AS day, shop, count(*) AS orders, sum(amount) AS amount FROM orders GROUP BY ALL',
    ("orders",),
    ("month(day)",),
    {"orders": "day(at)"},
    comment="Orders by day",
    comments={"orders": "how many"},
)


@pytest.fixture
def at(tmp_path: Path) -> tables.Tables:
    return connect(tmp_path)


def rows(*orders: tuple[int, float | None, str | None]) -> pa.Table:
    """(id, days since 2024, shop)."""
    found = [
        {"id": n, "at": None if day is None else START + timedelta(days=day), "shop": shop, "amount": n}
        for n, day, shop in orders
    ]
    return pa.Table.from_pylist(found, ORDERS)


def publish(at: tables.Tables, *parts: pa.Table, gone: Sequence[int] = (), name: str = "orders") -> None:
    """Replace the data files whose least id is one of ``gone`` by ``parts``."""
    table = at.load(name, Definition(parts[0].schema if parts else ORDERS, "", {}))
    files = tables.files_in(table, table.current_snapshot())
    found = [file for file in files if gone and from_bytes(LongType(), file.lower_bounds[1]) in gone]
    assert len(found) == len(gone)
    tables.replace(table, found, parts, {})


def content(at: tables.Tables, name: str = "days") -> list[tuple[Any, ...]]:
    found = at.find(name)
    assert found is not None
    return sorted((tuple(row.values()) for row in found.scan().to_arrow().to_pylist()), key=repr)


def snapshots(at: tables.Tables, name: str = "days") -> int:
    found = at.find(name)
    return 0 if found is None else len(found.metadata.snapshots)


def test_a_table_is_made_with_its_types_comments_and_lineage(at) -> None:
    publish(at, rows((1, 0.5, "a"), (2, 0.6, "a"), (3, 40, "b")))
    done = refresh(at, DAYS, LINEAGE)
    assert (done.committed, done.how, done.rows) == (True, "whole", 2)
    assert content(at) == [(date(2024, 1, 1), "a", 2, 3), (date(2024, 2, 10), "b", 1, 3)]
    table = at.find("days")
    kinds = {field.name: str(field.field_type) for field in table.schema().fields}
    assert kinds == {"day": "date", "shop": "string", "orders": "long", "amount": "decimal(38, 2)"}
    assert table.schema().find_field("orders").doc == "how many"
    assert table.properties["comment"] == "Orders by day"
    said = tables.properties_of(table.current_snapshot())
    orders = at.find("orders").current_snapshot().snapshot_id
    assert said["pipeline.orders-snapshot"] == str(orders)
    assert said["pipeline.run"] == "one"
    assert len(tables.files_in(table, table.current_snapshot())) == 2


def test_it_waits_for_an_input_that_has_nothing(at) -> None:
    assert refresh(at, DAYS, LINEAGE) == derived.Refreshed("", 0, False, "waiting")


def test_nothing_new_is_nothing_done(at, monkeypatch) -> None:
    """Neither are rows read; other comments are given without a snapshot."""
    publish(at, rows((1, 0, "a")))
    first = refresh(at, DAYS, LINEAGE)
    monkeypatch.setattr(derived.tables, "files_in", None)
    again = refresh(at, replace(DAYS, comments={"orders": "other"}), LINEAGE)
    assert (again.committed, again.how, again.snapshot) == (False, "unchanged", first.snapshot)
    assert at.find("days").schema().find_field("orders").doc == "other"


def test_an_input_that_changes_nothing_makes_no_commit(at) -> None:
    """And the table is not made again for the same input."""
    publish(at, rows((1, 0, "a"), (2, 40, "a")))
    first = refresh(at, DAYS, LINEAGE)
    publish(at, rows((2, 40, "a"), (1, 0, "a")), gone=[1])
    assert refresh(at, DAYS, LINEAGE) == replace(first, committed=False, how="equal")
    assert refresh(at, DAYS, LINEAGE).how == "unchanged"
    assert snapshots(at) == 1
    publish(at, rows((3, 0, "a")))
    assert refresh(at, DAYS, LINEAGE).how == "partitions"
    assert snapshots(at) == 2
    assert content(at)[0] == (date(2024, 1, 1), "a", 2, 4)


def test_only_what_differs_is_replaced(at) -> None:
    """Of the partitions that a change touches, and of a table that is made whole."""
    publish(at, rows((1, 0, "a"), (2, 40, "a"), (3, 80, "a")))
    for table in (DAYS, replace(DAYS, name="whole", follows={})):
        refresh(at, table, LINEAGE)
    publish(at, rows((1, 0, "a"), (2, 40, "a"), (4, 80, "b")), gone=[1])
    for table, how in ((DAYS, "partitions"), (replace(DAYS, name="whole", follows={}), "whole")):
        before = at.find(table.name)
        assert refresh(at, table, LINEAGE).how == how
        after = at.find(table.name)
        come, gone = tables.difference(
            after, before.current_snapshot().snapshot_id, after.current_snapshot().snapshot_id
        )
        assert [file.partition[0] for file in (*come, *gone)] == [650, 650]
    assert content(at) == content(at, "whole")


def test_a_partition_without_rows_goes(at) -> None:
    publish(at, rows((1, 0, "a")), rows((2, 40, "a")))
    refresh(at, DAYS, LINEAGE)
    publish(at, gone=[1])
    assert refresh(at, DAYS, LINEAGE).how == "partitions"
    assert len(content(at)) == 1
    publish(at, gone=[2])
    refresh(at, DAYS, LINEAGE)
    assert content(at) == []


def test_only_the_needed_input_is_read(at, monkeypatch) -> None:
    """Day d of a table that reaches two days needs the input of d-2 to d."""
    for day in range(10):
        publish(at, rows((day, day, "a")))
    shifted = 'SELECT CAST("at" AS DATE) + CAST(k AS INTEGER) AS day FROM orders, range(3) t(k)'
    sql = f"SELECT day, count(*) AS n FROM ({shifted}) GROUP BY day"
    table = Table("days", sql, ("orders",), ("day(day)",), {"orders": "day(at)"}, 2)
    refresh(at, table, LINEAGE)
    publish(at, rows((99, 5.5, "a")))
    read = []
    original = derived.inputs.register

    def register(db, relation, source, files, columns=None):
        read.append((relation, sum(file.record_count for file in files)))
        original(db, relation, source, files, columns)

    monkeypatch.setattr(derived.inputs, "register", register)
    done = refresh(at, table, LINEAGE)
    assert done.how == "partitions"
    # days 5, 6, 7 of the table; days 3 to 7 of the input, and its new row; 3 rows of the table
    assert read == [("_come", 1), ("_gone", 0), ("_input_orders", 6), ("_current", 3)]
    assert sorted(content(at)) == [
        (date(2024, 1, n), 1 + (n > 1) + (n > 2) - (n > 10) - (n > 11) + (6 <= n <= 8)) for n in range(1, 13)
    ]


@pytest.mark.parametrize("follows", ["day(at)", "shop"])
def test_rows_with_null_are_a_partition_of_their_own(at, follows) -> None:
    """A change of them touches it alone, and a change of others leaves it as it is."""
    sql = 'SELECT CAST("at" AS DATE) AS day, shop, count(*) AS n FROM orders GROUP BY ALL'
    partition = "day(day)" if follows == "day(at)" else "shop"
    table = Table("days", sql, ("orders",), (partition,), {"orders": follows})
    publish(at, rows((1, None, None), (2, 0, "a"), (3, 1, "b")), rows((4, None, None)))
    refresh(at, table, LINEAGE)
    publish(at, rows((5, None, None), (6, 0, "a")), gone=[4])
    assert refresh(at, table, LINEAGE).how == "partitions"
    publish(at, rows((7, 1, "b")))
    assert refresh(at, table, LINEAGE).how == "partitions"
    assert content(at)[0] == (None, None, 2)
    assert sum(row[2] for row in content(at)) == len(content(at, "orders")) == 6


def test_the_last_day_of_the_calendar_is_a_day_like_others(at) -> None:
    """9999-12-31 often stands for no end."""
    end = (datetime(9999, 12, 31, 12, tzinfo=UTC) - START) / timedelta(days=1)
    publish(at, rows((1, 0, "a"), (2, end, "a")))
    refresh(at, DAYS, LINEAGE)
    publish(at, rows((3, end, "a"), (4, end - 1, "a")))
    assert refresh(at, DAYS, LINEAGE).how == "partitions"
    assert [(row[0].isoformat(), row[2]) for row in content(at)] == [
        ("2024-01-01", 1),
        ("9999-12-30", 1),
        ("9999-12-31", 2),
    ]


@pytest.mark.parametrize("follows", [{}, {"orders": "day(at)"}])
def test_what_is_null_or_empty_in_a_list_counts(at, follows) -> None:
    """DuckDB's hash does not tell these apart."""
    values = ["[]", "NULL", "[NULL]", "[[NULL]]", "[[''], ['a']]", "[['', 'a']]", "[['NULL']]"]
    for n, value in enumerate(values):
        sql = f'SELECT "at", CAST({value} AS VARCHAR[][]) AS x FROM orders WHERE id = {n}'
        publish(at, rows((n, 0, "a")), gone=[n - 1] if n else [])
        table = Table("lists", "SELECT * FROM made", ("made",), ("day(at)",), follows and {"made": "day(at)"})
        made = Table("made", sql, ("orders",))
        assert refresh(at, made, LINEAGE).committed
        assert refresh(at, table, LINEAGE).committed
        assert content(at, "lists") == content(at, "made")


def test_a_day_that_follows_from_a_month_needs_all_of_it(at) -> None:
    months = "SELECT date_trunc('month', \"at\") AS m, count(*) AS n FROM orders GROUP BY 1"
    sql = (
        f'SELECT CAST("at" AS DATE) AS day, any_value(n) AS n FROM orders JOIN ({months}) '
        "ON m = date_trunc('month', \"at\") GROUP BY 1"
    )
    table = Table("days", sql, ("orders",), ("day(day)",), {"orders": "month(at)"})
    publish(at, rows((1, 0, "a"), (2, 20, "a"), (3, 40, "a")))
    refresh(at, table, LINEAGE)
    publish(at, rows((4, 21, "a")))
    assert refresh(at, table, LINEAGE).how == "partitions"
    assert [row[1] for row in content(at)] == [3, 3, 3, 1]


def test_changed_sql_asks_no_question(at) -> None:
    """Other columns, another type of one, another partition: in the commit that brings the rows. Nothing else would
    read the new rows with the old columns.
    """
    publish(at, rows((1, 0, "a"), (2, 40, "a")))
    refresh(at, DAYS, LINEAGE)
    columns = 'shop, CAST("at" AS DATE) AS day, CAST(count(*) AS VARCHAR) AS orders, 1 AS one'
    sql = f"SELECT {columns} FROM orders GROUP BY ALL"
    other = replace(DAYS, sql=sql, comments={"one": "always"})
    assert refresh(at, other, LINEAGE).how == "whole"
    assert content(at) == [("a", date(2024, 1, 1), "1", 1), ("a", date(2024, 2, 10), "1", 1)]
    assert snapshots(at) == 2
    assert at.find("days").schema().find_field("one").doc == "always"
    parted = replace(other, partition=("shop",), follows={"orders": "shop"})
    assert refresh(at, parted, LINEAGE).how == "whole"
    publish(at, rows((3, 0, "b")))
    assert refresh(at, parted, LINEAGE).how == "partitions"
    assert [row[0] for row in content(at)] == ["a", "a", "b"]


def test_changed_sql_without_the_column_of_the_partition(at) -> None:
    """Iceberg keeps that column: it is empty from now on, and cannot have another type."""
    publish(at, rows((1, 0, "a"), (2, 40, "a")))
    refresh(at, DAYS, LINEAGE)
    other = replace(DAYS, sql=DAYS.sql.replace("AS day", "AS date"), partition=("month(date)",))
    assert refresh(at, other, LINEAGE).how == "whole"
    assert [row[0] for row in content(at)] == [date(2024, 1, 1), date(2024, 2, 10)]
    publish(at, rows((3, 0, "b")))
    assert refresh(at, other, LINEAGE).how == "partitions"
    assert [(row[0], row[-1]) for row in content(at)] == [
        (date(2024, 1, 1), None),
        (date(2024, 1, 1), None),
        (date(2024, 2, 10), None),
    ]
    names = [field.name for field in at.find("days").schema().fields]
    assert names == ["date", "shop", "orders", "amount", "day"]
    retyped = replace(
        DAYS, sql=DAYS.sql.replace("AS DATE) AS day", "AS VARCHAR) AS day"), partition=(), follows={}
    )
    with pytest.raises(
        JobError, match=r"days\.day is date and cannot become string, because the table is or was parted"
    ):
        refresh(at, retyped, LINEAGE)


def test_other_columns_of_an_input(at) -> None:
    """SELECT * has what the input has; so the table is made whole."""
    publish(at, rows((1, 0, "a")))
    table = Table("days", "SELECT * FROM orders", ("orders",), ("day(at)",), {"orders": "day(at)"})
    refresh(at, table, LINEAGE)
    with at.find("orders").update_schema() as update:
        update.rename_column("shop", "store")
        update.add_column("note", StringType())
    publish(
        at,
        rows((2, 1, "b"))
        .rename_columns(["id", "at", "store", "amount"])
        .append_column("note", pa.array(["x"])),
    )
    assert refresh(at, table, LINEAGE).how == "whole"
    assert [(row[0], row[2], row[4]) for row in content(at)] == [(1, "a", None), (2, "b", "x")]


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT x FROM orders", "table days: its SQL cannot be run: Binder Error: Referenced column"),
        ("SELECT INTERVAL 1 DAY AS i FROM orders", "table days: column i: "),
        (
            "SELECT CAST(shop AS INTEGER) AS day FROM orders",
            "table days: its SQL cannot be run: Conversion Error",
        ),
    ],
)
def test_sql_that_cannot_be_run(at, sql, message) -> None:
    publish(at, rows((1, 0, "a")))
    with pytest.raises(JobError, match=message):
        refresh(at, Table("days", sql, ("orders",)), LINEAGE)
    assert at.find("days") is None


def test_a_rule_that_fails_holds_the_table_back(at) -> None:
    """Nothing is committed, the table is not even made; what was found can be let through, and then just that."""
    publish(at, rows((1, 0, "a"), (2, 0, "a"), (3, 1, "b")))
    table = Table(
        "days",
        "SELECT * FROM orders",
        ("orders",),
        rules={"unique(shop)": "fail", "null-share(shop)": "warn"},
    )
    held = refresh(at, table, LINEAGE)
    assert (held.committed, held.how, held.snapshot) == (False, "held", "")
    assert [str(breach) for breach in held.judgement.failed] == [
        "days: unique(shop) is 1, the limit is 0: such as shop=a"
    ]
    assert at.find("days") is None
    known = [finding(breach) for breach in held.judgement.failed]
    let = refresh(at, table, LINEAGE, accepted=known)
    assert (let.committed, len(let.judgement.accepted)) == (True, 1)
    publish(at, rows((4, 1, "b")))
    assert refresh(at, table, LINEAGE, accepted=known).how == "held"
    assert len(content(at)) == 3


def test_what_was_let_through_is_not_other_rows_of_the_same_value(at) -> None:
    """The rule's value is the same as that which was found; what the table is made of is not."""
    publish(at, rows((1, 0, "a"), (2, 0, None)))
    table = Table("days", "SELECT * FROM orders", ("orders",), rules={"null-share(shop)": "fail 0.1"})
    known = [finding(breach) for breach in refresh(at, table, LINEAGE).judgement.failed]
    publish(at, rows((1, 0, None), (2, 0, "a")), gone=[1])
    assert refresh(at, table, LINEAGE, accepted=known).how == "held"


def test_an_input_s_snapshot_is_kept_that_a_table_is_equal_to(at) -> None:
    """Also where it made no commit: what comes next is compared with it, and not made as a whole."""
    publish(at, rows((1, 0, "a"), (2, 40, "a")))
    refresh(at, DAYS, LINEAGE)
    publish(at, rows((2, 40, "a"), (1, 0, "a")), gone=[1])
    assert refresh(at, DAYS, LINEAGE).how == "equal"
    publish(at, rows((3, 0, "a")))
    publish(at, rows((4, 0, "a")))
    assert expiry._expire(at, "orders", ["days"], time.time() + 60, 1) == 1
    assert refresh(at, DAYS, LINEAGE).how == "partitions"


def test_rules_ask_what_stays_published_beside_a_part(at) -> None:
    """Unique in the whole table, and missing windows of a series."""
    publish(at, rows((1, 0, "a"), (2, 40, "b")))
    sql = 'SELECT CAST("at" AS DATE) AS day, shop, id FROM orders'
    table = Table(
        "days", sql, ("orders",), ("month(day)",), {"orders": "day(at)"}, rules={"unique(id)": "fail"}
    )
    table = replace(table, series=Series("day", 1440), rules={**table.rules, "missing-windows": "fail 0.9"})
    assert refresh(at, table, LINEAGE, accepted=()).how == "held"
    table = replace(table, rules={"unique(id)": "fail", "missing-windows": "off"})
    assert refresh(at, table, LINEAGE).committed
    publish(at, rows((1, 41, "b")))
    held = refresh(at, table, LINEAGE)
    assert (held.how, [breach.rule for breach in held.judgement.failed]) == ("held", ["unique(id)"])


def test_a_lost_race_is_run_again_from_the_newest_input(at, monkeypatch) -> None:
    publish(at, rows((1, 0, "a")))
    refresh(at, DAYS, LINEAGE)
    publish(at, rows((2, 0, "a")))
    original, tries = derived.tables.replace, []

    def losing(*arguments: Any) -> None:
        tries.append(1)
        if len(tries) == 1:
            publish(at, rows((3, 0, "a")))
            raise CommitFailedException("stale")
        original(*arguments)

    monkeypatch.setattr(derived.tables, "replace", losing)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setattr(derived, "commit_with_retry", lambda what, attempt: retried(attempt))
    assert refresh(at, DAYS, LINEAGE).committed
    assert content(at)[0][2] == 3


def retried(attempt: Any) -> Any:
    try:
        return attempt()
    except CommitFailedException:
        return attempt()


def test_an_expired_snapshot_makes_it_whole(at) -> None:
    publish(at, rows((1, 0, "a")))
    refresh(at, DAYS, LINEAGE)
    publish(at, rows((2, 40, "a")))
    orders = at.find("orders")
    orders.maintenance.expire_snapshots().by_ids([orders.metadata.snapshots[0].snapshot_id]).commit()
    assert refresh(at, DAYS, LINEAGE).how == "whole"
    assert len(content(at)) == 2


def test_an_input_that_is_not_followed_makes_it_whole_when_it_changes(at) -> None:
    shops = pa.table({"shop": ["a"], "city": ["Ulm"]})
    publish(at, shops, name="shops")
    publish(at, rows((1, 0, "a"), (2, 40, "b")))
    sql = 'SELECT CAST("at" AS DATE) AS day, city, id FROM orders LEFT JOIN shops USING (shop)'
    table = Table("days", sql, ("orders", "shops"), ("month(day)",), {"orders": "day(at)"})
    refresh(at, table, LINEAGE)
    publish(at, rows((3, 0, "a")))
    assert refresh(at, table, LINEAGE).how == "partitions"
    publish(at, pa.table({"shop": ["b"], "city": ["Bonn"]}), name="shops")
    assert refresh(at, table, LINEAGE).how == "whole"
    assert [row[1:] for row in content(at)] == [("Ulm", 1), ("Ulm", 3), ("Bonn", 2)]


REACHING = (
    "SELECT day, count(*) AS orders, count(DISTINCT shop) AS shops, sum(amount) AS amount FROM ("
    'SELECT CAST("at" AS DATE) + CAST(k AS INTEGER) AS day, shop, amount FROM orders, range({reach} + 1) t(k)) '
    "GROUP BY day"
)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("derived")))
def test_whole_and_by_partition_are_equal(attempt, tmp_path) -> None:
    """After random changes of the input: of partitions by time, with a reach, of values, of inputs with partitions."""
    rnd = Random(f"{SEED}-derived-{attempt}")
    at = connect(tmp_path)
    reach = rnd.choice([0, 0, 1, 5, 29])
    part = rnd.choice(["day(day)", "month(day)", "year(day)", "day"])
    follows = rnd.choice(["day(at)", "month(at)"] if not reach else ["day(at)"])
    by_time = Table("days", REACHING.format(reach=reach), ("orders",), (part,), {"orders": follows}, reach)
    by_shop = Table(
        "shops",
        "SELECT shop, id % 3 AS k, count(*) AS n FROM orders GROUP BY ALL",
        ("orders",),
        ("shop",),
        {"orders": "shop"},
    )
    hows = set()
    for step in range(rnd.randrange(3, 6)):
        change(at, rnd, step)
        for table in (by_time, by_shop):
            hows.add(refresh(at, table, LINEAGE).how)
            whole = replace(table, name=f"whole_{table.name}_{step}", follows={})
            refresh(at, whole, LINEAGE)
            assert content(at, table.name) == content(at, whole.name), (attempt, step, table)
            assert refresh(at, table, LINEAGE).how == "unchanged"
    assert hows <= {"whole", "partitions", "equal"}
    assert "partitions" in hows


def change(at: tables.Tables, rnd: Random, step: int) -> None:
    """Some data files go and some come, with some rows of those that went."""
    table = at.load("orders", Definition(ORDERS, "", {}, ("month(at)",) if rnd.random() < 0.5 else ()))
    files = tables.files_in(table, table.current_snapshot())
    gone = rnd.sample(files, rnd.randrange(len(files) + 1)) if step else []
    kept = tables.read_files(table, gone).to_pylist() if gone else []
    fresh = [
        (
            rnd.randrange(1000),
            rnd.choice([None, *(rnd.uniform(-40, 120) for _ in range(9))]),
            rnd.choice("abc"),
        )
        for _ in range(rnd.randrange(0 if step else 1, 8))
    ]
    same = pa.Table.from_pylist([row for row in kept if rnd.random() < 0.6], ORDERS)
    tables.replace(table, gone, [same, rows(*fresh)], {})
