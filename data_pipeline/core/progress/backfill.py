"""A backfill: which periods of which data sets are to be read, in which runs, and what became of them; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from data_pipeline.etl.documents import verdict

from . import failure_reason
from .coverage import (
    ACCEPTED,
    HELD,
    MISSING,
    PUBLISHED,
    QUARANTINED,
    UNREADABLE,
    WAITING,
    DatasetCoverage,
    between,
)
from .past_runs import PastRun, Results, started_since

#: what ``--only`` names → what a period is of which it reads files; nothing: whatever is not published.
KINDS = {
    "": (WAITING, MISSING, HELD, UNREADABLE),
    "missing": (WAITING, MISSING),
    "failed": (HELD, UNREADABLE),
    "accepted": (ACCEPTED,),
    "all": (PUBLISHED, QUARANTINED, ACCEPTED, WAITING, MISSING, HELD, UNREADABLE),
}
#: kinds that only a run finds that reads again what is published.
_AGAIN = ("accepted", "all")
#: what no run has tried yet comes first: a backfill that is broken off and begun again does not begin with failures.
_TRIED = (HELD, UNREADABLE)
#: how a run ends that has done its work, as ``past_runs`` says it.
_NOTHING = "nothing new"
_GOOD = ("published", "warnings", _NOTHING, "ended well")
#: how one ended that could not fetch all that it was to mirror: what is left may be of the periods that it read.
PARTIAL = "partial"


@dataclass(frozen=True)
class Wish:
    """What somebody asks for. ``first`` and ``last``: periods, empty for no bound; ``only``: a key of ``KINDS``;
    ``together``: periods that one run reads; ``before``: read again what runs have read that started before this time,
    as names of runs begin; ``mirrors``: a run brings files that are not in the input yet.
    """

    first: str = ""
    last: str = ""
    only: str = ""
    together: int = 1
    before: str = ""
    mirrors: bool = False

    @property
    def again(self) -> bool:
        return self.only in _AGAIN


@dataclass(frozen=True)
class Piece:
    """What one run reads: adjacent ``periods`` of data sets, in order. ``tried``: an earlier run has failed on it."""

    unit: str
    periods: tuple[str, ...]
    datasets: tuple[str, ...]
    files: int = 0
    bytes: int = 0
    tried: bool = False

    @property
    def span(self) -> str:
        """As the option ``--periods`` is typed."""
        first, last = self.periods[0], self.periods[-1]
        return first if first == last else f"{first}..{last}"

    def halves(self) -> list[Piece]:
        """Two runs in place of one; what each of them reads is not counted any more."""
        middle = len(self.periods) // 2
        return [
            replace(self, periods=some, files=0, bytes=0, tried=True)
            for some in (self.periods[:middle], self.periods[middle:])
        ]


@dataclass(frozen=True)
class Done:
    """What became of a piece. ``ended``: as ``past_runs`` says it, or PARTIAL; ``rows``: accepted and quarantined,
    where known.
    """

    piece: Piece
    run: str
    ended: str
    seconds: float
    rows: tuple[int, int] | None = None
    reason: str = ""

    @property
    def good(self) -> bool:
        return self.ended in _GOOD

    @property
    def read(self) -> bool:
        """Whether there was anything to read, too."""
        return self.good and self.ended != _NOTHING


def done(piece: Piece, past: PastRun, reason: str, now: datetime) -> Done:
    """What became of a piece that a run has read. ``reason``: why it failed, if it did."""
    ended = past.ended
    left = _partial(past.results) if ended in _GOOD else ""
    return Done(piece, past.name, PARTIAL if left else ended, past.seconds(now), past.rows, left or reason)


def others(output: str | None) -> list[str]:
    """The ARNs of the runs that kept another from going on, as its ``output`` names them."""
    found = failure_reason.described(output).get("running")
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _partial(results: Results) -> str:
    """What a run says of sources of which it could not fetch everything; empty where it could."""
    for each in results.values():
        if each.get("partial"):
            return "; ".join(verdict.messages(each)[:2]) or "not all of the source could be fetched"
    return ""


def pieces(every: Iterable[DatasetCoverage], wish: Wish) -> list[Piece]:
    """The runs of a backfill, in order."""
    found: dict[tuple[bool, str, str], dict[str, tuple[int, int]]] = {}
    for each in every:
        for period, tried, files, size in _periods(each, wish) if each.unit else ():
            found.setdefault((tried, each.unit, period), {})[each.name] = (files, size)
    alone = [
        Piece(
            unit,
            (period,),
            tuple(datasets),
            sum(files for files, _ in datasets.values()),
            sum(size for _, size in datasets.values()),
            tried,
        )
        for (tried, unit, period), datasets in sorted(found.items())
    ]
    return [*_together(alone, wish.together)]


def without_periods(every: Iterable[DatasetCoverage], wish: Wish) -> list[str]:
    """The data sets that have something to be read, in no period: a backfill leaves them out."""
    return [
        each.name for each in every if not each.unit and (each.unpublished or (wish.again and each.files))
    ]


def _periods(found: DatasetCoverage, wish: Wish) -> Iterator[tuple[str, bool, int, int]]:
    """Period, whether a run has failed on it, and files with their bytes that are to be read."""
    kinds = _kinds(found)
    if wish.mirrors and wish.first and len(wish.first) == len(wish.last) == _LENGTHS[found.unit]:
        for period in between(wish.first, wish.last, found.unit):
            kinds.setdefault(period, {MISSING})
    for period, there in sorted(kinds.items()):
        wanted = there & {*KINDS[wish.only]} - (set() if wish.mirrors else {MISSING})
        if not wanted or not covers(wish, period) or _is_done(found, period, there, wish):
            continue
        left = [each for each in found.unpublished if each.period == period and each.kind in wanted]
        files, size = len(left), sum(each.size for each in left)
        if wish.again and period in found.published:
            files, size = files + found.published[period].files, size + found.published[period].bytes
        yield period, wanted <= {*_TRIED}, files, size


def _kinds(found: DatasetCoverage) -> dict[str, set[str]]:
    """Period → what it is, in any series."""
    kinds: dict[str, set[str]] = {}
    for periods in found.series.values():
        for period, kind in periods.items():
            kinds.setdefault(period, set()).add(kind)
    return kinds


_LENGTHS = {"year": 4, "month": 7, "day": 10, "hour": 13}


def _is_done(found: DatasetCoverage, period: str, there: Collection[str], wish: Wish) -> bool:
    """Whether a period that is read again was read since ``wish.before`` already; not where nobody can tell."""
    runs = found.published[period].runs if period in found.published else frozenset()
    unread = {*there} & {WAITING, MISSING, *_TRIED}
    return bool(wish.before and runs and not unread and all(started_since(run, wish.before) for run in runs))


def covers(wish: Wish, period: str) -> bool:
    """Whether a period is within what was asked for; it is if any of its time is."""
    first, last = min(len(period), len(wish.first)), min(len(period), len(wish.last))
    return period[:first] >= wish.first[:first] and period[:last] <= wish.last[:last]


def _together(alone: Sequence[Piece], most: int) -> Iterator[Piece]:
    """Pieces of up to ``most`` adjacent periods of the same data sets."""
    held: Piece | None = None
    for each in alone:
        if held is not None and _follows(held, each) and len(held.periods) < most:
            held = replace(
                held,
                periods=held.periods + each.periods,
                files=held.files + each.files,
                bytes=held.bytes + each.bytes,
            )
            continue
        if held is not None:
            yield held
        held = each
    if held is not None:
        yield held


def _follows(held: Piece, each: Piece) -> bool:
    same = (held.unit, held.datasets, held.tried) == (each.unit, each.datasets, each.tried)
    return same and [*between(held.periods[-1], each.periods[0], each.unit)][1:] == [each.periods[0]]


def unmade(made: Mapping[str, Any], tables: Collection[str]) -> list[str]:
    """What is made of data sets and was left for a later run. ``made``: the document of the tables that were made."""
    found = made.get("made")
    return [name for name in tables if name not in found] if isinstance(found, dict) else []


def made_of(done: Done, left: Collection[str]) -> Done:
    """What became of the run at the end: where nothing is ``left``, a source that was away is no failure of it."""
    return replace(done, ended="published", reason="") if done.ended == PARTIAL and not left else done


def not_made(env: str, left: Sequence[str]) -> Done:
    """What becomes of what is made at the end where no period is published as it is in the input."""
    reason = (
        f"{', '.join(left)}: no period is published whole, so no run can make them without reading anything; the next "
        f"run does: python -m data_pipeline run {env}"
    )
    return Done(Piece("", ("",), ()), "", "not made", 0.0, reason=reason)


def published(every: Iterable[DatasetCoverage], wish: Wish) -> Piece | None:
    """A period that is published as it is in the input: a run that is narrowed to it reads nothing, and makes what is
    out of date. None where there is none.
    """
    there = (PUBLISHED, QUARANTINED, ACCEPTED)
    for each in every:
        whole = [
            period for period, some in _kinds(each).items() if some <= {*there} and period in each.published
        ]
        if whole and each.unit:
            inside = [period for period in whole if covers(wish, period)]
            return Piece(each.unit, (max(inside or whole),), (each.name,))
    return None
