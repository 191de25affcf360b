"""How far a job has come with its files, as a line of its log: the job writes it, whoever follows the run reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_LINE = re.compile(r"progress: ([0-9,]+) of ([0-9,]+) files, ([0-9,]+) rows")


@dataclass(frozen=True)
class Reached:
    """So many ``files`` are read ``of`` all, and so many rows of them."""

    files: int
    of: int
    rows: int

    def __str__(self) -> str:
        return f"{self.files:,} of {self.of:,} files, {self.rows:,} rows"


def written(reached: Reached) -> str:
    return f"progress: {reached}"


def last(lines: Iterable[str]) -> Reached | None:
    """What the last of the lines says that tells of it; None where none does."""
    found = None
    for text in lines:
        match = _LINE.search(text)
        if match:
            found = Reached(*(int(number.replace(",", "")) for number in match.groups()))
    return found
