"""In which format a column writes dates and times: what reads them decides."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from data_pipeline.etl.documents import formats, times
from data_pipeline.etl.documents.reasons import WrongValueError

from .guesses import Texts, mostly

_DAY_FIRST = ("%d.%m.%Y", "%d/%m/%Y", "%d-%m-%Y", "%d %m %Y", "%d.%m.%y", "%d/%m/%y", "%d-%m-%y")
_OTHERS = (
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%Y-%m-%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%d-%b-%y",
    "%d %B %Y",
    "%d. %B %Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%B %d, %Y",
    "%a, %d %b %Y",
    "%A, %d %B %Y",
    "%a %b %d %Y",
)
_CLOCK = re.compile(
    r"(?P<joint>T|,? )(?P<clock>[0-9]{1,2}:[0-9]{2})(?P<second>:[0-9]{2})?(?P<digits>\.[0-9]+)?(?P<half> ?[AaPp][Mm])?"
    r"(?P<zone> ?(?:Z|[+-][0-9]{2}:?[0-9]{2}))?"
)
_SAMPLE = 200
_MOST = 20_000


class Form(NamedTuple):
    """``kind``: date, timestamp or timestamptz; ``format``: of strftime, empty for ISO 8601; ``swapped``: the format
    with day and month the other way round, where all texts fit that one too, or empty.
    """

    kind: str
    format: str
    swapped: str = ""


def form(column: Texts) -> Form | None:
    """How the column's texts, none of which is null, write dates or times; None if they do not."""
    texts = [*column.counts][:: max(1, len(column.counts) // _MOST)]
    if not texts or not any(map(str.isdigit, "".join(texts[:20]))):
        return None
    if (found := _iso(texts)) is not None:
        return found
    sample = texts[:: max(1, len(texts) // _SAMPLE)]
    fitting = [each for each in _formats(sample) if mostly(_fits(sample, each), len(sample))]
    fitting = [each for each in fitting if mostly(_fits(texts, each), len(texts))]
    if not fitting:
        return None
    best = max(fitting, key=lambda each: _fits(texts, each))
    other = _swapped(best)
    return Form(_kind(best), *_decided(column, best, other if other in fitting else ""))


def is_of(text: str, form: Form) -> bool:
    """Whether a text is read as the form says."""
    if form.format:
        return _day_of(text, form.format) is not None
    return _is_day(text) if form.kind == "date" else _moment(text) is not None


def _iso(texts: Sequence[str]) -> Form | None:
    moments = [each for text in texts if (each := _moment(text)) is not None]
    if not mostly(len(moments), len(texts)):
        return None
    if mostly(sum(_is_day(text) for text in texts), len(texts)):
        return Form("date", "")
    return Form(
        "timestamptz" if sum(each.offset is not None for each in moments) * 2 > len(moments) else "timestamp",
        "",
    )


def _moment(text: str) -> times.Moment | None:
    try:
        return times.moment(text, "timestamp")
    except WrongValueError:
        return None


def _is_day(text: str) -> bool:
    try:
        times.judge_date(text)
    except WrongValueError:
        return False
    return True


def _formats(texts: Sequence[str]) -> Iterator[str]:
    """The formats that the first texts may have, without doubles."""
    days = [*_DAY_FIRST, *map(_swapped, _DAY_FIRST), *_OTHERS]
    clocks = dict.fromkeys(_clock(text) for text in texts[:20])
    yield from dict.fromkeys(day + clock for clock in clocks for day in days)


def _clock(text: str) -> str:
    found = _CLOCK.search(text)
    if found is None:
        return ""
    half = found["half"] or ""
    clock = f"{'%I' if half else '%H'}:%M{':%S' if found['second'] else ''}{'.%f' if found['digits'] else ''}"
    zone = found["zone"] or ""
    return (
        found["joint"]
        + clock
        + (f"{' ' * half.startswith(' ')}%p" if half else "")
        + (f"{' ' * zone.startswith(' ')}%z" if zone else "")
    )


def _swapped(format_: str) -> str:
    """Day and month the other way round, where both are digits in front of the year."""
    return re.sub("^(%[dm])(.)(%[dm])", r"\3\2\1", format_)


def _kind(format_: str) -> str:
    return "timestamptz" if "%z" in format_ else "timestamp" if ":%M" in format_ else "date"


def _fits(texts: Sequence[str], format_: str) -> int:
    return sum(_day_of(text, format_) is not None for text in texts)


def _day_of(text: str, format_: str) -> int | None:
    """Microseconds, None if the text is none of the format."""
    try:
        return formats.compiled(format_, "timestamp").moment(text, "timestamp").clock
    except WrongValueError:
        return None


def _decided(column: Texts, best: str, other: str) -> tuple[str, str]:
    """The format, and the other one where nothing tells them apart: not the files' periods, not the way it is
    written (``/`` and AM or PM are mostly of where months come first).
    """
    if not other or other == best:
        return best, ""
    right = {each: _in_their_periods(column.by_period, each) for each in (best, other)}
    if right[best] != right[other]:
        return max(right, key=lambda each: right[each]), ""
    day_first, month_first = sorted((best, other))
    usual = month_first if "/" in best else day_first
    return usual, month_first if usual == day_first else day_first


def _in_their_periods(by_period: Mapping[str, Mapping[str, int]], format_: str) -> int:
    """Rows whose date lies in the period of their file."""
    found = 0
    for period, counts in by_period.items():
        for text, rows in counts.items():
            clock = _day_of(text, format_)
            if clock is not None and period and _iso_day(clock).startswith(period[:10]):
                found += rows
    return found


def _iso_day(clock: int) -> str:
    return date.fromordinal(clock // times.DAY + 719_163).isoformat()
