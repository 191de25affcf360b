"""What is different between two runs."""

from __future__ import annotations

from typing import Any

from data_pipeline.core.progress import run_diff


def _file(name: str, etag: str, rows: int = 10, quarantined: int = 0) -> dict[str, Any]:
    return {"source": name, "etag": etag, "rows_read": rows, "rows_quarantined": quarantined}


def _record(seconds: float, *files: dict[str, Any], **more: Any) -> dict[str, Any]:
    summary = {
        "code_version": "c" * 64,
        "files": list(files),
        "datasets": {"orders": {"files": {"read": len(files)}, "rows": {"accepted": 5, "quarantined": 0}}},
        "tables": {"orders": {"rows": 5, "snapshot": 1}},
    }
    states = [{"name": "Prepare", "seconds": 2.0}, {"name": "Load", "seconds": seconds}]
    return {
        "status": "SUCCEEDED",
        "endedAt": "Published",
        "input": {"version": 1},
        "summary": summary,
        "states": states,
        **more,
    }


def test_two_equal_runs_do_not_differ() -> None:
    """Nor by less than a second."""
    assert run_diff.differences(_record(4.1), _record(4.4)) == []


def test_each_kind_of_difference_is_told() -> None:
    """What is only there, what is only here, and what changed, in one order."""
    before = _record(4.0, _file("a.csv", "11"), _file("b.csv", "22"))
    after = _record(
        65.0, _file("b.csv", "33", 12, 1), _file("c.csv", "44"), input={"version": 1, "prune": True}
    )
    after["summary"]["tables"]["orders"] = {"rows": 9, "snapshot": 2}
    after["summary"]["code_version"] = "d" * 64
    assert run_diff.lines(run_diff.differences(before, after)) == [
        "~ run       code: cccccccccccc → dddddddddddd",
        "+ input     prune: true",
        "- source    a.csv: 10 rows, 0 quarantined, version 11",
        "~ source    b.csv: 10 rows, 0 quarantined, version 22 → 12 rows, 1 quarantined, version 33",
        "+ source    c.csv: 10 rows, 0 quarantined, version 44",
        "~ table     orders: 5 rows, snapshot 1 → 9 rows, snapshot 2",
        "~ state     Load: 4 s → 1 min 5 s",
    ]


def test_many_sources_are_folded() -> None:
    """The first ten of each kind, and how many more; what follows them stays behind them."""
    many = [_file(f"{number:02}.csv", "1") for number in range(25)]
    lines = run_diff.lines(run_diff.differences(_record(1), _record(2, *many)))
    assert len([line for line in lines if line.startswith("+ source    ")]) == 11
    assert lines[10:] == [
        "+ source    … 15 more; all: --json",
        "~ data set  orders: 0 files, 5 accepted, 0 quarantined → 25 files, 5 accepted, 0 quarantined",
        "~ state     Load: 1 s → 2 s",
    ]


def test_a_run_without_a_summary_has_only_what_it_has() -> None:
    """One that failed early, or is still running."""
    failed = {
        "status": "FAILED",
        "error": "JobFailed",
        "input": {},
        "states": [{"name": "Prepare", "seconds": None}],
    }
    about = {each.about for each in run_diff.differences(failed, _record(3, _file("a.csv", "1")))}
    assert about == {"run", "source", "data set", "table", "state"}
