"""What a mirror asks for, and in which order. Pure; runs on Python 3.9."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from difflib import get_close_matches
from urllib.parse import unquote, urlsplit

from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.patterns import Pattern
from data_pipeline.etl.documents.sources import MirrorSource, SourceList
from data_pipeline.etl.errors import JobError

from . import periods
from .record import Entry

ALL = "all"
#: refusals in a row behind which nothing later of a data set is asked for: sources publish without long gaps.
LOOKAHEAD = {"year": 2, "month": 6, "day": 60, "hour": 72}
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.=-]{0,199}")
_PERIOD = r"\d{4}(?:-(?:0[1-9]|1[0-2])(?:-(?:0[1-9]|[12]\d|3[01])(?:T(?:[01]\d|2[0-3]))?)?)?"
_PERIODS = re.compile(rf"({_PERIOD})(?:\.\.({_PERIOD}))?")


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
class Claim:
    """A pattern of a data set: what it matches is the data set's."""

    dataset: str
    pattern: Pattern


@dataclass(frozen=True)
class Selection:
    """What is looked at: data sets (or names of sources), values of named parts, and the periods from ``first`` to
    ``last``, both included. ``claims``: the patterns of the project's data sets.
    """

    names: frozenset[str] | None = None
    first: str = ""
    last: str = ""
    parts: Mapping[str, frozenset[str]] = field(default_factory=dict)
    claims: tuple[Claim, ...] = ()

    def has(self, lane: str, path: str, period: str = "") -> bool:
        """Whether that file is looked at. Its path says of which data set, parts and period it is where a data set
        claims it; else ``lane`` does, and ``period``: one without a period is, unless periods are asked for.
        """
        names, parts = {lane}, {}
        claimed = self._claimed(path)
        if claimed is not None:
            dataset, match = claimed
            names, parts, period = {lane, dataset}, dict(match.parts), match.period
        if self.names is not None and not names & self.names:
            return False
        if any(parts.get(name) not in values for name, values in self.parts.items()):
            return False
        if not period:
            return not self.first
        return periods.overlaps(period, self.first, self.last)

    def _claimed(self, path: str) -> tuple[str, patterns.Match] | None:
        for claim in self.claims:
            match = claim.pattern.match(path)
            if match is not None:
                return claim.dataset, match
        return None


@dataclass(frozen=True)
class Wanted:
    """What is asked for: lanes of what is new, then known files again, and how many known ones are left out."""

    lanes: tuple[Lane, ...]
    again: tuple[Ask, ...]
    not_again: int = 0

    @property
    def count(self) -> int:
        return sum(len(lane.asks) for lane in self.lanes) + len(self.again)


def claims(definitions: Definitions) -> tuple[Claim, ...]:
    """The patterns of data sets, in their order."""
    return tuple(
        Claim(dataset.name, patterns.parse(text))
        for dataset in definitions.datasets.values()
        for text in dataset.patterns
    )


def scope(
    datasets: str,
    span: str,
    sources: SourceList,
    strict: bool = True,
    *,
    parts: str = ALL,
    claims: tuple[Claim, ...] = (),
) -> Selection:
    """The scope that ``--dataset`` (``all`` or names with commas), ``--periods`` or ``--months``, and ``--part``
    (``all`` or ``name=value`` with commas) spell. Without ``strict``, a name that no source has is none of the mirror's
    business; otherwise it is a JobError.
    """
    names = None
    if datasets != ALL:
        names = frozenset(name.strip() for name in datasets.split(","))
        there = [*dict.fromkeys([*sources.names, *(claim.dataset for claim in claims)])]
        for name in sorted(names - frozenset(there)) if strict else ():
            near = get_close_matches(name, there, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            known = ", ".join(there) or "none"
            raise JobError(f"--dataset {name}: no source has it; there are: {known}{hint}")
    first, last = _ends(span)
    return Selection(names, first, last, _parts(parts), claims)


def _ends(span: str) -> tuple[str, str]:
    if span == ALL:
        return "", ""
    match = _PERIODS.fullmatch(span)
    first, last = (match[1], match[2] or match[1]) if match else ("", "")
    if match is None or not periods.overlaps(first, first, last):
        raise JobError(
            f"{span}: this is no period such as 2024, 2024-01, 2024-01-31 or 2024-01-31T05, or two of them as in "
            "2024-01..2024-06 with the earlier one first"
        )
    return first, last


def _parts(text: str) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for each in text.split(",") if text != ALL else ():
        name, sign, value = each.strip().partition("=")
        if not sign:
            raise JobError(f"--part {each}: this is not NAME=VALUE")
        found[name] = found.get(name, frozenset()) | {value}
    return found


def of_pattern(source: MirrorSource, entries: Mapping[str, Entry], today: date) -> dict[str, list[Ask]]:
    """Data set → every period of it that is over, of a source with a URL pattern. A file goes into the folders that
    the pattern has from its first placeholder on.
    """
    unit = periods.unit(source.where)
    before = source.where.partition("{")[0].rpartition("/")[0] + "/"
    return {
        dataset: [
            _ask(
                periods.expand(source.where, dataset, period),
                source,
                dataset,
                entries,
                before,
                periods.label(period, unit),
            )
            for period in periods.through(periods.parse(first), today, unit)
        ]
        for dataset, first in source.datasets.items()
    }


def of_urls(source: MirrorSource, urls: Iterable[str], entries: Mapping[str, Entry]) -> dict[str, list[Ask]]:
    """The name of the source → a file for each URL, once. Those below an S3 prefix keep their folders."""
    before = source.where if source.kind == "s3" else ""
    asks = [_ask(url, source, source.name, entries, before) for url in dict.fromkeys(urls)]
    return {source.name: asks}


def chosen(
    found: Iterable[tuple[MirrorSource, Mapping[str, list[Ask]]]], scope: Selection, recheck: int | None
) -> Wanted:
    """What is new, and of the known files the ``recheck`` (None: all) that were asked for longest ago."""
    lanes, known = [], []
    for source, asks_of in found:
        for name, asks in asks_of.items():
            within = [ask for ask in asks if scope.has(name, ask.path, ask.period)]
            known += [ask for ask in within if ask.known]
            new = tuple(ask for ask in within if not ask.known)
            newest = max((ask.period for ask in asks if ask.known), default="")
            lanes.append(Lane(name, new, _lookahead(source), newest))
    again = sorted(known, key=lambda ask: (ask.known.checked if ask.known else "", ask.path))
    kept = again if recheck is None else again[:recheck]
    return Wanted(tuple(lane for lane in lanes if lane.asks), tuple(kept), len(again) - len(kept))


def _lookahead(source: MirrorSource) -> int | None:
    return LOOKAHEAD[periods.unit(source.where)] if source.kind == "url" else None


def _ask(
    url: str,
    source: MirrorSource,
    lane: str,
    entries: Mapping[str, Entry],
    before: str,
    period: str | None = None,
) -> Ask:
    """What to ask for; a file that was stored by its name alone, as all were once, keeps that path."""
    path, plain = source.to + path_of(url, before), source.to + name_of(url)
    earlier = entries.get(plain)
    if path not in entries and earlier is not None and earlier.url == url:
        path = plain
    return Ask(url, path, lane, periods.in_name(path) if period is None else period, entries.get(path))


def name_of(url: str) -> str:
    """The file's name in the input: the last part of the URL's path. JobError for one that no object can have."""
    return path_of(url, "")


def path_of(url: str, before: str) -> str:
    """The file's path in the input: what follows ``before`` in the URL, which ends in ``/``, or its last part alone.
    JobError for one that no object can have.
    """
    if before and url.startswith(before):
        raw = urlsplit(url[len(before) :]).path
    else:
        raw = urlsplit(url).path.rpartition("/")[2]
    names = [unquote(name) for name in raw.split("/")]
    for name in names:
        if not _NAME.fullmatch(name):
            raise JobError(
                f"{url}: a part of it, {name!r}, is no name for a file: letters, digits and _ . = - are, at most 200"
            )
    return "/".join(names)
