"""When each month of the source was available: as its publication here was noted, or by the source's lag; pure.

A month that was first published here later than the source's lag allows is history that was loaded
afterwards: it is taken to have been available at the end of the month and the lag. Times are of the table's
wall clock.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

PROPERTY = "pipeline.available"
COVERED = "pipeline.covered-months"

By = Literal["published", "lag"]


@dataclass(frozen=True)
class Available:
    """From when on a month (its first midnight) of a data set could be known, and what says so."""

    dataset: str
    month: datetime
    at: datetime
    by: By


def months(noted: str, covered: str, lag_days: int, zone: str) -> list[Available]:
    """Every covered month, by data set. ``noted`` and ``covered`` are the snapshot's properties."""
    times: dict[tuple[str, datetime], datetime] = {}
    for part in filter(None, noted.split(" | ")):
        time, _, text = part.partition(" ")
        moment = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        times |= dict.fromkeys(parse(text), moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None))
    return [_available(*month, times.get(month), lag_days) for month in sorted(parse(covered))]


def latest(known: Iterable[Available]) -> list[Available]:
    """The same for all data sets together: a month is available when the last of them is."""
    last: dict[datetime, Available] = {}
    for one in known:
        if one.month not in last or one.at > last[one.month].at:
            last[one.month] = one
    return [last[month] for month in sorted(last)]


def parse(text: str) -> set[tuple[str, datetime]]:
    """``north 2015-01..2015-03 2016-01; south 2013-08`` → (data set, month's first midnight)."""
    found = set()
    for part in filter(None, text.split("; ")):
        dataset, *spans = part.split(" ")
        found |= {(dataset, month) for span in spans for month in _months(span)}
    return found


def _months(span: str) -> Iterator[datetime]:
    first, _, last = span.partition("..")
    month, end = (datetime.strptime(text, "%Y-%m") for text in (first, last or first))  # noqa: DTZ007 - wall clock
    while month <= end:
        yield month
        month = _next(month)


def _available(dataset: str, month: datetime, published: datetime | None, lag_days: int) -> Available:
    by_lag = _next(month) + timedelta(days=lag_days)
    if published is not None and published <= by_lag:
        return Available(dataset, month, published, "published")
    return Available(dataset, month, by_lag, "lag")


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=31)).replace(day=1)
