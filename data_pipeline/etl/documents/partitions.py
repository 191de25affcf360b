"""Partitions as a project writes them, by Iceberg's transforms: ``day(ordered_at)``, ``month(..)``, ``hour(..)``,
``year(..)``, ``bucket(16, x)``, ``truncate(4, x)`` or a plain column.

https://iceberg.apache.org/spec/#partition-transforms
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

IDENTITY = "identity"
TIMES = ("hour", "day", "month", "year")
SIZED = ("bucket", "truncate")

_TIME = ("timestamp", "timestamptz")
_DATE = ("date", *_TIME)
_WHOLE = ("int", "long", "decimal")
#: transform → the types of Iceberg that it takes; none takes a struct or a list.
TYPES = {
    IDENTITY: ("boolean", *_WHOLE, *_DATE, "string"),
    "hour": _TIME,
    "day": _DATE,
    "month": _DATE,
    "year": _DATE,
    "bucket": (*_WHOLE, *_DATE, "string"),
    "truncate": (*_WHOLE, "string"),
}
MOST_BUCKETS = 10_000
_CALL = re.compile(r"([A-Za-z_]+)\s*\(([^()]*)\)")
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class PartitionError(ValueError):
    """A text is no partition. ``expected`` and ``advice`` are words for a message."""

    def __init__(self, expected: str, advice: str = "") -> None:
        super().__init__(f"expected {expected}" + (f"; {advice}" if advice else ""))
        self.expected = expected
        self.advice = advice


@dataclass(frozen=True)
class Partition:
    """One field of a partition. ``size``: of ``bucket`` and ``truncate``, 0 for the others."""

    column: str
    transform: str = IDENTITY
    size: int = 0

    def __str__(self) -> str:
        if self.transform == IDENTITY:
            return self.column
        return f"{self.transform}({f'{self.size}, ' if self.size else ''}{self.column})"


def parse(text: str) -> Partition:
    """The partition that ``text`` names; ``str`` of it is its canonical text. PartitionError if it is none."""
    bare = text.strip()
    if _COLUMN.fullmatch(bare):
        return Partition(bare)
    call = _CALL.fullmatch(bare)
    if call is None:
        raise PartitionError("a column, or a transform of one as in day(ordered_at)")
    name, given = call[1], [each.strip() for each in call[2].split(",")]
    known = (*TIMES, *SIZED)
    if name not in known:
        near = difflib.get_close_matches(name.lower(), (*known, *(f"{each}s" for each in TIMES)), 1)
        meant = near[0].rstrip("s") if near else ""
        raise PartitionError(f"one of {', '.join(known)}", f"did you mean {meant}?" if meant else "")
    column = given[-1]
    if not _COLUMN.fullmatch(column):
        raise PartitionError(f"{name} of one column")
    if name in TIMES:
        if len(given) != 1:
            raise PartitionError(f"{name} of one column", f"write {name}({column})")
        return Partition(column, name)
    example = "16" if name == "bucket" else "4"
    size = int(given[0]) if len(given) == 2 and re.fullmatch(r"[0-9]{1,9}", given[0]) else 0
    if not 1 <= size <= MOST_BUCKETS:
        expected = f"a number from 1 to {MOST_BUCKETS:,} and a column"
        raise PartitionError(expected, f"write {name}({example}, {column})")
    return Partition(column, name, size)
