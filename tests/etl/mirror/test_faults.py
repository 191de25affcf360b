"""Mirrors of a source that goes wrong: every object is right or reported, none is wrong."""

from __future__ import annotations

import gzip
import random

import pytest
from mirrored import PART, parquet, trips
from randomness import SEED, times
from source_server import FAULTS, File, SourceServer

#: files of one mirror: `make soak` has 100 mirrors, so 1,000 transfers.
FILES = 10


def any_file(chance: random.Random, suffix: str) -> File:
    """A file of this kind: of a few bytes, or of several parts."""
    size = chance.choice([1, 50, 3_000, 9_000, 30_000])
    if suffix == "parquet":
        return parquet(chance.getrandbits(32), max(2, size))
    text = "".join(f"{chance.getrandbits(60)},{n}\n" for n in range(max(1, size // 4)))
    return File(gzip.compress(text.encode()) if suffix == "csv.gz" else text.encode())


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("mirror")))
def test_whatever_goes_wrong_no_object_is_wrong(mirror, attempt):
    """Ten files of a source with faults at random: what is stored is a whole issue, with the ETag that is recorded;
    what is not is reported. A later mirror without faults completes everything, and leaves no upload open.
    """
    chance = random.Random(f"{SEED}-mirror-{attempt}")
    source = SourceServer(share=chance.choice([0.1, 0.3, 0.5, 0.7]), chance=chance)
    issues: dict[str, list[File]] = {}
    for n in range(FILES):
        suffix = chance.choice(["parquet", "parquet", "csv", "csv.gz"])
        issues[f"f{n}.{suffix}"] = [any_file(chance, suffix) for _ in range(2)]
    source.files = {f"/{name}": both[0] for name, both in issues.items()}
    source.reissues = {f"/{name}": both[1] for name, both in issues.items()}
    with source:
        listed = {"kind": "files", "name": "f", "files": tuple(f"{source.url}/{name}" for name in issues)}
        report = mirror(listed)
        reported = {file["path"]: file["outcome"] for file in report["files"]}
        stored, record = mirror.stored(), mirror.record["objects"] if reported else {}
        for name, both in issues.items():
            assert reported[name] == ("new" if name in stored else "failed"), report
            if name in stored:
                (issue,) = [file for file in both if file.content == stored[name]]
                assert record[name]["etag"] == issue.etag
        assert set(stored) <= set(issues)
        source.share = 0.0
        assert not mirror(listed, full=True)["partial"]
        assert mirror.stored() == {name: source.files[f"/{name}"].content for name in issues}
        assert mirror.uploads() == []


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in ("refused", "changed")])
def test_each_fault_alone_is_overcome(mirror, source, fault):
    """Half of the answers go wrong in one way; the file comes all the same, and is the right one."""
    source.files["/trip-data/yellow_tripdata_2024-01.parquet"] = parquet(1, 30_000)
    source.chance, source.share, source.faults = random.Random(2), 0.5, (fault,)
    report = mirror(trips(source), scope=("all", "2024-01"))
    assert report["counts"]["new"] == 1, report
    assert mirror.stored() == {"yellow_tripdata_2024-01.parquet": parquet(1, 30_000).content}


def test_every_answer_wrong_is_reported(mirror, source):
    """A page with status 200 in the place of a file, time and again: the file failed, and why."""
    source.files["/trip-data/yellow_tripdata_2024-01.parquet"] = parquet(1)
    source.share, source.faults = 1.0, ("page",)
    report = mirror(trips(source), scope=("all", "2024-01"))
    (failed,) = report["files"]
    assert failed["reason"] == (
        "the source answers with a page (200, text/html) in the place of the file, at the 12. attempt"
    )
    assert failed["person"]
    assert report["partial"]
    assert mirror.stored() == {}


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.parquet", b"PAR1" + b"x" * 5000, "it does not end as a Parquet file does (PAR1)"),
        ("a.parquet", b"x" * 5000 + b"PAR1", "it does not begin as a Parquet file does (PAR1)"),
        ("a.csv", b"  <!DOCTYPE html><p>busy</p>", "it is a page of text in the place of the file"),
        ("a.csv.gz", b"a,b\n1,2\n", "it does not begin as a gzip file does"),
        ("a.csv", b"", "the source answers 416"),
    ],
)
def test_what_cannot_be_the_file_is_never_stored(mirror, source, name, content, reason):
    """Bytes that came whole and are not the file: reported with what is wrong with them, after a few tries."""
    source.files[f"/{name}"] = File(content)
    report = mirror({"kind": "files", "name": "f", "files": (f"{source.url}/{name}",)})
    (failed,) = report["files"]
    assert failed["outcome"] == "failed"
    assert reason in failed["reason"]
    assert failed["person"]
    assert mirror.stored() == {}
    assert mirror.uploads() == []


def test_a_file_that_changes_between_two_ranges_is_begun_anew(mirror, source):
    """The rest is pinned to the version that was begun: never half of one issue and half of the other."""
    path = "/trip-data/yellow_tripdata_2024-01.parquet"
    source.files[path], source.reissues[path] = parquet(1, 60_000), parquet(2, 60_000)
    source.chance, source.share, source.faults = random.Random(3), 1.0, ("changed",)
    report = mirror(trips(source), scope=("all", "2024-01"), retry_policy=once(source))
    assert mirror.stored() in ({}, {path.rpartition("/")[2]: parquet(2, 60_000).content})
    source.share = 0.0
    mirror(trips(source), scope=("all", "2024-01"))
    assert mirror.stored() == {path.rpartition("/")[2]: parquet(2, 60_000).content}
    assert report["counts"]["new"] + report["counts"]["failed"] == 1


def once(source):
    """Few attempts, so that a source which always fails ends soon."""
    from data_pipeline.etl.mirror.retry_policy import RetryPolicy

    return RetryPolicy(first=0.001, most=0.002, attempts=3, read=5.0)


def test_a_source_without_ranges_is_begun_anew(mirror, source):
    """A server that answers only whole files: a broken connection costs the bytes that came, no more."""
    source.ranges = source.conditions = False
    source.files["/trip-data/yellow_tripdata_2024-01.parquet"] = parquet(1, 30_000)
    source.chance, source.share, source.faults = random.Random(1), 0.4, ("cut",)
    report = mirror(trips(source), scope=("all", "2024-01"))
    assert report["counts"]["new"] == 1, report
    source.share = 0.0
    assert mirror(trips(source), scope=("all", "2024-01"))["counts"]["unchanged"] == 1


def test_a_server_that_fails_and_fails_is_left_alone(mirror, source):
    """After five files in a row the rest is not asked for, and says so."""
    source.files = {f"/f{n}.csv": File(b"a\n1\n") for n in range(40)}
    source.share, source.faults = 1.0, ("broken",)
    mirror.settings = {"connections": 1}
    urls = tuple(f"{source.url}/f{n}.csv" for n in range(40))
    report = mirror({"kind": "files", "name": "f", "files": urls}, retry_policy=once(source))
    assert report["counts"]["failed"] == 40
    assert len(source.asked) == 15
    assert report["files"][-1]["reason"].startswith("not asked for: 5 files of 127.0.0.1")
    assert [(each["person"], each["files"]) for each in report["reasons"]] == [(False, 5), (False, 35)]


def test_parts_are_small_enough_to_matter():
    """The files above have several parts."""
    assert len(parquet(1, 30_000).content) > 3 * PART
