"""``summary.json`` of a run → the rows of its table, and where its results are; pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data_pipeline.etl.documents.summary import File, Summary

#: source files that a table shows; the rest is added up in one row.
SHOWN = 40


@dataclass(frozen=True)
class Row:
    """Rows read, counted and quarantined of one source file, or of several; ``note`` is a failure."""

    label: str
    read: int = 0
    counted: int = 0
    quarantined: int = 0
    note: str = ""


@dataclass(frozen=True)
class Table:
    """The rows to show by name, what they leave out, and the total of all files."""

    rows: tuple[Row, ...]
    left_out: Row | None
    total: Row
    failed: int


def table(summary: Summary, shown: int = SHOWN) -> Table:
    """At most ``shown`` files: the failed ones first, then those with quarantined rows, then by name."""
    files = summary["files"]
    by_weight = sorted(files, key=lambda f: (f["error"] is None, not f["rows_quarantined"], f["source"]))
    kept, rest = by_weight[:shown], by_weight[shown:]
    return Table(
        rows=tuple(sorted((_row(file) for file in kept), key=lambda row: row.label)),
        left_out=_left_out(rest) if rest else None,
        total=_total(summary, len(files)),
        failed=sum(file["error"] is not None for file in files),
    )


def locations(summary: Summary, database: str, summary_uri: str | None) -> list[tuple[str, str]]:
    """(what, where) of everything that a run published."""
    found = [("features", str(summary["export"]))] if summary.get("export") else []
    for name, state in sorted(summary.get("tables", {}).items(), key=lambda item: item[0] != "ride_counts"):
        snapshot = f", snapshot {state['snapshot']}" if state.get("snapshot") else ""
        found.append(("table", f"{database}.{name}{snapshot}"))
    if summary["rows"]["quarantined"] and summary.get("quarantine"):
        found.append(("quarantine", str(summary["quarantine"])))
    return found + ([("summary", summary_uri)] if summary_uri else [])


def _row(file: File) -> Row:
    return Row(
        label=file["source"],
        read=file["rows_read"] or 0,
        counted=file["rows_counted"] or 0,
        quarantined=file["rows_quarantined"] or 0,
        note=file["error"] or "",
    )


def _left_out(files: Iterable[File]) -> Row:
    rows = [_row(file) for file in files]
    failed = sum(bool(row.note) for row in rows)
    return Row(
        label=f"… {len(rows):,} more",
        read=sum(row.read for row in rows),
        counted=sum(row.counted for row in rows),
        quarantined=sum(row.quarantined for row in rows),
        note=f"{failed:,} of them failed" if failed else "",
    )


def _total(summary: Summary, files: int) -> Row:
    rows = summary["rows"]
    label = "1 file" if files == 1 else f"{files:,} files"
    return Row(label, rows["read"], rows["counted"], rows["quarantined"])
