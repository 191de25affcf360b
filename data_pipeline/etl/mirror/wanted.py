"""What a mirror asks for, and in which order. Pure; runs on Python 3.9."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from urllib.parse import unquote, urlsplit

from data_pipeline.etl.documents.sources import MirrorSource, SourceList
from data_pipeline.etl.errors import JobError

from . import periods
from .record import Entry

ALL = "all"
#: refusals in a row behind which nothing later of a data set is asked for: sources publish without long gaps.
LOOKAHEAD, LOOKAHEAD_DAYS = 6, 60
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,199}")
_MONTHS = re.compile(r"(\d{4}-(?:0[1-9]|1[0-2]))(?:\.\.(\d{4}-(?:0[1-9]|1[0-2])))?")


@dataclass(frozen=True)
class Ask:
    """One file to ask for: where it is, its path below the input, and what is known of it.

    ``lane`` is the data set, or the name of the source; ``period`` is empty where files have none.
    """

    url: str
    path: str
    lane: str
    period: str = ""
    known: Entry | None = None


@dataclass(frozen=True)
class Lane:
    """Files of one data set that are not there yet, the earliest first; after ``lookahead`` refusals behind the
    newest period that is there (``newest``, of known ones) the rest is not asked for (None: all are).
    """

    name: str
    asks: tuple[Ask, ...]
    lookahead: int | None = None
    newest: str = ""


@dataclass(frozen=True)
class Selection:
    """The data sets (or names of sources) and the months, both ends included, that are looked at."""

    names: frozenset[str] | None = None
    first: str = "0000-01"
    last: str = "9999-12"

    def has(self, name: str, period: str) -> bool:
        """Whether that file is looked at; one without a period is, unless months are asked for."""
        if self.names is not None and name not in self.names:
            return False
        if not period:
            return (self.first, self.last) == ("0000-01", "9999-12")
        return self.first <= period[:7] <= self.last


@dataclass(frozen=True)
class Wanted:
    """What is asked for: lanes of what is new, then known files again, and how many known ones are left out."""

    lanes: tuple[Lane, ...]
    again: tuple[Ask, ...]
    not_again: int = 0

    @property
    def count(self) -> int:
        return sum(len(lane.asks) for lane in self.lanes) + len(self.again)


def scope(datasets: str, months: str, sources: SourceList, strict: bool = True) -> Selection:
    """The scope that ``--dataset`` (``all`` or names with commas) and ``--months`` spell. Without ``strict``, a
    name that no source has is none of the mirror's business; otherwise it is a JobError.
    """
    names = None
    if datasets != ALL:
        names = frozenset(name.strip() for name in datasets.split(","))
        for name in sorted(names - frozenset(sources.names)) if strict else ():
            near = get_close_matches(name, sources.names, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            known = ", ".join(sources.names) or "none"
            raise JobError(f"--dataset {name}: no source has it; there are: {known}{hint}")
    if months == ALL:
        return Selection(names)
    match = _MONTHS.fullmatch(months)
    if match is None or (match[2] or match[1]) < match[1]:
        raise JobError(
            f"--months {months}: this is not YYYY-MM, or YYYY-MM..YYYY-MM with the earlier one first"
        )
    return Selection(names, match[1], match[2] or match[1])


def of_pattern(source: MirrorSource, entries: Mapping[str, Entry], today: date) -> dict[str, list[Ask]]:
    """Data set → every period of it that is over, of a source with a URL pattern."""
    daily = periods.is_daily(source.where)
    found: dict[str, list[Ask]] = {}
    for dataset, first in source.datasets.items():
        through = periods.through(periods.parse(first), today, daily)
        found[dataset] = [
            _ask(
                periods.expand(source.where, dataset, period),
                source,
                dataset,
                entries,
                periods.label(period, daily),
            )
            for period in through
        ]
    return found


def of_urls(source: MirrorSource, urls: Iterable[str], entries: Mapping[str, Entry]) -> dict[str, list[Ask]]:
    """The name of the source → a file for each URL, once."""
    asks = [_ask(url, source, source.name, entries) for url in dict.fromkeys(urls)]
    return {source.name: asks}


def chosen(
    found: Iterable[tuple[MirrorSource, Mapping[str, list[Ask]]]], scope: Selection, recheck: int | None
) -> Wanted:
    """What is new, and of the known files the ``recheck`` (None: all) that were asked for longest ago."""
    lanes, known = [], []
    for source, asks_of in found:
        for name, asks in asks_of.items():
            within = [ask for ask in asks if scope.has(name, ask.period)]
            known += [ask for ask in within if ask.known]
            new = tuple(ask for ask in within if not ask.known)
            newest = max((ask.period for ask in asks if ask.known), default="")
            lanes.append(Lane(name, new, _lookahead(source), newest))
    again = sorted(known, key=lambda ask: (ask.known.checked if ask.known else "", ask.path))
    kept = again if recheck is None else again[:recheck]
    return Wanted(tuple(lane for lane in lanes if lane.asks), tuple(kept), len(again) - len(kept))


def _lookahead(source: MirrorSource) -> int | None:
    if source.kind != "url":
        return None
    return LOOKAHEAD_DAYS if periods.is_daily(source.where) else LOOKAHEAD


def _ask(
    url: str, source: MirrorSource, lane: str, entries: Mapping[str, Entry], period: str | None = None
) -> Ask:
    name = name_of(url)
    path = source.to + name
    return Ask(url, path, lane, periods.month_in(name) if period is None else period, entries.get(path))


def name_of(url: str) -> str:
    """The file's name in the input: the last part of the URL's path. JobError for one that no object can have."""
    name = unquote(urlsplit(url).path.rpartition("/")[2])
    if not _NAME.fullmatch(name):
        raise JobError(
            f"{url}: its last part, {name!r}, is no name for a file: letters, digits and _ . = - are, at most 200"
        )
    return name
