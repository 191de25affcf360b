"""What `mirror` prints: the tables, why files failed, and the lines on the way."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.cli.running import mirror_progress, mirror_report
from data_pipeline.cli.running.mirror_job import _message

NONE = {"new": 0, "updated": 0, "unchanged": 0, "unpublished": 0, "failed": 0, "left": 0}
REPORT: dict[str, Any] = {
    "counts": {**NONE, "new": 2, "unchanged": 1_200, "unpublished": 6, "failed": 1, "left": 1},
    "datasets": [
        {"name": "green", **NONE, "new": 2, "unpublished": 3, "failed": 1, "bytes": 1_234_567},
        {"name": "yellow", **NONE, "unchanged": 1_200, "unpublished": 3, "left": 1, "bytes": 0},
    ],
    "files": [
        {"path": "a.parquet", "outcome": "new", "reason": "", "size": 1_000_000},
        {
            "path": "b.parquet",
            "outcome": "failed",
            "reason": "the source answers 500, at the 6. attempt",
            "size": 0,
        },
        {"path": "c.parquet", "outcome": "left", "reason": "the run's 20 minutes are over", "size": 0},
    ],
    "reasons": [
        {
            "outcome": "failed",
            "person": False,
            "reason": "the source answers 500, at the 6. attempt",
            "first": "b.parquet",
            "files": 1,
        },
        {
            "outcome": "left",
            "person": False,
            "reason": "the run's 20 minutes are over",
            "first": "c.parquet",
            "files": 1,
        },
    ],
    "bytes": 1_234_567,
    "resumed_bytes": 8_388_608,
    "seconds": 12.34,
    "not_again": 150,
}


def test_the_table_of_a_mirror(capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each data set and one for all, then why files failed or are left, then the sums."""
    mirror_report.print_report(REPORT, "s3://b/in/", dry_run=False)
    assert capsys.readouterr().out == (
        "data set  new  updated  unchanged  not yet published  failed  left for the next run  fetched\n"
        "green       2        -          -                  3       1                      -   1.2 MB\n"
        "yellow      -        -      1,200                  3       -                      1  0 bytes\n"
        "all         2        -      1,200                  6       1                      1   1.2 MB\n"
        "failed: b.parquet: the source answers 500, at the 6. attempt\n"
        "left: c.parquet: the run's 20 minutes are over\n"
        "into s3://b/in/: 1.2 MB fetched in 12.3 s, 8.4 MB were there already; "
        "150 known files were not asked for again\n"
    )


@pytest.mark.parametrize(
    ("counts", "not_again", "scope", "said"),
    [
        (NONE, 0, {"datasets": ["orders"], "periods": "2031"}, "--dataset orders --periods 2031"),
        (NONE, 0, {"parts": ["region=north"]}, "--part region=north"),
        (NONE, 3, {"periods": "2031"}, ""),
        ({**NONE, "unpublished": 1}, 0, {"periods": "2031"}, ""),
        (NONE, 0, {}, ""),
    ],
)
def test_a_mirror_that_is_narrowed_to_nothing_says_so(
    counts: dict[str, int], not_again: int, scope: dict[str, Any], said: str
) -> None:
    """With the options; not one that has asked, or has known files that it leaves out."""
    report = {"counts": counts, "not_again": not_again}
    words = f"no file of the sources matches {said}, so nothing was asked for" if said else ""
    assert mirror_report.nothing_matches(report, scope) == words


def test_the_table_of_a_dry_run_and_of_many_failures(capsys: pytest.CaptureFixture[str]) -> None:
    """What would be fetched; of many failures the first twenty, and how to see all."""
    why = [
        {
            "outcome": "failed",
            "person": n == 0,
            "reason": f"no {n}",
            "first": f"{n}.csv",
            "files": 1 + (n == 1),
        }
        for n in range(24)
    ]
    report = {
        **REPORT,
        "counts": {**NONE, "failed": 25},
        "datasets": [],
        "reasons": why,
        "files": [REPORT["files"][0]],
    }
    mirror_report.print_report(report, "s3://b/in/", dry_run=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[2:4] == ["failed, needs a person: 0.csv: no 0", "failed: 1.csv and 1 more: no 1"]
    assert lines[-2:] == [
        "and 4 more reasons; every file: --json",
        "nothing was fetched; 1.0 MB would be, into s3://b/in/",
    ]


def test_what_a_partial_mirror_ends_with() -> None:
    """One line where one reason is all that came of it; else how many failed and how many of them need a person."""
    reason = {
        "outcome": "failed",
        "person": True,
        "reason": "the name x is not known",
        "first": "a",
        "files": 600,
    }
    alone = {"counts": {**NONE, "failed": 600}, "reasons": [reason]}
    assert mirror_report.partial(alone) == (
        "the mirror brought nothing, all of its 600 files failed: the name x is not known"
    )
    both = {
        "counts": {**NONE, "failed": 602, "new": 1},
        "reasons": [reason, {**reason, "person": False, "files": 2}],
    }
    assert mirror_report.partial(both).startswith(
        "the mirror is partial: 602 of the files failed, 600 of them need a person. What came is stored;"
    )
    assert "person" not in mirror_report.partial(REPORT)


def test_what_verify_says(capsys: pytest.CaptureFixture[str]) -> None:
    """What is right, what is not and why, and what the source says."""
    wrong = [{"path": "a.csv", "stored": "missing", "reason": "there is no such object any more"}]
    report = {"counts": {"right": 3}, "bytes": 2_000, "wrong": wrong, "newer": ["b.csv"], "unknown": []}
    mirror_report.print_verified(report, "s3://b/in/")
    assert capsys.readouterr().out == (
        "3 files in s3://b/in/ are as they were stored; 2.0 kB read\n"
        "missing: a.csv: there is no such object any more\n"
        "re-issued at the source since: b.csv\n"
    )


def test_earlier_issues(capsys: pytest.CaptureFixture[str]) -> None:
    """Each with its version; or that there is none."""
    mirror_report.print_earlier({}, "s3://b/in/")
    issue = {"until": "2024-06-01T00:00:00Z", "size": 5_000, "version": "v1", "sha256": "ab"}
    mirror_report.print_earlier({"a.csv": [issue]}, "s3://b/in/")
    assert capsys.readouterr().out.splitlines() == [
        "no file in s3://b/in/ was re-issued since it was mirrored",
        "file   replaced at           size    version  SHA-256",
        "a.csv  2024-06-01T00:00:00Z  5.0 kB  v1       ab     ",
    ]


def test_without_a_terminal_there_is_a_line_for_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    """What came and what failed, not what is as it was."""
    events: list[dict[str, Any]] = [
        {"event": "plan", "files": 3},
        {"event": "begin", "path": "a.csv", "position": 0, "size": 1_500},
        {"event": "bytes", "path": "a.csv", "bytes": 1_500},
        {"event": "end", "path": "a.csv", "outcome": "new", "reason": ""},
        {"event": "end", "path": "b.csv", "outcome": "unchanged", "reason": ""},
        {"event": "end", "path": "c.csv", "outcome": "failed", "reason": "it is empty, 4 times in a row"},
    ]
    with mirror_progress.shown() as screen:
        for event in events:
            screen.show(event)
    assert capsys.readouterr().err == (
        "asking for 3 files\n  a.csv, 1.5 kB new\n  c.csv failed: it is empty, 4 times in a row\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("some warning\nerror: s3://b: no such bucket", "s3://b: no such bucket"),
        ("Traceback …\nValueError: x", "Traceback …\nValueError: x"),
        ("", ""),
    ],
)
def test_the_message_of_a_job_that_failed(text: str, message: str) -> None:
    """Its own line where it has one; the whole of what it printed otherwise."""
    assert _message(text) == message
