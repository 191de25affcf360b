"""Job: mirror the sources that a list names into the input, or verify what is stored. Runs on Python 3.9.

``python -m data_pipeline mirror`` starts it on the laptop; the job prepare does the same in the cloud, within the
budget that the list sets. With ``--events true`` each line on standard output is a JSON object, the last one the
report; otherwise it is text.
"""

from __future__ import annotations

import json
import sys
import threading
from typing import Any

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.mirror import mirroring, periods, running, verifying, wanted
from data_pipeline.etl.storage.filesystem import files

Event = dict[str, Any]

NONE = "none"
#: bytes between two lines of progress of all files.
_REPORTED_BYTES = 1 << 20


def main(argv: list[str]) -> None:
    """Mirror or verify as ``argv`` says. Raises JobError for a list of sources that is none, and the like."""
    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--source", required=True, help="the list of sources: a JSON file, s3://… or a path")
    add("--input", required=True, help="where the files go: s3://bucket/prefix")
    add("--output", required=True, help="state/mirror.json is below it: s3://bucket/prefix")
    add("--dataset", default=wanted.ALL, help="these data sets only: orders,weather")
    add("--months", default=wanted.ALL, help="these months only: 2019-01..2019-06 or 2019-01")
    add("--periods", default=wanted.ALL, help="these years, months, days or hours only: 2024-01..2024-06-15")
    add("--part", default=wanted.ALL, help="these values of named parts only: country=de,country=fr")
    add(
        "--definitions",
        default=NONE,
        help="the data sets, whose patterns say what a file is: a JSON file, or none",
    )
    add("--full", **arguments.SWITCH, help="true: ask for every known file again, not only for a few")
    add("--dry-run", **arguments.SWITCH, help="true: bring nothing, say what would be brought")
    add("--verify", **arguments.SWITCH, help="true: read what is stored, and hold it against the record")
    add("--events", **arguments.SWITCH, help="true: JSON lines")
    options = arguments.parse(parser, argv)
    tell = Teller() if options.events == "true" else running.logged
    sources = running.read(options.source)
    span = options.months if options.periods == wanted.ALL else options.periods
    claims = wanted.claims(_definitions(options.definitions))
    scope = wanted.scope(options.dataset, span, sources, parts=options.part, claims=claims)
    context = running.made(sources, options.input, options.output, tell)
    if options.verify == "true":
        known = context.record.objects.items()
        chosen = {p: entry for p, entry in known if scope.has(entry.lane, p, periods.in_name(p))}
        done = verifying.verify(chosen, context)
    else:
        full, dry = options.full == "true", options.dry_run == "true"
        done = mirroring.mirror(sources, context, scope, full=full, dry=dry, today=running.now())
    tell({"event": "report", **done})


def _definitions(place: str) -> Definitions:
    return Definitions() if place == NONE else datasets.read(files(place).read(place), place)


class Teller:
    """Writes events as JSON lines; those of bytes are added up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes: dict[str, int] = {}

    def __call__(self, event: Event) -> None:
        with self._lock:
            if event["event"] == "bytes":
                path = event["path"]
                self._bytes[path] = self._bytes.get(path, 0) + event["bytes"]
                if self._bytes[path] < _REPORTED_BYTES:
                    return
                event = {**event, "bytes": self._bytes.pop(path)}
            elif event["event"] == "end" and (rest := self._bytes.pop(event["path"], 0)):
                print(json.dumps({"event": "bytes", "path": event["path"], "bytes": rest}))
            print(json.dumps(event), flush=True)


if __name__ == "__main__":
    try:
        exits.run(main, sys.argv[1:])
    except KeyboardInterrupt:
        raise SystemExit(130) from None
