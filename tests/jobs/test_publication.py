"""Publication to the Glue catalog and S3 of the embedded AWS: what readers see, however runs end or meet."""

import gzip
import io
import json
import threading

import pyarrow.parquet as pq
import pytest
from account import HEADER, trips
from clients import client
from randomness import SEED, SOAK, times

JOBS = f"{__file__.rsplit('/tests/', 1)[0]}/jobs"


def test_a_run_publishes_both_tables_and_the_export(account):
    """Tables, export, summary and verdict say what the csv module counts, with their lineage."""
    summary = account.run("first")
    assert account.rides() == account.exported() == account.expected()
    trip_counts, ride_counts = account.tables().find("trip_counts"), account.tables().find("ride_counts")
    assert [field.name for field in trip_counts.spec().fields] == ["dataset", "_period"]
    assert {str(f.field_type) for f in trip_counts.schema().fields if f.name == "window_start"} == {
        "timestamp"
    }
    made_of = str(trip_counts.current_snapshot().snapshot_id)
    properties = ride_counts.current_snapshot().summary.additional_properties
    assert properties["pipeline.trip-counts-snapshot"] == made_of
    assert properties["pipeline.run"] == "first"
    assert properties["pipeline.code-version"] == "c0de"
    assert properties["pipeline.summary"] == f"s3://{account.bucket}/out/runs/first/summary.json"
    head = account.s3.head_object(Bucket=account.bucket, Key="out/export/X.parquet")["Metadata"]
    assert head["ride-counts-snapshot"] == str(ride_counts.current_snapshot().snapshot_id)
    metadata = pq.read_schema(io.BytesIO(account.get("export/X.parquet"))).metadata
    assert metadata[b"pipeline.trip-counts-snapshot"].decode() == made_of
    verdict = json.loads(account.get("runs/first/verdict.json"))
    assert verdict["rows"] == summary["rows"] == {"read": 7, "counted": 7, "quarantined": 0}
    assert summary["tables"]["ride_counts"]["rows"] == len(account.expected())
    assert verdict["tables"]["trip_counts"] == {"snapshot": made_of}
    assert verdict["files"] == {"read": 2, "failed": 0}


def test_the_same_data_again_commits_nothing(account):
    """A run that is made to read unchanged input again leaves tables and export alone."""
    account.run("first")
    before = account.modified("export/X.parquet")
    again = account.run("second", reprocess=True)
    assert account.snapshots() == {"trip_counts": 1, "ride_counts": 1}
    assert [table["committed"] for table in again["tables"].values()] == [False, False]
    assert again["tables"]["ride_counts"]["rows"] == len(account.expected())
    assert before == account.modified("export/X.parquet")


def test_what_was_processed_is_noted(account):
    """The ledger has each file with ETag, size, rows and run; then nothing is new."""
    account.put("fhv_tripdata_2015-01.csv", HEADER.encode() + b"B1,never,9\r\nB1,2015-01-01 00:00:00,\r\n")
    account.run("first")
    head = account.s3.head_object(Bucket=account.bucket, Key="in/fhv_tripdata_2015-01.csv")
    entry = account.processed()["fhv_tripdata_2015-01.csv"]
    assert (entry.etag, entry.size) == (head["ETag"].strip('"'), head["ContentLength"])
    assert (entry.rows, entry.accepted, entry.quarantined, entry.run) == (2, 1, 1, "first")
    assert set(account.processed()) == {"fhv_tripdata_2015-01.csv", "fhv_tripdata_2015-02.csv"}
    assert account.prepare("second")["proceed"] is False


def test_a_changed_a_new_and_a_removed_file(account):
    """The next run replaces the re-issued file's rows, adds the new one's and keeps the removed one's."""
    account.run("first")
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 30))
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 44))
    before = account.expected()
    account.delete("fhv_tripdata_2015-02.csv")
    summary = account.run("second")
    assert [entry["source"] for entry in summary["files"]] == [
        "fhv_tripdata_2015-01.csv",
        "fhv_tripdata_2015-03.csv",
    ]
    assert account.rides() == account.exported() == before
    assert account.snapshots() == {"trip_counts": 2, "ride_counts": 2}
    assert account.prepare("third")["proceed"] is False


def test_a_removed_file_is_pruned_when_asked(account):
    """With --prune its rows go, and the ledger forgets it; twice changes nothing."""
    account.run("first")
    account.delete("fhv_tripdata_2015-02.csv")
    account.run("second", prune=True)
    assert account.rides() == account.exported() == account.expected()
    assert set(account.processed()) == {"fhv_tripdata_2015-01.csv"}
    account.count("second")
    assert account.snapshots() == {"trip_counts": 2, "ride_counts": 2}
    assert account.prepare("third", prune=True)["proceed"] is False


def test_two_files_of_one_month(account):
    """A new file of a month that is published already leaves the rows of the other file in place; a copy in another
    folder is no data set's.
    """
    account.run("first")
    account.put("fhv_tripdata_2015-01.csv.gz", gzip.compress(trips("2015-01", 0, 700)))
    account.put("unaltered/fhv_tripdata_2015-01.csv", trips("2015-01", 3))
    decision = account.prepare("second")
    assert (decision["new"], decision["ignored"]) == (1, 1)
    account.count("second")
    assert sum(row["fhv"] for row in account.rides()) == 9
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 16))
    account.run("third")
    assert sum(row["fhv"] for row in account.rides()) == 6
    assert account.rides() == account.exported()


def test_a_bad_file_stops_its_data_set_until_it_is_accepted(account):
    """A file that has become unreadable is named, and its old rows stay; accepted, the rest is published."""
    account.run("first")
    account.put("fhv_tripdata_2015-01.csv", b"<html>")
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 44))
    account.run("second")
    (breach,) = account.verdict("second")["failed_rules"]
    assert (breach["rule"], breach["source"]) == ("unreadable-files", "trip_counts: fhv_tripdata_2015-01.csv")
    assert account.snapshots() == {"trip_counts": 1, "ride_counts": 1}
    account.run("third", accept="unreadable-files@second")
    assert sorted({row["timestamp"].month for row in account.rides()}) == [1, 2, 3]
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 0, 1, 15, 60))
    account.run("fourth")
    assert account.rides() == account.exported() == account.expected()


def test_what_could_not_be_fetched_keeps_its_rows_and_is_tried_again(account):
    """A file that changed between plan and run leaves its published rows, and the next run reads it."""
    account.run("first")
    before = account.rides()
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 30))
    account.put("fhv_tripdata_2015-02.csv", trips("2015-02", 5, 5, 5, 5))
    account.prepare("second")
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 45))
    account.count("second")
    assert [row for row in account.rides() if row["month"] == 1] == [
        row for row in before if row["month"] == 1
    ]
    assert account.prepare("third")["changed"] == 1
    account.count("third")
    assert account.rides() == account.exported() == account.expected()


ALIKE = [
    pytest.mark.soak,
    pytest.mark.skipif(not SOAK, reason="as the other way round: `make soak` makes it"),
]


@pytest.mark.parametrize("fill", [pytest.param("none", marks=ALIKE), "zero"])
def test_windows_without_rides(account, fill):
    """With --fill-windows zero each window of a covered month has a row, whichever way it became covered."""
    account.delete("fhv_tripdata_2015-02.csv")
    account.run("first", "--fill-windows", fill)
    account.put("fhv_tripdata_2015-02.csv", trips("2015-02", 5, 5, 5))
    account.put("yellow_tripdata_2016-02.csv", b"pickup_datetime\n2016-02-29 00:00:00\n")
    account.run("second", "--fill-windows", fill)
    assert [row for row in account.rides() if row["num_rides"]] == account.expected()
    rows = (31 + 28 + 29) * 96 if fill == "zero" else len(account.expected())
    assert len(account.rides()) == rows
    assert account.rides() == account.exported()
    if fill == "zero":
        zero = account.rides()[2]
        assert (str(zero["timestamp"]), zero["num_rides"], zero["fhv"]) == ("2015-01-01 00:30:00", 0, 0)
        assert (zero["minutes"], zero["dow"], zero["month"], zero["doy"]) == (30, 5, 1, 1)
    covered = "fhv 2015-01..2015-02; yellow 2016-02"
    summary = account.tables().find("ride_counts").current_snapshot().summary
    assert summary.additional_properties["pipeline.covered-months"] == covered
    metadata = pq.read_schema(io.BytesIO(account.get("export/X.parquet"))).metadata
    assert metadata[b"pipeline.covered-months"].decode() == covered
    account.delete("fhv_tripdata_2015-02.csv")
    account.run("third", "--fill-windows", fill, prune=True)
    assert [row for row in account.rides() if row["num_rides"]] == account.expected()
    assert {row["month"] for row in account.rides() if row["timestamp"].year == 2015} == {1}
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 30))
    account.run("other", "--fill-windows", "none" if fill == "zero" else "zero")
    assert [row for row in account.rides() if row["num_rides"]] == account.expected()
    assert len(account.rides()) == ((31 + 29) * 96 if fill == "none" else len(account.expected()))


def test_an_object_that_changed_or_went_since_the_plan(account):
    """Exactly the planned version is read: what has changed or gone is named, and the rest is counted."""
    account.prepare("late")
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 30))
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 30))
    summary = account.count("late")
    errors = {entry["source"]: entry["error"] for entry in summary["files"]}
    assert errors == {
        "fhv_tripdata_2015-01.csv": "the object has changed since the plan was made",
        "fhv_tripdata_2015-02.csv": None,
    }
    account.delete("fhv_tripdata_2015-01.csv")
    errors = {entry["source"]: entry["error"] for entry in account.count("late")["files"]}
    assert errors["fhv_tripdata_2015-01.csv"] == "there is no such object any more"


def test_quarantine_lies_under_its_run_and_an_earlier_attempt_leaves_nothing(account):
    """Refused rows are under quarantine/run=…; a second attempt of the run replaces those of the first."""
    account.put("fhv_tripdata_2015-01.csv", HEADER.encode() + b"B1,never,9\r\n")
    summary = account.run("first")
    prefix = f"{summary['quarantine'].removeprefix(f's3://{account.bucket}/')}/"
    assert prefix == "out/quarantine/run=first/"
    key = prefix + "dataset=trip_counts/fhv_tripdata_2015-01.csv.parquet"
    body = account.s3.get_object(Bucket=account.bucket, Key=key)["Body"].read()
    assert pq.ParquetFile(io.BytesIO(body)).read().column("raw").to_pylist() == ["B1,never,9"]
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 1))
    assert account.run("first")["quarantine"] is None
    assert account.s3.list_objects_v2(Bucket=account.bucket, Prefix=prefix)["KeyCount"] == 0


def test_a_run_with_an_older_plan_does_not_undo_a_newer_one(account):
    """A slow run that planned before a file came publishes after a quick one: nothing is lost."""
    account.prepare("slow")
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 44))
    account.run("quick")
    account.count("slow")
    assert account.rides() == account.exported() == account.expected()
    assert account.snapshots() == {"trip_counts": 1, "ride_counts": 1}


def test_who_loses_a_race_looks_again(account):
    """A rival commits between load and commit of every step: the loser starts from the rival's state."""
    from data_pipeline.etl.jobs import load as loading
    from data_pipeline.etl.publishing import tables

    account.prepare("loser")
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 44))
    account.prepare("rival")
    honest, raced = tables.Tables.load, []

    def load(at, name, *more):
        table = honest(at, name, *more)
        if not raced:
            raced.append(name)
            account.count("rival")
        return table

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables.Tables, "load", load)
        loading.main(account.arguments("loser"))
    assert raced == ["trip_counts"]
    assert account.rides() == account.exported() == account.expected()
    assert account.snapshots() == {"trip_counts": 1, "ride_counts": 1}


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("publishers")))
def test_publishers_at_once_agree_on_the_newest(account, attempt):
    """Three runs with plans of different age publish at once: all is whole, and of the newest plan."""
    import random
    import subprocess
    import sys

    choice = random.Random(f"{SEED}-publishers-{attempt}")
    for n in range(3):
        account.put(f"fhv_tripdata_2016-0{1 + n}.csv", trips(f"2016-0{1 + n}", *range(0, 2000, 1 + n)))
        account.put("fhv_tripdata_2015-01.csv", trips("2015-01", *range(choice.randrange(1, 600))))
        account.prepare(f"run-{n}")
    order = choice.sample(range(3), 3)
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "data_pipeline.etl.jobs.load", *account.arguments(f"run-{n}")],
            env={**account.env, "PYTHONPATH": JOBS},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for n in order
    ]
    for process in started:
        said, _ = process.communicate(timeout=120)
        assert process.returncode == 0, said
    assert account.rides() == account.exported() == account.expected()
    made_of = account.tables().find("ride_counts").current_snapshot().summary.additional_properties
    newest = str(account.tables().find("trip_counts").current_snapshot().snapshot_id)
    assert made_of["pipeline.trip-counts-snapshot"] == newest
    account.check_whole()
    assert account.prepare("after")["proceed"] is False


def test_one_of_many_conditional_puts_wins(account):
    """Sixteen writers that saw the same object: one replaces it, the others are told that it changed."""
    from data_pipeline.etl.storage.objects import ChangedError
    from data_pipeline.etl.storage.s3 import S3Files

    place, start, won = f"s3://{account.bucket}/out/x", threading.Barrier(16), []
    for seen in (None, "current"):
        won.clear()
        storage = S3Files()
        etag = storage.head(place).etag if seen else None

        def write(n, etag=etag, storage=storage):
            start.wait(30)
            try:
                storage.write_if(place, b"%d" % n, etag, {})
                won.append(n)
            except ChangedError:
                pass

        threads = [threading.Thread(target=write, args=(n + 100 * bool(seen),)) for n in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert [storage.read(place)] == [b"%d" % n for n in won]


def test_a_glue_table_of_another_kind(account, embedded):
    """A table of that name that is not Iceberg is left alone, and the error says what to do."""
    from data_pipeline.etl.errors import JobError

    table = {"Name": "trip_counts", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "csv"}}
    client(embedded, "glue").create_table(DatabaseName=account.database, TableInput=table)
    with pytest.raises(JobError, match="trip_counts is not an Iceberg table; drop or rename it"):
        account.run("first")


def state(account) -> list:
    """What must not change when nothing is published."""
    keys = ("export/X.parquet", "state/datasets/trip_counts/2015.json")
    return [account.snapshots(), *(account.modified(key) for key in keys)]


def test_a_failed_rule_publishes_nothing_and_keeps_the_evidence(account):
    """Tables, export and ledger stay; summary and verdict name rule, value and limit; the refused
    rows are in quarantine; the same run with the rule accepted publishes, and its lineage says so.
    """
    account.run("first")
    account.put("fhv_tripdata_2015-01.csv", HEADER.encode() + b"B1,never,9\r\nB1,2015-01-01 00:00:00,\r\n")
    before = state(account)
    strict = ("--rule-quarantined-share", "fail 0.25", "--rule-rows-of-earlier-issue", "off")
    summary = account.run("bad", *strict)
    assert state(account) == before
    breach = {
        "rule": "quarantined-share",
        "of": "trip_counts",
        "source": "trip_counts: fhv_tripdata_2015-01.csv",
        "value": 0.5,
        "limit": 0.25,
    }
    verdict = account.verdict("bad")
    assert (verdict["passed"], verdict["failed_rules"], verdict["accepted"]) == (False, [breach], [])
    assert (verdict["export"], verdict["tables"]) == (None, {})
    assert (summary["quality"]["passed"], summary["quality"]["failed_rules"]) == (False, [breach])
    key = "out/quarantine/run=bad/dataset=trip_counts/fhv_tripdata_2015-01.csv.parquet"
    assert account.s3.head_object(Bucket=account.bucket, Key=key)["ContentLength"]
    assert account.prepare("again")["changed"] == 1
    account.count("again", *strict, accept="quarantined-share@bad")
    verdict = account.verdict("again")
    assert (verdict["passed"], verdict["failed_rules"], verdict["accepted"]) == (
        True,
        [],
        ["quarantined-share"],
    )
    lineage = account.tables().find("trip_counts").current_snapshot().summary.additional_properties
    assert lineage["pipeline.accepted"] == "quarantined-share"
    assert account.processed()["fhv_tripdata_2015-01.csv"].run == "again"


def test_trips_in_the_future_are_not_published(account):
    """A month that has not begun yet cannot have trips."""
    account.put("fhv_tripdata_2099-01.csv", trips("2099-01", 3))
    account.run("first")
    assert account.snapshots() == {"trip_counts": 0, "ride_counts": 0}
    (breach,) = account.verdict("first")["failed_rules"]
    assert (breach["rule"], breach["value"], breach["limit"]) == ("future-times(window_start)", 1, 0)
