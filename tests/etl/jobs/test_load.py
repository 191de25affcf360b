"""Data sets of CSV files, from the input to their tables in the catalog: what readers see after each run."""

import io
import json
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from shop import Row, expected, identities, orders, written

from data_pipeline.etl.documents import acceptances, datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Series, Table
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import load
from data_pipeline.etl.storage.filesystem import files

NORTH, SOUTH = "orders/north/2024-01.csv", "orders/south/2024-02.csv"


def some(first: int, count: int = 3, *bad: Row) -> list[Row]:
    return [
        (str(n), f"2024-01-{n % 28 + 1:02}T10:00:00Z", f"{n}.5", "paid" if n % 2 else "")
        for n in range(first, first + count)
    ] + [*bad]


BAD = ("x", "2024-01-01T00:00:00Z", "1", "")
NEGATIVE = ("7", "2024-01-01T00:00:00Z", "-1", "")


def test_files_are_published_and_noted(shop):
    """Every right row with its file, number, unit and part; the others in quarantine, counted; then nothing is new."""
    shop.put(NORTH, some(0, 3, BAD, NEGATIVE))
    shop.put(SOUTH, some(10))
    summary = shop.run()
    assert identities(shop.rows()) == expected(shop.contents)
    assert {(row["region"], row["_period"]) for row in shop.rows()} == {
        ("north", "2024-01"),
        ("south", "2024-02"),
    }
    assert len({row["_unit"] for row in shop.rows()}) == 2
    assert summary["rows"] == {"read": 8, "counted": 6, "quarantined": 2}
    assert summary["datasets"]["orders"]["reasons"] == {"not-long": 1, "negative-amount": 1}
    verdict = shop.document("verdict.json")
    assert verdict["passed"] is True
    assert verdict["datasets"]["orders"]["rows"] == {"read": 8, "accepted": 6, "quarantined": 2}
    place = f"{shop.output}/quarantine/run=run-1/dataset=orders"
    assert [each.path for each in files(place).list(place)] == [f"{NORTH}.parquet"]
    noted = dict(shop.ledger.entries("orders", "2024"))
    assert {path: (entry.rows, entry.accepted, entry.quarantined) for path, entry in noted.items()} == {
        NORTH: (5, 3, 2),
        SOUTH: (3, 3, 0),
    }
    properties = shop.at.find("orders").current_snapshot().summary.additional_properties
    assert properties["pipeline.run"] == "run-1"
    assert properties["pipeline.summary"] == f"{shop.output}/runs/run-1/summary.json"
    assert shop.prepare()["proceed"] is False


def test_what_a_run_tells_of_a_series(shop):
    """Its windows now and before, and how far a month is from those before it. A month that has no file, and only an
    order that strays into it, is none.
    """
    shop.define(orders(series=Series("ordered_at", 60, ("region",))))
    hours = [f"{10 + n // 24}T{n % 24:02}" for n in range(26)]
    for month in (1, 2, 3):
        moments = [f"2024-{month:02}-{hour}" for hour in hours] + [f"2024-{month + 1:02}-01T00"]
        rows = [(str(n), f"{at}:00:00Z", "1", "") for n, at in enumerate(moments)]
        shop.put(f"orders/north/2024-{month:02}.csv", rows)
    first = shop.run()
    warned = [each["source"] for each in first["quality"]["warnings"] if each["rule"] == "missing-windows"]
    assert warned == [f"orders 2024-0{month} region=north" for month in (1, 2, 3)]
    assert first["drift"] == {}
    of_all, *others = first["statistics"]["orders"]
    assert (of_all["series"], of_all["feature"], of_all["before"]) == ("all", "rows", None)
    assert (of_all["now"]["rows"], of_all["now"]["missing"]) == (26 * 3 + 2, (31 + 29 + 31) * 24 - 26 * 3 - 2)
    assert {each["series"] for each in others} == {"region=north"}
    shop.put(
        "orders/north/2024-04.csv", [(str(n), f"2024-04-{at}:00:00Z", "1", "") for n, at in enumerate(hours)]
    )
    second = shop.run()
    (month,) = second["drift"]["orders"]
    assert (month["period"], month["series"]) == ("2024-04", "region=north")
    assert month["before"] == ["2024-01", "2024-02", "2024-03"]
    assert month["missing"] == round(1 - 27 / 720, 6)
    assert month["missing_before"] == round(1 - 80 / 2184, 6)
    assert second["statistics"]["orders"][0]["before"] == of_all["now"]
    verdict = shop.document("verdict.json")
    furthest = max(month["psi"], key=month["psi"].get)
    assert verdict["drift"] == {
        "periods": 1,
        "furthest": {"source": f"orders 2024-04 region=north {furthest}", "psi": month["psi"][furthest]},
    }
    assert verdict["statistics"]["orders"]["now"]["rows"] == 27


def test_a_changed_a_new_and_a_removed_file(shop):
    """Rows of the changed file are replaced, the new one's are added; what has gone stays until a run prunes."""
    shop.put(NORTH, some(0))
    shop.put(SOUTH, some(10))
    shop.run()
    before = {row["_file"]: row["_available_at"] for row in shop.rows()}
    shop.put(NORTH, some(20, 2))
    shop.put("orders/west/2024-03.csv", some(30))
    gone = shop.contents[SOUTH]
    shop.delete(SOUTH)
    shop.run()
    assert identities(shop.rows()) == expected({**shop.contents, SOUTH: gone})
    assert next(row for row in shop.rows() if row["_file"] == SOUTH)["_available_at"] == before[SOUTH]
    assert shop.prepare()["messages"] == [
        f"{SOUTH} is no longer in the input; its rows are kept (--prune drops them)"
    ]
    summary = shop.run("--prune=true")
    assert summary["datasets"]["orders"]["pruned"] == 1
    assert identities(shop.rows()) == expected(shop.contents)
    assert shop.prepare("--prune=true")["proceed"] is False


def test_what_is_read_again_unchanged_commits_nothing(shop):
    """Nor does a plan that is loaded twice, as after a run that was killed before it could note anything."""
    shop.put(NORTH, some(0))
    shop.run()
    noted = dict(shop.ledger.entries("orders", "2024"))
    shop.load()
    shop.run("--reprocess=true")
    assert shop.snapshots() == 1
    again = dict(shop.ledger.entries("orders", "2024"))[NORTH]
    assert again == noted[NORTH]._replace(run=again.run)


def test_many_unreadable_files_hide_no_other_rule(shop):
    """A verdict names few broken rules: of each data set each rule once, and the files with the number of them."""
    shop.put(SOUTH, some(10))
    paths = [f"orders/north/2023-{month:02}.csv" for month in range(1, 13)]
    for path in paths:
        shop.put_bytes(path, b"nothing of this\n1\n")
    shop.define(orders(rules={"too-many": "fail 0 SELECT count(*) FROM orders"}))
    shop.run()
    verdict = shop.document("verdict.json")
    named = {rule["rule"]: (rule["source"], rule["value"]) for rule in verdict["failed_rules"]}
    assert named == {"unreadable-files": ("orders", 12), "too-many": ("orders", 3)}
    assert [text.partition(" could not")[0] for text in verdict["messages"] if "could not" in text] == [
        f"{paths[0]} and 11 more"
    ]


def test_a_file_of_which_all_rows_are_refused_is_held_back(shop):
    """As where the times of a file have another form: its earlier rows stay until it is let through. A single row that
    is refused is a row in quarantine.
    """
    shop.put(NORTH, some(0))
    shop.put(SOUTH, [BAD])
    shop.run()
    kept = dict(shop.contents)
    other = [(id, time.replace("T", " at "), amount, status) for id, time, amount, status in some(20)]
    shop.put(NORTH, other)
    shop.run()
    verdict = shop.document("verdict.json")
    (failed,) = verdict["failed_rules"]
    assert (failed["rule"], failed["source"]) == ("unreadable-files", NORTH)
    assert f"{NORTH}: all of its rows are refused" in verdict["messages"]
    assert identities(shop.rows()) == expected(kept)
    shop.run(accept="unreadable-files@run-2")
    assert shop.document("summary.json")["rows"] == {"read": 3, "counted": 0, "quarantined": 3}
    assert shop.rows() == []
    assert shop.prepare()["proceed"] is False


def test_what_is_too_old_is_told_although_nothing_is_new(shop):
    """By the periods of the files, and by a column; nothing is committed, and other rules ask nothing."""
    shop.put(NORTH, some(0))
    own = {"never-empty": "fail 0 SELECT count(*) = 0 FROM orders"}
    shop.define(orders(rules={"freshness": "warn 2 days", **own}))
    shop.run()
    assert [w["rule"] for w in shop.document("summary.json")["quality"]["warnings"]] == ["freshness"]
    decision = shop.prepare()
    assert decision["reason"] == "nothing new of orders, whose age is judged"
    summary = shop.load()
    assert [w["rule"] for w in summary["quality"]["warnings"]] == ["freshness"]
    assert (summary["tables"], shop.document("verdict.json")["passed"]) == ({}, True)
    shop.define(orders(rules={"freshness(ordered_at)": "fail 0 hours", **own}))
    shop.run()
    verdict = shop.document("verdict.json")
    assert [(rule["rule"], rule["source"]) for rule in verdict["failed_rules"]] == [
        ("freshness(ordered_at)", "orders")
    ]
    shop.run(accept="freshness")
    assert shop.document("verdict.json")["accepted"] == ["freshness(ordered_at)"]
    assert (len(shop.rows()), shop.snapshots()) == (3, 1)
    shop.define(orders(rules={"freshness(ordered_at)": "fail 2 days"}))
    assert shop.prepare()["proceed"] is False


def test_an_old_file_that_is_issued_again_makes_nothing_look_old(shop):
    """The newest period is that of all files, not of those that are read."""
    recent = datetime.now(UTC).strftime("orders/south/%Y-%m.csv")
    shop.define(orders(patterns=("orders/south/{year}-{month}.csv",), rules={"freshness": "warn 40 days"}))
    shop.put(recent, some(0))
    shop.put("orders/south/2001-01.csv", some(10))
    shop.run()
    shop.put("orders/south/2001-01.csv", some(20))
    assert shop.run()["quality"]["warnings"] == []


def test_an_unreadable_file_keeps_its_earlier_rows(shop):
    """The default rule holds the data set back; with another limit the rest is published, and it is read again."""
    shop.put(NORTH, some(0))
    shop.put(SOUTH, some(10))
    shop.run()
    kept = dict(shop.contents)
    shop.put_bytes(NORTH, b"nothing of this\n1\n")
    shop.put(SOUTH, some(40))
    shop.run()
    assert shop.document("verdict.json")["failed_rules"][0]["rule"] == "unreadable-files"
    assert identities(shop.rows()) == expected(kept)
    shop.define(orders(rules={"unreadable-files": "warn 0"}))
    summary = shop.run()
    assert identities(shop.rows()) == expected({**kept, SOUTH: shop.contents[SOUTH]})
    assert summary["datasets"]["orders"]["files"] == {"read": 1, "failed": 1}
    decision = shop.prepare()
    assert (decision["proceed"], decision["changed"]) == (True, 1)


def test_a_rule_that_fails_holds_back_its_data_set_alone(shop):
    """The other is published; the run that is told to accept it publishes, and accepts nothing besides."""
    other = orders(name="returns", patterns=("returns/{year}-{month}.csv",))
    shop.define(orders(rules={"quarantined-share": "fail 0.1"}), other)
    shop.put(NORTH, some(0, 3, BAD))
    shop.put("returns/2024-01.csv", some(10))
    shop.run()
    assert shop.rows() == []
    assert len(shop.rows("returns")) == 3
    verdict = shop.document("verdict.json")
    assert verdict["passed"] is False
    assert verdict["datasets"]["orders"]["held"] is True
    with pytest.raises(JobError, match="has failed by this rule"):
        shop.run(accept="null-share@run-1")
    shop.runs -= 1
    shop.run(accept="quarantined-share@run-1")
    assert len(shop.rows()) == 3
    assert shop.document("verdict.json")["accepted"] == ["quarantined-share"]
    place = f"{shop.output}/state/accepted/run-2.json"
    (found,) = files(place).list(f"{shop.output}/state/accepted/")
    noted = acceptances.read(files(place).read(found.uri), place)
    assert (noted.run, noted.by) == ("run-2", "unknown")
    assert [(each.of, each.rule, each.source) for each in noted.findings] == [
        ("orders", "quarantined-share", NORTH)
    ]
    shop.put(SOUTH, some(0, 1, BAD))
    shop.run(accept="quarantined-share@run-1")
    assert shop.document("verdict.json")["passed"] is False


@pytest.mark.parametrize("answer", ["--rebuild", "--from-now-on"])
def test_a_changed_definition_waits_for_its_answer(shop, answer):
    """Nothing is loaded before; then all is read again, in one commit, or new files only."""
    shop.put(NORTH, some(0, 3, NEGATIVE))
    shop.run()
    shop.put(SOUTH, some(10, 1, NEGATIVE))
    shop.define(orders(checks={}))
    decision = shop.prepare()
    assert (decision["proceed"], decision["held"]) == (False, ["orders"])
    assert "--rebuild orders" in decision["messages"][0]
    shop.run(f"{answer}=orders")
    negative = [row["_file"] for row in shop.rows() if row["amount"] < 0]
    assert sorted(negative) == ([NORTH, SOUTH] if answer == "--rebuild" else [SOUTH])
    assert len(shop.rows()) == 5 + (answer == "--rebuild")
    assert shop.snapshots() == 2
    assert shop.prepare()["proceed"] is False


def test_units_of_a_period_by_sql(shop):
    """A unit's SQL sees the accepted rows of all of its files; a file that has gone from it is gone."""
    sql = "SELECT status, sum(amount) AS total, count(*)::INTEGER AS orders FROM orders GROUP BY status"
    shop.define(orders(patterns=("orders/{region}/{year}-{month}/*.csv",), replaces="period", sql=sql))
    first, second = (f"orders/north/2024-01/{name}.csv" for name in "ab")
    shop.put(first, some(0, 4))
    shop.put(second, some(10, 2, BAD))
    shop.run()

    def sums() -> dict:
        return {row["status"]: (row["orders"], row["region"], row["_file"]) for row in shop.rows()}

    assert sums() == {"paid": (3, "north", None), None: (3, "north", None)}
    assert "_row" not in shop.rows()[0]
    shop.put(first, some(0, 1))
    shop.delete(second)
    shop.run()
    assert sums() == {None: (1, "north", first)}
    assert [*dict(shop.ledger.entries("orders", "2024"))] == [first]
    shop.delete(first)
    shop.run("--prune=true")
    assert (shop.rows(), [*shop.ledger.entries("orders", "2024")]) == ([], [])


def test_alone_it_needs_no_aws(tmp_path):
    """Without a catalog: a Parquet file of each data set and table, the summary, and what was refused."""
    path = tmp_path / "in" / NORTH
    path.parent.mkdir(parents=True)
    path.write_bytes(written(some(0, 3, BAD)))
    by_status = Table(
        "by_status", "SELECT status, count(*) AS n FROM orders GROUP BY 1 ORDER BY 1", ("orders",)
    )
    known = Definitions({"orders": orders()}, {"by_status": by_status})
    (tmp_path / "datasets.json").write_text(datasets.write(known))
    command = [sys.executable, "-m", "data_pipeline.etl.jobs.load"]
    where = [
        "--input",
        tmp_path / "in",
        "--output",
        tmp_path / "out",
        "--definitions",
        tmp_path / "datasets.json",
    ]
    done = subprocess.run([*command, *where], capture_output=True, text=True, env={"PATH": ""}, cwd=".")
    assert done.returncode == 0, done.stderr
    assert identities(pq.read_table(tmp_path / "out" / "orders.parquet").to_pylist()) == expected(
        {NORTH: some(0, 3, BAD)}
    )
    assert pq.read_table(tmp_path / "out" / "by_status.parquet").to_pylist() == [
        {"status": "paid", "n": 1},
        {"status": None, "n": 2},
    ]
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["rows"]["quarantined"] == 1
    assert (tmp_path / "out" / "quarantine" / "dataset=orders" / f"{NORTH}.parquet").is_file()


def test_a_column_that_the_table_cannot_take_is_one_data_sets_matter(shop):
    """The run ends with the question; the other data set is published."""
    shop.put(NORTH, some(0))
    shop.run()
    fewer = tuple(column for column in orders().columns if column.name != "status")
    other = orders(name="returns", patterns=("returns/{year}-{month}.csv",))
    shop.define(orders(columns=(*fewer, Column("note", "string", nullable=True, named=("status",)))), other)
    shop.put("returns/2024-01.csv", some(10))
    with pytest.raises(
        JobError,
        match=r"--drop-column orders.status .*--from-now-on orders is not noted yet: give it again",
    ):
        shop.run("--from-now-on=orders", "--reprocess=true")
    assert len(shop.rows("returns")) == 3
    assert "note" not in shop.rows()[0]
    shop.run("--from-now-on=orders", "--reprocess=true", "--drop-column=orders.status")
    assert {row["note"] for row in shop.rows()} == {"paid", None}


@pytest.mark.parametrize("rows", [1, 20_000])
def test_sql_that_fails_on_a_value_is_one_data_sets_matter(shop, rows):
    """At the first rows or long after: the run ends with the reason, the other data set is published, and personal
    data is not in the message.
    """
    columns = (*orders().columns[:3], Column("status", "string"), Column("mail", "string", True, pii="drop"))
    wrong = orders(columns=columns, sql="SELECT CAST(status AS INTEGER) AS n FROM orders")
    other = orders(name="returns", patterns=("returns/{year}-{month}.csv",))
    shop.define(wrong, other)
    lines = "".join(f"{n},2024-01-01T00:00:00Z,1,{n},\n" for n in range(rows))
    content = f"id,ts,amount,status,mail\n{lines}1,2024-01-01T00:00:00Z,1,Ann Doe,\n"
    shop.put_bytes(NORTH, content.encode())
    shop.put("returns/2024-01.csv", some(10))
    with pytest.raises(
        JobError,
        match=r"^data set orders: its SQL cannot be run: Conversion Error: Could not convert string '…'",
    ):
        shop.run()
    assert (len(shop.rows("returns")), shop.rows()) == (3, [])
    assert shop.document("verdict.json")["datasets"]["orders"]["held"] is True


def test_tables_are_made_of_what_was_published(shop):
    """Each after what it is made of, in the same run; what is held back holds back its tables, and only those."""
    days = Table(
        "days",
        "SELECT CAST(ordered_at AS DATE) AS day, count(*) AS orders, max(_available_at) AS available_at FROM orders "
        "GROUP BY 1",
        ("orders",),
        ("month(day)",),
        {"orders": "day(ordered_at)"},
        export="days.parquet",
    )
    total = Table(
        "total", "SELECT sum(orders) AS orders FROM days", ("days",), rules={"null-share(orders)": "fail"}
    )
    other = orders(name="returns", patterns=("returns/{year}-{month}.csv",))
    apart = Table("apart", "SELECT count(*) AS n FROM returns", ("returns",))
    strict = orders(rules={"quarantined-share": "fail 0.1"}, export="orders.parquet")
    shop.define(strict, other, made=(days, total, apart))
    shop.put(NORTH, some(0))
    summary = shop.run()
    assert sorted(row["orders"] for row in shop.rows("days")) == [1, 1, 1]
    assert [int(row["orders"]) for row in shop.rows("total")] == [3]
    assert shop.rows("apart") == []
    assert summary["tables"]["days"]["rows"] == 3
    assert summary["exports"] == [
        f"{shop.output}/export/orders.parquet",
        f"{shop.output}/export/days.parquet",
    ]
    assert len(pq.read_table(io.BytesIO(files(shop.output).read(summary["exports"][1])))) == 3
    shop.put(SOUTH, some(1, 1))
    shop.put("returns/2024-01.csv", some(10))
    shop.run()
    assert [int(row["orders"]) for row in shop.rows("total")] == [4]
    assert [row["n"] for row in shop.rows("apart")] == [3]
    shop.put(SOUTH, some(1, 2, BAD))
    shop.put("returns/2024-02.csv", some(20))
    shop.run()
    assert [int(row["orders"]) for row in shop.rows("total")] == [4]
    assert [row["n"] for row in shop.rows("apart")] == [6]
    verdict = shop.document("verdict.json")
    assert "days: not made: held back with orders" in verdict["messages"]
    assert "total: not made: held back with days" in verdict["messages"]
    assert shop.snapshots("days") == 2


def test_tables_are_left_for_a_later_run(shop):
    """Each run publishes its files; then one makes the tables, once, although it has no file to read."""
    table = Table("total", "SELECT count(*) AS n FROM orders", ("orders",))
    shop.define(orders(), made=(table,))
    for period in ("01", "02"):
        shop.put(f"orders/north/2024-{period}.csv", some(0))
        assert shop.prepare(f"--periods=2024-{period}", "--defer-tables=true")["proceed"] is True
        shop.load("--defer-tables=true")
        assert shop.at.find("total") is None
    assert len(shop.rows()) == 6
    again = shop.prepare("--periods=2024-01", "--defer-tables=true")
    assert (again["proceed"], again["reason"][:14]) == (False, "nothing is new")
    summary = shop.run("--periods=2024-01")
    assert [row["n"] for row in shop.rows("total")] == [6]
    assert (summary["files"], shop.snapshots("total")) == ([], 1)


def test_a_table_is_made_although_no_file_is_new(shop):
    """One that was added, that was defined anew, or that failed before: the next run makes it, and the one after that
    finds nothing to do.
    """
    shop.define(orders())
    shop.put(NORTH, some(0))
    shop.run()
    total = Table("total", "SELECT count(*) AS orders FROM orders", ("orders",))
    for table, rows in ((total, [{"orders": 3}]), (replace(total, sql=f"{total.sql} HAVING false"), [])):
        shop.define(orders(), made=(table,))
        shop.run()
        assert shop.document("decision.json")["reason"] == "to be made: total"
        assert shop.rows("total") == rows
        assert not shop.prepare()["proceed"]
    strict = Table(
        "strict", "SELECT status FROM orders", ("orders",), rules={"null-share(status)": "fail 0.1"}
    )
    shop.define(orders(), made=(strict,))
    for _ in range(2):
        shop.run()
        assert shop.document("decision.json")["reason"] == "to be made: strict"
        assert not shop.document("verdict.json")["passed"]
    shop.define(orders(export="orders.parquet"))
    assert shop.run()["exports"] == [f"{shop.output}/export/orders.parquet"]


def test_a_table_that_fails_a_rule_is_held_back_and_can_be_let_through(shop):
    """What it is made of is published; a table whose SQL fails ends the run, and the others are made."""
    strict = Table("days", "SELECT status FROM orders", ("orders",), rules={"null-share(status)": "fail 0.1"})
    broken = Table("broken", "SELECT CAST(status AS INTEGER) AS n FROM orders", ("orders",))
    shop.define(orders(), made=(broken, strict))
    shop.put(NORTH, some(0))
    with pytest.raises(JobError, match=r"^table broken: its SQL cannot be run: Conversion Error"):
        shop.run()
    assert len(shop.rows()) == 3
    verdict = shop.document("verdict.json")
    assert (verdict["passed"], verdict["failed_rules"][0]["rule"]) == (False, "null-share(status)")
    shop.define(orders(), made=(strict,))
    shop.run("--reprocess=true", accept="null-share(status)@run-1")
    assert len(shop.rows("days")) == 3
    assert shop.document("verdict.json")["accepted"] == ["null-share(status)"]


def test_alone_an_export_has_its_name_and_its_months(tmp_path):
    """In the order of its columns; the months as a snapshot would say them."""
    for path, rows in ((NORTH, some(0)), (SOUTH, some(10))):
        (tmp_path / "in" / path).parent.mkdir(parents=True)
        (tmp_path / "in" / path).write_bytes(written(rows))
    ids = Table("ids", "SELECT -id AS id FROM orders", ("orders",), export="all ids.parquet")
    run_alone(tmp_path, Definitions({"orders": orders(partition=("region", "_period"))}, {"ids": ids}))
    found = pq.read_table(tmp_path / "out" / "all ids.parquet")
    assert found["id"].to_pylist() == [-12, -11, -10, -2, -1, 0]
    assert found.schema.metadata[b"pipeline.covered-months"] == b"north 2024-01; south 2024-02"


def test_alone_a_file_that_cannot_be_read_ends_it_once_the_others_are_written(tmp_path):
    """A caller that looks at the exit status alone learns of it."""
    for path, content in ((NORTH, written(some(0))), (SOUTH, b"other,columns\n1,2\n")):
        (tmp_path / "in" / path).parent.mkdir(parents=True)
        (tmp_path / "in" / path).write_bytes(content)
    with pytest.raises(JobError, match=f"1 of 2 files could not be read, the others are written: {SOUTH}: "):
        run_alone(tmp_path, Definitions({"orders": orders()}))
    assert len(pq.read_table(tmp_path / "out" / "orders.parquet")) == 3
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["rows"]["counted"] == 3


def test_alone_nothing_is_written_if_no_file_can_be_read(tmp_path):
    """The error names the files; what was there stays."""
    (tmp_path / "in" / NORTH).parent.mkdir(parents=True)
    (tmp_path / "in" / NORTH).write_bytes(b"other\n1\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "orders.parquet").write_bytes(b"old")
    with pytest.raises(JobError, match=f"none of the 1 files could be read: {NORTH}: "):
        run_alone(tmp_path, Definitions({"orders": orders()}))
    assert (tmp_path / "out" / "orders.parquet").read_bytes() == b"old"


def test_alone_a_reader_finds_its_scratch_folder_empty_at_each_file(tmp_path, monkeypatch):
    """Whatever it has left there of the file before."""
    unpacking = """
def rows(file, options):
    assert not [*file.scratch.iterdir()]
    (file.scratch / "unpacked").mkdir()
    yield {"a": 1}
"""
    (tmp_path / "unpacking.py").write_text(unpacking)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "in").mkdir()
    for n in range(4):
        (tmp_path / "in" / f"{n}.txt").write_text("")
    one = Dataset("lines", ("*.txt",), Format("csv"), (Column("a", "int"),), reader="unpacking:rows")
    run_alone(tmp_path, Definitions({"lines": one}))
    assert len(pq.read_table(tmp_path / "out" / "lines.parquet")) == 4


def test_alone_a_reader_may_do_with_its_scratch_folder_what_it_wants(tmp_path, monkeypatch):
    """Remove it, rename it, forbid to write to it; one that has had anything in it is not given again."""
    using = """
import shutil
def rows(file, options):
    what = file.path.stem[1:]
    assert not [*file.scratch.iterdir()]
    if what != "nothing":
        (file.scratch / "unpacked").mkdir()
        (file.scratch / "unpacked" / "a.txt").write_text(str(file.scratch))
    if what == "removes":
        shutil.rmtree(file.scratch)
    if what == "renames":
        file.scratch.rename(file.scratch.with_name(file.path.stem))
    if what == "forbids":
        (file.scratch / "unpacked").chmod(0o555)
        file.scratch.chmod(0o555)
    yield {"what": what, "scratch": str(file.scratch)}
"""
    (tmp_path / "using.py").write_text(using)
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "in").mkdir()
    for n, what in enumerate(("removes", "renames", "forbids", "writes", "nothing") * 2):
        (tmp_path / "in" / f"{n}{what}.txt").write_text("")
    columns = (Column("what", "string"), Column("scratch", "string"))
    one = Dataset("lines", ("*.txt",), Format("csv"), columns, reader="using:rows")
    run_alone(tmp_path, Definitions({"lines": one}))
    found = pq.read_table(tmp_path / "out" / "lines.parquet").to_pylist()
    used = [each["scratch"] for each in found if each["what"] != "nothing"]
    assert len(found) == 10
    assert len({*used}) == len(used) == 8


def run_alone(folder: Path, definitions: Definitions) -> None:
    place = folder / "datasets.json"
    place.write_text(datasets.write(definitions))
    load.main([f"--input={folder / 'in'}", f"--output={folder / 'out'}", f"--definitions={place}"])


def test_a_file_that_changed_since_the_plan_is_left_to_the_next_run(shop):
    """It breaks no rule: its rows stay as they were, and the other files are published."""
    shop.put(NORTH, some(0))
    shop.run()
    shop.put(NORTH, some(1))
    shop.put(SOUTH, some(10))
    shop.prepare()
    shop.put(NORTH, some(2))
    summary = shop.load()
    assert summary["quality"]["passed"] is True
    assert summary["files"][0]["error"] == "the object has changed since the plan was made"
    assert identities(shop.rows()) == expected({NORTH: some(0), SOUTH: some(10)})
    assert shop.prepare()["changed"] == 1
    shop.load()
    assert identities(shop.rows()) == expected(shop.contents)


def test_a_profile_says_what_the_rows_are_like(shop):
    """Of data sets and of the tables made of them, with refused rows, the periods, and what was there before."""
    shop.define(orders(), made=(Table("statuses", "SELECT status, amount FROM orders", ("orders",)),))
    shop.put("orders/de/2024-01.csv", [("1", "2024-01-01T00:00:00Z", "5.00", "paid")])
    shop.run()
    shop.put("orders/de/2024-02.csv", [("2", "2024-02-01T00:00:00Z", "7.50", ""), ("3", "?", "1.00", "<b>")])
    shop.run()
    profile = shop.document("profile.json")
    found = profile["tables"]["orders"]
    assert (found["rows"], found["periods"]) == (
        1,
        [["2024-01", "region=de", 1, False], ["2024-02", "region=de", 1, True]],
    )
    assert [(each["name"], each["nulls"]) for each in found["columns"] if each["nulls"]] == [("status", 1)]
    assert profile["tables"]["statuses"]["rows"] == 2
    (example,) = profile["examples"]["orders"]
    assert (example["source"], example["row"], example["column"]) == (
        "orders/de/2024-02.csv",
        2,
        "ordered_at",
    )
    assert "<b>" in example["raw"]


def test_a_profile_of_personal_data_has_no_text(shop):
    """Nor have the tables that are made of it."""
    columns = [replace(each, pii="hash" if each.name == "status" else "") for each in orders().columns]
    made = Table("statuses", "SELECT status AS word, amount FROM orders", ("orders",))
    shop.define(orders(columns=tuple(columns)), made=(made,))
    rows = [("1", "2024-01-01T00:00:00Z", "5.00", "paid"), ("2", "?", "1.00", "secret")]
    shop.put("orders/de/2024-01.csv", rows)
    shop.run()
    profile = shop.document("profile.json")
    assert profile["examples"] == {}
    assert [
        each for table in profile["tables"].values() for each in table["columns"] if "values" in each
    ] == []
