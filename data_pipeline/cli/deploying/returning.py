"""Tables, exports and the ledger as an earlier deployment had published them last: looked up, then brought back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pyiceberg.exceptions import CommitFailedException
from pyiceberg.table import Table
from pyiceberg.table.snapshots import Snapshot
from pyiceberg.table.update import SetCurrentSchemaUpdate
from pyiceberg.table.update.snapshot import ManageSnapshots

from data_pipeline.aws.catalog import table_access
from data_pipeline.aws.session import Connection
from data_pipeline.aws.versions import lifecycle, put_back, refuse_unversioned, versions
from data_pipeline.core.config.environment import Data, Location
from data_pipeline.core.config.locations import erased_prefix, key_prefix, output_prefix, rebuilds_prefix
from data_pipeline.core.config.retention import Retention
from data_pipeline.core.deployment.page.entries import CHANGED, SAID, Entry, Page, Section
from data_pipeline.core.deployment.returned import (
    Ruled,
    Step,
    Version,
    refuse_expired,
    rules_days,
    steps,
)
from data_pipeline.core.errors import UserError
from data_pipeline.features import snapshots
from data_pipeline.project import erased

#: what the mirror has fetched lies in the input, which stays.
_MIRROR = "mirror.json"
_LOCATIONS: tuple[Location, ...] = ("state", "export")


@dataclass(frozen=True)
class Returning:
    """What is brought back: each table with the snapshot that it had; of state and exports each object that has changed
    since. ``later``: tables that were made since, which stay; ``erased``: data sets that have a record of erased keys;
    ``output``: the URI below which all of it is.
    """

    environment: str
    moment: datetime
    bucket: str
    output: str
    tables: tuple[tuple[Table, Snapshot], ...]
    state: tuple[Step, ...]
    exports: tuple[Step, ...]
    later: tuple[str, ...] = ()
    erased: tuple[str, ...] = ()

    @property
    def anything(self) -> bool:
        return bool(self.tables or self.state or self.exports)


def gather_returning(
    connection: Connection,
    environment: str,
    outputs: Mapping[str, str],
    data: Data,
    retention: Retention,
    moment: datetime,
    since: Iterable[Ruled] = (),
) -> Returning:
    """What was published at a moment, as far as it is something else now. ``outputs``: of the stacks; ``since``:
    the rules that the bucket had from then on.

    UserError, which names the table, where a snapshot has expired, or where older versions of objects may be gone.
    """
    bucket, now = outputs["DataBucket"], datetime.now(UTC)
    refuse_expired(moment, now, _kept_days(connection, bucket, data, retention))
    for each in since:
        refuse_expired(moment, each.until, _rules_days(each.rules, f"deployment {each.number}", data))
    refuse_unversioned(connection, bucket)
    found = snapshots.connect(connection.client("glue"), table_access(connection), outputs["Database"])
    tables, later = [], []
    for table in map(found.load, found.names()):
        if _made_after(table, moment):
            later.append(table.name()[-1])
            continue
        then = snapshots.as_of(table, moment)
        if then.snapshot_id != snapshots.current(table).snapshot_id:
            tables.append((table, then))
    state, exports = ([*versions(connection, bucket, key_prefix(data, place))] for place in _LOCATIONS)
    return Returning(
        environment,
        moment,
        bucket,
        f"s3://{bucket}/{output_prefix(data)}",
        tuple(tables),
        tuple(steps(_returned(state, data), moment)),
        tuple(steps(exports, moment)),
        tuple(later),
        tuple(_erased(state, erased_prefix(data))),
    )


def _kept_days(
    connection: Connection, bucket: str, data: Data, retention: Retention
) -> Mapping[str, int | None]:
    """What says for how long older versions are kept → days: the configuration, and the bucket's own rules."""
    names = ("state_versions_days", "export_versions_days")
    rules = _rules_days(lifecycle(connection, bucket), f"bucket {bucket}", data)
    return {f"retention.{name}": getattr(retention, name) for name in names} | rules


def _rules_days(rules: Iterable[Mapping[str, Any]], of: str, data: Data) -> dict[str, int]:
    prefixes = [key_prefix(data, place) for place in _LOCATIONS]
    return rules_days(rules, of, prefixes, rebuilds_prefix(data))


def _returned(state: Iterable[Version], data: Data) -> Iterator[Version]:
    """Without what stays as it is: the mirror's record, and what was erased."""
    mirror, erased = f"{key_prefix(data, 'state')}{_MIRROR}", erased_prefix(data)
    return (each for each in state if each.key != mirror and not each.key.startswith(erased))


def _erased(state: Iterable[Version], prefix: str) -> Iterator[str]:
    """The data sets that have a record of erased keys now."""
    for each in state:
        name = each.key.removeprefix(prefix).removesuffix(".json")
        if each.latest and not each.deleted and each.key == f"{prefix}{name}.json" and "/" not in name:
            yield name


def bring_back(connection: Connection, returning: Returning) -> None:
    """Erased keys first, which older snapshots may have: the next run takes them out. Then the ledger: broken off
    before the tables, the next run reads again what the ledger knows no longer, and replaces its rows. Doing it again
    ends it.
    """
    for name in returning.erased:
        erased.look_again(connection, returning.output, name)
    for step in returning.state:
        put_back(connection, returning.bucket, step)
    for table, then in returning.tables:
        _set_current(table, then)
    for step in returning.exports:
        put_back(connection, returning.bucket, step)


def _set_current(table: Table, then: Snapshot) -> None:
    """One commit: snapshot and schema of then. UserError where something else has committed since it was looked up, or
    the snapshot has gone.
    """
    name = ".".join(table.name())
    try:
        with table.transaction() as transaction:
            ManageSnapshots(transaction).set_current_snapshot(snapshot_id=then.snapshot_id)
            if then.schema_id is not None and then.schema_id != table.metadata.current_schema_id:
                # PyIceberg has no public call that makes an earlier schema the current one.
                transaction._stage((SetCurrentSchemaUpdate(schema_id=then.schema_id),))
    except CommitFailedException as error:
        raise UserError(f"{name}: something has published meanwhile; run the same command again") from error
    except ValueError as error:  # what PyIceberg raises for a snapshot, or a schema, that is not there
        raise UserError(
            f"{name}: snapshot {then.snapshot_id} could not be made the current one ({error}); maintenance may have "
            "expired it meanwhile. Run the same command again, which looks anew."
        ) from error


def data_page(returning: Returning) -> Page:
    """What is brought back, and what stays."""
    entries = tuple(_entries(returning))
    section = Section(f"Data, as they were published until {returning.moment:%Y-%m-%d %H:%M} UTC", entries)
    what = "1 table" if len(returning.tables) == 1 else f"{len(returning.tables)} tables"
    summary = f"{what} to bring back" if returning.anything else "no data to bring back"
    return Page(returning.environment, (section,), True, summary)


def _entries(returning: Returning) -> Iterator[Entry]:
    for table, then in returning.tables:
        name, run = ".".join(table.name()), snapshots.properties(then).get(snapshots.RUN)
        of = f", of the run {run}" if run else ""
        yield Entry(CHANGED, f"{name}: back to snapshot {then.snapshot_id}{of}")
    for what, some in (("ledger", returning.state), ("exports", returning.exports)):
        if some:
            gone = sum(step.version is None for step in some)
            new = f", {gone:,} of them new and deleted" if gone else ""
            yield Entry(CHANGED, f"{what}: {len(some):,} object{'s' * (len(some) > 1)}{new}")
    for name in returning.later:
        yield Entry(SAID, f"{name} was made later, and stays as it is")
    if not returning.anything:
        yield Entry(SAID, "as they are now")
    yield Entry(SAID, "input, quarantine, reports of runs, training sets and records of feature groups stay")
    if returning.erased:
        yield Entry(SAID, "what was erased stays erased: the next run takes it out of what comes back")


def _made_after(table: Table, moment: datetime) -> bool:
    """Whether the first commit of a table, which is still known, came later; or it has none."""
    known = sorted(table.snapshots(), key=lambda each: each.sequence_number or 0)
    first = known[0] if known else None
    if first is None:
        return not table.history()
    return first.sequence_number == 1 and first.timestamp_ms > moment.timestamp() * 1000
