"""``summary.json`` of a run → the rows of its table, and where its results are; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data_pipeline.etl.documents.rules import compared
from data_pipeline.etl.documents.summary import File, Summary, problem

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


#: kinds of unreadable files of which one is named, and kinds of quarantined rows of a data set.
_UNREADABLE, _REASONS = 10, 5
#: warnings of one rule that are shown.
_WARNINGS = 5


@dataclass(frozen=True)
class DatasetRow:
    """Files and rows of one data set, or of all; ``reasons``: why rows are in quarantine, the most frequent
    first, how many were erased, and what was pruned.
    """

    name: str
    files: int
    read: int
    accepted: int
    quarantined: int
    reasons: str = ""


def of_datasets(summary: Summary) -> tuple[tuple[DatasetRow, ...], DatasetRow]:
    """The data sets of a run in their order, and all of them together."""
    rows = tuple(_dataset(name, each) for name, each in summary.get("datasets", {}).items())
    label = "1 data set" if len(rows) == 1 else f"{len(rows):,} data sets"
    sums = [
        sum(getattr(row, field) for row in rows) for field in ("files", "read", "accepted", "quarantined")
    ]
    return rows, DatasetRow(label, *sums)


def noticed(summary: Summary) -> list[tuple[str, str]]:
    """(what, text) of what a reader should know of data sets: files that could not be read, rules that warn."""
    failed: dict[tuple[Any, str], list[str]] = {}
    for file in summary["files"]:
        if why := unusable(file):
            failed.setdefault((file.get("dataset"), why), []).append(file["source"])
    found = [
        ("unreadable", f"{files[0]}{f' and {len(files) - 1:,} more' * (len(files) > 1)}: {error}")
        for (_, error), files in list(failed.items())[:_UNREADABLE]
    ]
    if len(failed) > _UNREADABLE:
        left = sum(len(files) for files in list(failed.values())[_UNREADABLE:])
        found.append(("", f"and {left:,} more"))
    found += [("erased", text) for text in erased(summary)]
    return [*found, *_warnings(summary.get("quality", {}).get("warnings", []))]


def erased(summary: Summary) -> Iterator[str]:
    """What became of keys that were to be erased: of each data set what was taken out, and what keeps the rest."""
    for name, each in summary.get("erasures", {}).items():
        if each["error"] or each["waits"]:
            yield f"{name}: not done: {each['error'] or 'it waits for ' + ', '.join(each['waits'])}"
            continue
        rows = ", ".join(f"{number:,} of {table}" for table, number in each["rows"].items())
        snapshots = sum(each["snapshots"].values())
        gone = f"snapshots {snapshots:,}, files {each['files']:,}, raw texts {each['texts']:,}"
        yield f"{name}: rows {rows}; {gone}"
        if each.get("ingests"):
            yield f"{name}: the snapshots of {', '.join(each['ingests'])} that feature stores have go with the next run"
        for kept in each["kept"]:
            yield f"{name}: kept in snapshot {kept['snapshot']} of {kept['table']} by {', '.join(kept['refs'])}"


def _warnings(warnings: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    """Of each rule the first few, and how many more there are."""
    by_rule: dict[Any, list[Mapping[str, Any]]] = {}
    for rule in warnings:
        by_rule.setdefault(rule.get("rule"), []).append(rule)
    for name, rules in by_rule.items():
        yield from (("warning", broken(rule)) for rule in rules[:_WARNINGS])
        if len(rules) > _WARNINGS:
            yield "", f"and {len(rules) - _WARNINGS:,} more of {name}; all: --json"


def unusable(file: File) -> str:
    """Why no row of a file can be used, or nothing."""
    if file["error"]:
        return file["error"]
    return problem("", file["rows_read"] - file.get("rows_erased", 0), file["rows_counted"])


def broken(rule: Mapping[str, Any]) -> str:
    """A rule that does not hold: what of, with value and limit."""
    source = f" of {rule['source']}" if rule.get("source") else ""
    example = f", {rule['example']}" if rule.get("example") else ""
    found = [rule.get("value") or 0, rule.get("limit") or 0]
    if all(isinstance(each, int | float) for each in found):
        value, limit = compared(str(rule.get("rule")), *found)
    else:  # of a step of one's own, whose rules need no numbers
        value, limit = map(str, found)
    return f"{rule.get('rule')}{source}: {value}, limit {limit}{example}"


def _dataset(name: str, given: Mapping[str, Any]) -> DatasetRow:
    rows, files = given.get("rows", {}), given.get("files", {})
    reasons = sorted(given.get("reasons", {}).items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{reason} {count:,}" for reason, count in reasons[:_REASONS]]
    others = len(reasons) - _REASONS
    more = [f"{others} other reason{'s' * (others > 1)}"] if others > 0 else []
    pruned = given.get("pruned", 0)
    erased = rows.get("erased", 0)
    more += [f"{erased:,} erased"] if erased else []
    more += [f"rows of {'1 file' if pruned == 1 else f'{pruned:,} files'} pruned"] if pruned else []
    return DatasetRow(
        name,
        files.get("read", 0),
        rows.get("read", 0),
        rows.get("accepted", 0),
        rows.get("quarantined", 0),
        ", ".join([*shown, *more]),
    )


def locations(summary: Summary, database: str, summary_uri: str | None) -> list[tuple[str, str]]:
    """(what, where) of everything that a run published."""
    exports = summary.get("exports")
    found = [("export", str(uri)) for uri in exports or ()]
    found += [("features", str(summary["export"]))] if summary.get("export") and exports is None else []
    for name, state in sorted(summary.get("tables", {}).items()):
        snapshot = f", snapshot {state['snapshot']}" if state.get("snapshot") else ""
        rows = f", {state['rows']:,} rows" if state.get("rows") is not None else ""
        unchanged = ", unchanged" if state.get("committed") is False else ""
        found.append(("table", f"{database}.{name}{rows}{snapshot}{unchanged}"))
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
