"""Columns that several files have, under names that may differ a little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .column_names import column_names

_ALIKE = 0.5
"""Share of the names of two files that both have, from which on they are taken for files of one data set."""


@dataclass(frozen=True)
class Shared:
    """``names``: what files call the column, the newest first; ``files``: how many have it."""

    names: tuple[str, ...]
    files: int


def alike(headers: Sequence[Sequence[str]]) -> list[bool]:
    """For each file, the newest last, whether it has most of the columns of the newest one with any."""
    newest = next((_plain(header) for header in reversed(headers) if header), frozenset())
    found = []
    for header in headers:
        names = _plain(header)
        found.append(not names or len(names & newest) >= _ALIKE * min(len(names), len(newest)))
    return found


def _plain(header: Sequence[str]) -> frozenset[str]:
    return frozenset(column_names([name])[name] for name in header)


def shared(headers: Sequence[Sequence[str]]) -> list[Shared]:
    """The columns of some files, the newest last: in its order, then those that only others have. Names that differ in
    case or signs alone are of one column, unless a file has both.
    """
    order: dict[str, list[str]] = {}
    for header in reversed(headers):
        for name in header:
            known = order.setdefault(column_names([name])[name] if name else "", [])
            if name not in known:
                known.append(name)
    found: list[Shared] = []
    for names in order.values():
        together = any(sum(name in header for name in names) > 1 for header in headers)
        for group in [(name,) for name in names] if together else [tuple(names)]:
            found.append(Shared(group, sum(any(name in header for name in group) for header in headers)))
    return found
