"""Job: list the trip files below the input and write down what the run is to read. Runs on Python 3.9.

Writes ``<output>/runs/<run>/plan.json`` (every object with its ETag and size) and ``decision.json`` (the
totals, which a state machine may hold: a few hundred bytes whatever the plan).
"""

from __future__ import annotations

import sys
import time
from typing import Any

from tlc import arguments, exits, sources
from tlc.storage import join, write_json


def main(argv: list[str]) -> None:
    """Write plan and decision for the run that ``argv`` names. Raises JobError if there are no trip files."""
    parser = arguments.parser(__doc__ or "")
    parser.add_argument(
        "--input", required=True, help="where the trip files are: s3://bucket/prefix or a folder"
    )
    parser.add_argument(
        "--output", required=True, help="where runs/<run>/ is written: s3://bucket/prefix or a folder"
    )
    parser.add_argument("--run", required=True, help="the name of this run")
    parser.add_argument("--code-version", default="", help="the content hash of the code, for the log")
    options = arguments.parse(parser, argv)
    prepare(options.input, options.output, options.run)


def prepare(input: str, output: str, run: str) -> dict[str, Any]:
    """List ``input``, write plan.json and decision.json below ``output`` and return the decision."""
    started = time.monotonic()
    listing = sources.list_sources(input)
    if not listing.sources:
        raise sources.nothing_to_read(input)
    listing = sources.Listing(tuple(sources.with_etags(listing.sources)), listing.ignored)
    folder = join(output, "runs", run)
    plan = join(folder, "plan.json")
    decision = {
        "version": 1,
        "run": run,
        "plan": plan,
        "objects": len(listing.sources),
        "bytes": sum(source.size for source in listing.sources),
        "ignored": listing.ignored,
    }
    write_json(plan, sources.plan_document(run, listing))
    write_json(join(folder, "decision.json"), decision)
    for line in listing.repeated():
        exits.log(f"warning: {line}")
    exits.log(
        f"{decision['objects']} trip files, {decision['bytes']:,} bytes, {listing.ignored} other files "
        f"ignored; plan in {plan} after {time.monotonic() - started:.1f} s"
    )
    return decision


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
