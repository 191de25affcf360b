"""What a notebook and the commands use: the feature groups of one environment, read and joined."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc

from data_pipeline.core.config import feature_document
from data_pipeline.core.config.feature_groups import FeatureGroup, Joined
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.etl.documents.feature_records import ENDS

from . import joining, records, snapshots
from .snapshots import Tables


@dataclass(frozen=True)
class Store:
    """Feature groups by name, and the tables that they are read from: their files, or what ``ask`` answers of them.

    ``periods``: data set → its period (``month``), of those that have one; a group's ``lag`` counts from its end.
    """

    tables: Tables
    groups: Mapping[str, FeatureGroup]
    ask: records.Ask | None = None
    periods: Mapping[str, str] = field(default_factory=dict)

    def get(
        self,
        group: str | None = None,
        *,
        as_of: datetime | None = None,
        snapshot: str | None = None,
        run: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> pa.Table:
        """The records of a group (without a name, of the only one) as they were published ``as_of`` a time with a
        zone, in a ``snapshot`` or by a ``run``; else the newest. ``since`` and ``until`` (exclusive) bound the event
        time, on the group's wall clock.
        """
        found = self.group(group)
        table = self.tables.load(found.table)
        state = snapshots.chosen(table, as_of, snapshot, run)
        source = feature_document.source(found, self.periods)
        return records.read(self.tables, table, state, source, since, until, self.ask)

    def join(
        self,
        labels: pa.Table,
        features: Mapping[str, Joined],
        *,
        identifier: str,
        time: str,
        states: Mapping[str, str] | None = None,
        available: bool = True,
    ) -> pa.Table:
        """``labels`` with a column for each of ``features``, as it was known at the label's ``time``.

        ``identifier`` and ``time`` name columns of ``labels``; times are on the groups' wall clock. ``states``: table →
        id of the snapshot to read, the current one where none is given. ``available=False`` looks at event times only.
        """
        sources = self.sources(features, states or {})
        return joining.join(labels, identifier, time, sources, available=available)

    def sources(self, features: Mapping[str, Joined], states: Mapping[str, str]) -> list[joining.JoinSource]:
        """What ``join`` looks each of ``features`` up in, in their order; each group is read once."""
        names = sorted({joined.group for joined in features.values()})
        rows = {name: self.get(name, snapshot=states.get(self.group(name).table)) for name in names}
        return [_source(self.group(j.group), rows[j.group], column, j) for column, j in features.items()]

    def period(self, name: str, states: Mapping[str, str]) -> str:
        """The period after which the group's lag counts, in the snapshot that ``states`` names; empty where it does
        not matter.
        """
        group = self.group(name)
        table = self.tables.load(group.table)
        state = snapshots.chosen(table, snapshot=states.get(group.table))
        return records.period(self.tables, table, state, feature_document.source(group, self.periods))

    def newest(self, name: str, now: datetime) -> dict[str, str]:
        """Record identifier → newest event time of a group's records, as SageMaker is given them; without those whose
        newest record has ended by ``now``, a time with a zone.
        """
        group = self.group(name)
        rows = (
            _lasting(group, self.get(name), now)
            .group_by(group.record_identifier)
            .aggregate([(group.event_time, "max")])
        )
        times = rows[f"{group.event_time}_max"].to_pylist()
        return {
            str(one): f"{time:%Y-%m-%dT%H:%M:%SZ}"
            for one, time in zip(rows[group.record_identifier].to_pylist(), times, strict=True)
        }

    def group(self, name: str | None) -> FeatureGroup:
        """The group of this name, or the only one. UserError when there is none."""
        if name is None and len(self.groups) == 1:
            return next(iter(self.groups.values()))
        if name is None or name not in self.groups:
            known = (
                f"the configuration has {one_of(self.groups)}"
                if self.groups
                else "the configuration has none"
            )
            found = f"there is no feature group {quoted(name)}" if name else "say which feature group"
            near = did_you_mean(name, self.groups) if name else ""
            raise UserError(f"{found}: {known}" + (f"; {near}" if near else ""))
        return self.groups[name]


def _lasting(group: FeatureGroup, rows: pa.Table, now: datetime) -> pa.Table:
    """The records of identifiers whose newest one, which is the last of them, has not ended."""
    if group.valid_to is None:
        return rows
    clock = now.astimezone(ZoneInfo(group.timezone)).replace(tzinfo=None)
    last = dict(zip(rows[group.record_identifier].to_pylist(), rows[ENDS].to_pylist(), strict=True))
    kept = [end is None or end > clock for end in last.values()]
    names = [name for name, keeps in zip(last, kept, strict=True) if keeps]
    kind = rows.schema.field(group.record_identifier).type
    return rows.filter(pc.is_in(rows[group.record_identifier], value_set=pa.array(names, kind)))


def _source(group: FeatureGroup, rows: pa.Table, column: str, joined: Joined) -> joining.JoinSource:
    kept = [group.record_identifier, group.event_time, joined.feature, "available_at"]
    kept += [ENDS] if group.valid_to else []
    return joining.JoinSource(
        rows.select(list(dict.fromkeys(kept))),
        group.record_identifier,
        group.event_time,
        {joined.feature: column},
        joined.record,
        joined.before_minutes,
    )
