"""Job: bring what is new in the published tables into the stores of feature groups.

Records that are new or have changed since the snapshot that was ingested last are appended to the offline store, and
those that are gone are marked there as deleted; the online store is brought to the newest record of each identifier.
To do it again changes nothing that readers see. What was ingested is noted in ``<output>/state/ingested.json``, what
this run did in ``<output>/runs/<run>/ingested.json``. A table that nobody has made yet is left out.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tlc import arguments, exits
from tlc.errors import JobError
from tlc.storage import ChangedError, join, write_json

if TYPE_CHECKING:
    from tlc.ingestion.groups import Group
    from tlc.ingestion.state import Entry
    from tlc.tables import Tables

#: how often another ingestion may come between.
ATTEMPTS = 5


@dataclass(frozen=True)
class Done:
    """What was done for a group: records appended and marked as deleted in the offline store, put into and removed
    from the online store, and not put because their time to live is over.
    """

    snapshot: str
    appended: int = 0
    deleted: int = 0
    put: int = 0
    removed: int = 0
    expired: int = 0


def main(argv: list[str]) -> None:
    """Ingest the groups that ``argv`` names. Raises JobError for whatever the user can mend."""
    from tlc import tables
    from tlc.ingestion import groups

    parser = arguments.parser(__doc__ or "")
    add = parser.add_argument
    add("--output", required=True, help="where the results are: s3://bucket/prefix")
    add("--catalog", required=True, help="glue:<database>, in which the tables are")
    add("--features", required=True, help="the list of feature groups that have a store")
    add("--run", required=True, help="the name of this run")
    add(
        "--backfill",
        default="false",
        help="true: every record again, where a group has features that it lacked",
    )
    add("--code-version", default="", help="the content hash of the code, for the log")
    options = arguments.parse(parser, argv)
    at = tables.connect(options.catalog, join(options.output, "warehouse"))
    found = {}
    for group in groups.read(options.features):
        done = _settled(options, at, group)
        if done is not None:
            found[group.name] = asdict(done)
    place = join(options.output, "runs", options.run, "ingested.json")
    write_json(place, {"version": 1, "run": options.run, "groups": found})


def _settled(options: argparse.Namespace, at: Tables, group: Group) -> Done | None:
    """Ingest one group and note it; again where another ingestion has noted something meanwhile."""
    from tlc.ingestion import state

    place = state.place(options.output)
    for _ in range(ATTEMPTS):
        known = state.read(place)
        before = known.groups.get(group.name)
        table = at.find(group.table)
        if table is None or table.current_snapshot() is None:
            exits.log(f"{group.name}: there is no table {group.table} yet")
            return None
        done, entry = _ingest(options, table, group, before)
        if entry == before:
            return done
        try:
            state.write(place, {**known.groups, group.name: entry}, known.seen)
        except ChangedError:
            exits.log(f"{group.name}: another ingestion has noted something meanwhile; looking again")
            continue
        return done
    raise JobError(f"{place}: it changes all the time; is more than one run ingesting?")


def _ingest(
    options: argparse.Namespace, table: Any, group: Group, before: Entry | None
) -> tuple[Done, Entry]:
    import duckdb
    from tlc.ingestion import changes, newest, sending
    from tlc.ingestion.state import Entry

    snapshot = str(table.current_snapshot().snapshot_id)
    lacking = [feature for feature in group.features if before and feature not in before.features]
    whole = before is None or (bool(lacking) and options.backfill == "true")
    if before is not None and before.snapshot == snapshot and not whole:
        exits.log(f"{group.name}: snapshot {snapshot} has been ingested by the run {before.run}")
        return Done(snapshot), before
    sender = sending.Sender(sending.client(), group)
    with duckdb.connect(":memory:") as db:
        changes.gather(db, table, group, None if whole or before is None else before.snapshot)
        done = Done(snapshot)
        if group.offline:
            appended = sender.write(changes.rows(db, "changed", group), "OfflineStore")
            deleted = sender.mark_deleted(changes.rows(db, "gone", group))
            done = Done(snapshot, appended, deleted)
        if group.online:
            wanted = list(changes.rows(db, "newest", group))
            kept = {row[group.identifier] for row in wanted}
            gone = {row[group.identifier] for row in changes.rows(db, "gone", group)} - kept
            made = newest.bring(sender, group, wanted, sorted(gone))
            done = Done(snapshot, done.appended, done.deleted, len(made.put), len(made.remove), made.expired)
    exits.log(
        f"{group.name}: {done.appended:,} records appended, {done.deleted:,} marked as deleted; "
        f"online {done.put:,} put, {done.removed:,} removed, {done.expired:,} past their time to live"
    )
    if lacking and not whole:
        exits.log(
            f"{group.name}: older records have no {', '.join(lacking)}; a run with --reprocess fills them"
        )
    complete = group.features if whole or before is None else [f for f in group.features if f not in lacking]
    return done, Entry(snapshot, complete, options.run)


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
