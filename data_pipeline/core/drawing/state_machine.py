"""A state machine as SVG: a box for every state, an arrow for every transition. Knows no state by name."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

from .graph import Cell, lost_states, main_path, place, reachable, transitions

COLUMN, ROW = 156, 92
"""Distance of two columns and of two rows, in SVG units."""

BOX_WIDTH, BOX_HEIGHT = 128, 44

_UPPER_LANE, _MIDDLE_LANE, _LOWER_LANE = 14, 22, 30  # below a box: lines down, across, and up
_PORT = 26  # sideways from a box's middle, where a second line meets it
_DONE_BY = {
    "sagemaker:createProcessingJob": "SageMaker job",
    "glue:startJobRun": "Glue job",
    "s3:getObject": "read from S3",
    "sfn:listExecutions": "list executions",
    "sagemaker:listProcessingJobs": "list jobs",
    "sns:publish": "notify",
}
_COLOURS = {
    "Task": "#5aa9ff",
    "Choice": "#c9a2ff",
    "Wait": "#c9a2ff",
    "Succeed": "#4fd18b",
    "Fail": "#ff7b72",
}


@dataclass(frozen=True)
class Drawing:
    """A piece of SVG with its size."""

    svg: str
    width: float
    height: float


def draw(definition: dict[str, Any]) -> Drawing:
    """The states and transitions of an ASL definition, top left corner at (0, 0)."""
    states: dict[str, Any] = definition["States"]
    edges = list(transitions(states))
    way = main_path(definition["StartAt"], states, edges)
    cells = place(way, states, edges)
    last_row = max(cell.row for cell in cells.values())
    reach, lost = reachable(states, edges), lost_states(states, edges)
    lines = []
    for edge in edges:
        failure = edge.failure or edge.target in lost
        kind = "fail" if failure else "back" if edge.source in reach[edge.target] else "go"
        source, target = cells[edge.source], cells[edge.target]
        points = _route(source, target, set(cells.values()))
        if _crosses(points, set(cells.values()) - {source, target}):
            points = _around(source, target)
        lines.append(f'<path class="{kind}" d="{_rounded(points)}" marker-end="url(#{kind})"/>')
    boxes = [_box(name, states[name], cell) for name, cell in cells.items()]
    width = max(cell.column for cell in cells.values()) * COLUMN + BOX_WIDTH
    return Drawing("\n".join([*lines, *boxes]), width, last_row * ROW + BOX_HEIGHT)


Point = tuple[float, float]


def _route(source: Cell, target: Cell, taken: set[Cell]) -> list[Point]:
    """Corners of the line from box to box, which goes around boxes that stand between them."""
    (left, top), (to_left, to_top) = _corner(source), _corner(target)
    middle, to_middle = left + BOX_WIDTH / 2, to_left + BOX_WIDTH / 2
    to_height = to_top + BOX_HEIGHT / 2
    if source.row == target.row:
        return _route_in_row(source, target)
    if source.row > target.row:
        lane = to_top + BOX_HEIGHT + _LOWER_LANE
        side = to_middle - _PORT if to_middle > middle else to_middle + _PORT
        return [(middle, top), (middle, lane), (side, lane), (side, to_top + BOX_HEIGHT)]
    if source.column == target.column and not _between(source, target, taken):
        return [(middle, top + BOX_HEIGHT), (middle, to_top)]
    if not _between(source, Cell(source.column, target.row + 1), taken):
        return [(middle, top + BOX_HEIGHT), (middle, to_height), (_side(target, source), to_height)]
    if target.row == source.row + 1 and source.column != target.column:
        lane, way = top + BOX_HEIGHT + _MIDDLE_LANE, _PORT if target.column > source.column else -_PORT
        return [
            (middle + way, top + BOX_HEIGHT),
            (middle + way, lane),
            (to_middle - way, lane),
            (to_middle - way, to_top),
        ]
    gap, lane = left - (COLUMN - BOX_WIDTH) / 2, top + BOX_HEIGHT + _UPPER_LANE
    side = middle - _PORT
    return [
        (side, top + BOX_HEIGHT),
        (side, lane),
        (gap, lane),
        (gap, to_height),
        (_side(target, source), to_height),
    ]


def _route_in_row(source: Cell, target: Cell) -> list[Point]:
    """Straight to a neighbour, else below the boxes of the row."""
    (left, top), (to_left, _) = _corner(source), _corner(target)
    middle, to_middle = left + BOX_WIDTH / 2, to_left + BOX_WIDTH / 2
    if abs(source.column - target.column) == 1:
        ahead = target.column > source.column
        height = top + BOX_HEIGHT / 2
        return [(left + BOX_WIDTH * ahead, height), (to_left + BOX_WIDTH * (not ahead), height)]
    below = top + BOX_HEIGHT + _LOWER_LANE
    side = to_middle - _PORT if to_middle > middle else to_middle + _PORT
    return [
        (middle, top + BOX_HEIGHT),
        (middle, below),
        (side, below),
        (side, top + BOX_HEIGHT),
    ]


def _around(source: Cell, target: Cell) -> list[Point]:
    """The line that no box can stand on: along the lanes below both rows, and between two columns."""
    (left, top), (to_left, to_top) = _corner(source), _corner(target)
    way = _PORT if target.column > source.column else -_PORT
    middle, to_middle = left + BOX_WIDTH / 2 + way, to_left + BOX_WIDTH / 2 - way
    below, to_below = top + BOX_HEIGHT + _MIDDLE_LANE, to_top + BOX_HEIGHT + _MIDDLE_LANE
    gap = (COLUMN - BOX_WIDTH) / 2
    between = to_left - gap if target.column > source.column else to_left + BOX_WIDTH + gap
    return [
        (middle, top + BOX_HEIGHT),
        (middle, below),
        (between, below),
        (between, to_below),
        (to_middle, to_below),
        (to_middle, to_top + BOX_HEIGHT),
    ]


def _crosses(points: list[Point], cells: set[Cell]) -> bool:
    """Whether a line along these points touches the box of one of the cells."""
    for (x, y), (to_x, to_y) in pairwise(points):
        for left, top in map(_corner, cells):
            beside = max(x, to_x) < left or min(x, to_x) > left + BOX_WIDTH
            if not (beside or max(y, to_y) < top or min(y, to_y) > top + BOX_HEIGHT):
                return True
    return False


def _corner(cell: Cell) -> Point:
    return cell.column * COLUMN, cell.row * ROW


def _side(target: Cell, source: Cell) -> float:
    """Where a line that comes from ``source`` along the target's row meets the target."""
    return _corner(target)[0] + BOX_WIDTH * (target.column < source.column)


def _between(source: Cell, target: Cell, taken: set[Cell]) -> bool:
    """Whether a box stands in the source's column above the target's row."""
    return any(Cell(source.column, row) in taken for row in range(source.row + 1, target.row))


def _rounded(points: list[Point], radius: float = 8) -> str:
    """The path through ``points``, its corners rounded."""
    parts = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        enter, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        parts.append(f"L{enter[0]:g} {enter[1]:g}Q{corner[0]:g} {corner[1]:g} {leave[0]:g} {leave[1]:g}")
    return "".join([*parts, f"L{points[-1][0]:g} {points[-1][1]:g}"])


def _towards(corner: Point, other: Point, radius: float) -> Point:
    """The point ``radius`` from ``corner`` on the upright or level way to ``other``, half-way at most."""
    across, down = other[0] - corner[0], other[1] - corner[1]
    length = abs(across) + abs(down)
    share = min(radius, length / 2) / length if length else 0
    return corner[0] + across * share, corner[1] + down * share


def _box(name: str, state: dict[str, Any], cell: Cell) -> str:
    left, top = _corner(cell)
    colour = _COLOURS.get(state["Type"], "#9fb0c8")
    size = min(13.0, (BOX_WIDTH - 14) / (0.6 * len(name)))
    return (
        f'<g transform="translate({left:g} {top:g})">'
        f'<rect class="box" width="{BOX_WIDTH}" height="{BOX_HEIGHT}" rx="8"/>'
        f'<rect y="10" width="3" height="{BOX_HEIGHT - 20}" rx="1.5" fill="{colour}"/>'
        f'<text class="name" x="{BOX_WIDTH / 2:g}" y="19" font-size="{size:.1f}">{escape(name)}</text>'
        f'<text class="does" x="{BOX_WIDTH / 2:g}" y="34">{escape(does(state))}</text></g>'
    )


def does(state: dict[str, Any]) -> str:
    """What a state does, in two or three words: its integration for a task, else its type."""
    kind = str(state["Type"])
    if kind != "Task":
        return {"Succeed": "succeeded", "Fail": "failed"}.get(kind, kind.lower())
    called = str(state.get("Resource", "")).rpartition(":::")[2].removeprefix("aws-sdk:").partition(".")[0]
    return _DONE_BY.get(called, called.rpartition(":")[2] or "task")
