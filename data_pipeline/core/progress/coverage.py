"""Coverage: which periods of which data sets are published, which are missing, and which wait in the input; pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from data_pipeline.etl.documents.patterns import Pattern

#: what a period is, and its sign in the grid.
PUBLISHED, QUARANTINED, WAITING, MISSING = "published", "quarantined", "waiting", "missing"
SIGNS = {PUBLISHED: "#", QUARANTINED: "q", WAITING: "!", MISSING: "."}
#: the share of a period's rows in quarantine from which on it is said.
SHARE = 0.05
#: periods that a line of text names.
_NAMED = 6
_MONTHS = "JFMAMJJASOND"

Series = tuple[tuple[str, str], ...]
"""Name and value of each named part, in order."""


@dataclass(frozen=True)
class PublishedFile:
    """A file that the ledger knows: its period, parts, ETag and rows."""

    path: str
    period: str
    parts: Series
    etag: str
    read: int
    quarantined: int


@dataclass(frozen=True)
class DatasetCoverage:
    """Period → what it is, for each series of a data set; ``unit``: year, month, day or hour, or empty where files have
    no period. ``waiting``: files of the input that are not published as they are there.
    """

    name: str
    unit: str
    series: Mapping[Series, Mapping[str, str]] = field(default_factory=dict)
    waiting: tuple[str, ...] = ()
    files: int = 0

    @property
    def newest(self) -> str:
        """The last period of which something is published, or nothing."""
        there = (PUBLISHED, QUARANTINED)
        return max(
            (p for periods in self.series.values() for p, kind in periods.items() if kind in there),
            default="",
        )

    def count(self, kind: str) -> int:
        return sum(each == kind for periods in self.series.values() for each in periods.values())


def coverage(
    name: str,
    patterns: Sequence[Pattern],
    published: Iterable[PublishedFile],
    there: Mapping[str, str] | None,
) -> DatasetCoverage:
    """``there``: path below the input → ETag of each object; None where nobody has looked.

    A period is missing between the first and the last of its series, as far as the data set's other series go.
    """
    files = {each.path: each for each in published}
    unit = next((each.unit for each in patterns if each.unit), "")
    waiting = dict(_waiting(patterns, files, there or {}))
    found: dict[Series, dict[str, list[PublishedFile]]] = {}
    for each in files.values():
        found.setdefault(each.parts, {}).setdefault(each.period, []).append(each)
    kinds: dict[Series, dict[str, str]] = {
        series: {period: _kind(some) for period, some in periods.items()} for series, periods in found.items()
    }
    for period, parts in waiting.values():
        kinds.setdefault(parts, {})[period] = WAITING
    last = max((period for periods in kinds.values() for period in periods), default="")
    if unit:
        kinds = {series: _filled(periods, unit, last) for series, periods in kinds.items()}
    return DatasetCoverage(name, unit, dict(sorted(kinds.items())), tuple(sorted(waiting)), len(files))


def _waiting(
    patterns: Sequence[Pattern], files: Mapping[str, PublishedFile], there: Mapping[str, str]
) -> Iterator[tuple[str, tuple[str, Series]]]:
    """Path → period and parts of what is in the input and not published, or not in this version."""
    for path, etag in there.items():
        if path in files and files[path].etag == etag:
            continue
        match = next((found for each in patterns if (found := each.match(path))), None)
        if match is not None:
            yield path, (match.period, tuple(match.parts.items()))


def _kind(files: Iterable[PublishedFile]) -> str:
    read, quarantined = 0, 0
    for each in files:
        read, quarantined = read + each.read, quarantined + each.quarantined
    return QUARANTINED if read and quarantined / read >= SHARE else PUBLISHED


def _filled(periods: Mapping[str, str], unit: str, last: str) -> dict[str, str]:
    """With the periods that are missing, up to ``last``."""
    return {period: periods.get(period, MISSING) for period in _between(min(periods), last, unit)}


def _between(first: str, last: str, unit: str) -> Iterator[str]:
    """Every period of a unit from the first to the last, both included."""
    if unit == "year":
        yield from (f"{year:04}" for year in range(int(first), int(last) + 1))
    elif unit == "month":
        start, end = (int(text[:4]) * 12 + int(text[5:7]) - 1 for text in (first, last))
        yield from (f"{number // 12:04}-{number % 12 + 1:02}" for number in range(start, end + 1))
    elif unit == "day":
        day = date.fromisoformat(first)
        while day <= date.fromisoformat(last):
            yield day.isoformat()
            day += timedelta(1)
    else:
        moment = datetime.fromisoformat(f"{first}:00")
        while (text := f"{moment:%Y-%m-%dT%H}") <= last:
            yield text
            moment += timedelta(hours=1)


def lines(found: DatasetCoverage) -> Iterator[str]:
    """The grid of a data set, and a line that counts."""
    yield f"{found.name}{f', by {found.unit}' if found.unit else ''}: {summary(found)}"
    if not found.unit:
        return
    for series, periods in found.series.items():
        title = ", ".join(f"{name}={value}" for name, value in series)
        yield from ([f"  {title}"] if title else [])
        yield from (f"  {line}" for line in _grid(periods, found.unit))
    for path in found.waiting[:_NAMED]:
        yield f"  waits: {path}"
    if len(found.waiting) > _NAMED:
        yield f"  and {len(found.waiting) - _NAMED:,} more; all: --json"


def summary(found: DatasetCoverage) -> str:
    """``40 published, 12 missing: 2009-02, …``."""
    if not found.series:
        return "nothing is published yet"
    if not found.unit:
        files = "1 file is" if found.files == 1 else f"{found.files:,} files are"
        waits = f", {len(found.waiting):,} wait" if found.waiting else ""
        return f"{files} published{waits}"
    parts = [f"{found.count(PUBLISHED) + found.count(QUARANTINED):,} published"]
    for kind, words in ((QUARANTINED, "much quarantined"), (WAITING, "waiting"), (MISSING, "missing")):
        if count := found.count(kind):
            parts.append(f"{count:,} {words}")
    return ", ".join(parts)


def _grid(periods: Mapping[str, str], unit: str) -> Iterator[str]:
    """A line for each year, month or day, a sign for each period in it."""
    if unit == "year":
        yield f"{min(periods)} {''.join(SIGNS[kind] for kind in periods.values())} {max(periods)}"
        return
    width, first, count = {"month": (4, 1, 12), "day": (7, 1, 31), "hour": (10, 0, 24)}[unit]
    rows: dict[str, list[str]] = {}
    for period, kind in periods.items():
        row = rows.setdefault(period[:width], [" "] * count)
        row[int(period[width + 1 :]) - first] = SIGNS[kind]
    if unit == "month":
        yield f"{'':{width}}  {_MONTHS}"
    for name, row in rows.items():
        yield f"{name}  {''.join(row).rstrip()}"


def as_json(found: DatasetCoverage) -> dict[str, Any]:
    """The same for scripts: of each series its periods."""
    return {
        "dataset": found.name,
        "unit": found.unit or None,
        "files": found.files,
        "series": [{"parts": dict(series), "periods": dict(kinds)} for series, kinds in found.series.items()],
        "waiting": list(found.waiting),
    }
