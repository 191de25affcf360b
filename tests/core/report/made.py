"""Reports of made-up runs: of any size, and with names that would be markup if they were not escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from core.histories import History

from data_pipeline.core.naming import Names
from data_pipeline.core.progress.expected import PastTimes
from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.report import document
from data_pipeline.core.report.document import Found
from data_pipeline.core.report.earlier import Earlier
from data_pipeline.core.report.outcome import Environment
from data_pipeline.etl.documents.profile import SHARES

ENVIRONMENT = Environment("dev", Names("shop", "dev"), "us-east-1")
RUN = "2026-11-23T06-00-00Z-c0ffee"
ARN = f"arn:aws:states:us-east-1:123456789012:execution:shop-dev:{RUN}"
HOSTILE = '</title></svg><script>alert(1)</script><img src=x onerror="alert(2)">\'"&\u202e'
MACHINE: dict[str, Any] = {
    "StartAt": "Prepare",
    "States": {
        "Prepare": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "Next": "Load",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
        },
        "Load": {
            "Type": "Task",
            "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
            "Next": "CheckVerdict",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Failed"}],
        },
        "CheckVerdict": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $x %}", "Next": "QualityGateFailed"}],
            "Default": "Published",
        },
        "Published": {"Type": "Succeed"},
        "QualityGateFailed": {"Type": "Fail"},
        "Failed": {"Type": "Fail"},
    },
}


def history(end: str = "Published", error: str = "", load: float = 200) -> Progress:
    """Prepare for 20 s, Load until ``load``, then ``end``: a Succeed without ``error``, a Fail with it."""
    made = History()
    made.enter(0, "Prepare")
    made.glue_run(0, "shop-dev-prepare", "jr_1")
    made.leave(20, "Prepare")
    made.enter(20, "Load")
    made.processing_job(20, "shop-dev-load-0123456789ab-0-0-0")
    if error and end == "Failed":
        made.fail(load, "States.TaskFailed", {"ProcessingJobStatus": "Failed", "ExitMessage": error})
        made.enter(load, end, "Fail")
        cause = made.events[-2]["taskFailedEventDetails"]["cause"]
        made.add(load, "ExecutionFailed", {"error": "States.TaskFailed", "cause": cause})
        return Progress().after(made.events)
    made.leave(load, "Load")
    made.enter(load, "CheckVerdict", "Choice")
    made.leave(load, "CheckVerdict", "Choice")
    made.enter(load, end, "Fail" if error else "Succeed")
    if error:
        made.add(load, "ExecutionFailed", {"error": end, "cause": error})
    else:
        made.leave(load, end, "Succeed")
        made.add(load, "ExecutionSucceeded", {"output": "{}"})
    return Progress().after(made.events)


def table(
    days: int = 40, columns: Sequence[str] = ("amount",), series: Sequence[str] = ("",)
) -> dict[str, Any]:
    """The profile of a table with a row for each hour of each day, of which the last day is new."""
    first = date(2024, 1, 1)
    points = [
        [f"{first + timedelta(days=day)}T00:00:00", name, 100 + day, (100 + day) * (day == days - 1)]
        for day in range(days)
        for name in series
    ]
    return {
        "rows": 240,
        "columns": [
            {
                "name": column,
                "type": "DOUBLE",
                "nulls": 24,
                "least": 0,
                "most": 100,
                "mean": 50.5,
                "quantiles": [float(share) for share in SHARES],
            }
            for column in columns
        ]
        + [
            {
                "name": "status",
                "type": "VARCHAR",
                "nulls": 0,
                "values": {"paid": 200, "open": 30},
                "other": 10,
            }
        ]
        + [
            {
                "name": "ordered_at",
                "type": "TIMESTAMP",
                "nulls": 0,
                "least": "2024-01-01 00:00:00",
                "most": "2024-01-31 23:00:00",
            }
        ],
        "more_columns": 0,
        "hours": [10] * 24,
        "weekdays": [40, 40, 40, 40, 40, 20, 20],
        "timeline": {"column": "ordered_at", "weight": "", "step": "day", "whole": True, "points": points},
        "periods": [
            [str(first + timedelta(days=day)), name, 100 + day, day == days - 1]
            for day in range(days)
            for name in series
        ],
    }


def file(
    source: str, read: int = 100, refused: int = 0, dataset: str = "orders", **more: Any
) -> dict[str, Any]:
    told = {
        "source": source,
        "dataset": dataset,
        "layout": None,
        "etag": "0123456789abcdef0123456789abcdef",
        "bytes": 12_345,
        "rows_read": read,
        "rows_counted": read - refused,
        "rows_quarantined": refused,
        "reasons": {"negative-amount": refused} if refused else {},
        "error": None,
    }
    return {**told, **more}


def breach(rule: str = "quarantined-share", of: str = "orders", source: str = "b.csv") -> dict[str, Any]:
    return {"of": of, "rule": rule, "source": source, "value": 0.25, "limit": 0.05}


def summary(
    files: Sequence[Mapping[str, Any]],
    tables: Sequence[str] = ("orders",),
    failed: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """``tables``: what is published."""
    read, refused = (sum(each[name] for each in files) for name in ("rows_read", "rows_quarantined"))
    rows = {"read": read, "accepted": read - refused, "quarantined": refused}
    held = bool(failed)
    result = {"of": "orders", "rule": "quarantined-share", "severity": "fail", "limit": 0.05, "values": 2}
    return {
        "version": 1,
        "run": RUN,
        "code_version": "c0de" * 16,
        "deployment": {"number": 12, "commit": "3f2a9c1", "dirty": True},
        "engine": "duckdb",
        "rows": {"read": read, "counted": read - refused, "quarantined": refused},
        "files": [*files],
        "tables": {name: {"snapshot": "77", "rows": 960, "committed": True} for name in tables},
        "exports": ["s3://b/output/export/orders.parquet"],
        "quarantine": "s3://b/output/quarantine/run=r",
        "datasets": {
            "orders": {
                "rows": rows,
                "files": {"read": len(files), "failed": 0},
                "reasons": {"negative-amount": refused} if refused else {},
                "columns_ignored": ["coupon"],
                "held": held,
                "error": None,
            }
        },
        "quality": {
            "passed": not failed,
            "failed_rules": [*failed],
            "accepted": [],
            "warnings": [],
            "rules": [{**result, "value": 0.25 if failed else 0.02, "source": "b.csv"}],
        },
        "drift": {},
        "statistics": {},
    }


def verdict(failed: Sequence[Mapping[str, Any]] = ()) -> dict[str, Any]:
    return {"passed": not failed, "failed_rules": [*failed], "messages": ["a message"], "published": 0}


def past(runs: int = 3, **tables: Mapping[str, Any]) -> list[Earlier]:
    """Runs before, the newest first, whose rules had the values 0.01, 0.02, …"""
    made = []
    for n in range(runs, 0, -1):
        told = summary([file("a.csv")])
        told["quality"]["rules"][0]["value"] = n / 100
        made.append(Earlier(f"2026-11-{n:02}", told, {"tables": dict(tables)} if tables else None))
    return made


def good(**more: Any) -> dict[str, Any]:
    """A run that published."""
    found = {
        "run": RUN,
        "arn": ARN,
        "progress": history(),
        "definition": MACHINE,
        "results": {
            "decision": {"new": 2, "changed": 0, "unchanged": 7, "deleted": 0, "messages": []},
            "verdict": verdict(),
        },
        "summary": summary([file("a.csv"), file("b.csv", 200, 5)]),
        "profile": {
            "tables": {"orders": table()},
            "examples": {
                "orders": [
                    {
                        "source": "b.csv",
                        "row": 7,
                        "reason": "negative-amount",
                        "column": "amount",
                        "raw": "7,-1",
                    }
                ]
            },
        },
        "past": past(orders=table()),
        "times": [PastTimes("before", size, 80 + size / 500) for size in (10_000, 20_000, 30_000)],
    }
    return document.document(ENVIRONMENT, Found(**{**found, **more}))


def gate() -> dict[str, Any]:
    """A run that failed by a rule, of which nothing is published."""
    failed = [breach()]
    return good(
        progress=history("QualityGateFailed", "quarantined-share"),
        results={"verdict": verdict(failed)},
        summary=summary([file("a.csv"), file("b.csv", 200, 50)], (), failed),
    )


def killed() -> dict[str, Any]:
    """A run whose job was killed before it wrote anything but its plan."""
    return good(
        progress=history("Failed", "the job was killed: out of memory"),
        results={"decision": {"new": 2, "changed": 0, "unchanged": 7, "deleted": 0, "messages": []}},
        summary=None,
        profile=None,
        failure={"reason": "out of memory", "log": ["reading a.csv", "Killed"]},
    )


def hostile() -> dict[str, Any]:
    """Every text that comes from data or from a person holds markup."""
    bad = HOSTILE
    told = summary(
        [file(f"{bad}.csv", 200, 50, reasons={bad: 50}, error=bad)], (bad,), [breach(bad, bad, bad)]
    )
    told["quality"]["rules"] = [{**told["quality"]["rules"][0], "of": bad, "rule": bad, "source": bad}]
    told["datasets"] = {bad: {**told["datasets"]["orders"], "reasons": {bad: 1}, "columns_ignored": [bad]}}
    rows = table(3, (bad,), (bad, "other"))
    rows["columns"].append({"name": f"{bad}2", "type": bad, "nulls": 0, "values": {bad: 5}, "other": 0})
    rows["timeline"]["column"] = bad
    example = {"source": bad, "row": 1, "reason": bad, "column": bad, "raw": bad}
    return good(
        value={"datasets": [bad]},
        progress=history("Failed", bad),
        results={"verdict": {**verdict([breach(bad, bad, bad)]), "messages": [bad]}},
        summary=told,
        profile={"tables": {bad: rows}, "examples": {bad: [example]}},
        failure={"reason": bad, "log": [bad]},
        definition={**MACHINE, "Comment": bad},
        past=past(2, **{bad: table(3, ("gone",))}),
    )


def busy(files: int, datasets: int, columns: int = 20) -> dict[str, Any]:
    """A run of many files and data sets."""
    names = [f"dataset_{n}" for n in range(datasets)]
    told = summary(
        [
            file(f"{names[n % datasets]}/2024/{n:05}.csv.gz", 1000, n % 7, names[n % datasets])
            for n in range(files)
        ],
        names,
    )
    told["datasets"] = dict.fromkeys(names, told["datasets"]["orders"])
    told["quality"]["rules"] = [
        {**told["quality"]["rules"][0], "of": name} for name in names for _ in range(6)
    ]
    wide = table(150, [f"measure_{n}" for n in range(columns)], ("country=de", "country=fr", "country=it"))
    tables = dict.fromkeys(names, wide)
    return good(summary=told, profile={"tables": tables, "examples": {}}, past=past(20, **tables))
