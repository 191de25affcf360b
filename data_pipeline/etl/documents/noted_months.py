"""When each month of a series was available, as a snapshot notes it: for tables whose rows do not say it themselves.

The snapshot's properties say which months it covers and when each was first published here, as in
``north 2015-01..2015-03; south 2013-08`` and ``2026-11-25T06:00:00Z north 2015-01..2015-03 | …``. A month that was
first published later than the lag allows is history that was loaded afterwards: it is taken to have been available at
the end of the month and the lag. Times are of the table's wall clock. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from zoneinfo import ZoneInfo

PROPERTY = "pipeline.available"
COVERED = "pipeline.covered-months"


@dataclass(frozen=True)
class Available:
    """From when on a month (its first midnight) of a series could be known, and what says so: ``published`` or
    ``lag``; None where nothing does.
    """

    dataset: str
    month: datetime
    at: datetime | None
    by: str | None


def months(properties: Mapping[str, str], lag_minutes: int | None, zone: str) -> list[Available]:
    """Every covered month, by series."""
    times: dict[tuple[str, datetime], datetime] = {}
    for part in filter(None, properties.get(PROPERTY, "").split(" | ")):
        time, _, text = part.partition(" ")
        moment = datetime.strptime(time, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=timezone.utc)
        times.update(dict.fromkeys(parse(text), moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None)))
    covered = sorted(parse(properties.get(COVERED, "")))
    return [_available(*month, times.get(month), lag_minutes) for month in covered]


def latest(known: Iterable[Available]) -> list[Available]:
    """The same for all series together: a month is available when the last of them is."""
    last: dict[datetime, Available] = {}
    for one in known:
        before = last.get(one.month)
        if before is None or (before.at is not None and (one.at is None or one.at > before.at)):
            last[one.month] = one
    return [last[month] for month in sorted(last)]


def parse(text: str) -> set[tuple[str, datetime]]:
    """``north 2015-01..2015-03 2016-01; south 2013-08`` → (series, month's first midnight)."""
    found = set()
    for part in filter(None, text.split("; ")):
        series, *spans = part.split(" ")
        found |= {(series, month) for span in spans for month in _months(span)}
    return found


def _months(span: str) -> Iterator[datetime]:
    first, _, last = span.partition("..")
    month, end = (datetime.strptime(text, "%Y-%m") for text in (first, last or first))  # noqa: DTZ007 - wall clock
    while month <= end:
        yield month
        month = _next(month)


def _available(
    series: str, month: datetime, published: datetime | None, lag_minutes: int | None
) -> Available:
    by_lag = None if lag_minutes is None else _next(month) + timedelta(minutes=lag_minutes)
    if published is not None and (by_lag is None or published <= by_lag):
        return Available(series, month, published, "published")
    return Available(series, month, by_lag, "lag" if by_lag else None)


def _next(month: datetime) -> datetime:
    return (month + timedelta(days=31)).replace(day=1)
