"""The picture at the top of the README: a pipeline's state machine and what it published, as one SVG."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from . import chart, state_machine
from .card import card
from .chart import Counts
from .graph import main_path, transitions

_MARGIN = 28
_CHART_HEIGHT = 200
_HEADING = 30  # room above each half for its heading
_TITLE = "The state machine and the ride counts that it published"

_MEANINGS = (("go", "goes on", 84), ("back", "tries again", 104), ("fail", "fails", 50))  # with their width


def draw(definition: dict[str, Any], counts: Counts) -> str:
    """An SVG of the state machine, and below it the counts of its fullest week.

    ``definition`` is an ASL definition; ``counts`` is (start of a 15-minute window, data set → rides) in any
    order, and may be empty. The same arguments give the same text.
    """
    machine = state_machine.draw(definition)
    width = machine.width + 2 * _MARGIN
    parts = [
        _heading("State machine", _comment(definition), _MARGIN, _MARGIN + 8),
        _meanings(width - _MARGIN, _MARGIN + 8),
        f'<g transform="translate({_MARGIN} {_MARGIN + _HEADING})">\n{machine.svg}\n</g>',
    ]
    bottom = _MARGIN + _HEADING + machine.height
    if counts:
        top = bottom + 36
        days = chart.title_of(*chart.fullest_days(counts))
        parts += [
            _heading("Published: rides that began, per 15 minutes", days, _MARGIN, top + 8),
            f'<g transform="translate({_MARGIN} {top + _HEADING:g})">',
            chart.draw(counts, machine.width, _CHART_HEIGHT),
            "</g>",
        ]
        bottom = top + _HEADING + _CHART_HEIGHT
    return card(width, bottom + _MARGIN - 4, _TITLE, _described(definition, counts), parts)


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


def _described(definition: dict[str, Any], counts: Counts) -> str:
    """What the picture shows, for those who do not see it."""
    states = definition["States"]
    way = main_path(definition["StartAt"], states, list(transitions(states)))
    failed = [name for name, state in states.items() if state["Type"] == "Fail"]
    text = f"States from the start to success: {', '.join(way)}."
    if failed:
        text += f" A failure ends in {' or '.join(failed)}."
    if counts:
        rides = sum(sum(by.values()) for _, by in counts)
        days = chart.title_of(*chart.fullest_days(counts))
        text += f" Below, a stacked area chart of {days} by data set; {rides:,} rides are counted in all."
    return text
