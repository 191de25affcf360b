"""Coverage for people, as a grid of signs, and for scripts; pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .coverage import (
    ACCEPTED,
    DUE,
    HELD,
    MISSING,
    PUBLISHED,
    QUARANTINED,
    UNREADABLE,
    WAITING,
    DatasetCoverage,
    LetThrough,
    Unpublished,
)
from .past_runs import person, short

#: what a period is → its sign in the grid, and its words.
SIGNS = {
    PUBLISHED: "#",
    QUARANTINED: "q",
    ACCEPTED: "a",
    WAITING: "!",
    HELD: "x",
    UNREADABLE: "u",
    MISSING: ".",
    DUE: "-",
}
WORDS = {
    QUARANTINED: "much quarantined",
    ACCEPTED: "let through",
    WAITING: "not yet read",
    HELD: "held by a rule",
    UNREADABLE: "unreadable",
    MISSING: "missing",
    DUE: "not yet published by the source",
}
#: sign → what it says.
LEGEND = {
    "#": "published",
    "q": "published, 5 % or more in quarantine",
    "a": "let through by --accept",
    "!": "in the input, not yet read",
    "x": "read, and held by a rule",
    "u": "unreadable",
    ".": "missing",
    "-": "not yet published by the source",
}
#: periods or files of a kind that are named.
_NAMED = 6
#: characters of a line; what is longer goes on in the next one.
_WIDTH = 80
_MONTHS = "JFMAMJJASOND"

Paint = Callable[[str], str]


def lines(found: DatasetCoverage, paint: Paint = str) -> Iterator[str]:
    """The grid of a data set, a line that counts, and what the signs do not say. ``paint`` colours a sign."""
    head = f"{found.name}{f', by {found.unit}' if found.unit else ''}: {summary(found)}"
    yield from textwrap.wrap(head, _WIDTH, subsequent_indent="  ")
    if found.unit:
        for series, periods in found.series.items():
            title = ", ".join(f"{name}={value}" for name, value in series)
            yield from ([f"  {title}"] if title else [])
            yield from (f"  {line}" for line in _grid(periods, found.unit, paint))
    told = [*map(_accepted, found.accepted)]
    told += [_unpublished(each) for each in found.unpublished if each.kind != WAITING]
    for some in (told, [f"not yet read: {path}" for path in found.waiting]):
        for text in some[:_NAMED]:
            yield from _wrapped(text)
        if len(some) > _NAMED:
            yield f"  and {len(some) - _NAMED:,} more; all: --json"


def _wrapped(text: str) -> list[str]:
    """A line of text that is too long for a terminal, in several; paths stay whole."""
    filled = textwrap.TextWrapper(_WIDTH, "  ", "    ", break_long_words=False, break_on_hyphens=False)
    return filled.wrap(text)


def _accepted(each: LetThrough) -> str:
    return f"{_about(each.period, each.parts)}let through by {person(each.by)}: {each.rule} (run {short(each.run)})"


def _unpublished(each: Unpublished) -> str:
    by = f"; let through by {person(each.by)}" if each.by else ""
    what = WORDS[UNREADABLE] if each.by else WORDS[each.kind]
    return f"{_about(each.period, ())}{what}: {each.path}: {each.reason} (run {short(each.run)}){by}"


def _about(period: str, parts: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"{text} " for text in (period, *(f"{name}={value}" for name, value in parts)) if text)


def summary(found: DatasetCoverage) -> str:
    """``40 published, 3 of them let through, 12 missing``."""
    if not found.series:
        return "nothing is published yet"
    if not found.unit:
        files = "1 file is" if found.files == 1 else f"{found.files:,} files are"
        parts = [f"{files} published"]
        counts = {kind: sum(each.kind == kind for each in found.unpublished) for kind in WORDS}
    else:
        parts = [f"{found.reached():,} published"]
        counts = {kind: found.count(kind) for kind in WORDS}
    return ", ".join([*parts, *(f"{count:,} {WORDS[kind]}" for kind, count in counts.items() if count)])


def _grid(periods: Mapping[str, str], unit: str, paint: Paint) -> Iterator[str]:
    """A line for each year, month or day, a sign for each period in it."""
    if unit == "year":
        yield f"{min(periods)} {''.join(paint(SIGNS[kind]) for kind in periods.values())} {max(periods)}"
        return
    width, first, count = {"month": (4, 1, 12), "day": (7, 1, 31), "hour": (10, 0, 24)}[unit]
    rows: dict[str, list[str]] = {}
    for period, kind in periods.items():
        row = rows.setdefault(period[:width], [" "] * count)
        row[int(period[width + 1 :]) - first] = paint(SIGNS[kind])
    if unit == "month":
        yield f"{'':{width}}  {_MONTHS}"
    for name, row in rows.items():
        yield f"{name}  {''.join(row).rstrip()}"


def legend(every: list[DatasetCoverage]) -> str:
    """What the signs say that are in the grids; empty without any."""
    kinds = {kind for each in every if each.unit for some in each.series.values() for kind in some.values()}
    said = "   ".join(f"{sign} {LEGEND[sign]}" for kind, sign in SIGNS.items() if kind in kinds)
    wrapped = textwrap.wrap(said.replace(" ", "\0").replace("\0\0\0", "   "), _WIDTH)
    return "\n".join(wrapped).replace("\0", " ")


def as_json(found: DatasetCoverage) -> dict[str, Any]:
    """The same for scripts: of each series its periods, and what the kinds do not say."""
    return {
        "dataset": found.name,
        "unit": found.unit or None,
        "files": found.files,
        "series": [{"parts": dict(series), "periods": dict(kinds)} for series, kinds in found.series.items()],
        "waiting": list(found.waiting),
        "refused": [
            {
                "path": each.path,
                "period": each.period or None,
                "kind": UNREADABLE if each.by else each.kind,
                "reason": each.reason,
                "run": each.run,
                "acceptedBy": each.by or None,
            }
            for each in found.unpublished
            if each.kind != WAITING
        ],
        "accepted": [
            {
                "period": each.period or None,
                "parts": dict(each.parts),
                "rule": each.rule,
                "run": each.run,
                "by": each.by,
            }
            for each in found.accepted
        ],
    }
