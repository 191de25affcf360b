"""The mirror against a source without faults: what it brings, asks for, records and reports."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from mirrored import PART, parquet, trips
from source_server import File

NAME = "yellow_tripdata_2024-{:02}.parquet"


def publish(server, *months: int, rows: int = 400) -> None:
    """Publish these months of 2024 of the yellow data set."""
    for month in months:
        server.files[f"/trip-data/{NAME.format(month)}"] = parquet(month, rows)


def test_what_is_published_is_brought_and_recorded(mirror, source):
    """From scratch: each month that is there is stored as it is, with its hashes, rows, ETag and date; months
    that are not there yet are no failure.
    """
    publish(source, 1, 2, 3, rows=20_000)
    report = mirror(trips(source))
    assert mirror.stored() == {
        NAME.format(n): source.files[f"/trip-data/{NAME.format(n)}"].content for n in (1, 2, 3)
    }
    assert report["counts"] == {
        "new": 3,
        "updated": 0,
        "unchanged": 0,
        "unpublished": 2,
        "failed": 0,
        "left": 0,
    }
    assert not report["partial"]
    file = source.files[f"/trip-data/{NAME.format(2)}"]
    entry = mirror.record["objects"][NAME.format(2)]
    assert len(file.content) > 2 * PART
    parts = [file.content[at : at + PART] for at in range(0, len(file.content), PART)]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    assert entry["sha256"] == hashlib.sha256(file.content).hexdigest()
    assert entry["parts_sha256"] == hashlib.sha256(digests).hexdigest()
    assert (entry["rows"], entry["etag"], entry["modified"]) == (20_000, file.etag, file.modified)
    assert (entry["size"], entry["lane"]) == (len(file.content), "yellow")
    assert mirror.uploads() == []


def test_nothing_new_costs_one_conditional_request_a_file(mirror, source):
    """A second mirror of 500 known files transfers no body, and asks for each at most once."""
    urls = [f"{source.url}/f/{n}.csv" for n in range(500)]
    source.files = {f"/f/{n}.csv": File(f"a,b\n{n},1\n".encode()) for n in range(500)}
    listed = {"kind": "files", "name": "side", "files": tuple(urls)}
    mirror.seed(source)
    source.asked.clear()
    assert mirror(listed, full=True)["counts"]["unchanged"] == 500
    assert len(source.asked) == 500
    assert {asked.status for asked in source.asked} == {304}
    assert source.sent == 0
    source.asked.clear()
    report = mirror(listed)
    assert (len(source.asked), source.sent) == (50, 0)
    assert (report["counts"]["unchanged"], report["not_again"]) == (50, 450)


def test_known_files_are_asked_for_again_in_turn(mirror, source):
    """An update asks for those that were asked for longest ago, so that a re-issue is found after some runs."""
    publish(source, 1, 2, 3, 4)
    mirror(trips(source))
    source.files[f"/trip-data/{NAME.format(3)}"] = parquet(33)
    found = [
        mirror({"sources": [trips(source)]}, today=date(2024, 6, 15))["counts"]["updated"] for _ in range(1)
    ]
    assert found == [1]
    assert mirror.stored()[NAME.format(3)] == parquet(33).content


def test_a_reissue_keeps_the_earlier_one_as_a_version(mirror, source):
    """The replaced issue is listed with its version, which still has its bytes."""
    publish(source, 1)
    mirror(trips(source), today=date(2024, 2, 1))
    before = source.files[f"/trip-data/{NAME.format(1)}"]
    source.files[f"/trip-data/{NAME.format(1)}"] = parquet(99, 500)
    report = mirror(trips(source), today=date(2024, 2, 1))
    assert report["counts"]["updated"] == 1
    entry = mirror.record["objects"][NAME.format(1)]
    (issue,) = entry["superseded"]
    assert (issue["etag"], issue["sha256"]) == (before.etag, hashlib.sha256(before.content).hexdigest())
    key = {"Bucket": mirror.bucket, "Key": f"in/{NAME.format(1)}"}
    old = mirror.s3.get_object(**key, VersionId=issue["version"])["Body"].read()
    assert old == before.content
    assert mirror.stored() == {NAME.format(1): parquet(99, 500).content}


def test_without_versions_nothing_is_replaced(mirror, source):
    """A bucket that keeps no versions would lose the earlier issue: the file fails, and what is there stays."""
    publish(source, 1)
    mirror(trips(source), today=date(2024, 2, 1))
    mirror.s3.put_bucket_versioning(Bucket=mirror.bucket, VersioningConfiguration={"Status": "Suspended"})
    source.files[f"/trip-data/{NAME.format(1)}"] = parquet(99, 500)
    report = mirror(trips(source), today=date(2024, 2, 1))
    (failed,) = report["files"]
    assert "the bucket keeps no versions" in failed["reason"]
    assert failed["person"]
    assert mirror.stored() == {NAME.format(1): parquet(1).content}
    assert mirror.uploads() == []


def test_the_same_bytes_under_a_new_etag_are_no_reissue(mirror, source):
    """What is published again unchanged stays as it is stored, with the source's new ETag in the record."""
    publish(source, 1)
    mirror(trips(source), today=date(2024, 2, 1))
    key = {"Bucket": mirror.bucket, "Key": f"in/{NAME.format(1)}"}
    before = mirror.s3.head_object(**key)["VersionId"]

    class Anew(File):
        etag = '"published-again-1"'

    source.files[f"/trip-data/{NAME.format(1)}"] = Anew(parquet(1).content)
    assert mirror(trips(source), today=date(2024, 2, 1))["counts"]["unchanged"] == 1
    assert mirror.s3.head_object(**key)["VersionId"] == before
    assert mirror.record["objects"][NAME.format(1)]["etag"] == '"published-again-1"'


def test_a_dry_run_says_what_would_come_and_writes_nothing(mirror, source):
    """It asks for headers only."""
    publish(source, 1, 2)
    report = mirror(trips(source), dry=True)
    assert report["counts"] == {
        "new": 2,
        "updated": 0,
        "unchanged": 0,
        "unpublished": 3,
        "failed": 0,
        "left": 0,
    }
    assert mirror.stored() == {}
    assert [f["size"] for f in report["files"] if f["outcome"] == "new"] == [
        len(parquet(n).content) for n in (1, 2)
    ]
    assert sum(asked.sent for asked in source.asked if asked.method == "HEAD") == 0


def test_only_the_scope_is_asked_for(mirror, source):
    """--dataset and --months narrow what is looked at."""
    publish(source, 1, 2, 3)
    source.files["/trip-data/green_tripdata_2024-02.parquet"] = parquet(5)
    both = trips(source, yellow="2024-01", green="2024-01")
    mirror(both, scope=("green", "2024-02"))
    assert set(mirror.stored()) == {"green_tripdata_2024-02.parquet"}
    assert {asked.path for asked in source.asked} == {"/trip-data/green_tripdata_2024-02.parquet"}


def test_indexes_and_side_files_and_folders(mirror, source):
    """An index is a list of URLs, relative ones too; ``to`` is a folder below the input."""
    source.files["/side/zones.csv"] = File(b"id,name\n1,A\n")
    source.files["/list/index.txt"] = File(b"# all of it\n../side/zones.csv\n\n")
    report = mirror(
        {"kind": "index", "name": "zones", "where": f"{source.url}/list/index.txt", "to": "side/"}
    )
    assert report["counts"]["new"] == 1
    assert mirror.stored() == {"side/zones.csv": b"id,name\n1,A\n"}


def test_an_s3_prefix_is_a_source_too(mirror):
    """Objects of another prefix are brought, and asked for by their ETag the next time."""
    content = parquet(7, 20_000).content
    mirror.s3.put_object(Bucket=mirror.bucket, Key="theirs/a_2024-01.parquet", Body=content)
    there = {"kind": "s3", "name": "theirs", "where": f"s3://{mirror.bucket}/theirs/"}
    assert mirror(there)["counts"]["new"] == 1
    assert mirror.stored() == {"a_2024-01.parquet": content}
    assert mirror(there)["counts"]["unchanged"] == 1


def test_folders_of_an_s3_prefix_are_kept(mirror):
    """Files of one name in two folders are two files."""
    for folder in ("de", "fr"):
        key = f"theirs/{folder}/2024-01.csv"
        mirror.s3.put_object(Bucket=mirror.bucket, Key=key, Body=folder.encode())
    there = {"kind": "s3", "name": "theirs", "where": f"s3://{mirror.bucket}/theirs/", "to": "side/"}
    assert mirror(there)["counts"]["new"] == 2
    assert mirror.stored() == {"side/de/2024-01.csv": b"de", "side/fr/2024-01.csv": b"fr"}


def test_what_was_stored_but_not_recorded_is_not_fetched_again(mirror, source):
    """A mirror that was killed before it wrote its record: the objects themselves tell what they are."""
    publish(source, 1, 2)
    mirror(trips(source))
    mirror.s3.delete_object(Bucket=mirror.bucket, Key="out/state/mirror.json")
    source.asked.clear()
    assert mirror(trips(source))["counts"]["unchanged"] == 2
    assert source.sent <= 1  # the byte that tells "not published" from "blocked"


def test_what_was_deleted_is_fetched_again(mirror, source):
    """A recorded file whose object is gone is a new one."""
    publish(source, 1)
    mirror(trips(source))
    mirror.s3.delete_object(Bucket=mirror.bucket, Key=f"in/{NAME.format(1)}")
    assert mirror(trips(source))["counts"]["new"] == 1
    assert mirror.stored() == {NAME.format(1): parquet(1).content}


@pytest.mark.parametrize("said", ["blocked", "gone"])
def test_a_refusal_of_what_is_known_is_told_apart(mirror, source, said):
    """When everything is refused the source blocks us; when one file is, the source has it no more."""
    publish(source, 1, 2)
    mirror(trips(source))
    source.blocked = said == "blocked"
    if said == "gone":
        del source.files[f"/trip-data/{NAME.format(1)}"]
    report = mirror(trips(source))
    failed = {file["path"]: file["reason"] for file in report["files"] if file["outcome"] == "failed"}
    assert report["partial"]
    if said == "gone":
        assert failed == {NAME.format(1): "the source has it no more (403); what is stored stays"}
        assert report["counts"]["unpublished"] == 3
    else:
        assert report["counts"]["unpublished"] == 0
        assert len(failed) == 5
        assert all("nothing of it is known" in reason or "blocked" in reason for reason in failed.values())
    assert len(mirror.stored()) == 2


def test_a_gap_is_asked_for_twice_and_reported(mirror, source):
    """A month that is refused although later ones are there is suspicious."""
    publish(source, 1, 3)
    report = mirror(trips(source))
    (failed,) = [file for file in report["files"] if file["outcome"] == "failed"]
    assert failed["path"] == NAME.format(2)
    assert "later ones are there" in failed["reason"]
    assert sum(asked.path.endswith("2024-02.parquet") for asked in source.asked) == 2


def test_a_wrong_pattern_is_not_asked_for_ever(mirror, source):
    """With everything refused, the search for a data set ends soon, and nothing is called unpublished."""
    report = mirror(trips(source, yellow="2009-01"))
    assert len(source.asked) < 12
    assert report["counts"]["unpublished"] == 0
    assert report["counts"]["failed"] == len(report["files"]) >= 6
    assert "blocked, or the URL is wrong" in report["files"][0]["reason"]


def test_the_budget_leaves_the_rest_for_the_next_run(mirror, source):
    """A budget of bytes ends a run as partial; the next ones take the rest, each file once."""
    from data_pipeline.etl.mirror.transfer_context import Budget

    publish(source, 1, 2, 3, rows=5_000)
    mirror.settings = {"connections": 1}
    size = len(parquet(1, 5_000).content)
    counts = []
    for _ in range(3):
        report = mirror(trips(source), budget=Budget(size + 10))
        counts.append((report["counts"]["new"], report["counts"]["left"], report["partial"]))
    assert [new for new, _, _ in counts] == [1, 1, 1]
    assert [partial for _, _, partial in counts] == [True, True, False]
    assert source.sent <= 5 * size + 10  # of each run one more file is begun, no others
    assert len(mirror.stored()) == 3


def test_a_source_that_cannot_be_listed_stops_no_other(mirror, source):
    """An index that is not there, a bucket that is not, and a URL that names no file: each is told, the rest comes."""
    source.files["/zones.csv"] = File(b"id\n1\n")
    sources = [
        {"kind": "index", "name": "listed", "where": f"{source.url}/none.txt"},
        {"kind": "s3", "name": "theirs", "where": "s3://no-such-bucket/trips/"},
        {"kind": "files", "name": "zones", "files": (f"{source.url}/zones.csv", f"{source.url}/.zones")},
    ]
    report = mirror({"sources": sources})
    assert report["counts"]["new"] == 1
    reasons = [file["reason"] for file in report["files"] if file["outcome"] == "failed"]
    assert len(reasons) == 3
    assert sum("its list of files cannot be had" in reason for reason in reasons) == 2
    assert sum("is no name for a file" in reason for reason in reasons) == 1


def test_a_run_whose_minutes_are_over_leaves_the_rest(mirror, source):
    """Without time, nothing is asked for and everything is left: no failure, and the run is partial."""
    from data_pipeline.etl.mirror.transfer_context import Budget

    publish(source, 1, 2)
    report = mirror(trips(source), budget=Budget(seconds=-1.0))
    assert (report["counts"]["left"], report["partial"], source.asked) == (5, True, [])
    assert mirror.stored() == {}


def test_two_mirrors_at_once_agree(mirror, source):
    """Both end well; each file is there once, as one version, and the record has all of them."""
    publish(source, 1, 2, 3, 4, rows=20_000)
    with ThreadPoolExecutor(2) as both:
        reports = list(both.map(lambda _: mirror(trips(source)), range(2)))
    assert [report["counts"]["failed"] for report in reports] == [0, 0]
    expected = {NAME.format(n): source.files[f"/trip-data/{NAME.format(n)}"].content for n in (1, 2, 3, 4)}
    assert mirror.stored() == expected
    assert set(mirror.record["objects"]) == set(expected)
    assert mirror.record["uploads"] == {}
    assert mirror.uploads() == []
    versions = mirror.s3.list_object_versions(Bucket=mirror.bucket, Prefix="in/")["Versions"]
    assert len(versions) == len({version["Key"] for version in versions}) == 4


def test_a_file_that_has_moved_is_followed_and_a_circle_is_not(mirror, source):
    """Redirects are followed, a few of them; the file keeps the name that it was asked for by."""
    source.files["/elsewhere/x"] = parquet(1)
    source.moved = {"/a.parquet": "/b", "/b": "/elsewhere/x", "/c.parquet": "/c.parquet"}
    files = {"kind": "files", "files": (f"{source.url}/a.parquet", f"{source.url}/c.parquet")}
    report = mirror(files)
    assert mirror.stored() == {"a.parquet": parquet(1).content}
    (failed,) = [file for file in report["files"] if file["outcome"] == "failed"]
    assert failed["reason"].startswith("it sends us on more than 4 times")
    assert failed["person"]
