"""What a run's page shows of its sources: data sets, files, why rows were refused, and a few of those."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import words
from .markup import Content, Html, join, tag
from .parts import Detail, Head, chip, folded, plural, table

Record = Mapping[str, Any]
_REASONS = 3
_FEW = 10


def file_count(report: Record) -> int:
    """Files that the run has read, those with it that the report does not name."""
    return len(report["files"]) + int(report["more_files"])


def sources(report: Record, detail: Detail) -> Html:
    """Files with their rows, why rows were refused, and a few of those."""
    parts: list[Content] = [tag("h2", "Sources", id="sources")]
    news = report["news"]
    counts = [f"{news[name]:,} {name}" for name in ("new", "changed", "unchanged", "deleted") if name in news]
    if counts:
        parts.append(tag("p", f"Files of the input: {', '.join(counts)}.", class_="soft"))
    if report["datasets"]:
        parts.append(_datasets(report))
    if report["files"]:
        parts.append(_file_table(report, detail))
    for name, examples in report["examples"].items():
        parts.append(_examples(name, examples))
    if report.get("planned"):
        parts.append(_planned(report["planned"], detail))
    elif not report["files"]:
        parts.append(tag("p", "No file was read by this run.", class_="soft"))
    return tag("section", parts, aria_labelledby="sources")


def _datasets(report: Record) -> Html:
    heads = [Head("Data set"), Head("Files", True), Head("Rows read", True), Head("Accepted", True)]
    heads += [Head("Quarantined", True), Head("Why"), Head("")]
    rows: list[list[Content]] = []
    for name, each in report["datasets"].items():
        counts, files = each["rows"], each["files"]
        reasons = _reasons(each["reasons"], 8, counts.get("erased", 0))
        held = chip("held back", "bad") if each["held"] else chip("accepted", "good")
        error = tag("div", each["error"]) if each.get("error") else None
        why = tag("div", reasons, error, class_="long") if reasons or error else ""
        total = files["read"] + files["failed"]
        numbers = [total, counts["read"], counts["accepted"], counts["quarantined"]]
        rows.append([name, *map(words.count, numbers), why, held])
    return table("Data sets", heads, rows)


def _planned(planned: Record, detail: Detail) -> Html:
    """What a run was to read that came to no summary."""
    files = planned["files"]
    said = f"It was to read {plural(len(files) + planned['more_files'], 'file')}, {words.size(planned['bytes'])}."
    heads = [Head("File"), Head("Data set"), Head("Size", True), Head("Because it is")]
    rows = [
        [
            tag("div", each["source"], class_="long"),
            each["dataset"],
            words.size(each["bytes"]),
            each["because"],
        ]
        for each in files[: detail.files]
    ]
    return join([tag("p", said), folded("Which", table("Files that were to be read", heads, rows))])


def _reasons(reasons: Mapping[str, int], most: int, erased: int = 0) -> Html:
    """Why rows are in quarantine, and how many others are of keys that were erased."""
    every = sorted(reasons.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{reason} {count:,}" for reason, count in every[:most]]
    more = [plural(len(every) - most, "other reason")] if len(every) > most else []
    left_out = [f"{erased:,} erased"] if erased else []
    return join([", ".join([*shown, *more, *left_out])])


def _file_table(report: Record, detail: Detail) -> Html:
    """The files with most refused rows, and folded below them all, where they are many."""
    heads = [Head("File"), Head("Size", True), Head("Rows read", True), Head("Accepted", True)]
    heads += [Head("Quarantined", True), Head("Why")]
    rows = [_file(file) for file in report["files"][: detail.files]]
    left = file_count(report) - len(rows)
    said = f"{plural(left, 'more file')} with fewer refused rows: summary.json"
    more = tag("p", said, class_="soft small") if left else None
    whole = join([table("Files that were read, the worst first", heads, rows), more])
    if len(rows) <= _FEW:
        return whole
    clean = sum(1 for file in report["files"] if not file["quarantined"] and not file["error"])
    every = f"All {plural(file_count(report), 'file')}, {clean:,} of them without a refused row"
    return join([table("Files with most refused rows", heads, rows[:_FEW]), folded(every, whole)])


def _file(file: Record) -> list[Content]:
    reasons = _reasons(file["reasons"], _REASONS, file.get("erased", 0))
    error = join([chip("unusable", "bad"), tag("div", file["error"])]) if file["error"] else None
    why = tag("div", error, reasons, class_="long") if reasons or error else ""
    counts = [words.count(file[name]) for name in ("read", "accepted")]
    part = f" ({words.share(file['quarantined'] / file['read'])})" if file["quarantined"] else ""
    name = tag("div", file["source"], class_="long")
    return [name, words.size(file["bytes"]), *counts, f"{file['quarantined']:,}{part}", why]


def _examples(name: str, examples: list[Record]) -> Html:
    heads = [Head("Reason"), Head("Column"), Head("File"), Head("Row", True), Head("Text of the row")]
    rows = [
        [
            each["reason"],
            each["column"] or "",
            each["source"],
            words.count(each["row"]),
            tag("code", each["raw"] or ""),
        ]
        for each in examples
    ]
    return folded(f"Some of the refused rows of {name}", table(f"Refused rows of {name}", heads, rows))
