"""Publication to the Glue catalog and S3 of the embedded AWS: what readers see, however runs end or meet."""

import io
import json
import threading

import pyarrow.parquet as pq
import pytest
from account import HEADER, trips
from clients import client
from randomness import SEED, times
from taxi.definitions import TABLES


def test_a_run_publishes_both_tables_and_the_export(account):
    """Tables, export, summary and verdict say what the csv module counts, with their lineage."""
    summary = account.run("first")
    assert account.rides() == account.exported() == account.expected()
    trip_counts, ride_counts = account.tables().load("trip_counts"), account.tables().load("ride_counts")
    assert [field.name for field in trip_counts.spec().fields] == ["dataset", "month"]
    assert {str(f.field_type) for f in trip_counts.schema().fields if f.name == "window_start"} == {
        "timestamp"
    }
    made_of = str(trip_counts.current_snapshot().snapshot_id)
    properties = ride_counts.current_snapshot().summary.additional_properties
    assert properties["pipeline.trip-counts-snapshot"] == made_of
    assert properties["pipeline.run"] == "first"
    assert properties["pipeline.code-version"] == "c0de"
    assert properties["pipeline.sources"] == "2"
    assert properties["pipeline.summary"] == f"s3://{account.bucket}/out/runs/first/summary.json"
    head = account.s3.head_object(Bucket=account.bucket, Key="out/export/X.parquet")["Metadata"]
    assert head["ride-counts-snapshot"] == str(ride_counts.current_snapshot().snapshot_id)
    metadata = pq.read_schema(io.BytesIO(account.get("export/X.parquet"))).metadata
    assert metadata[b"pipeline.trip-counts-snapshot"].decode() == made_of
    verdict = json.loads(account.get("runs/first/verdict.json"))
    assert verdict["rows"] == summary["rows"] == {"read": 7, "counted": 7, "quarantined": 0}
    assert verdict["windows"] == summary["windows"] == len(account.expected())
    assert verdict["tables"]["trip_counts"] == {"snapshot": made_of}
    assert verdict["files"] == {"read": 2, "failed": 0}


def test_the_same_data_again_commits_nothing(account):
    """A run that is made to read unchanged input again leaves tables, export and processed.json alone."""
    account.run("first")
    keys = ("export/X.parquet", "state/processed.json")
    before = [account.modified(key) for key in keys]
    again = account.run("second", reprocess=True)
    assert account.snapshots() == {"trip_counts": 1, "ride_counts": 1}
    assert [table["committed"] for table in again["tables"].values()] == [False, False]
    assert again["windows"] == len(account.expected())
    assert before == [account.modified(key) for key in keys]


def test_what_was_processed_is_noted(account):
    """processed.json has each file with ETag, size, counted rows and run; then nothing is new."""
    account.put("fhv_tripdata_2015-01.csv", HEADER.encode() + b"B1,never,9\r\nB1,2015-01-01 00:00:00,\r\n")
    account.run("first")
    head = account.s3.head_object(Bucket=account.bucket, Key="in/fhv_tripdata_2015-01.csv")
    assert account.processed()["fhv_tripdata_2015-01.csv"] == {
        "etag": head["ETag"].strip('"'),
        "size": head["ContentLength"],
        "rows": 1,
        "run": "first",
    }
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
    """With --prune its rows go, and the list of processed objects forgets it; twice changes nothing."""
    account.run("first")
    account.delete("fhv_tripdata_2015-02.csv")
    account.run("second", prune=True)
    assert account.rides() == account.exported() == account.expected()
    assert set(account.processed()) == {"fhv_tripdata_2015-01.csv"}
    account.count("second")
    assert account.snapshots() == {"trip_counts": 2, "ride_counts": 2}
    assert account.prepare("third", prune=True)["proceed"] is False


def test_a_file_to_prune_that_came_back_stays(account):
    """A plan that prunes an object which lies in the input again leaves its rows and its note."""
    account.run("first")
    account.delete("fhv_tripdata_2015-02.csv")
    account.prepare("second", prune=True)
    account.put("fhv_tripdata_2015-02.csv", trips("2015-02", 5, 5, 5))
    account.count("second")
    assert account.rides() == account.expected()
    assert len(account.processed()) == 2


def test_two_files_of_one_month(account):
    """A new file of a month that is published already leaves the rows of the other file in place."""
    account.run("first")
    account.put("other/fhv_tripdata_2015-01.csv", trips("2015-01", 0, 700))
    account.run("second")
    assert account.rides() == account.exported() == account.expected()
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 16))
    account.run("third")
    assert account.rides() == account.exported() == account.expected()


def test_a_bad_file_is_in_summary_and_verdict_and_its_old_rows_go(account):
    """A file that has become unreadable is named, nothing of it stays, and the rest is published; it is not
    read again until it changes.
    """
    account.run("first")
    account.put("fhv_tripdata_2015-01.csv", b"<html>")
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 44))
    account.run("second", "--rule-missing-windows", "off", "--rule-rows-of-earlier-issue", "off")
    verdict = account.verdict("second")
    reason = "it is a web page (HTML or XML), not a CSV file"
    assert verdict["messages"] == [f"fhv_tripdata_2015-01.csv: {reason}"]
    assert verdict["files"] == {"read": 1, "failed": 1}
    assert [row["timestamp"].month for row in account.rides()] == [2, 3]
    assert account.processed()["fhv_tripdata_2015-01.csv"]["error"] == reason
    decision = account.prepare("third")
    assert decision["proceed"] is False
    assert decision["messages"] == [
        f"fhv_tripdata_2015-01.csv could not be read ({reason}); put a good one in its place"
    ]
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


def test_many_files_and_a_folder_with_the_name_of_one(account):
    """More files than one asks for singly, and a folder, which is noted as unreadable and not tried again."""
    for n in range(21):
        account.put(f"{n:02}/fhv_tripdata_2015-01.csv", trips("2015-01", n))
    account.run("first")
    assert account.rides() == account.exported() == account.expected()
    account.put("fhv_tripdata_2015-03.csv/part-0", b"x")
    account.put("fhv_tripdata_2015-02.csv", trips("2015-02", 6))
    account.run("second")
    assert "folder" in account.processed()["fhv_tripdata_2015-03.csv/"]["error"]
    assert account.prepare("third")["proceed"] is False


@pytest.mark.parametrize("fill", ["none", "zero"])
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
    for name in ("trip_counts", "ride_counts"):
        summary = account.tables().load(name).current_snapshot().summary
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
    key = prefix + "fhv_tripdata_2015-01.csv.parquet"
    body = account.s3.get_object(Bucket=account.bucket, Key=key)["Body"].read()
    assert pq.ParquetFile(io.BytesIO(body)).read().column("raw").to_pylist() == ["B1,never,9"]
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 1))
    assert account.run("first")["quarantine"] is None
    assert account.s3.list_objects_v2(Bucket=account.bucket, Prefix=prefix)["KeyCount"] == 0


@pytest.mark.parametrize("done", [1, 2])
def test_what_a_killed_run_left_undone_is_done_by_the_next(account, done):
    """After a run that died behind trip_counts, or behind ride_counts, the next completes the rest."""
    from taxi import publication

    account.run("first")
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 44))
    steps = (publication.publish_ride_counts, publication.publish_export)
    with pytest.MonkeyPatch.context() as killed:
        for step in steps[done - 1 :]:
            killed.setattr(publication, step.__name__, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            account.run("killed")
    old = [row for row in account.expected() if row["timestamp"].month != 3]
    assert account.exported() == old
    assert account.rides() == (old if done == 1 else account.expected())
    account.run("next")
    assert account.rides() == account.exported() == account.expected()
    assert account.snapshots() == {"trip_counts": 2, "ride_counts": 2}


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
    import ride_counts

    from data_pipeline.etl.publishing import tables

    account.prepare("loser")
    account.put("fhv_tripdata_2015-03.csv", trips("2015-03", 44))
    account.prepare("rival")
    honest, raced = tables.Tables.load, []

    def load(at, name):
        table = honest(at, name)
        if not raced:
            raced.append(name)
            account.count("rival")
        return table

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables.Tables, "load", load)
        ride_counts.main(account.arguments("loser"))
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
    script = f"{__file__.rsplit('/tests/', 1)[0]}/jobs/ride_counts.py"
    order = choice.sample(range(3), 3)
    started = [
        subprocess.Popen(
            [sys.executable, script, *account.arguments(f"run-{n}")],
            env=account.env,
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
    made_of = account.tables().load("ride_counts").current_snapshot().summary.additional_properties
    newest = str(account.tables().load("trip_counts").current_snapshot().snapshot_id)
    assert made_of["pipeline.trip-counts-snapshot"] == newest
    account.check_whole()
    assert account.prepare("after")["proceed"] is False


def test_two_make_a_table_at_once(account):
    """Eight threads that find no table all get the one that the quickest made."""
    found, start = [], threading.Barrier(8)

    def load():
        at = account.tables()
        start.wait(30)
        found.append(at.load("trip_counts").metadata.table_uuid)

    threads = [threading.Thread(target=load) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert len(set(found)) == 1


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


def test_no_database(account):
    """A catalog without the database is an error that says who makes it."""
    from data_pipeline.etl.errors import JobError
    from data_pipeline.etl.publishing import tables

    at = tables.connect("glue:nowhere", f"s3://{account.bucket}/out/warehouse", TABLES)
    with pytest.raises(JobError, match="there is no Glue database nowhere; deploying makes it"):
        at.load("trip_counts")


def test_a_glue_table_of_another_kind(account, embedded):
    """A table of that name that is not Iceberg is left alone, and the error says what to do."""
    from data_pipeline.etl.errors import JobError

    table = {"Name": "trip_counts", "TableType": "EXTERNAL_TABLE", "Parameters": {"classification": "csv"}}
    client(embedded, "glue").create_table(DatabaseName=account.database, TableInput=table)
    with pytest.raises(JobError, match="trip_counts is not an Iceberg table; drop or rename it"):
        account.run("first")


def state(account) -> list:
    """What must not change when nothing is published."""
    keys = ("export/X.parquet", "state/processed.json")
    return [account.snapshots(), *(account.modified(key) for key in keys)]


def test_a_failed_rule_publishes_nothing_and_keeps_the_evidence(account):
    """Tables, export and processed.json stay; summary and verdict name rule, value and limit; the refused
    rows are in quarantine; the same run with the rule accepted publishes, and its lineage says so.
    """
    account.run("first")
    account.put("fhv_tripdata_2015-01.csv", HEADER.encode() + b"B1,never,9\r\nB1,2015-01-01 00:00:00,\r\n")
    before = state(account)
    strict = ("--rule-quarantined-share", "fail 0.25", "--rule-rows-of-earlier-issue", "off")
    summary = account.run("bad", *strict)
    assert state(account) == before
    breach = {"rule": "quarantined-share", "source": "fhv_tripdata_2015-01.csv", "value": 0.5, "limit": 0.25}
    verdict = account.verdict("bad")
    assert (verdict["passed"], verdict["failed_rules"], verdict["accepted"]) == (False, [breach], [])
    assert (verdict["export"], verdict["tables"]) == (None, {})
    assert (summary["quality"]["passed"], summary["quality"]["failed_rules"]) == (False, [breach])
    key = "out/quarantine/run=bad/fhv_tripdata_2015-01.csv.parquet"
    assert account.s3.head_object(Bucket=account.bucket, Key=key)["ContentLength"]
    assert account.prepare("again")["changed"] == 1
    account.count("again", *strict, "--accept", "quarantined-share,future-time")
    verdict = account.verdict("again")
    assert (verdict["passed"], verdict["failed_rules"], verdict["accepted"]) == (
        True,
        [],
        ["quarantined-share"],
    )
    for name in ("trip_counts", "ride_counts"):
        lineage = account.tables().load(name).current_snapshot().summary.additional_properties
        assert lineage["pipeline.accepted"] == "quarantined-share"
    metadata = pq.read_schema(io.BytesIO(account.get("export/X.parquet"))).metadata
    assert metadata[b"pipeline.accepted"] == b"quarantined-share"
    assert account.processed()["fhv_tripdata_2015-01.csv"]["run"] == "again"


def test_trips_in_the_future_are_not_published(account):
    """A month that has not begun yet cannot have trips."""
    account.put("fhv_tripdata_2099-01.csv", trips("2099-01", 3))
    account.run("first")
    assert account.snapshots() == {"trip_counts": 0, "ride_counts": 0}
    (breach,) = account.verdict("first")["failed_rules"]
    assert (breach["rule"], breach["value"], breach["limit"]) == ("future-time", 1, 0)
