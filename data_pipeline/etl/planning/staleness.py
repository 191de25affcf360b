"""Data sets of which nothing is new, and which may be too old by a rule ``freshness``: they are judged although nothing
of them is loaded. Runs on Python 3.9.

Of a rule without a column the ledger knows the answer. The newest time in a column is only known to the table, which is
looked at once nothing has been published for as long as the rule allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from data_pipeline.etl.documents import rules
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.documents.rules import Rule
from data_pipeline.etl.quality.facts import Earlier, Facts, series
from data_pipeline.etl.quality.judging import judge
from data_pipeline.etl.state.entries import Entry, time_of
from data_pipeline.etl.state.ledger import newest

from . import claims
from .comparing import Comparison, Known
from .selection import Selection


def stale(
    datasets: Mapping[str, Dataset], found: Comparison, known: Known, chosen: Selection, now: float
) -> tuple[str, ...]:
    """The data sets that are to be judged, of those that the run looks at as a whole. ``now``: seconds since 1970."""
    if chosen.parts or chosen.first or chosen.last:
        return ()
    busy = {unit.dataset for unit in found.plan.units} | {*(found.plan.held or ())}
    return tuple(
        name
        for name, dataset in datasets.items()
        if chosen.has(name) and name not in busy and known.definition(name) and _is_old(dataset, known, now)
    )


def _is_old(dataset: Dataset, known: Known, now: float) -> bool:
    held = [rule for rule in _rules(dataset) if rule.name == "freshness"]
    if not held:
        return False
    entries = {
        path: entry
        for shard in newest(known.shards(dataset.name))
        for path, entry in known.entries(dataset.name, shard)
    }
    return any(_breaks(rule, dataset.name, entries, now) for rule in held)


def _rules(dataset: Dataset) -> tuple[Rule, ...]:
    period = any(pattern.unit for pattern in claims.parsed(dataset))
    return rules.effective(dataset.rules, files=True, period=period, series=dataset.series is not None)


def _breaks(rule: Rule, of: str, entries: Mapping[str, Entry], now: float) -> bool:
    if rule.columns:
        last = max(_published(entries), default=None)
        return last is not None and (now - last) / 3600 > rule.limit
    history = {
        path: Earlier(entry.period, series(entry.parts), entry.accepted) for path, entry in entries.items()
    }
    found = judge([rule], Facts(of, now), history)
    return bool(found.failed or found.warnings)


def _published(entries: Mapping[str, Entry]) -> Iterator[float]:
    for entry in entries.values():
        if entry.published:
            yield time_of(entry.published).timestamp()
