"""A state machine as a graph on a grid: its transitions, its way to success, and a cell for every state.

The way to success runs along the top: the longest path without a failure. At the bottom right stand the
states from which nothing leads to success any more. Every other state is between the two, below the
state that leads to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple


class Edge(NamedTuple):
    """A transition; ``failure`` where an error or a refusal takes it."""

    source: str
    target: str
    failure: bool


class Cell(NamedTuple):
    """A place on the grid."""

    column: int
    row: int


def transitions(states: dict[str, Any]) -> Iterator[Edge]:
    """Every transition once, in the definition's order; one to a Fail state is always a failure."""
    for name, state in states.items():
        taken = [(state["Next"], False)] if "Next" in state else []
        taken += [(choice["Next"], False) for choice in state.get("Choices", [])]
        taken += [(state["Default"], False)] if "Default" in state else []
        taken += [(catch["Next"], True) for catch in state.get("Catch", [])]
        for target in dict.fromkeys(target for target, _ in taken):
            yield Edge(name, target, (target, False) not in taken or states[target]["Type"] == "Fail")


def main_path(start: str, states: dict[str, Any], edges: list[Edge]) -> list[str]:
    """The longest path without failure from ``start`` to a state that ends the execution well.

    Of several that are equally long, the one that a Choice takes when none of its rules holds.
    """
    following: dict[str, list[str]] = {name: [] for name in states}
    for edge in edges:
        if not edge.failure:
            following[edge.source].append(edge.target)
    longest: dict[str, list[str]] = {}

    def walk(name: str, above: frozenset[str]) -> list[str]:
        if name not in longest:
            onwards = [walk(target, above | {name}) for target in following[name] if target not in above]
            usual = states[name].get("Default")
            found = [path for path in onwards if path]
            best = max(found, key=lambda path: (len(path), path[0] == usual), default=[])
            longest[name] = [name, *best] if best or _ends_well(states[name]) else []
        return longest[name]

    return walk(start, frozenset((start,))) or [start]


def _ends_well(state: dict[str, Any]) -> bool:
    return state["Type"] == "Succeed" or bool(state.get("End"))


def place(way: list[str], states: dict[str, Any], edges: list[Edge]) -> dict[str, Cell]:
    """A cell of its own for every state: ``way`` in row 0, the lost in the last rows, the others between."""
    cells = {name: Cell(column, 0) for column, name in enumerate(way)}
    reach, lost = reachable(states, edges), lost_states(states, edges)
    waiting = [name for name in states if name not in cells and name not in lost]
    while waiting:
        name = next((n for n in waiting if _leads_to(n, cells, edges)), waiting[0])
        waiting.remove(name)
        rejoins = any(e.source == name and e.target in way and name not in reach[e.target] for e in edges)
        cells[name] = _free_cell(_leads_to(name, cells, edges) or Cell(0, 0), cells, rejoins)
    row = max(cell.row for cell in cells.values())
    for end in [name for name in lost if states[name]["Type"] == "Fail"]:
        row += 1
        before = [name for name in lost if name != end and name not in cells and end in reach[name]]
        for step, name in enumerate([end, *sorted(before, key=lambda name: len(reach[name]))]):
            cells[name] = Cell(max(len(way) - 1, 1) - step, row)
    return cells


def lost_states(states: dict[str, Any], edges: list[Edge]) -> list[str]:
    """The states after which an execution cannot end well."""
    saved = {name for name in states if _ends_well(states[name])}
    reach = reachable(states, edges)
    return [name for name in states if name not in saved and not reach[name] & saved]


def reachable(states: dict[str, Any], edges: list[Edge]) -> dict[str, set[str]]:
    """State → the states that an execution can come to from it, itself only if it goes in a circle."""
    found: dict[str, set[str]] = {name: set() for name in states}
    grown = True
    while grown:
        grown = False
        for source, target, _ in edges:
            more = ({target} | found[target]) - found[source]
            found[source] |= more
            grown = grown or bool(more)
    return found


def _leads_to(name: str, cells: dict[str, Cell], edges: list[Edge]) -> Cell | None:
    """The cell of the first placed state with a transition to ``name``."""
    return next((cells[edge.source] for edge in edges if edge.target == name and edge.source in cells), None)


def _free_cell(near: Cell, cells: dict[str, Cell], onwards: bool) -> Cell:
    """The first free cell below row 0: under ``near`` or beside that, on the right first if ``onwards``."""
    row = max(near.row, 1)
    beside = (1, 0, -1) if onwards else (0, -1, 1)
    while True:
        for column in (near.column + step for step in beside):
            if column >= 0 and (column, row) not in cells.values():
                return Cell(column, row)
        row += 1
