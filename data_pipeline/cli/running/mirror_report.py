"""What a mirror did, for people: a table on stdout, and the files that failed."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from data_pipeline.core.machine import run_input
from data_pipeline.core.progress.result_text import OUTCOMES
from data_pipeline.core.uploads import amount

Report = Mapping[str, Any]

#: files that failed, or are left, which the table is followed by.
SHOWN = 20
_WIDE = 2000
#: how the error of a mirror begins that has brought nothing, for one reason.
NOTHING = "the mirror brought nothing"


def nothing_matches(report: Report, scope: Mapping[str, Any]) -> str:
    """What a mirror has to say whose options leave it no file to ask for, known or new; empty for any other."""
    if not scope or any(report["counts"].values()) or report["not_again"]:
        return ""
    return f"no file of the sources matches {' '.join(run_input.options(scope))}, so nothing was asked for"


def reasons(report: Report) -> list[str]:
    """A line for each reason for which files failed or are left, those that need a person first."""
    lines = []
    for each in report["reasons"]:
        person = ", needs a person" if each["person"] else ""
        more = f" and {each['files'] - 1:,} more" if each["files"] > 1 else ""
        lines.append(f"{each['outcome']}{person}: {each['first']}{more}: {each['reason']}")
    rest = [f"and {len(lines) - SHOWN:,} more reasons; every file: --json"] if len(lines) > SHOWN else []
    return lines[:SHOWN] + rest


def partial(report: Report) -> str:
    """What the error of a partial mirror says; the one reason, where nothing but that has come of it."""
    why, failed = report["reasons"], report["counts"]["failed"]
    if failed and sum(report["counts"].values()) == failed and len(why) == 1:
        count = why[0]["first"] if failed == 1 else f"all of its {failed:,} files"
        return f"{NOTHING}, {count} failed: {why[0]['reason']}"
    of_person = sum(each["files"] for each in why if each["person"])
    person = f", {of_person:,} of them need a person" if of_person else ""
    return (
        f"the mirror is partial: {failed:,} of the files failed{person}. What came is stored; run the same command "
        "again for the rest."
    )


def print_report(report: Report, uri: str, dry_run: bool) -> None:
    """A row for each data set, then why files failed or are left."""
    rows = [*report["datasets"]]
    if len(rows) != 1:
        rows.append({"name": "all", **report["counts"], "bytes": report["bytes"]})
    heads = ["data set", *OUTCOMES.values(), "fetched"]
    _print(heads, [[row["name"], *_counts(row), amount(row["bytes"])] for row in rows])
    for line in reasons(report):
        click.echo(line)
    if dry_run:
        size = sum(file["size"] for file in report["files"] if file["outcome"] in ("new", "updated"))
        click.echo(f"nothing was fetched; {amount(size)} would be, into {uri}")
        return
    resumed = f", {amount(report['resumed_bytes'])} were there already" if report["resumed_bytes"] else ""
    again = f"; {report['not_again']:,} known files were not asked for again" if report["not_again"] else ""
    click.echo(f"into {uri}: {amount(report['bytes'])} fetched in {report['seconds']:.1f} s{resumed}{again}")


def print_verified(report: Report, uri: str) -> None:
    """How many files are as they were stored, and each that is not."""
    counts = report["counts"]
    click.echo(f"{counts['right']:,} files in {uri} are as they were stored; {amount(report['bytes'])} read")
    for file in report["wrong"]:
        click.echo(f"{file['stored']}: {file['path']}: {file['reason']}")
    for word, paths in (
        ("re-issued at the source since", report["newer"]),
        ("not told by the source", report["unknown"]),
    ):
        if paths:
            more = f" and {len(paths) - SHOWN:,} more" if len(paths) > SHOWN else ""
            click.echo(f"{word}: {', '.join(paths[:SHOWN])}{more}")


def print_earlier(earlier: Mapping[str, Sequence[Mapping[str, Any]]], uri: str) -> None:
    """A row for each earlier issue, the latest last."""
    if not earlier:
        click.echo(f"no file in {uri} was re-issued since it was mirrored")
        return
    rows = [
        [path, issue["until"], amount(issue["size"]), issue["version"], issue["sha256"]]
        for path, issues in sorted(earlier.items())
        for issue in issues
    ]
    _print(["file", "replaced at", "size", "version", "SHA-256"], rows, left=5)


def _counts(row: Report) -> list[str]:
    return [f"{row[kind]:,}" if row[kind] else "-" for kind in OUTCOMES]


def _print(heads: Sequence[str], rows: Sequence[Sequence[str]], left: int = 1) -> None:
    wide = None if sys.stdout.isatty() else _WIDE  # a file or a pipe has no margin to wrap at
    screen = Console(file=sys.stdout, highlight=False, soft_wrap=True, width=wide, markup=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, head in enumerate(heads):
        table.add_column(head, justify="left" if number < left else "right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    screen.print(table)
