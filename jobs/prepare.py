"""Job: compare the trip files below the input with what has been processed, and write down what the run is to
read: what is new or changed. Runs on Python 3.9.

Writes ``<output>/runs/<run>/plan.json`` (every object to read, with its ETag and size) and ``decision.json``
(whether there is anything to do, why, and the totals, which a state machine may hold: under 16 KiB whatever
the plan). What has been processed is in ``<output>/state/processed.json``; a job alone plans everything. With
``--source``, a list of sources, what is new there is mirrored into the input before.
"""

from __future__ import annotations

import sys
import time
from typing import Any

from taxi import planning, processed, sources

from data_pipeline.etl import arguments, exits, packages
from data_pipeline.etl.documents import decision, plan
from data_pipeline.etl.documents.decision import Decision
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import join, write_json

NO_SOURCE = "none"


def main(argv: list[str]) -> None:
    """Write plan and decision for the run that ``argv`` names. Raises JobError if there are no trip files."""
    packages.put_first()
    packages.check_botocore()
    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--input", required=True, help="where the trip files are: s3://bucket/prefix or a folder")
    add("--output", required=True, help="where runs/<run>/ is written: s3://bucket/prefix or a folder")
    add("--source", default=NO_SOURCE, help="mirror the sources of this list first: s3://… or a file")
    add("--run", required=True, help="the name of this run")
    add("--dataset", default=planning.ALL, help="look at these data sets only: yellow,green")
    add("--months", default=planning.ALL, help="look at these months only: 2019-01..2019-06 or 2019-01")
    add("--reprocess", **arguments.SWITCH, help="true: read what is unchanged, too")
    add(
        "--prune", **arguments.SWITCH, help="true: drop the counts of objects that are no longer in the input"
    )
    add("--code-version", default="", help="the content hash of the code, for the log")
    options = arguments.parse(parser, argv)
    scope = planning.scope(options.dataset, options.months)
    forced, prune = options.reprocess == "true", options.prune == "true"
    given = (options.source, options.input, options.output, options.dataset, options.months)
    mirrored = mirror(*given) if options.source != NO_SOURCE else None
    prepare(
        options.input, options.output, options.run, scope, reprocess=forced, prune=prune, mirrored=mirrored
    )


def mirror(*given: str) -> dict[str, Any]:
    """Mirror the sources within their budget; the report."""
    from data_pipeline.etl.mirror import running  # only where there are sources

    return running.within_budget(*given)


def prepare(
    input: str,
    output: str,
    run: str,
    scope: planning.Selection = planning.Selection(),  # noqa: B008 - it is frozen
    *,
    reprocess: bool = False,
    prune: bool = False,
    mirrored: dict[str, Any] | None = None,
) -> Decision:
    """Compare ``input``, write plan.json and decision.json below ``output`` and return the decision, which tells
    of the report of a mirror too.
    """
    started = time.monotonic()
    known = processed.read(processed.place(output)).objects
    found = sources.list_sources(input)
    if not found.sources and not known:
        raise nothing_to_read(input, mirrored)
    difference = planning.compare(sources.with_etags(found.sources), known, scope)
    removed = difference.deleted if prune else ()
    listing = sources.Listing(difference.to_read(reprocess), found.ignored, removed)
    folder = join(output, "runs", run)
    planned = join(folder, plan.NAME)
    notes = [
        *of_mirror(mirrored),
        *planning.messages(difference, known, prune),
        *planning.few(found.repeated()),
    ]
    decided: Decision = {
        "version": decision.VERSION,
        "run": run,
        "plan": planned,
        "objects": len(listing.sources),
        "bytes": sum(source.size for source in listing.sources),
        "ignored": found.ignored,
        "proceed": bool(listing.sources or removed),
        "reason": planning.reason(difference, reprocess, len(removed)),
        "new": len(difference.new),
        "changed": len(difference.changed),
        "unchanged": len(difference.unchanged),
        "deleted": len(difference.deleted),
        "messages": notes,
    }
    if mirrored is not None:
        decided["mirror"] = {**mirrored["counts"], "bytes": mirrored["bytes"]}
        decided["partial"] = mirrored["partial"]
    write_json(planned, sources.plan_document(run, listing))
    write_json(join(folder, decision.NAME), decided)
    for line in notes:
        exits.log(f"warning: {line}")
    exits.log(
        f"{decided['reason']}; {decided['objects']} to read, {decided['bytes']:,} bytes, {found.ignored} other "
        f"files ignored; plan in {planned} after {time.monotonic() - started:.1f} s"
    )
    return decided


def nothing_to_read(input: str, mirrored: dict[str, Any] | None) -> JobError:
    """The error for an input without trip files, with what the mirror says of it."""
    error = sources.nothing_to_read(input)
    mirror_text = "; ".join(of_mirror(mirrored))
    return JobError(f"{error}; {mirror_text}") if mirror_text else error


def of_mirror(mirrored: dict[str, Any] | None) -> list[str]:
    """What a mirror that is partial has to say."""
    if mirrored is None:
        return []
    from data_pipeline.etl.mirror import report

    return report.messages(mirrored)


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
