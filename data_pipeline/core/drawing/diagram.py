"""The picture at the top of the README: a pipeline's state machine and what it published, as one SVG."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from . import chart, state_machine
from .card import card
from .chart import TableSeries
from .graph import main_path, transitions

_MARGIN = 28
_CHART_HEIGHT = 200
_HEADING = 30  # room above each half for its heading
_HOUR = 3600

_MEANINGS = (("go", "goes on", 84), ("back", "tries again", 104), ("fail", "fails", 50))  # with their width


def draw(definition: dict[str, Any], published: TableSeries | None = None) -> str:
    """An SVG of the state machine, and below it what was published of a table in its fullest days.

    ``definition`` is an ASL definition. The same arguments give the same text.
    """
    machine = state_machine.draw(definition)
    width = machine.width + 2 * _MARGIN
    parts = [
        _heading("State machine", _comment(definition), _MARGIN, _MARGIN + 8),
        _meanings(width - _MARGIN, _MARGIN + 8),
        f'<g transform="translate({_MARGIN} {_MARGIN + _HEADING})">\n{machine.svg}\n</g>',
    ]
    bottom = _MARGIN + _HEADING + machine.height
    title = "The state machine"
    if published:
        title += f", and the table {published.table} that it published"
        top = bottom + 36
        days = chart.title_of(*chart.fullest_days(published))
        parts += [
            _heading(f"Published: {_words(published)}", days, _MARGIN, top + 8),
            f'<g transform="translate({_MARGIN} {top + _HEADING:g})">',
            chart.draw(published, machine.width, _CHART_HEIGHT),
            "</g>",
        ]
        bottom = top + _HEADING + _CHART_HEIGHT
    return card(width, bottom + _MARGIN - 4, title, _described(definition, published), parts)


def _words(published: TableSeries) -> str:
    """What the chart shows: ``orders of shop_orders, per 15 minutes``."""
    seconds = int(published.step.total_seconds())
    every = {_HOUR: "hour", 24 * _HOUR: "day"}.get(seconds, f"{seconds // 60} minutes")
    return f"{f'{published.measure} of ' if published.measure else ''}{published.table}, per {every}"


def _meanings(right: float, y: float) -> str:
    """What the colours of the arrows mean, in a line that ends at ``right``."""
    x = right - sum(width for _, _, width in _MEANINGS)
    parts = []
    for kind, meaning, width in _MEANINGS:
        parts.append(
            f'<path class="{kind}" d="M{x:g} {y - 4:g}h18" marker-end="url(#{kind})"/>'
            f'<text class="sum" x="{x + 24:g}" y="{y:g}">{meaning}</text>'
        )
        x += width
    return "\n".join(parts)


def _heading(text: str, beside: str, x: float, y: float) -> str:
    return (
        f'<text class="heading" x="{x:g}" y="{y:g}">{escape(text)}'
        f'<tspan class="beside" dx="10">{escape(beside)}</tspan></text>'
    )


def _comment(definition: dict[str, Any]) -> str:
    return str(definition.get("Comment", ""))


def _described(definition: dict[str, Any], published: TableSeries | None) -> str:
    """What the picture shows, for those who do not see it."""
    states = definition["States"]
    way = main_path(definition["StartAt"], states, list(transitions(states)))
    failed = [name for name, state in states.items() if state["Type"] == "Fail"]
    text = f"States from the start to success: {', '.join(way)}."
    if failed:
        text += f" A failure ends in {' or '.join(failed)}."
    if published:
        total = chart.number(sum(sum(by.values()) for _, by in published.rows))
        days = chart.title_of(*chart.fullest_days(published))
        text += f" Below, a stacked area chart of {_words(published)}, {days}; {total} in all."
    return text
