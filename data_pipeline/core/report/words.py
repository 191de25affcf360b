"""Numbers, times and shares as a page writes them."""

from __future__ import annotations

from datetime import datetime, timedelta

from data_pipeline.core.progress.progress_log import duration

_SIZES = ("B", "kB", "MB", "GB", "TB")
#: rules whose value is a share of all.
_SHARES = ("quarantined-share", "null-share", "missing-windows", "more-missing-windows")
_AGES = ("freshness",)
NONE = "–"


def count(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else number(value)


def number(value: object) -> str:
    """With four digits that count, and of a whole number all of them."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return NONE if value is None else str(value)
    if float(value).is_integer() and abs(value) < 1e15:
        return f"{int(value):,}"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.4g}"


def share(value: float | None) -> str:
    """A share of one in hundredths; a small one is not nothing."""
    if value is None:
        return NONE
    percent = value * 100
    if percent in (0, 100):
        return f"{percent:.0f} %"
    if percent < 0.01:
        return "< 0.01 %"
    if percent > 99:
        return "> 99.99 %" if percent > 99.99 else f"{percent:.2f} %"
    return f"{percent:.2g} %" if percent < 10 else f"{percent:.0f} %"


def size(value: float) -> str:
    """Bytes, in powers of ten."""
    step = 0
    while value >= 1000 and step < len(_SIZES) - 1:
        value, step = value / 1000, step + 1
    return f"{value:.0f} {_SIZES[step]}" if step == 0 else f"{value:.3g} {_SIZES[step]}"


def time(seconds: float | None) -> str:
    if seconds is None:
        return NONE
    if 0 < seconds < 0.1:
        return "< 0.1 s"
    return f"{seconds:.1f} s" if 0 < seconds < 10 else duration(seconds)


def moment(text: str | None) -> str:
    """A time of a document, in UTC to the minute."""
    return text[:16].replace("T", " ") + " UTC" if text else "not known"


def ruled(rule: str, value: object) -> str:
    """The value or limit of a rule."""
    name = rule.partition("(")[0]
    if isinstance(value, (int, float)):
        if name in _SHARES:
            return share(float(value))
        if name in _AGES:
            return f"{value:,.0f} h"
    return number(value)


def step(text: str, step: str) -> str:
    """The start of a step of a timeline."""
    return {
        "hour": text[:13].replace("T", " ") + "h",
        "month": text[:7],
        "year": text[:4],
        "week": f"week of {text[:10]}",
    }.get(step, text[:10])


#: characters of a period → its format.
_PERIODS = {4: "%Y", 7: "%Y-%m", 10: "%Y-%m-%d", 13: "%Y-%m-%dT%H"}
_MOST = 5000


def periods(first: str, last: str) -> list[str]:
    """Every period from one to another of the same length, both with it; those two alone where they are none."""
    form = _PERIODS.get(len(first))
    if form is None or len(first) != len(last):
        return sorted({first, last})
    try:
        at = datetime.strptime(first, form)  # noqa: DTZ007 - a wall clock
    except ValueError:
        return sorted({first, last})
    found = [first]
    while found[-1] < last and len(found) < _MOST:
        at = _next(at, len(first))
        found.append(at.strftime(form))
    return found


def _next(at: datetime, length: int) -> datetime:
    if length == 13:
        return at + timedelta(hours=1)
    if length == 10:
        return at + timedelta(days=1)
    months = at.month if length == 7 else 12
    return at.replace(year=at.year + months // 12, month=months % 12 + 1 if length == 7 else 1)


def started(run: str) -> str | None:
    """When a run was started, by its name; None where its name does not say."""
    try:
        return datetime.strptime(run[:20], "%Y-%m-%dT%H-%M-%SZ").isoformat()  # noqa: DTZ007 - UTC, by its name
    except ValueError:
        return None
