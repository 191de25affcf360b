"""Plots as SVG without text: labels are HTML beside them, so that they are legible at any width.

Each is an image with a name in words; the numbers stand in a table beside it. Colours are classes of the page's style.
"""

from __future__ import annotations

from collections.abc import Sequence

from .markup import Html, join, tag

Bars = Sequence[tuple[float, float]]
"""For each bar its whole height, and the part of it that is new."""


def bars(every: Bars, words: str, *, height: int = 64, fresh: str = "new") -> Html:
    """Upright bars side by side: what was there below, what is new above it in the colour of the class ``fresh``."""
    most = max((total for total, _ in every), default=0) or 1
    kept, new = [], []
    for at, (total, added) in enumerate(every):
        low, full = (height * (total - added) / most), (height * total / most)
        if total - added > 0:
            kept.append(_bar(at, height - low, low))
        if added > 0:
            new.append(_bar(at, height - full, max(full - low, 0.8)))
    return _image(len(every), height, words, _path("kept", kept), _path(fresh, new))


def compared(now: Sequence[float], before: Sequence[float] | None, words: str, *, height: int = 40) -> Html:
    """Shares as bars, and those before as a line of steps over them."""
    most = max([*now, *(before or ())], default=0) or 1
    drawn = [
        _bar(at, height - height * each / most, height * each / most)
        for at, each in enumerate(now)
        if each > 0
    ]
    parts = [_path("new" if before is None else "now", drawn)]
    if before is not None:
        steps = "".join(
            f"V{_short(height - height * each / most)}H{at + 1}" for at, each in enumerate(before)
        )
        parts.append(tag("path", class_="before", d=f"M0 {height}{steps}V{height}"))
    return _image(len(now), height, words, *parts)


def values(every: Sequence[float], limit: float | None, words: str, *, height: int = 28) -> Html:
    """The last values of a rule, the newest on the right, with a line at its limit; one below 0 is drawn as 0."""
    most = max([*every, limit or 0]) or 1
    heights = [max(height * each / most, 0.6) for each in every]
    drawn = [_bar(at, height - each, each) for at, each in enumerate(heights)]
    parts = [_path("kept", drawn[:-1]), _path("new", drawn[-1:])]
    if limit is not None and limit >= 0:
        y = _short(height - height * limit / most)
        parts.append(tag("path", class_="limit", d=f"M0 {y}H{len(every)}"))
    return _image(len(every), height, words, *parts)


def span(start: float, length: float, kind: str, words: str) -> Html:
    """A level bar from ``start``, both shares of one."""
    width = max(100 * length, 0.6)
    left = min(100 * start, 100 - width)
    return _image(
        100, 6, words, tag("path", class_="track", d="M0 0H100V6H0Z"), _path(kind, [_across(left, width)])
    )


def _image(width: float, height: float, words: str, *parts: Html) -> Html:
    return tag(
        "svg",
        join(parts),
        class_="plot",
        role="img",
        aria_label=words,
        viewbox=f"0 0 {max(width, 1):g} {height:g}",
        preserveaspectratio="none",
        style=f"height:{height}px",
    )


def _path(kind: str, drawn: Sequence[str]) -> Html:
    return tag("path", class_=kind, d="".join(drawn)) if drawn else Html()


def _bar(at: int, top: float, height: float) -> str:
    return f"M{at + 0.1:g} {_short(top)}h.8v{_short(height)}h-.8z"


def _across(left: float, width: float) -> str:
    return f"M{_short(left)} 0h{_short(width)}v6h-{_short(width)}z"


def _short(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".") or "0"
