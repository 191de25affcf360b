"""Job: compare the input's files with what the tables of the data sets have, and write down what the run is to load.
Runs on Python 3.9.

Writes ``<output>/runs/<run>/plan.json`` (every unit to load, with its files, their ETags and sizes) and
``decision.json`` (whether there is anything to do, why, and the totals, which a state machine may hold: under 16 KiB
whatever the plan). With ``--source``, a list of sources, what is new there is mirrored into the input before.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from data_pipeline.etl import arguments, exits, packages
from data_pipeline.etl.documents import datasets, decision, form, load_plan, preview
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.decision import Decision
from data_pipeline.etl.documents.load_plan import LoadPlan
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.planning import comparing, earlier, report, selection, staleness
from data_pipeline.etl.planning.comparing import Comparison
from data_pipeline.etl.planning.selection import ALL, NONE, Selection
from data_pipeline.etl.state import erased, made_tables
from data_pipeline.etl.storage.filesystem import files, join, write_json
from data_pipeline.etl.storage.objects import ChangedError, Stored

ATTEMPTS = 3


@dataclass(frozen=True)
class Target:
    """Where the input is, where ``runs/<run>/`` is written, and the run's name."""

    input: str
    output: str
    run: str


def main(argv: list[str]) -> None:
    """Write plan and decision for the run that ``argv`` names. JobError for whatever the user can mend."""
    packages.put_first()
    packages.check_botocore()
    options = arguments.parse(_parser(), argv)
    definitions = datasets.read(files(options.definitions).read(options.definitions), options.definitions)
    chosen = selection.spelt(
        definitions,
        options.dataset,
        [] if options.part == ALL else options.part.split(","),
        options.periods,
        again=options.reprocess == "true",
        prune=options.prune == "true",
        rebuild=options.rebuild,
        from_now_on=options.from_now_on,
    )
    dropped = selection.columns(definitions, options.drop_column)
    target = Target(options.input, options.output, options.run)
    scope = (options.dataset, options.periods, options.part)
    deferring = options.defer_tables == "true"
    if options.dry_run == "true":
        plan, decided = look(target, definitions, chosen, dropped, deferring=deferring)
        print(form.text(preview.document(plan, decided)))
        return
    mirrored = mirror(options.source, target, definitions, scope) if options.source != NONE else None
    prepare(target, definitions, chosen, dropped, mirrored, deferring=deferring)


def _parser() -> argparse.ArgumentParser:
    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--input", required=True, help="where the files are: s3://bucket/prefix or a folder")
    add("--output", required=True, help="where runs/<run>/ is written: s3://bucket/prefix or a folder")
    add("--definitions", required=True, help="the data sets and tables: s3://… or a file")
    add("--source", default=NONE, help="mirror the sources of this list first: s3://… or a file")
    add("--run", required=True, help="the name of this run")
    add("--dataset", default=ALL, help="look at these data sets only: orders,weather")
    add("--part", default=ALL, help="look at these values of named parts only: country=de,country=fr")
    add("--periods", default=ALL, help="look at these periods only: 2024-01..2024-06-15 or 2024")
    add("--reprocess", **arguments.SWITCH, help="true: read what is unchanged, too")
    add("--prune", **arguments.SWITCH, help="true: drop the rows of files that are no longer in the input")
    add("--rebuild", default=NONE, help="make the tables of these data sets anew from all of their files")
    add(
        "--from-now-on",
        default=NONE,
        help="let changed definitions of these data sets hold for new files only",
    )
    add("--drop-column", default=NONE, help="columns that tables may lose: orders.status,orders.note")
    add(
        "--defer-tables", **arguments.SWITCH, help="true: what is to be made of data sets is no reason to run"
    )
    add("--dry-run", **arguments.SWITCH, help="true: print what would be loaded, write and mirror nothing")
    add("--code-version", default="", help="the content hash of the code, for the log")
    return parser


def mirror(
    source: str, target: Target, definitions: Definitions, scope: tuple[str, str, str] = (ALL, ALL, ALL)
) -> dict[str, Any]:
    """Mirror the sources within their budget; the report. ``scope``: data sets, periods and parts, as typed."""
    from data_pipeline.etl.mirror import running  # only where there are sources

    datasets_, periods, parts = scope
    places = (source, target.input, target.output)
    return running.within_budget(*places, datasets_, periods, parts=parts, definitions=definitions)


def prepare(
    target: Target,
    definitions: Definitions,
    chosen: Selection,
    dropped: tuple[str, ...] = (),
    mirrored: dict[str, Any] | None = None,
    *,
    deferring: bool = False,
) -> Decision:
    """Compare the input, write plan.json and decision.json and return the decision, which tells of the report of a
    mirror too. ``deferring``: tables that are out of date wait for a later run.
    """
    started = time.monotonic()
    plan, decided = look(target, definitions, chosen, dropped, mirrored, deferring=deferring)
    planned = decided["plan"]
    write_json(planned, load_plan.document(target.run, plan))
    write_json(join(target.output, "runs", target.run, decision.NAME), decided)
    for line in decided["messages"]:
        exits.log(f"warning: {line}")
    exits.log(
        f"{decided['reason']}; {decided['objects']} to read, {decided['bytes']:,} bytes, {plan.unclaimed} other "
        f"files ignored; plan in {planned} after {time.monotonic() - started:.1f} s"
    )
    return decided


def look(
    target: Target,
    definitions: Definitions,
    chosen: Selection,
    dropped: tuple[str, ...] = (),
    mirrored: dict[str, Any] | None = None,
    *,
    deferring: bool = False,
) -> tuple[LoadPlan, Decision]:
    """Compare the input: the plan and the decision, of which nothing is written yet."""
    found = _compared(target, definitions, chosen)
    known = earlier.known(target.output, definitions.datasets)
    judged = staleness.stale(definitions.datasets, found, known, chosen, time.time())
    looked_at = [
        name for name in definitions.datasets if chosen.has(name) and name not in (found.plan.held or {})
    ]
    plan = replace(
        found.plan, dropped_columns=dropped, judged=judged, erased=erased.pending(target.output, looked_at)
    )
    found = replace(found, plan=plan)
    planned = join(target.output, "runs", target.run, load_plan.NAME)
    outdated = tuple(
        name
        for name in (() if deferring else made_tables.outdated(target.output, definitions))
        if name not in (plan.held or {})  # it waits for an answer first
    )
    decided = report.decision_of(found, chosen, target.run, planned, _of_mirror(mirrored), outdated)
    if mirrored is not None:
        decided["mirror"] = {**mirrored["counts"], "bytes": mirrored["bytes"]}
        decided["partial"] = mirrored["partial"]
    return plan, decided


def _compared(target: Target, definitions: Definitions, chosen: Selection) -> Comparison:
    """The input held against the ledger, again where another run writes to the ledger meanwhile."""
    for _ in range(ATTEMPTS):
        try:
            return comparing.compare(
                listed(target.input),
                definitions,
                earlier.known(target.output, definitions.datasets),
                chosen,
                lambda path: join(target.input, path),
            )
        except ChangedError as error:
            problem = error
    raise JobError(f"{problem}: other runs write to it again and again; start this run when they have ended")


def listed(input: str) -> Iterator[Stored]:
    """The input's files with their ETags."""
    store = files(input)
    for each in store.list(input):
        yield each if each.etag else replace(each, etag=store.fingerprint(each.uri))


def _of_mirror(mirrored: dict[str, Any] | None) -> list[str]:
    """What a mirror that is partial has to say."""
    if mirrored is None:
        return []
    from data_pipeline.etl.mirror import report as mirror_report

    return mirror_report.messages(mirrored)


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
