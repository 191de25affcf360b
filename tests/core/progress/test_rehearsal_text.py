"""What ``try`` says, by table: lines of at most 80 columns, whatever names and values are."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.progress.rehearsal_text import lines
from data_pipeline.etl.documents.rehearsal import File, Refused, Rehearsal, Rule, Table


def rule(**more: Any) -> Rule:
    found = {"of": "orders", "rule": "quarantined-share", "severity": "warn", "limit": 0.05, "value": 0.0}
    return {**found, "source": "orders", "outcome": "holds", "breaches": 0, "note": "", **more}  # type: ignore[return-value]


def table(name: str = "orders", **more: Any) -> Table:
    found = {
        "name": name,
        "rows": 0,
        "columns": [],
        "first_rows": [],
        "held_by": [],
        "missing": [],
        "error": None,
    }
    return {**found, **more}  # type: ignore[return-value]


def file(path: str, read: int, refused: int = 0, error: str | None = None) -> File:
    rows = {"read": read, "accepted": read - refused, "refused": refused}
    return {"path": path, "bytes": 1, "rows": rows, "reasons": {}, "error": error}  # type: ignore[typeddict-item]


def refused(reason: str, row: int, raw: str | None, column: str | None = None) -> Refused:
    return {"path": "a.csv", "row": row, "reason": reason, "column": column, "raw": raw}


def found(**more: Any) -> Rehearsal:
    files = more.get("files", [])
    sums = {key: sum(each["rows"][key] for each in files) for key in ("read", "accepted", "refused")}
    given: dict[str, Any] = {"version": 1, "dataset": "orders", "input": "in", "passed": True, "errors": []}
    given |= {"accept": [], "rows": sums, "files": files, "left_out": 0, "waiting": [], "unclaimed": 0}
    given |= {
        "unclaimed_files": [],
        "others": {},
        "also_read": {},
        "private": False,
        "reasons": {},
        "refused": [],
    }
    given |= {"checks": [], "rules": [], "sql": False, "table": table(), "tables": [], "messages": []}
    return {**given, **more}  # type: ignore[return-value]


CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "accounts",
        {"files": [file("a.csv", 1200), file("b.csv", 10, 3), file("c.csv", 0, error="it has no column id")]},
        """\
file     rows read  accepted  refused
a.csv        1,200     1,200        0
b.csv           10         7        3
c.csv            -         -        -
  unreadable: it has no column id
3 files      1,210     1,207        3

a run would publish this""",
    ),
    (
        "left out",
        {"files": [file("a.csv", 1)], "left_out": 2},
        """\
file    rows read  accepted  refused
a.csv           1         1        0
1 file          1         1        0
not all was read: 2 files are left out by --file, for rules and tables, too

a run would publish this""",
    ),
    (
        "nothing",
        {"waiting": ["orders 2024: waits for X"]},
        "held back: orders 2024: waits for X\n\na run would load nothing of this folder",
    ),
    (
        "first rows",
        {
            "files": [file("a.csv", 2)],
            "table": table(
                rows=2,
                columns=[["id", "long"], ["tags", "list<string>"]],
                first_rows=[{"id": 1, "tags": ["x"]}, {"id": None, "tags": None}],
            ),
        },
        """\
file    rows read  accepted  refused
a.csv           2         2        0
1 file          2         2        0

first 2 of 2 rows of orders
  id    long          1, null
  tags  list<string>  ["x"], null

a run would publish this""",
    ),
    (
        "refused",
        {
            "reasons": {"malformed": 1, "not-int": 2},
            "rows": {"read": 3, "accepted": 0, "refused": 3},
            "refused": [
                refused("not-int", 1, "x\t1", "id"),
                refused("not-int", 2, "y"),
                refused("malformed", 3, "\x1b[31m"),
            ],
        },
        """\
refused: 3 rows
  not-int in id: 2 rows
    a.csv row 1: x\\t1
    a.csv row 2: y
  malformed: 1 row
    a.csv row 3: \\x1b[31m

a run would load nothing of this folder""",
    ),
    (
        "personal data",
        {
            "reasons": {"null": 1},
            "rows": {"read": 1, "accepted": 0, "refused": 1},
            "private": True,
            "refused": [refused("null", 1, None)],
        },
        """\
refused: 1 row (personal data: without their text)
  null: 1 row
    a.csv row 1

a run would load nothing of this folder""",
    ),
    (
        "checks",
        {
            "checks": [
                {"name": "negative", "sql": "amount >= 0", "refused": 1200},
                {"name": "x", "sql": "id > 0\nAND true", "refused": 0},
            ]
        },
        """\
check     refuses
negative  1,200    amount >= 0
x         0        id > 0 AND true

a run would load nothing of this folder""",
    ),
    (
        "tables",
        {
            "files": [file("a.csv", 4)],
            "sql": True,
            "table": table(rows=1),
            "tables": [
                table(
                    "days",
                    rows=3,
                    held_by=["orders", "days"],
                    columns=[["day", "date"], ["text", "string"], ["n", "int"], ["more", "int"]],
                    first_rows=[{"day": "2024-01-01", "text": "x" * 90, "n": 1, "more": 2}] * 3,
                ),
                table("weeks", rows=1, held_by=["orders"]),
                table("joined", missing=["customers"]),
                table("wrong", error="its SQL cannot be run"),
            ],
            "others": {"customers": 2, "stores": 1},
            "also_read": {"stores": {"read": 1, "accepted": 1, "refused": 0}},
        },
        """\
file    rows read  accepted  refused
a.csv           4         4        0
1 file          4         4        0

made: orders has 1 row of 4 rows that are accepted
table days: 3 rows; a run holds it back by its own rules
    day   date    2024-01-01, 2024-01-01, 2024-01-01
    text  string  xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…, xxxxxxxxxxxxxxxxxxx…
    n     int     1, 1, 1
    and 1 more column
table weeks: 1 row; a run holds it back by the rules of orders
table joined: not made, since there are no rows of customers here
table wrong: it cannot be made: its SQL cannot be run

files of other data sets: customers 2, stores 1 (read for its tables)

a run would publish this""",
    ),
    (
        "rules",
        {
            "passed": False,
            "accept": ["unreadable-files", "freshness"],
            "errors": ["table wrong: its SQL cannot be run"],
            "rules": [
                rule(),
                rule(rule="rows-of-median", limit=0.2, value=None, source="", outcome="nothing"),
                rule(
                    rule="unreadable-files",
                    severity="fail",
                    limit=0,
                    value=2,
                    source="c.csv",
                    outcome="fails",
                    breaches=2,
                ),
                rule(
                    of="days",
                    rule="freshness(day)",
                    severity="fail",
                    limit=48,
                    value=50.5,
                    source="days",
                    outcome="fails",
                    breaches=1,
                ),
                rule(value=0.3, source="b.csv", outcome="warns", breaches=1),
                rule(
                    rule="unique(id)",
                    limit=0,
                    value=2,
                    outcome="warns",
                    breaches=1,
                    note="such as id=1 in a.csv",
                ),
            ],
        },
        """\
rule                       limit          found
orders: quarantined-share  warn 0.05      0           holds
orders: rows-of-median     warn 0.2                   nothing to judge
orders: unreadable-files   fail 0         2           FAILS
  c.csv and 1 more
days: freshness(day)       fail 48 hours  50.5 hours  FAILS
orders: quarantined-share  warn 0.05      0.3         WARNS
  b.csv
orders: unique(id)         warn 0         2           WARNS
  such as id=1 in a.csv

a run would fail: table wrong: its SQL cannot be run
a run would fail: unreadable-files of orders is 2, the limit is 0
a run would fail: freshness(day) of days is 50.5 hours, the limit is 48 hours
after that run, this lets through what it has found: --accept unreadable-files
  --accept freshness""",
    ),
    (
        "not claimed",
        {
            "unclaimed": 3,
            "unclaimed_files": [
                {"path": "unaltered/a.csv", "nearest": "{year}.csv", "of": "orders"},
                {"path": "x", "nearest": None, "of": None},
            ],
            "messages": ["orders: the column channel of its files is ignored"],
        },
        """\
no data set claims 3 files, which a run ignores:
  unaltered/a.csv (nearest: {year}.csv of orders)
  x
  and 1 more
orders: the column channel of its files is ignored

a run would load nothing of this folder""",
    ),
]


@pytest.mark.parametrize(("more", "said"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_what_is_said(more: dict[str, Any], said: str) -> None:
    """Each section, with what stands around it."""
    assert "\n".join(lines(found(**more))) == said


def test_no_line_is_too_long() -> None:
    """Long paths, names, values, texts and messages are cut or wrapped, and many files added up."""
    long = "x" * 200
    files = [file(f"{n:03}/{'folder/' * 30}{n}.csv", 1_000_000, n % 2) for n in range(100)]
    report = found(
        files=files,
        reasons={"not-int": 50},
        refused=[{"path": long, "row": 1, "reason": "not-int", "column": long, "raw": long}],
        checks=[{"name": "c" * 60, "sql": long, "refused": 1}],
        rules=[
            rule(rule="unique(" + long, value=1.0, source=f"{long} and more", outcome="warns", breaches=9)
        ],
        table=table(rows=1, columns=[[long, f"struct<{long}>"]], first_rows=[{long: long}]),
        tables=[table("t" * 90, rows=1, columns=[[long, "int"]], first_rows=[{long: 1}])],
        unclaimed=1,
        unclaimed_files=[{"path": long, "nearest": long, "of": "orders"}],
        messages=[f"a {long} b"],
    )
    made = lines(report)
    assert max(map(len, made)) <= 80
    assert "80 more files" in "\n".join(made)
    assert sum(line.startswith("…") and line.endswith(" 999,999        1") for line in made) == 20


def test_times_without_an_offset_are_hinted_at() -> None:
    """Below the rows that are refused for it."""
    one = {"reasons": {"not-timestamptz": 1}, "refused": [refused("not-timestamptz", 1, "2024-01-01", "at")]}
    said = lines(found(files=[file("a.csv", 1, 1)], **one))
    at = said.index("    a.csv row 1: 2024-01-01")
    assert said[at + 1] == "    if these times have no offset: name their `timezone` in the data set"
