"""`make docs`: draw which room of the package imports which, from the imports themselves, for architecture.md."""

from __future__ import annotations

import sys
from typing import NamedTuple

import grimp
from paths import ROOT

from data_pipeline.core.drawing.card import card

TARGET = ROOT / "docs" / "explanation" / "architecture.svg"
PACKAGE = "data_pipeline"
_WIDTH, _HEIGHT = 176, 50
_COLUMN, _ROW, _MARGIN, _HEADING = 204, 104, 28, 34


class Room(NamedTuple):
    """Where a box stands on the grid, and what it says below its name."""

    column: float
    row: int
    does: str


ROOMS = {
    "cli": Room(0.5, 0, "commands; the only printer"),
    "api": Room(2.5, 0, "for notebooks; prints nothing"),
    "project": Room(1.5, 1, "what cli and api share"),
    "stacks": Room(0, 2, "templates and roles"),
    "sql_checks": Room(1, 2, "SQL before it runs"),
    "features": Room(2, 2, "records, training sets"),
    "athena_sql": Room(2.5, 3, "SQL as Athena means it"),
    "athena_engine": Room(2.75, 1, "runs Athena's queries"),
    "aws": Room(3, 2, "the only user of boto3"),
    "scaffold": Room(3.6, 3, "samples to data sets"),
    "core": Room(1.5, 3, "pure: configuration, checks"),
    "embedded_aws": Room(4, 1, "plays AWS on a laptop"),
    "etl": Room(5, 3, "what every job needs"),
}
#: boxes and arrows that are no imports
_OUTSIDE = {"AWS": Room(4, 2, "your account"), "jobs/": Room(5, 2, "the project's own code")}
_USES = (
    ("aws", "AWS"),
    ("aws", "embedded_aws"),
    ("AWS", "jobs/"),
    ("embedded_aws", "jobs/"),
    ("embedded_aws", "athena_engine"),
)


def imports() -> set[tuple[str, str]]:
    """(room, room that it imports), without what follows from others."""
    graph = grimp.build_graph(PACKAGE)
    found = {
        (importer.split(".")[1], imported.split(".")[1])
        for importer in graph.modules
        for imported in graph.find_modules_directly_imported_by(importer)
        if importer.count(".") and imported.count(".")
    }
    apart = {(a, b) for a, b in found if a != b and {a, b} <= set(ROOMS)}
    return {(a, c) for a, c in apart if not any((a, b) in apart and (b, c) in apart for b in ROOMS)}


def architecture_svg() -> str:
    """The SVG: solid arrows are imports, the others who runs or asks whom."""
    boxes = ROOMS | _OUTSIDE
    shown = [*sorted(imports()), ("jobs/", "etl")]
    lines = [_line("go", boxes[a], boxes[b]) for a, b in shown]
    lines += [_line("back", boxes[a], boxes[b]) for a, b in _USES]
    drawn = [_box(name, room) for name, room in boxes.items()]
    width = 5 * _COLUMN + _WIDTH + 2 * _MARGIN
    height = 3 * _ROW + _HEIGHT + 2 * _MARGIN + _HEADING
    words = "; ".join(f"{a} imports {b}" for a, b in shown)
    return card(width, height, "The rooms of the package and their imports", words, [_HEAD, *lines, *drawn])


_HEAD = (
    f'<text class="heading" x="{_MARGIN}" y="{_MARGIN + 8}">Rooms<tspan class="beside" dx="10">'
    "white: imports; violet: calls or runs</tspan></text>"
)


def _corner(room: Room) -> tuple[float, float]:
    return _MARGIN + room.column * _COLUMN, _MARGIN + _HEADING + room.row * _ROW


def _line(kind: str, source: Room, target: Room) -> str:
    (x, y), (to_x, to_y) = _corner(source), _corner(target)
    if source.row == target.row:
        ahead = target.column > source.column
        points = (x + _WIDTH * ahead, y + _HEIGHT / 2, to_x + _WIDTH * (not ahead), to_y + _HEIGHT / 2)
    else:
        down = target.row > source.row
        lean = (target.column - source.column) * 18
        points = (
            x + _WIDTH / 2 + lean,
            y + _HEIGHT * down,
            to_x + _WIDTH / 2 - lean,
            to_y + _HEIGHT * (not down),
        )
    return '<path class="{}" d="M{:g} {:g}L{:g} {:g}" marker-end="url(#{})"/>'.format(kind, *points, kind)


def _box(name: str, room: Room) -> str:
    x, y = _corner(room)
    return (
        f'<g transform="translate({x:g} {y:g})"><rect class="box" width="{_WIDTH}" height="{_HEIGHT}" rx="8"/>'
        f'<text class="name" x="{_WIDTH / 2:g}" y="22" font-size="13">{name}</text>'
        f'<text class="does" x="{_WIDTH / 2:g}" y="38">{room.does}</text></g>'
    )


if __name__ == "__main__":
    if sys.argv[1:] != ["--check"]:
        TARGET.write_text(architecture_svg(), encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != architecture_svg():
        sys.exit(f"{TARGET.relative_to(ROOT)} is out of date: run 'make docs'")
