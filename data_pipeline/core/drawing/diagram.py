"""The picture at the top of the README: a pipeline's state machine and what it published, as one SVG."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from . import chart, state_machine
from .chart import Counts
from .graph import main_path, transitions

_MARGIN = 28
_CHART_HEIGHT = 200
_HEADING = 30  # room above each half for its heading

# A card of its own: the same on a light page and on a dark one. Fonts are the reader's.
_STYLE = """
text { font-family: -apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', Helvetica, Arial, sans-serif }
.card { fill: #0f1b2d; stroke: #2c3d57 }
.heading { font-size: 13px; font-weight: 600; fill: #f2f6fc }
.beside { font-weight: 400; fill: #9fb0c8 }
.box { fill: #18283f; stroke: #3a4f6e }
.name { font-weight: 600; fill: #f2f6fc; text-anchor: middle }
.does { font-size: 10.5px; fill: #9fb0c8; text-anchor: middle }
.go, .back, .fail { fill: none; stroke-width: 1.4 }
.go { stroke: #d5dfee; stroke-width: 2 }
.back { stroke: #c9a2ff }
.fail { stroke: #c9635c }
.grid { stroke: #ffffff; stroke-opacity: 0.1; fill: none }
.tick { font-size: 10.5px; fill: #9fb0c8; text-anchor: end }
.day { font-size: 11.5px; fill: #d5dfee; text-anchor: middle }
.key { font-size: 12.5px; font-weight: 600; fill: #f2f6fc }
.sum { font-size: 11px; fill: #9fb0c8 }
"""
_ARROWS = {"go": "#d5dfee", "back": "#c9a2ff", "fail": "#c9635c"}
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
    return _document(width, bottom + _MARGIN - 4, _described(definition, counts), parts)


def _document(width: float, height: float, description: str, parts: list[str]) -> str:
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}"'
            f' height="{height:g}" role="img" aria-labelledby="title desc">',
            '<title id="title">The state machine and the ride counts that it published</title>',
            f'<desc id="desc">{escape(description)}</desc>',
            f"<style>{_STYLE}</style>",
            "<defs>",
            *(_arrow(kind, colour) for kind, colour in _ARROWS.items()),
            "</defs>",
            f'<rect class="card" x="0.5" y="0.5" width="{width - 1:g}" height="{height - 1:g}" rx="12"/>',
            *parts,
            "</svg>\n",
        ]
    )


def _arrow(kind: str, colour: str) -> str:
    return (
        f'<marker id="{kind}" viewBox="0 0 8 8" refX="7.4" refY="4" markerUnits="userSpaceOnUse"'
        f' markerWidth="9" markerHeight="9" orient="auto">'
        f'<path d="M0.5 0.8L7.5 4L0.5 7.2Z" fill="{colour}"/></marker>'
    )


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
