"""Keys that are erased: out of every table, out of older snapshots and raw texts, and left out by whatever reads them
again, until they are taken back.
"""

from __future__ import annotations

import gzip
import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest
from pyiceberg.conversions import from_bytes
from pyiceberg.types import LongType
from randomness import SOAK
from shop import Shop, orders

from data_pipeline.etl.documents import datasets, erasures
from data_pipeline.etl.documents.datasets import Column, Definitions, Format, Table
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.ingestion import state
from data_pipeline.etl.publishing import erased_keys, erasing, tables
from data_pipeline.etl.publishing import keyed as keyed_tables
from data_pipeline.etl.rehearsal import catalog
from data_pipeline.etl.state import erased
from data_pipeline.etl.state.entries import time_text
from data_pipeline.etl.storage.filesystem import files

FIRST, SECOND = "orders/north/2024-01.csv", "orders/south/2024-02.csv"
KEYED = {"key": ("id",), "latest": ("ordered_at",), "deleted": "status = 'gone'", "history": True}
TABLES = ("orders", "orders_versions", "orders_history")


def row(number: int, day: int, status: str = "new", amount: str = "1.5") -> tuple[str, str, str, str]:
    return (str(number), f"2024-01-{day:02}T10:00:00Z", amount, status)


def erase(
    shop: Shop,
    *keys: str,
    dataset: str = "orders",
    columns: tuple[str, ...] = ("id",),
    since: str = "2024-03-01T00:00:00Z",
) -> None:
    """Record that ``keys`` are erased, as the command does."""
    place = erasures.place(shop.output, dataset)
    known = files(place).load(place)
    record = erasures.read(known[0], place) if known else erasures.new()
    texts = [key.split("/") for key in keys]
    files(place).write(place, erasures.write(record.with_keys(columns, texts, since)).encode())


def lift(shop: Shop, *keys: str) -> None:
    erased.change(shop.output, "orders", lambda record: record.without(["id"], [[key] for key in keys]))


def ids(shop: Shop, name: str) -> set[int]:
    return {each["id"] for each in shop.rows(name)}


def snapshots_with(shop: Shop, name: str, number: int) -> int:
    """How many snapshots of a table still show an id."""
    table = shop.at.find(name)
    found = 0
    for each in table.snapshots():
        rows = table.scan(snapshot_id=each.snapshot_id).to_arrow()
        found += number in rows["id"].to_pylist()
    return found


def bounds(shop: Shop, name: str) -> set[int]:
    """The smallest and largest ids that any manifest of any snapshot tells of a file, also of one that is gone."""
    table = shop.at.find(name)
    number = table.schema().find_field("id").field_id
    found = set()
    for each in table.snapshots():
        for manifest in each.manifests(table.io):
            for entry in manifest.fetch_manifest_entry(table.io, discard_deleted=False):
                of = [entry.data_file.lower_bounds or {}, entry.data_file.upper_bounds or {}]
                found |= {from_bytes(LongType(), values[number]) for values in of if number in values}
    return found


def raw_texts(shop: Shop) -> list[str | None]:
    folder = f"{shop.output}/quarantine"
    found: list[str | None] = []
    for stored in files(folder).list(folder):
        with files(stored.uri).fetched(stored.uri, "", None) as path:
            found += pq.read_table(path)["raw"].to_pylist()
    return found


@pytest.fixture
def shop(tmp_path, monkeypatch) -> Shop:
    """In folders, with a catalog of its own."""
    at = catalog.connect(tmp_path / "out")
    monkeypatch.setattr(tables, "connect", lambda *_: at)
    (tmp_path / "in").mkdir()
    return Shop(str(tmp_path / "out"), Definitions({"orders": orders()}))


@pytest.fixture
def kept(shop) -> Shop:
    """Three orders in two files, one of which deletes another, and an export and a table that are made of them."""
    counted = Table("counted", "SELECT status, count(*) AS n FROM orders GROUP BY ALL", ("orders",))
    shop.define(orders(**KEYED, export="orders.parquet"), made=(counted,))
    shop.put(FIRST, [row(1, 1), row(2, 1), row(3, 1), row(2, 2, amount="-1")])
    shop.run()
    shop.put(SECOND, [row(1, 3, "paid"), row(2, 4, "paid"), row(3, 5, "gone")])
    shop.run()
    return shop


def test_a_key_goes_from_every_table_snapshot_and_text(kept, tmp_path):
    """And from the export, while the other keys stay as they are."""
    assert [snapshots_with(kept, name, 2) for name in TABLES] == [2, 2, 2]
    assert 2 in bounds(kept, "orders")
    before = {place for name in TABLES for place in erasing.needed(kept.at, name)}
    erase(kept, "2")
    assert kept.prepare()["reason"] == "keys to be erased from orders"
    summary = kept.load()
    assert {name for name, each in summary["tables"].items() if each["committed"]} == {
        "orders",
        "orders_history",
        "counted",
    }
    told = summary["erasures"]["orders"]
    assert told["rows"] == {"orders": 1, "orders_versions": 2, "orders_history": 2}
    assert told["texts"] == 1
    assert told["kept"] == []
    assert told["waits"] == []
    assert told["files"] > 0
    assert [ids(kept, name) for name in TABLES] == [{1}, {1, 3}, {1, 3}]
    assert [snapshots_with(kept, name, 2) for name in TABLES] == [0, 0, 0]
    assert [bounds(kept, name) for name in TABLES] == [{1}, {1, 3}, {1, 3}]
    assert kept.rows("counted") == [{"status": "paid", "n": 1}]
    assert kept.snapshots("counted") == 1
    assert not [raw for raw in raw_texts(kept) if raw and raw.startswith("2,")]
    export = f"{kept.output}/export/orders.parquet"
    with files(export).fetched(export, "", tmp_path) as path:
        assert pq.read_table(path)["id"].to_pylist() == [1]
    versions = kept.document("summary.json")["versions"]["orders"]
    assert versions == {"accepted": 4, "current": 1, "superseded": 2, "deleted": 1}
    assert kept.prepare()["proceed"] is False
    record = files(export).read(erasures.place(kept.output, "orders"))
    assert json.loads(record)["keys"][0]["done"]
    needed = {place for name in TABLES for place in erasing.needed(kept.at, name)}
    there = {stored.uri for stored in files(kept.output).list(f"{kept.output}/warehouse")}
    assert needed <= there
    gone = {place for place in before - needed if not place.endswith(".metadata.json")}
    assert gone
    assert not gone & there


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_what_is_read_again_leaves_the_key_out(kept):
    """A file that is issued again, and a table that is made anew; refused rows of it keep no text."""
    erase(kept, "2", "4")
    kept.prepare()
    kept.load()
    kept.put(FIRST, [row(1, 1), row(2, 6), row(4, 1), row(4, 2, amount="-1"), row(5, 1, amount="-2")])
    summary = kept.run()
    assert summary["rows"] == {"read": 5, "counted": 1, "quarantined": 2, "erased": 2}
    assert summary["datasets"]["orders"]["rows"]["erased"] == 2
    assert [file["rows_erased"] for file in summary["files"]] == [2]
    texts = [raw for raw in raw_texts(kept) if raw]
    assert [text.split(",")[0] for text in texts] == ["5"]
    assert ids(kept, "orders_versions") == {1, 3}
    kept.run("--rebuild=orders")
    assert ids(kept, "orders_versions") == {1, 3}
    kept.put("orders/north/2024-03.csv", [row(2, 9)])
    assert kept.run()["rows"] == {"read": 1, "counted": 0, "quarantined": 0, "erased": 1}
    assert kept.prepare()["proceed"] is False


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_a_key_that_is_taken_back_comes_with_what_is_read_next(kept):
    erase(kept, "2")
    kept.prepare()
    kept.load()
    lift(kept, "2")
    assert kept.prepare()["proceed"] is False
    kept.run("--reprocess=true")
    assert [ids(kept, name) for name in TABLES] == [{1, 2}, {1, 2, 3}, {1, 2, 3}]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_what_a_training_set_names_stays_and_is_told(kept):
    table = kept.at.find("orders")
    snapshot = table.current_snapshot().snapshot_id
    table.manage_snapshots().create_tag(snapshot, "dataset.next.0123456789ab").commit()
    erase(kept, "2")
    kept.prepare()
    told = kept.load()["erasures"]["orders"]
    refs = ["dataset.next.0123456789ab"]
    assert told["kept"] == [{"table": "orders", "snapshot": str(snapshot), "refs": refs}]
    assert snapshots_with(kept, "orders", 2) == 1
    assert ids(kept, "orders") == {1}


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_it_is_not_done_before_what_is_made_of_the_rows_is_made_anew(kept):
    """A table that its rule holds back still has the key: its snapshots go with the run that can make it."""
    dataset = kept.definitions.datasets["orders"]
    counted = kept.definitions.tables["counted"]
    held = Table(**{**vars(counted), "sql": "SELECT 1/0 AS status, 1 AS n, status::INT AS x FROM orders"})
    kept.define(dataset, made=(held,))
    erase(kept, "2")
    kept.prepare()
    with pytest.raises(Exception, match="older snapshots stay until counted can be made"):
        kept.load()
    assert ids(kept, "orders") == {1}
    assert snapshots_with(kept, "orders", 2) > 0
    kept.define(dataset, made=(counted,))
    assert "keys to be erased from orders" in kept.prepare()["reason"]
    kept.load()
    assert [snapshots_with(kept, name, 2) for name in TABLES] == [0, 0, 0]
    assert kept.prepare()["proceed"] is False


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_what_features_were_ingested_of_goes_after_the_next_ingestion(kept):
    """It tells which records are gone. An entry of long ago, of a group that there is no more, keeps nothing."""
    before = str(kept.at.find("orders").current_snapshot().snapshot_id)
    place = state.place(kept.output)
    seen = state.write(place, {"totals": state.Entry(before, [], "run-2")}, None)
    erase(kept, "2", since=time_text(datetime.now(UTC)))
    kept.prepare()
    assert kept.load()["erasures"]["orders"]["ingests"] == ["orders"]
    assert [snapshots_with(kept, name, 2) for name in TABLES] == [1, 0, 0]
    assert kept.prepare()["reason"] == "keys to be erased from orders"
    after = str(kept.at.find("orders").current_snapshot().snapshot_id)
    seen = state.write(place, {"totals": state.Entry(after, [], "run-3")}, seen)
    assert kept.load()["erasures"]["orders"]["ingests"] == []
    assert snapshots_with(kept, "orders", 2) == 0
    assert kept.prepare()["proceed"] is False
    state.write(place, {"totals": state.Entry(after, [], "run-3", [after])}, seen)
    erase(kept, "1")
    kept.prepare()
    assert kept.load()["erasures"]["orders"]["ingests"] == []
    assert snapshots_with(kept, "orders", 1) == 0


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_a_data_set_that_has_lost_its_key_is_erased_from_as_well(kept):
    """A run that refuses the new definition reads nothing, so it makes no key pending; one that takes it up erases."""
    erase(kept, "2")
    kept.prepare()
    kept.load()
    kept.define(orders())
    with pytest.raises(JobError, match="lost its key"):
        kept.run("--from-now-on=orders")
    assert not erased.load(kept.output, "orders").pending
    erase(kept, "1")
    told = kept.run("--rebuild=orders")["erasures"]["orders"]
    assert told["rows"] == {"orders": 1}
    assert ids(kept, "orders") == {3}
    assert snapshots_with(kept, "orders", 1) == 0
    assert kept.prepare()["proceed"] is False


def test_a_data_set_that_is_not_deployed_any_more_is_told(shop):
    erase(shop, "2")
    assert shop.prepare()["reason"] == "keys to be erased from orders"
    place = f"{shop.output}/datasets.json"
    files(place).write(place, datasets.write(Definitions({"others": orders(name="others")})).encode())
    with pytest.raises(JobError, match="the plan has a data set orders, and the definitions have not"):
        shop.load()


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_a_file_that_cannot_be_deleted_keeps_only_the_erasure_from_its_end(kept, monkeypatch):
    """What the run has loaded is noted, and the next one deletes the file."""
    store = type(files(kept.output))
    delete = store.delete

    def deny(self, place):
        if place.endswith(".parquet"):
            raise JobError(f"{place}: AccessDenied")
        delete(self, place)

    erase(kept, "2")
    kept.put("orders/north/2024-03.csv", [row(6, 9)])
    kept.prepare()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(store, "delete", deny)
        with pytest.raises(
            JobError, match=r"orders: its erased keys are not gone yet: older snapshots: .*Denied"
        ):
            kept.load()
    assert kept.document("summary.json")["erasures"]["orders"]["error"].startswith("older snapshots: ")
    assert kept.prepare()["reason"] == "keys to be erased from orders"
    assert kept.load()["erasures"]["orders"]["files"] > 0
    assert kept.prepare()["proceed"] is False


def test_what_an_erasure_that_fails_has_changed_is_told_as_changed(kept, monkeypatch):
    """The tables that it came to, and no others."""
    refresh, tried = keyed_tables.refresh, []

    def deny(at, table, *rest):
        tried.append(table.name)
        if table.name == "orders_history":
            raise JobError("AccessDenied")
        return refresh(at, table, *rest)

    erase(kept, "2")
    kept.prepare()
    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(keyed_tables, "refresh", deny)
        with pytest.raises(JobError, match=r"orders: its erased keys are not gone yet: AccessDenied"):
            kept.load()
    assert tried[:2] == ["orders", "orders_history"]
    summary = kept.document("summary.json")
    assert summary["erasures"]["orders"]["rows"] == {"orders": 1, "orders_versions": 2}
    assert summary["tables"]["orders"]["committed"]
    kept.prepare()
    assert kept.load()["erasures"]["orders"]["rows"] == {
        "orders": 0,
        "orders_versions": 0,
        "orders_history": 2,
    }


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="each is several runs")
def test_a_run_that_did_not_know_of_a_key_is_looked_after(kept, monkeypatch):
    """The key is erased while a run that began before reads it: the next run takes it out."""
    kept.put("orders/north/2024-03.csv", [row(2, 9), row(6, 9)])
    kept.prepare()
    known = erased_keys.of

    def late(record, *more):
        if not record.keys:
            erase(kept, "2")
        return known(record, *more)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(erased_keys, "of", late)
        kept.load()
    assert 2 in ids(kept, "orders")
    assert kept.prepare()["reason"] == "keys to be erased from orders"
    kept.load()
    assert ids(kept, "orders") == {1, 6}


def test_where_sql_makes_the_key_its_rows_are_counted(shop):
    """By the number of the row, which the SQL hands on."""
    columns = (Column("after", "struct<id:int,state:string?>"),)
    sql = "SELECT after.id AS id, after.state AS state, _row FROM changes"
    changes = orders(
        name="changes",
        patterns=("changes/{year}-{month}.json.gz",),
        format=Format("json"),
        columns=columns,
        checks={"named": "after.state <> 'bad'"},
        sql=sql,
        key=("id",),
    )
    shop.define(changes)
    erase(shop, "2", dataset="changes")
    lines = [
        {"after": {"id": n, "state": state}} for n, state in ((1, "a"), (2, "b"), (2, "bad"), (3, "bad"))
    ]
    content = "".join(f"{json.dumps(line)}\n" for line in lines)
    shop.put_bytes("changes/2024-01.json.gz", gzip.compress(content.encode()))
    summary = shop.run()
    assert summary["rows"] == {"read": 4, "counted": 1, "quarantined": 2, "erased": 1}
    assert [raw for raw in raw_texts(shop) if raw] == [json.dumps(lines[3])]
    assert ids(shop, "changes") == {1}
