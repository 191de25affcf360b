"""What a run says of itself: summary (everything, per file), verdict (small enough for a state machine),
lineage.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import duckdb

from data_pipeline.etl.documents import summary as summaries
from data_pipeline.etl.documents import verdict as verdicts
from data_pipeline.etl.documents.summary import File, Rows, Summary
from data_pipeline.etl.documents.verdict import BrokenRule, Verdict
from data_pipeline.etl.publishing import coverage
from taxi.drift import Drift
from taxi.gate import Breach, Counted, Judgement
from taxi.planning import few
from taxi.reading import Result, failures
from taxi.statistics import ALL, Described, Statistics

NAMED = 10
"""How many broken rules a verdict names; the summary names all."""


def files_of(results: list[Result]) -> list[File]:
    """The summary's entry for each file. One that could not be read has 0 rows and says why in ``error``;
    ``reasons``: why rows are in quarantine → how many.
    """
    return [
        {
            "source": result.source.path,
            "dataset": result.source.dataset,
            "layout": result.layout,
            "etag": result.etag,
            "bytes": result.source.size,
            "rows_read": result.rows_read,
            "rows_counted": result.rows_counted,
            "rows_quarantined": result.rows_quarantined,
            "reasons": result.reasons,
            "error": result.error,
        }
        for result in results
    ]


def counted(db: duckdb.DuckDBPyConnection, results: list[Result]) -> list[Counted]:
    """What the quality gate looks at: the rows of each file, and its windows in ``db``'s table trip_counts."""
    windows: dict[str, dict[datetime, int]] = {result.source.path: {} for result in results}
    for source, start, trips in db.execute("SELECT source, window_start, trips FROM trip_counts").fetchall():
        windows[source][start] = trips
    return [
        Counted(s.path, s.dataset, s.month, r.rows_read, r.rows_counted, windows[s.path])
        for r in results
        for s in [r.source]
    ]


def rows_of(results: list[Result]) -> Rows:
    """Rows read, counted and quarantined, of all files. Read is always the sum of the other two."""
    rows: Rows = {
        "read": sum(result.rows_read for result in results),
        "counted": sum(result.rows_counted for result in results),
        "quarantined": sum(result.rows_quarantined for result in results),
    }
    if rows["read"] != rows["counted"] + rows["quarantined"]:
        raise RuntimeError(f"rows read are not those counted and quarantined: {rows}: a bug of the job")
    return rows


def lineage(
    results: list[Result], run: str, code_version: str, summary: str, accepted: tuple[Breach, ...] = ()
) -> dict[str, str]:
    """Where published rows come from, in a few short texts: the full list of sources stays in the summary.

    ``pipeline.sources-digest`` is the SHA-256 of ``[[source, etag], …]`` as compact JSON, of the files that
    were read.
    """
    rules = ",".join(sorted({breach.rule for breach in accepted}))
    sources = [[result.source.path, result.etag] for result in results if not result.error]
    text = json.dumps(sources, separators=(",", ":"))
    return {
        "pipeline.run": run,
        "pipeline.code-version": code_version,
        "pipeline.sources": str(len(sources)),
        "pipeline.sources-digest": hashlib.sha256(text.encode()).hexdigest(),
        "pipeline.summary": summary,
        **({"pipeline.accepted": rules} if rules else {}),
    }


def summary(
    results: list[Result],
    run: str,
    code_version: str,
    windows: int | None,
    tables: dict[str, Any],
    export: str | None,
    quarantine: str | None,
    engine: str = "duckdb",
) -> Summary:
    """summary.json. ``windows`` and ``export`` are None, and ``tables`` empty, in the one that is written
    before the tables are.
    """
    return {
        "version": summaries.VERSION,
        "run": run,
        "code_version": code_version,
        "engine": engine,
        "rows": rows_of(results),
        "files": files_of(results),
        "windows": windows,
        "tables": tables,
        "export": export,
        "quarantine": quarantine if any(result.rows_quarantined for result in results) else None,
    }


def quality(judgement: Judgement) -> dict[str, Any]:
    """The summary's entry for the quality gate: every rule that does not hold, and what became of it."""
    return {
        "passed": not judgement.failed,
        "failed_rules": [_breach(breach) for breach in judgement.failed],
        "accepted": [_breach(breach) for breach in judgement.accepted],
        "warnings": [_breach(breach) for breach in judgement.warnings],
    }


def drift(snapshot: str | None, drifts: list[Drift]) -> dict[str, Any]:
    """The summary's entry for how months differ from ``snapshot`` of ride_counts (None: nothing was published).

    ``psi`` are population stability indices, ``missing`` shares of windows without rides.
    """
    months = [
        {
            "dataset": found.dataset,
            "month": found.month,
            "before": coverage.text((found.dataset, month) for month in found.before),
            "psi": dict(found.psi),
            "missing": found.missing,
            "missing_before": found.missing_before,
        }
        for found in drifts
    ]
    return {"ride_counts_snapshot": snapshot, "months": months}


def statistics(described: Sequence[tuple[str, Statistics]]) -> dict[str, Any]:
    """The summary's entry for what the values of ride_counts are like, by data set and feature: of the snapshot that is
    published and of the one ``before`` it (None: there is none, or it has expired).
    """
    (snapshot, now), (before, earlier) = (*described, (None, {}), (None, {}))[:2]
    found = [
        {
            "dataset": dataset,
            "feature": feature,
            "now": _numbers(now[dataset, feature]),
            "before": _numbers(earlier.get((dataset, feature))),
        }
        for dataset, feature in now
    ]
    return {"snapshot": snapshot, "before": before, "features": found}


def _numbers(described: Described | None) -> dict[str, Any] | None:
    if described is None:
        return None
    return {"rows": described.rows, "missing": described.missing, **described.numbers}


def verdict(
    summary: Summary, place: str, results: list[Result], warnings: list[str], judgement: Judgement
) -> Verdict:
    """verdict.json, under 16 KiB whatever the run: the summary without its list of files, with a few
    messages.
    """
    failed = sum(1 for result in results if result.error)
    warned = [str(breach) for breach in judgement.warnings]
    return {
        "version": verdicts.VERSION,
        "run": summary["run"],
        "rows": summary["rows"],
        "files": {"read": len(results) - failed, "failed": failed},
        "windows": summary["windows"],
        "tables": {name: {"snapshot": table["snapshot"]} for name, table in summary["tables"].items()},
        "export": summary["export"],
        "summary": place,
        "drift": _furthest(summary["drift"]["months"]),
        "statistics": _of_all(summary.get("statistics")),
        "passed": not judgement.failed,
        "failed_rules": [_breach(breach) for breach in judgement.failed[:NAMED]],
        "accepted": sorted({breach.rule for breach in judgement.accepted}),
        "messages": [*failures(results), *few(warnings), *few(warned)],
    }


def _of_all(statistics: dict[str, Any] | None) -> dict[str, Any] | None:
    """The rides of all data sets together; None where nothing is published."""
    every = statistics["features"] if statistics else []
    return next((f for f in every if (f["dataset"], f["feature"]) == (ALL, "rides")), None)


def _furthest(months: list[dict[str, Any]]) -> dict[str, Any]:
    """How many months were compared, and the one that is furthest from those before it."""
    every = [
        {"dataset": m["dataset"], "month": m["month"], "feature": feature, "psi": psi}
        for m in months
        for feature, psi in m["psi"].items()
    ]
    return {"months": len(months), "furthest": max(every, key=lambda one: one["psi"], default=None)}


def _breach(breach: Breach) -> BrokenRule:
    source = few([breach.source])[0]
    return {"rule": breach.rule, "source": source, "value": breach.value, "limit": breach.limit}
