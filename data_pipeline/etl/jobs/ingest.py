"""Job: bring what is new in the published tables into the stores of feature groups.

Records that are new or have changed since the snapshot that was ingested last are appended to the offline store, and
those that are gone are marked there as deleted; the online store is brought to the newest record of each identifier.
To do it again changes nothing that readers see. What was ingested is noted in ``<output>/state/ingested.json``, what
this run did in ``<output>/runs/<run>/ingested.json``. A table that nobody has made yet is left out.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict, dataclass, fields, replace
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Any

from data_pipeline.etl import arguments, exits
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.filesystem import files, join, write_json
from data_pipeline.etl.storage.objects import ChangedError

if TYPE_CHECKING:
    from data_pipeline.etl.documents.features import Group
    from data_pipeline.etl.ingestion.state import Entry, Ingested
    from data_pipeline.etl.publishing.tables import Tables

#: how often another ingestion may come between.
ATTEMPTS = 12


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

    def __add__(self, later: Done) -> Done:
        counts = {f.name: getattr(self, f.name) + getattr(later, f.name) for f in fields(self)[1:]}
        return Done(later.snapshot, **counts)


@dataclass(frozen=True)
class Written:
    """The snapshot that an ingestion has brought, the one that was noted when it began, the features that all records
    have, and what it has done.
    """

    snapshot: str
    noted: str | None
    features: list[str]
    done: Done


def main(argv: list[str]) -> None:
    """Ingest the groups that ``argv`` names. Raises JobError for whatever the user can mend."""
    from data_pipeline.etl.documents import features
    from data_pipeline.etl.publishing import tables

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
    for group in features.read(files(options.features).read(options.features), options.features):
        done = _ingest_until_noted(options, at, group)
        if done is not None:
            found[group.name] = asdict(done)
    place = join(options.output, "runs", options.run, "ingested.json")
    write_json(place, {"version": 1, "run": options.run, "groups": found})


def _ingest_until_noted(options: argparse.Namespace, at: Tables, group: Group) -> Done | None:
    """Ingest one group and note it; again where another ingestion has noted something meanwhile, since its records,
    of another snapshot, may have come after those of this one.
    """
    from data_pipeline.etl.ingestion import state

    place, mine = state.place(options.output), None
    for _ in range(ATTEMPTS):
        known = state.read(place)
        before = known.groups.get(group.name) or state.Entry(None, [], "")
        table = at.find(group.table)
        current = table.current_snapshot() if table else None
        if table is None or current is None:
            exits.log(f"{group.name}: there is no table {group.table} yet")
            return None
        snapshot = str(current.snapshot_id)
        since = _since(before, snapshot, mine, options.backfill == "true" and bool(_lacking(group, before)))
        if not since and before.snapshot == snapshot:
            exits.log(f"{group.name}: snapshot {snapshot} has been ingested by the run {before.run}")
            return mine.done if mine else Done(snapshot)
        begun = replace(before, begun=list(dict.fromkeys([*before.begun, snapshot])))
        seen = _note(place, known, group, begun, known.seen)
        if seen is None:
            continue
        mine = _ingested(at, table, group, before, since, mine)
        ended = state.Entry(snapshot, mine.features, options.run)
        if _note(place, known, group, ended, seen) is not None:
            return mine.done
    raise JobError(f"{place}: it changes all the time; is more than one run ingesting?")


def _note(place: str, known: Ingested, group: Group, entry: Entry, seen: str | None) -> str | None:
    """Note ``entry`` of the group; the new ETag, None where another ingestion has noted something meanwhile."""
    from data_pipeline.etl.ingestion import state

    try:
        return state.write(place, {**known.groups, group.name: entry}, seen)
    except ChangedError:
        exits.log(f"{group.name}: another ingestion has noted something meanwhile; looking again")
        return None


def _since(before: Entry, snapshot: str, mine: Written | None, whole: bool) -> list[str | None]:
    """The snapshots of which the stores may have records that are not those of ``snapshot``; None: they lack some.

    These are the one that was ingested last and those that an ingestion has begun. Once this one has written, it is its
    own, those that others have begun, and the one that another has ingested meanwhile.
    """
    if mine is None:
        found = [*([None] if whole else []), before.snapshot, *before.begun]
    else:
        found = [mine.snapshot, *before.begun, *([before.snapshot] if before.snapshot != mine.noted else [])]
    return [one for one in dict.fromkeys(found) if one != snapshot]


def _lacking(group: Group, before: Entry) -> list[str]:
    """The features that older records do not have."""
    return [name for name in group.features if before.snapshot is not None and name not in before.features]


def _ingested(
    at: Tables, table: Any, group: Group, before: Entry, since: list[str | None], mine: Written | None
) -> Written:
    """Bring what differs from the snapshots ``since``; with what was done before."""
    done = _ingest(at, table, group, since)
    lacking = _lacking(group, before) if None not in since else []
    if lacking and mine is None:
        exits.log(
            f"{group.name}: older records have no {', '.join(lacking)}; a run with --reprocess fills them"
        )
    if mine is not None:
        return Written(done.snapshot, before.snapshot, mine.features, mine.done + done)
    return Written(done.snapshot, before.snapshot, [f for f in group.features if f not in lacking], done)


def _ingest(at: Tables, table: Any, group: Group, since: list[str | None]) -> Done:
    import duckdb

    from data_pipeline.etl.ingestion import changes, newest, sending

    done = Done(str(table.current_snapshot().snapshot_id))
    if not since:
        return done
    sender = sending.Sender(sending.client(), group)
    with duckdb.connect(":memory:") as db:
        changes.gather(db, changes.Reading(at, table, group), since)
        if group.offline:
            appended = sender.write(changes.rows(db, "changed", group), "OfflineStore")
            deleted = sender.mark_deleted(changes.rows(db, "gone", group))
            done = replace(done, appended=appended, deleted=deleted)
        if group.online:
            ended = changes.ended(db, group, datetime.now(timezone.utc))
            newest_rows = changes.rows(db, "newest", group)
            wanted = [row for row in newest_rows if row[group.identifier] not in ended]
            kept = {row[group.identifier] for row in wanted}
            gone = {row[group.identifier] for row in changes.rows(db, "gone", group)} | ended
            gone -= kept
            made = newest.bring(sender, group, wanted, sorted(gone))
            done = replace(done, put=len(made.put), removed=len(made.remove), expired=made.expired)
    exits.log(
        f"{group.name}: {done.appended:,} records appended, {done.deleted:,} marked as deleted; "
        f"online {done.put:,} put, {done.removed:,} removed, {done.expired:,} past their time to live"
    )
    return done


if __name__ == "__main__":
    exits.run(main, sys.argv[1:])
