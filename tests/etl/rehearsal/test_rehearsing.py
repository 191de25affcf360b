"""A data set tried on a folder: what a run would make of it, without AWS."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table
from data_pipeline.etl.documents.rehearsal import Rehearsal
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import load, prepare_datasets
from data_pipeline.etl.planning.selection import Selection
from data_pipeline.etl.rehearsal import __main__ as job
from data_pipeline.etl.rehearsal.rehearsing import Trial, rehearse
from data_pipeline.etl.storage.filesystem import files

HEAD = "id,amount,status\n"
ORDERS = Dataset(
    "orders",
    ("orders/{region}/{year}-{month}.csv",),
    Format("csv"),
    (Column("id", "long"), Column("amount", "decimal(12,2)"), Column("status", "string", True)),
    checks={"negative": "amount >= 0", "never": "id > -1"},
    rules={"quarantined-share": "fail 0.4"},
)
CUSTOMERS = Dataset("customers", ("customers.csv",), Format("csv"), (Column("id", "long"),))
TOTALS = Table(
    "totals",
    "SELECT status, sum(amount) AS total FROM orders GROUP BY status",
    ("orders",),
    rules={
        "no-total": "fail 0 SELECT count(*) FROM totals WHERE total IS NULL",
        "null-share(status)": "fail 0",
    },
    export="totals.parquet",
)
SHARES = Table("shares", "SELECT t.status, c.id FROM totals t, customers c", ("totals", "customers"))
OTHER = Table("others", "SELECT * FROM customers", ("customers",))
SHOP = Definitions(
    {"orders": ORDERS, "customers": CUSTOMERS}, {"totals": TOTALS, "shares": SHARES, "others": OTHER}
)
GOOD = {
    "orders/north/2024-01.csv": f"{HEAD}1,2.50,paid\n2,1,paid\n",
    "orders/south/2024-01.csv": f"{HEAD}3,4,\n",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """For files; what is made on the way lies beside it, and nothing else is written."""
    place = tmp_path / "in"
    place.mkdir()
    yield place
    assert {path.name for path in tmp_path.iterdir()} <= {"in", "scratch"}


def put(folder: Path, contents: Mapping[str, str]) -> None:
    for path, text in contents.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)


def tried(folder: Path, definitions: Definitions = SHOP, **trial: object) -> Rehearsal:
    scratch = folder.parent / "scratch"
    scratch.mkdir()
    return rehearse(definitions, Trial(**{"name": "orders", "input": str(folder), **trial}), scratch)  # type: ignore[arg-type]


def test_what_is_right_passes(folder: Path) -> None:
    """Rows of each file, of the data set's table and of those that follow, in the order of the files; what each rule
    has found, and where there was nothing to look at.
    """
    put(folder, {**GOOD, "customers.csv": "id\n7\n"})
    rules = {"no-total": TOTALS.rules["no-total"]}
    found = tried(folder, replace(SHOP, tables={**SHOP.tables, "totals": replace(TOTALS, rules=rules)}))
    assert (found["passed"], found["errors"], found["accept"]) == (True, [], [])
    assert found["rows"] == {"read": 3, "accepted": 3, "refused": 0}
    read = {file["path"]: file["rows"]["read"] for file in found["files"]}
    assert read == {path: text.count("\n") - 1 for path, text in GOOD.items()}
    assert found["table"]["columns"] == [
        ["id", "long"],
        ["amount", "decimal(12,2)"],
        ["status", "string"],
        ["region", "string"],
    ]
    assert [(row["id"], row["amount"], row["region"]) for row in found["table"]["first_rows"]] == [
        (1, "2.50", "north"),
        (2, "1.00", "north"),
        (3, "4.00", "south"),
    ]
    assert [(table["name"], table["rows"]) for table in found["tables"]] == [("totals", 2), ("shares", 2)]
    assert found["also_read"] == {"customers": {"read": 1, "accepted": 1, "refused": 0}}
    told = {(rule["of"], rule["rule"]): (rule["value"], rule["outcome"]) for rule in found["rules"]}
    assert told["orders", "quarantined-share"] == (0, "holds")
    assert told["orders", "unreadable-files"] == (0, "holds")
    assert told["orders", "rows-of-earlier-issue"] == (None, "nothing")
    assert told["totals", "no-total"] == (0, "holds")


def test_what_fails_is_named_and_let_through_to_be_looked_at(folder: Path) -> None:
    """A rule of the data set, one of a table behind it, an unreadable file; refused rows with reason and text; a check
    that refuses none is told, too.
    """
    put(folder, GOOD)
    put(folder, {"orders/west/2024-01.csv": f"{HEAD}4,-1,paid\nx,1,paid\n5,1,new\n6,-2,new\n"})
    put(folder, {"orders/east/2024-01.csv": "nothing\n1\n"})
    found = tried(folder, rows=1)
    assert found["passed"] is False
    assert found["accept"] == ["quarantined-share", "unreadable-files", "null-share"]
    assert found["rows"] == {"read": 7, "accepted": 4, "refused": 3}
    assert found["reasons"] == {"negative": 2, "not-long": 1}
    west = "orders/west/2024-01.csv"
    assert [(row["path"], row["row"], row["reason"], row["raw"]) for row in found["refused"]] == [
        (west, 1, "negative", "4,-1,paid"),
        (west, 2, "not-long", "x,1,paid"),
    ]
    assert [(check["name"], check["refused"]) for check in found["checks"]] == [("negative", 2), ("never", 0)]
    assert [file["error"] and file["error"][:20] for file in found["files"]] == [
        "it has no column id;",
        None,
        None,
        None,
    ]
    totals, shares = found["tables"]
    assert (totals["held_by"], totals["rows"]) == (["totals", "orders"], 3)
    assert (shares["missing"], shares["rows"]) == (["customers"], 0)
    told = {
        (rule["of"], rule["rule"]): (rule["value"], rule["source"], rule["outcome"])
        for rule in found["rules"]
    }
    assert told["orders", "quarantined-share"] == (0.75, west, "fails")
    assert told["totals", "null-share(status)"] == (0.333333, "totals", "fails")


def test_what_cannot_be_made_at_all(folder: Path) -> None:
    """SQL of the data set that fails on a value: the error is named, the file is accounted for."""
    put(folder, GOOD)
    wrong = replace(ORDERS, sql="SELECT CAST(status AS INTEGER) AS n FROM orders")
    found = tried(folder, Definitions({"orders": wrong}, {}))
    assert (found["passed"], found["accept"], found["table"]["rows"]) == (False, [], 0)
    assert "orders" in found["errors"][0]
    assert found["table"]["error"] == found["errors"][0]


def test_files_that_are_not_read(folder: Path) -> None:
    """What nobody claims with the nearest pattern, what a marker holds back, and hidden files."""
    put(
        folder,
        {**GOOD, "customers.csv": "id\n1\n", "unaltered/2024-01.csv": HEAD, ".git/x": "", "notes.txt": ""},
    )
    put(folder, {"orders/_SUCCESS": "", "orders/north/_SUCCESS": "", "customers.csv": "id\n1\n"})
    waits = replace(ORDERS, complete="_SUCCESS")
    found = tried(
        folder, Definitions({"orders": waits, "customers": CUSTOMERS}, {}), globs=["*north*", "*south*"]
    )
    assert [file["path"] for file in found["files"]] == ["orders/north/2024-01.csv"]
    assert found["waiting"] == [
        "orders 2024-01 region=south: waits for orders/south/_SUCCESS with its 1 file"
    ]
    assert found["unclaimed"] == 2
    near = {each["path"]: (each["nearest"], each["of"]) for each in found["unclaimed_files"]}
    assert near["unaltered/2024-01.csv"] == (ORDERS.patterns[0], "orders")
    assert (found["others"], found["left_out"]) == ({"customers": 1}, 0)


def test_a_part_of_the_files(folder: Path) -> None:
    """--file reads some of them, and says how many it leaves out."""
    put(folder, GOOD)
    found = tried(folder, Definitions({"orders": ORDERS}, {}), globs=["*/north/*"])
    assert (found["rows"]["read"], found["left_out"]) == (2, 1)


def test_personal_data_is_not_shown(folder: Path) -> None:
    """Neither the text of a refused row nor the column that is dropped."""
    put(folder, {"orders/north/2024-01.csv": f"{HEAD}1,1,anna\nx,1,anna\n"})
    columns = (*ORDERS.columns[:2], replace(ORDERS.columns[2], pii="drop"))
    found = tried(folder, Definitions({"orders": replace(ORDERS, columns=columns, rules={})}, {}))
    assert found["private"] is True
    assert [row["raw"] for row in found["refused"]] == [None]
    assert "anna" not in json.dumps(found)


@pytest.mark.parametrize(
    ("contents", "below", "globs", "said"),
    [
        ({}, "", [], "this folder has no files"),
        ({".hidden": ""}, "", [], "this folder has no files"),
        (
            {"a.txt": ""},
            "",
            [],
            r"its one file is not one of orders, whose pattern is orders/\{region\}/.*found a.txt",
        ),
        ({"customers.csv": "id\n"}, "", [], "customers.csv is one of customers"),
        (
            {"orders/a/2024-01.csv": HEAD},
            "orders",
            [],
            "paths begin at the folder of the input, here .*/in: try ",
        ),
        (
            {"orders/a/2024-01.csv": HEAD},
            "",
            ["*.gz"],
            r"none of the 1 files of orders fits, such as orders/a/2024",
        ),
    ],
)
def test_nothing_to_try_is_one_line(folder: Path, contents: dict, below: str, globs: list, said: str) -> None:
    """An empty folder, one whose files are nobody's, one that is too deep, a --file that fits none."""
    put(folder, contents)
    with pytest.raises(JobError, match=said):
        tried(folder, input=str(folder / below).rstrip("/"), globs=globs)


def test_a_reader_of_ones_own_that_fails_is_the_users(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line with where it failed."""
    (tmp_path / "shop_failing.py").write_text(
        "class Reader:\n    def __init__(self, dataset):\n        pass\n    def read(self, *_):\n        1 // 0\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    put(tmp_path / "in", GOOD)
    (tmp_path / "scratch").mkdir()
    own = replace(ORDERS, reader="shop_failing:Reader")
    (tmp_path / "datasets.json").write_text(datasets.write(Definitions({"orders": own}, {})))
    places = {"definitions": "datasets.json", "input": "in", "scratch": "scratch", "result": "out.json"}
    words = [f"--{name}={tmp_path / place}" for name, place in places.items()]
    with pytest.raises(
        JobError, match=r"reader shop_failing:Reader failed at .*shop_failing.py:5: ZeroDivisionError"
    ):
        job.main([*words, "--dataset=orders"])


def test_its_accounts_are_those_of_a_run(folder: Path, output: str) -> None:
    """The same files on the embedded AWS: what a run reads, accepts and publishes of them is what was tried."""
    put(folder, {**GOOD, "customers.csv": "id\n7\n"})
    put(
        folder,
        {"orders/west/2024-01.csv": f"{HEAD}4,-1,paid\nx,1,paid\n5,1,new\n6,2,new\n7,1,new\n8,1,new\n"},
    )
    known = replace(SHOP, tables={"totals": replace(TOTALS, rules={}), "shares": SHARES})
    found = tried(folder, known)
    source = output.replace("/out", "/in")
    for path in folder.rglob("*.csv"):
        files(source).write(f"{source}/{path.relative_to(folder).as_posix()}", path.read_bytes())
    place = f"{output}/datasets.json"
    files(place).write(place, datasets.write(known).encode())
    prepare_datasets.prepare(prepare_datasets.Target(source, output, "1"), known, Selection())
    where = [f"--input={source}", f"--output={output}", f"--definitions={place}"]
    catalog = f"--catalog=glue:{output.split('/')[2]}"
    load.main([*where, f"--plan={output}/runs/1/plan.json", catalog, "--run=1"])
    summary = json.loads(files(output).read(f"{output}/runs/1/summary.json"))
    mine = [file for file in summary["files"] if file["dataset"] == "orders"]
    assert [
        (file["path"], *file["rows"].values(), file["reasons"], file["bytes"]) for file in found["files"]
    ] == [
        (
            file["source"],
            file["rows_read"],
            file["rows_counted"],
            file["rows_quarantined"],
            file["reasons"],
            file["bytes"],
        )
        for file in mine
    ]
    assert {each["name"]: each["rows"] for each in (found["table"], *found["tables"])} == {
        name: summary["tables"][name]["rows"] for name in ("orders", "totals", "shares")
    }


CASES = Path(__file__).resolve().parents[4] / "shared" / "cases" / "own-data"


def test_the_orders_of_the_shared_cases(folder: Path) -> None:
    """Forty days of gzipped JSON lines."""
    if not CASES.is_dir():
        pytest.skip(f"{CASES} is not here")
    subprocess.run([sys.executable, str(CASES / "gen_orders.py"), str(folder)], check=True)
    columns = (
        Column("order_id", "string"),
        Column("ordered_at", "timestamptz", named=("ts",)),
        Column("amount", "decimal(12,2)"),
    )
    pattern = "orders/{year}/{month}/{day}/part-*.json.gz"
    orders = Dataset("orders", (pattern,), Format("json"), columns, rules={"unique(order_id)": "warn"})
    found = tried(folder, Definitions({"orders": orders}, {}), rows=2)
    assert found["rows"] == {"read": 3058, "accepted": 3040, "refused": 18}
    assert found["reasons"] == {"malformed": 6, "not-timestamptz": 6, "null": 6}
    assert [row["reason"] for row in found["refused"]] == ["malformed"] * 2 + ["not-timestamptz"] * 2 + [
        "null"
    ] * 2
    assert found["passed"] is True
    repeated = next(rule for rule in found["rules"] if rule["rule"] == "unique(order_id)")
    assert (repeated["outcome"], repeated["value"]) == ("warns", 640)
    assert repeated["note"].startswith("such as order_id=")
    assert found["messages"] == [
        "orders: the column customer_id of its files is ignored; to load it, add a line to its columns, such as "
        "customer_id: string?",
        "orders: the column status of its files is ignored; to load it, add a line to its columns, such as "
        "status: string?",
        "orders: the column channel of its files is ignored; to load it, add a line to its columns, such as "
        "channel: string?",
    ]


def test_a_zone_that_is_not_the_data_s_is_said(folder: Path) -> None:
    """With the file, the column and its first time both ways; the run passes."""
    path = folder / "readings" / "2024-01.parquet"
    path.parent.mkdir(parents=True)
    stamps = pa.array([1_700_000_000_000_000], pa.timestamp("us", "America/New_York"))
    pq.write_table(pa.table({"taken_at": stamps}), path)
    written = Format("parquet", timezone="UTC")
    readings = Dataset("readings", ("readings/*.parquet",), written, (Column("taken_at", "timestamp"),))
    found = tried(folder, Definitions({"readings": readings}, {}), name="readings")
    assert found["passed"] is True
    assert found["messages"] == [
        "readings: readings/2024-01.parquet: its column taken_at is marked with the zone America/New_York, and read in "
        "UTC: its first time is taken for 2023-11-14 22:13:20, in America/New_York it is 2023-11-14 17:13:20"
    ]
