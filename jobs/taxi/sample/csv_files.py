"""Writes a file of trips as CSV, plain or compressed, in a given layout."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import BinaryIO

from taxi.sample.layouts import Column, CsvLayout
from taxi.sample.rides import POOL, Ride, Value
from taxi.sample.trips import Plan, Trip

_DAY = 86_400
_EPOCH = date(1970, 1, 1).toordinal()
_CLOCK = [f" {s // 3600:02d}:{s // 60 % 60:02d}:{s % 60:02d}" for s in range(_DAY)]
_COORDINATES = ("from_lon", "from_lat", "to_lon", "to_lat")
_MONEY = ("fare", "extra", "mta", "tip", "tolls", "improvement", "congestion", "total")
_NUMBERS = frozenset(("miles", *_COORDINATES, *_MONEY))


class _Days(dict[int, str]):
    """Days since 1970 → their date as text, each made once."""

    def __missing__(self, day: int) -> str:
        self[day] = text = date.fromordinal(_EPOCH + day).isoformat()
        return text


_DAYS = _Days()


def write_csv(
    path: Path, layout: CsvLayout, plan: Plan, rides: list[Ride], trips: Iterable[list[Trip]]
) -> None:
    """Write header, the layout's blank lines and every trip. A name that ends in .gz is compressed."""
    rows = _Rows(layout, rides)
    number = 1
    with _opened(path) as file:
        file.write((rows.header() + layout.preamble).encode("ascii"))
        for chunk in trips:
            lines = rows.lines(chunk)
            for row in range(number, number + len(chunk)):
                if row in plan.unreadable:
                    lines[row - number] = rows.unreadable(chunk[row - number], plan.unreadable[row])
                if row in plan.wide:
                    lines[row - number] += ",7.5,,1" if row % 2 else ","
            number += len(chunk)
            end = layout.row_end
            if plan.cut_off and number > plan.rows:
                lines[-1], end = lines[-1][: len(lines[-1]) // 2], ""
            file.write((layout.row_end.join(lines) + end).encode("ascii"))


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, open for writing; compression records neither time nor name, so that bytes repeat."""
    with path.open("wb") as raw:
        if path.suffix != ".gz":
            yield raw
            return
        with gzip.GzipFile(filename="", mode="wb", compresslevel=6, fileobj=raw, mtime=0) as packed:
            yield packed  # type: ignore[misc]  # a GzipFile writes bytes as a file does


class _Rows:
    """Lines of one layout: of each ride of the pool, the text before the pickup and after the drop-off."""

    def __init__(self, layout: CsvLayout, rides: list[Ride]) -> None:
        self._layout = layout
        self._quote = '"' if layout.quoted else ""
        self._comma = f"{self._quote},{self._quote}"
        kinds = [column.kind for column in layout.columns]
        at = kinds.index("PICKUP")
        self._drops_off = "DROPOFF" in kinds
        before, after = layout.columns[:at], layout.columns[at + 1 + self._drops_off :]
        self._before = [self._side(ride, before, last=False) for ride in rides]
        self._after = [self._side(ride, after, last=True) for ride in rides]
        self._seconds = [int(ride["seconds"] or 0) for ride in rides]

    def header(self) -> str:
        return ",".join(f"{self._quote}{column.name}{self._quote}" for column in self._layout.columns)

    def lines(self, chunk: list[Trip]) -> list[str]:
        """One line per trip, without its end."""
        before, after = self._before, self._after
        if not self._drops_off:
            return [
                f"{before[choice % POOL]}{_DAYS[pickup // _DAY]}{_CLOCK[pickup % _DAY]}{after[choice % POOL]}"
                for pickup, choice in chunk
            ]
        seconds, comma, lines = self._seconds, self._comma, []
        for pickup, choice in chunk:
            ride = choice % POOL
            end = pickup + seconds[ride]
            lines.append(
                f"{before[ride]}{_DAYS[pickup // _DAY]}{_CLOCK[pickup % _DAY]}{comma}"
                f"{_DAYS[end // _DAY]}{_CLOCK[end % _DAY]}{after[ride]}"
            )
        return lines

    def unreadable(self, trip: Trip, text: str) -> str:
        """The trip's line with ``text`` where its pickup time would be."""
        choice = trip[1]
        before = self._before[choice % POOL]
        return before + text + self.lines([trip])[0][len(before) + len("2009-01-01 00:00:00") :]

    def _side(self, ride: Ride, columns: tuple[Column, ...], last: bool) -> str:
        """A ride's fields on one side of its times, with the separators and quotes that join them to it."""
        texts = [self._text(column.kind, ride[column.kind]) for column in columns]
        joined = self._comma.join(["", *texts] if last else [*texts, ""])
        return joined + self._quote + "," * self._layout.extra_fields if last else self._quote + joined

    def _text(self, kind: str, value: Value) -> str:
        if value is None:
            return ""
        if kind in _NUMBERS and self._layout.digits17:
            return f"{value:.17g}"
        if kind == "miles":
            return f"{value:.2f}".removeprefix("0")
        if kind in _NUMBERS:
            return f"{value:.10g}"
        return str(value)
