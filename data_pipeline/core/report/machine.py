"""A state machine from top to bottom, as SVG: the way to success on the left, other states beside it, ends in failure
on the right. What a run has visited is drawn stronger, with how long it took; where it failed stands out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from data_pipeline.core.drawing.graph import Edge, lost_states, main_path, transitions
from data_pipeline.core.drawing.state_machine import does

from .markup import Html, join, tag

WIDTH, HEIGHT, ROW, COLUMN = 148, 38, 62, 206
_MARGIN = 22
_FIT = 17  # characters of a name at its usual size


_STYLE = """
text { font-family: system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif }
.box { fill: #fff; stroke: #8a94a0 } .name { fill: #1c2024; font-size: 13px; font-weight: 600 }
.does { fill: #565d66; font-size: 11px } .edge { fill: none; stroke: #6b7580; stroke-width: 1.4 }
.arrow { fill: #6b7580 } .edge.fail { stroke: #c4302b; stroke-dasharray: 3 4; stroke-opacity: 0.6 }
@media (prefers-color-scheme: dark) {
.box { fill: #171c22; stroke: #596573 } .name { fill: #e8ebef } .does { fill: #a4adb8 }
.edge { stroke: #8793a0 } .arrow { fill: #8793a0 } .edge.fail { stroke: #ff8a80 } }
"""


@dataclass(frozen=True)
class Visit:
    """What a run says of a state: a few words, and whether it is at fault."""

    words: str
    fault: bool = False


def alone(machine: Mapping[str, Any], title: str) -> str:
    """A state machine as an SVG file of its own, which fits light and dark pages."""
    drawn = draw(machine, {}, (), title)
    at = drawn.index(">") + 1
    space = Html(' xmlns="http://www.w3.org/2000/svg"')
    return f"{drawn[: at - 1]}{space}>{tag('style', Html(_STYLE))}{drawn[at:]}\n"


def draw(machine: Mapping[str, Any], visits: Mapping[str, Visit], order: Sequence[str], title: str) -> Html:
    """``order``: the states in the order of their visits; without any, every transition is drawn alike."""
    states: dict[str, Any] = dict(machine["States"])
    edges = list(transitions(states))
    places = _grid(machine["StartAt"], states, edges)
    taken = {*pairwise(order)}
    lost = lost_states(states, edges)
    columns = max(column for column, _ in places.values()) + 1
    rows = max(row for _, row in places.values()) + 1
    width, height = (columns - 1) * COLUMN + WIDTH + 2 * _MARGIN, (rows - 1) * ROW + HEIGHT + 2 * _MARGIN
    drawn = sorted(edges, key=lambda edge: (edge.source, edge.target) in taken)
    lines = [
        _line(edge, places, (edge.source, edge.target) in taken, edge.failure or edge.target in lost)
        for edge in drawn
    ]
    boxes = [_box(name, states[name], places[name], visits.get(name)) for name in places]
    return tag(
        "svg",
        tag("title", title),
        tag("g", lines, boxes, transform=f"translate({_MARGIN} {_MARGIN})"),
        class_="machine",
        role="img",
        aria_label=title,
        viewbox=f"0 0 {width} {height}",
        width=width,
        height=height,
    )


def _grid(start: str, states: dict[str, Any], edges: list[Edge]) -> dict[str, tuple[int, int]]:
    """State → column and row: the way to success in column 0, the lost in column 2."""
    way = main_path(start, states, edges)
    lost = lost_states(states, edges)
    found = {name: (0, row) for row, name in enumerate(way)}
    waiting = [name for name in states if name not in found]
    while waiting:
        name = next((each for each in waiting if _rows_before(each, found, edges)), waiting[0])
        waiting.remove(name)
        before = _rows_before(name, found, edges)
        if name in lost:
            row, column = max(before, default=0), 2
        else:
            row, column = min(before, default=0), 1
        while (column, row) in found.values():
            row += 1
        found[name] = (column, row)
    return found


def _rows_before(name: str, found: Mapping[str, tuple[int, int]], edges: Sequence[Edge]) -> list[int]:
    return [found[edge.source][1] for edge in edges if edge.target == name and edge.source in found]


def _line(edge: Edge, places: Mapping[str, tuple[int, int]], taken: bool, failure: bool) -> Html:
    """A line with an arrow at its end."""
    points = _way(places[edge.source], places[edge.target], failure)
    kinds = " ".join(["edge", *(["fail"] if failure else []), *(["taken"] if taken else [])])
    way = "M" + "L".join(f"{x:g} {y:g}" for x, y in points)
    return join([tag("path", class_=kinds, d=way), _arrow(points[-2], points[-1], taken)])


Point = tuple[float, float]


def _way(source: tuple[int, int], target: tuple[int, int], failure: bool) -> list[Point]:
    """Corners of the line between two boxes, in the lanes between columns and rows."""
    (column, row), (to_column, to_row) = source, target
    left, top, to_left, to_top = column * COLUMN, row * ROW, to_column * COLUMN, to_row * ROW
    middle, to_middle, right = top + HEIGHT / 2, to_top + HEIGHT / 2, left + WIDTH
    if column == to_column:
        if to_row == row + 1:
            return [(left + WIDTH / 2, top + HEIGHT), (left + WIDTH / 2, to_top)]
        side, lane = (left, left - 12) if column == 0 else (right, right + 12)
        return [(side, middle + 6), (lane, middle + 6), (lane, to_middle - 6), (side, to_middle - 6)]
    if to_column < column:
        lane, side = to_left + WIDTH + 24, to_left + WIDTH
        return [(left, middle - 6), (lane, middle - 6), (lane, to_middle - 8), (side, to_middle - 8)]
    lane, leave = to_left - (18 if failure else 30), middle + (7 if failure else 0)
    if to_column - column == 1:
        if row == to_row and not failure:
            return [(right, middle), (to_left, to_middle)]
        return [(right, leave), (lane, leave), (lane, to_middle), (to_left, to_middle)]
    near, gap = right + 14, top + HEIGHT + (ROW - HEIGHT) / 2
    return [(right, leave), (near, leave), (near, gap), (lane, gap), (lane, to_middle), (to_left, to_middle)]


def _arrow(before: Point, end: Point, taken: bool) -> Html:
    (x, y), across, down = end, end[0] - before[0], end[1] - before[1]
    if abs(across) > abs(down):
        back = -6 if across > 0 else 6
        shape = f"M{x:g} {y:g}l{back} -3.5v7z"
    else:
        back = -6 if down > 0 else 6
        shape = f"M{x:g} {y:g}l-3.5 {back}h7z"
    return tag("path", class_=f"arrow{' taken' if taken else ''}", d=shape)


def _box(name: str, state: Mapping[str, Any], place: tuple[int, int], visit: Visit | None) -> Html:
    column, row = place
    kind = "" if visit is None else "fault" if visit.fault else "taken"
    squeezed = {"textlength": f"{WIDTH - 14}", "lengthadjust": "spacingAndGlyphs"} if len(name) > _FIT else {}
    return tag(
        "g",
        tag("rect", class_="box", width=WIDTH, height=HEIGHT, rx=6),
        tag("text", name, class_="name", x=WIDTH / 2, y=16, text_anchor="middle", **squeezed),
        tag(
            "text",
            visit.words if visit else does(dict(state)),
            class_="does",
            x=WIDTH / 2,
            y=30,
            text_anchor="middle",
        ),
        class_=kind or None,
        transform=f"translate({column * COLUMN} {row * ROW})",
    )
