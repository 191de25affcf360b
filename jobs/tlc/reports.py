"""What a run says of itself: summary (everything, per file), verdict (small enough for a state machine),
lineage.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from tlc.reading import Result, failures

VERSION = 1


def files_of(results: list[Result]) -> list[dict[str, Any]]:
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


def rows_of(results: list[Result]) -> dict[str, int]:
    """Rows read, counted and quarantined, of all files. Read is always the sum of the other two."""
    rows = {
        "read": sum(result.rows_read for result in results),
        "counted": sum(result.rows_counted for result in results),
        "quarantined": sum(result.rows_quarantined for result in results),
    }
    if rows["read"] != rows["counted"] + rows["quarantined"]:
        raise RuntimeError(f"rows read are not those counted and quarantined: {rows}: a bug of the job")
    return rows


def lineage(results: list[Result], run: str, code_version: str, summary: str) -> dict[str, str]:
    """Where published rows come from, in a few short texts: the full list of sources stays in the summary.

    ``pipeline.sources-digest`` is the SHA-256 of ``[[source, etag], …]`` as compact JSON, of the files that
    were read.
    """
    sources = [[result.source.path, result.etag] for result in results if not result.error]
    text = json.dumps(sources, separators=(",", ":"))
    return {
        "pipeline.run": run,
        "pipeline.code-version": code_version,
        "pipeline.sources": str(len(sources)),
        "pipeline.sources-digest": hashlib.sha256(text.encode()).hexdigest(),
        "pipeline.summary": summary,
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
) -> dict[str, Any]:
    """summary.json. ``windows`` and ``export`` are None, and ``tables`` empty, in the one that is written
    before the tables are.
    """
    return {
        "version": VERSION,
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


def verdict(
    summary: dict[str, Any], place: str, results: list[Result], warnings: list[str]
) -> dict[str, Any]:
    """verdict.json, under 16 KiB whatever the run: the summary without its list of files, with a few
    messages.
    """
    failed = sum(1 for result in results if result.error)
    return {
        "version": VERSION,
        "run": summary["run"],
        "rows": summary["rows"],
        "files": {"read": len(results) - failed, "failed": failed},
        "windows": summary["windows"],
        "tables": {name: {"snapshot": table["snapshot"]} for name, table in summary["tables"].items()},
        "export": summary["export"],
        "summary": place,
        "messages": [*failures(results), *(warning[:200] for warning in warnings[:3])],
    }
