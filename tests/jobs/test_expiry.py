"""Expiry: old snapshots and their files go, tagged ones and young files stay, readers see no difference."""

import json
import time

import pytest
from account import trips

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import maintenance
from data_pipeline.etl.publishing import expiry

DAY = 86_400
TABLES = ("trip_counts", "ride_counts")


@pytest.fixture
def once(account):
    """An account whose month was published once."""
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 0))
    account.run("run-0")
    return account


@pytest.fixture
def grown(account):
    """An account whose month was re-issued four times, a run each."""
    for n in range(4):
        account.put("fhv_tripdata_2015-01.csv", trips("2015-01", *range(n + 1)))
        account.run(f"run-{n}")
    return account


def names(account, table: str) -> set[str]:
    pages = account.s3.list_objects_v2(Bucket=account.bucket, Prefix=f"out/warehouse/{table}/")
    return {entry["Key"] for entry in pages["Contents"]}


def test_what_is_expired_and_what_stays(grown):
    """Of four snapshots the newest and a tagged one stay, whole; the files of the other two go, once. The next run
    publishes as ever.
    """
    for table in TABLES:
        the_middle_ones_go(grown, table)
    grown.put("fhv_tripdata_2015-01.csv", trips("2015-01", 500))
    grown.run("after")
    assert grown.rides() == grown.exported() == grown.expected()


def the_middle_ones_go(grown, table: str) -> None:
    at, later = grown.tables(), time.time() + 40 * DAY
    tagged, *_ = snapshots = at.find(table).snapshots()
    rows = at.find(table).scan(snapshot_id=tagged.snapshot_id).to_arrow()
    at.find(table).manage_snapshots().create_tag(tagged.snapshot_id, "training").commit()
    before, rides = names(grown, table), grown.rides()
    assert expiry.expire(at, table, TABLES, 30, 10, later).snapshots == 0
    assert expiry.expire(at, table, TABLES, 41, 1, later).snapshots == 0
    done = expiry.expire(at, table, TABLES, 30, 1, later)
    assert done.snapshots == 2
    assert [s.snapshot_id for s in at.find(table).snapshots()] == [
        snapshots[0].snapshot_id,
        snapshots[3].snapshot_id,
    ]
    left = names(grown, table)
    assert len(before - left) == done.files > 2
    assert at.find(table).scan(snapshot_id=tagged.snapshot_id).to_arrow().equals(rows)
    assert grown.rides() == rides
    assert expiry.expire(at, table, TABLES, 30, 1, later).files == 0


def test_a_file_of_today_stays(once):
    """What a publication has written and not committed yet is not touched until it is a day old."""
    key = "out/warehouse/trip_counts/data/not-committed-yet.parquet"
    once.s3.put_object(Bucket=once.bucket, Key=key, Body=b"x")
    at = once.tables()
    assert expiry.expire(at, "trip_counts", TABLES, 1, 1, time.time() + 0.9 * DAY).files == 0
    expiry.expire(at, "trip_counts", TABLES, 3, 1, time.time() + 1.1 * DAY)
    assert key not in names(once, "trip_counts")


def test_ride_counts_made_of_an_expired_snapshot_is_made_anew(once, monkeypatch):
    """A run that died behind trip_counts long ago is completed after its first snapshot has expired."""
    from data_pipeline.etl.loading import made

    once.put("fhv_tripdata_2015-01.csv", trips("2015-01", 500))
    once.prepare("killed")
    with monkeypatch.context() as killed:
        killed.setattr(made, "make", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            once.count("killed")
    at = once.tables()
    table = at.find("trip_counts")
    old = [s.snapshot_id for s in table.snapshots()[:-1]]
    table.maintenance.expire_snapshots().by_ids(old).commit()
    once.run("next")
    assert once.rides() == once.exported() == once.expected()


def test_the_job(once, capsys):
    """The job says what it did to each table, and refuses what is no number."""
    places = ["--output", f"s3://{once.bucket}/out", "--catalog", f"glue:{once.database}"]
    places += ["--run", "upkeep", "--tables", ",".join(TABLES)]
    maintenance.main(places)
    nothing = {"snapshots": 0, "files": 0, "bytes": 0}
    assert json.loads(once.get("runs/upkeep/maintained.json")) == {
        "version": 1,
        "run": "upkeep",
        "tables": {"trip_counts": nothing, "ride_counts": nothing},
    }
    assert "trip_counts: 0 snapshots expired, 0 files deleted, 0 bytes" in capsys.readouterr().out
    with pytest.raises(JobError, match="--retain-days 0: this is not a number from 1"):
        maintenance.main([*places, "--retain-days", "0"])


def test_before_the_first_run(account, capsys):
    """Tables that nobody has made yet are not made, and that is no failure."""
    places = ["--output", f"s3://{account.bucket}/out", "--catalog", f"glue:{account.database}", "--run", "r"]
    places += ["--tables", ",".join(TABLES)]
    maintenance.main(places)
    assert "ride_counts: there is no such table yet" in capsys.readouterr().out
    assert json.loads(account.get("runs/r/maintained.json"))["tables"] == {}
    assert account.tables().find("trip_counts") is None


def test_the_tables_of_data_sets_are_those_of_their_definitions(tmp_path):
    """So that a project with many has no long argument; no definitions are no tables."""
    found = datasets.Definitions(
        {"orders": datasets.Dataset("orders", ("orders.csv",), datasets.Format("csv"), ())},
        {"customers": datasets.Table("customers", "SELECT 1", ("orders",))},
    )
    place = tmp_path / "datasets.json"
    place.write_text(datasets.write(found), encoding="utf-8")
    assert maintenance.defined(str(place)) == ["orders", "customers"]
    assert maintenance.defined("none") == []
