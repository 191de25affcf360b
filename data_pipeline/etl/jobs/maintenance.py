"""Job: expire old snapshots of the tables, and delete the files that only they needed.

A snapshot goes if it is older than ``--retain-days``, is none of the newest ``--retain-last``, and has no tag
or branch. A file goes if no snapshot that is left needs it and it is at least a day old: a publication that
runs meanwhile needs the files that it is writing, and those of the snapshot that it started from. What it did
to each table is in ``<output>/runs/<run>/maintained.json``. A table that nobody has made yet is left out.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import asdict

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join, write_json

NONE = "none"


def main(argv: list[str], now: Callable[[], float] = time.time) -> None:
    """Clean up the tables that ``argv`` names. Raises JobError for whatever the user can mend."""
    from data_pipeline.etl.publishing import expiry, tables

    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--output", required=True, help="where the results are: s3://bucket/prefix")
    add("--catalog", required=True, help="glue:<database>, in which the tables are")
    add("--tables", default="", help="the tables, with commas between")
    add("--definitions", default=NONE, help="the list of data sets, whose tables they are, too; or none")
    add("--run", required=True, help="the name of this run")
    add("--retain-days", default="30", help="snapshots of so many days stay, at least 1")
    add("--retain-last", default="10", help="so many of the newest snapshots stay, at least 1")
    add("--code-version", default="", help="the content hash of the code, for the log")
    options = arguments.parse(parser, argv)
    days, snapshots = (_number(options, name) for name in ("retain_days", "retain_last"))
    at = tables.connect(options.catalog, join(options.output, "warehouse"))
    found = {}
    names = [name.strip() for name in options.tables.split(",") if name.strip()]
    names += [name for name in defined(options.definitions) if name not in names]
    if not names:
        raise JobError("found no tables, expected some in --tables or --definitions")
    for name in names:
        others = [other for other in names if other != name]
        done = expiry.expire(at, name, others, days, snapshots, now())
        if done is None:
            exits.log(f"{name}: there is no such table yet")
            continue
        found[name] = asdict(done)
        exits.log(
            f"{name}: {done.snapshots} snapshots expired, {done.files} files deleted, {done.bytes:,} bytes"
        )
    place = join(options.output, "runs", options.run, "maintained.json")
    write_json(place, {"version": 1, "run": options.run, "tables": found})


def defined(place: str) -> list[str]:
    """The tables of data sets, and those made of them."""
    if place == NONE:
        return []
    found = datasets.read(files(place).read(place), place)
    return [name for each in found.datasets.values() for name in each.tables] + [*found.tables]


def _number(options: object, name: str) -> int:
    text = getattr(options, name)
    if not text.isdecimal() or int(text) < 1:
        raise JobError(f"--{name.replace('_', '-')} {text}: this is not a number from 1")
    return int(text)


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
