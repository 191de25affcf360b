"""Coverage: what each period of a data set is: published, missing, not yet read, refused, let through; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from data_pipeline.core.uploads import StoredObject
from data_pipeline.etl.documents.patterns import Pattern

#: what a period is. DUE: the source, which is mirrored, has not published it yet.
PUBLISHED, QUARANTINED, ACCEPTED, WAITING = "published", "quarantined", "accepted", "waiting"
HELD, UNREADABLE, MISSING, DUE = "held", "unreadable", "missing", "due"
#: of several files of one period, the first of these that one of them is, is what the period is.
_ORDER = (UNREADABLE, HELD, WAITING, ACCEPTED, QUARANTINED, PUBLISHED)
#: kinds of a period of which something is published.
_THERE = (PUBLISHED, QUARANTINED, ACCEPTED)
#: the share of a period's rows in quarantine from which on it is said.
SHARE = 0.05
_PERIOD = re.compile(r"\d{4}(-\d\d(-\d\d(T\d\d)?)?)?")

Series = tuple[tuple[str, str], ...]
"""Name and value of each named part, in order."""


@dataclass(frozen=True)
class PublishedFile:
    """A file that the ledger knows: its period, parts, ETag, rows, size in bytes, and the run that read it last."""

    path: str
    period: str
    parts: Series
    etag: str
    read: int
    quarantined: int
    size: int = 0
    run: str = ""


@dataclass(frozen=True)
class Refusal:
    """Why the last run that has read this version of a file did not publish it. ``kind``: UNREADABLE or HELD."""

    etag: str
    kind: str
    reason: str
    run: str


@dataclass(frozen=True)
class Acceptance:
    """What a run has let through, and who started it. ``source``: a file with its ETag as ``version``, the data set, or
    ``orders 2024-01 country=de``.
    """

    run: str
    by: str
    of: str
    rule: str
    source: str
    version: str


@dataclass(frozen=True)
class Unpublished:
    """A file of the input that is not published as it is there. ``kind``: WAITING, HELD, UNREADABLE, or ACCEPTED of one
    that cannot be read and was let through. ``by``: who did.
    """

    path: str
    period: str
    parts: Series
    size: int
    kind: str
    reason: str = ""
    run: str = ""
    by: str = ""


@dataclass(frozen=True)
class LetThrough:
    """A period of which something was published although a rule failed."""

    period: str
    parts: Series
    rule: str
    run: str
    by: str


@dataclass(frozen=True)
class Held:
    """What is published of a period, all series together: ``runs`` are those that have read it last."""

    files: int
    bytes: int
    runs: frozenset[str]


@dataclass(frozen=True)
class DatasetCoverage:
    """Period → what it is, for each series of a data set; ``unit``: year, month, day or hour, or empty where files have
    no period. ``unpublished``: files of the input that are not published as they are there.
    """

    name: str
    unit: str
    series: Mapping[Series, Mapping[str, str]] = field(default_factory=dict)
    unpublished: tuple[Unpublished, ...] = ()
    accepted: tuple[LetThrough, ...] = ()
    published: Mapping[str, Held] = field(default_factory=dict)
    files: int = 0

    @property
    def waiting(self) -> tuple[str, ...]:
        """The files that no run has read yet, as far as results of runs are kept."""
        return tuple(each.path for each in self.unpublished if each.kind == WAITING)

    @property
    def newest(self) -> str:
        """The last period of which something is published, or nothing."""
        return max(
            (p for periods in self.series.values() for p, kind in periods.items() if kind in _THERE),
            default="",
        )

    def count(self, *kinds: str) -> int:
        return sum(each in kinds for periods in self.series.values() for each in periods.values())

    def reached(self) -> int:
        """Periods of which something is published."""
        return self.count(*_THERE)


def coverage(
    name: str,
    patterns: Sequence[Pattern],
    published: Iterable[PublishedFile],
    there: Mapping[str, StoredObject] | None,
    refused: Mapping[str, Refusal] | None = None,
    accepted: Sequence[Acceptance] = (),
    due: str = "",
) -> DatasetCoverage:
    """``there``: path below the input → object; None where nobody has looked. ``refused``: path → why runs did not
    publish it; ``due``: the last period that a mirrored source could have published, or nothing.

    A period is missing between the first and the last of its series, as far as the data set's other series go.
    """
    files = {each.path: each for each in published}
    unit = next((each.unit for each in patterns if each.unit), "")
    mine = [each for each in accepted if each.of == name]
    left = tuple(_unpublished(patterns, files, there or {}, refused or {}, mine))
    through = tuple(_let_through(files.values(), mine))
    found: dict[Series, dict[str, list[PublishedFile]]] = {}
    for each in files.values():
        found.setdefault(each.parts, {}).setdefault(each.period, []).append(each)
    kinds = {
        series: {period: _kind(some) for period, some in periods.items()} for series, periods in found.items()
    }
    others = [(each.parts, each.period, ACCEPTED) for each in through]
    for parts, period, kind in (*others, *((each.parts, each.period, each.kind) for each in left)):
        of_series = kinds.setdefault(parts, {})
        of_series[period] = min(kind, of_series.get(period, PUBLISHED), key=_ORDER.index)
    if unit:
        last = max((period for periods in kinds.values() for period in periods), default="")
        kinds = {series: _filled(periods, unit, last, due) for series, periods in kinds.items()}
    by_series = dict(sorted(kinds.items()))
    return DatasetCoverage(name, unit, by_series, left, through, _held(files.values()), len(files))


def claimed(patterns: Sequence[Pattern], path: str) -> tuple[str, Series] | None:
    """The period and parts of a file, None of one that is none of the data set's."""
    match = next((found for each in patterns if (found := each.match(path))), None)
    return (match.period, tuple(match.parts.items())) if match else None


def unread(
    patterns: Sequence[Pattern], published: Mapping[str, str], there: Mapping[str, StoredObject]
) -> Iterator[str]:
    """The files of a data set in the input that are not published, or not in this version. ``published``: path → its
    ETag.
    """
    for path, each in there.items():
        if published.get(path) != each.etag and claimed(patterns, path) is not None:
            yield path


def _unpublished(
    patterns: Sequence[Pattern],
    files: Mapping[str, PublishedFile],
    there: Mapping[str, StoredObject],
    refused: Mapping[str, Refusal],
    accepted: Sequence[Acceptance],
) -> Iterator[Unpublished]:
    published = {path: each.etag for path, each in files.items()}
    through = {(each.run, each.source, each.version): each.by for each in accepted}
    for path in sorted(unread(patterns, published, there)):
        period, parts = claimed(patterns, path) or ("", ())
        object_, why = there[path], refused.get(path)
        if why is None or why.etag != object_.etag:
            yield Unpublished(path, period, parts, object_.size, WAITING)
            continue
        by = through.get((why.run, path, object_.etag), "") if why.kind == UNREADABLE else ""
        kind = ACCEPTED if by else why.kind
        yield Unpublished(path, period, parts, object_.size, kind, why.reason, why.run, by)


def _let_through(files: Iterable[PublishedFile], accepted: Sequence[Acceptance]) -> Iterator[LetThrough]:
    """The periods whose files are as a run has published them that let something through there."""
    by_run: dict[str, list[Acceptance]] = {}
    for each in accepted:
        by_run.setdefault(each.run, []).append(each)
    found = {
        (file.period, file.parts, each.rule, each.run): LetThrough(
            file.period, file.parts, each.rule, each.run, each.by
        )
        for file in files
        for each in by_run.get(file.run, ())
        if _is_about(each, file)
    }
    yield from (found[key] for key in sorted(found))


def _is_about(each: Acceptance, file: PublishedFile) -> bool:
    """Whether what was let through is about a file: its path, its period and series as far as named, or all of it."""
    if each.source in (file.path, each.of):
        return True
    of, _, rest = each.source.partition(" ")
    if each.rule.startswith("drift"):
        rest = rest.rpartition(" ")[0]  # a column stands last
    period, _, series = rest.partition(" ")
    if not _PERIOD.fullmatch(period):
        period, series = "", rest
    same = of == each.of and ("=" in series or not series)  # else it is another file
    near = file.period.startswith(period) or period.startswith(file.period)
    return same and near and all(_is_within(name, value, series) for name, value in file.parts)


def _is_within(name: str, value: str, series: str) -> bool:
    """Whether a part may be of a series, ``country=de, kind=a``: it has this value there, or is not named."""
    named = re.search(rf"(?:^|, ){re.escape(name)}=", series)
    return named is None or f"{series[named.end() :]}, ".startswith(f"{value}, ")


def _kind(files: Iterable[PublishedFile]) -> str:
    read, quarantined = 0, 0
    for each in files:
        read, quarantined = read + each.read, quarantined + each.quarantined
    return QUARANTINED if read and quarantined / read >= SHARE else PUBLISHED


def _held(files: Iterable[PublishedFile]) -> dict[str, Held]:
    found: dict[str, list[PublishedFile]] = {}
    for each in files:
        found.setdefault(each.period, []).append(each)
    return {
        period: Held(len(some), sum(each.size for each in some), frozenset(each.run for each in some))
        for period, some in sorted(found.items())
    }


def _filled(periods: Mapping[str, str], unit: str, last: str, due: str) -> dict[str, str]:
    """With those that are missing up to ``last``, and those that the source could have published up to ``due``."""
    end = max(last, due)
    return {
        period: periods.get(period, MISSING if period <= last else DUE)
        for period in between(min(periods), end, unit)
    }


def ended(unit: str, now: datetime) -> str:
    """The last period of a unit that has ended; empty without a unit."""
    if unit == "year":
        return f"{now.year - 1:04}"
    if unit == "month":
        return f"{now.replace(day=1) - timedelta(1):%Y-%m}"
    if unit == "day":
        return f"{now - timedelta(1):%Y-%m-%d}"
    return f"{now - timedelta(hours=1):%Y-%m-%dT%H}" if unit else ""


def between(first: str, last: str, unit: str) -> Iterator[str]:
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
