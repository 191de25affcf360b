"""Rows of texts, side by side."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence

#: characters that a column of texts has at least before its texts move to lines of their own.
_LEAST = 24


def columns(rows: Sequence[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """A line for each row, its columns as wide as their longest text; those in ``right`` stand to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            text.rjust(width) if place in right else text.ljust(width)
            for place, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def with_notes(
    rows: Sequence[Sequence[str]], notes: Sequence[str], right: Collection[int], width: int | None
) -> list[list[str]]:
    """The lines of each row: its columns, then its note, folded between words to ``width`` characters if there is one.

    A note that finds no room beside the columns stands below, indented. A word is never broken.
    """
    found = columns(rows, right)
    place = max(map(len, found)) + 2
    below = width is not None and width - place < _LEAST
    indent = 4 if below else place
    made = []
    for line, note in zip(found, notes, strict=True):
        pieces = _folded(note, None if width is None else width - indent)
        beside = [] if below else pieces[:1]
        made.append(
            ["".join([line.ljust(place) if beside else line, *beside])]
            + [" " * indent + piece for piece in pieces[len(beside) :]]
        )
    return made


def labelled(
    rows: Iterable[tuple[str, str]], width: int | None, whole: Collection[str] = (), place: int = 12
) -> list[str]:
    """A line for each label with its text, which begins at ``place``. What is wider than ``width`` is folded between
    words; a URI that finds no room, and the texts of the labels in ``whole``, such as commands, stand unbroken below.
    """
    made = []
    for label, text in rows:
        line = f"{label:<{place - 1}} {text}".rstrip()
        if width is None or len(line) <= width:
            made.append(line)
        elif label in whole or max(map(len, text.split())) > width - place:
            made += [*filter(None, [label]), f"  {text}"]
        else:
            first, *rest = _folded(text, width - place)
            made += [f"{label:<{place - 1}} {first}", *(" " * place + piece for piece in rest)]
    return made


def _folded(text: str, width: int | None) -> list[str]:
    if width is None or not text:
        return [text] if text else []
    return textwrap.wrap(text, max(_LEAST, width), break_long_words=False, break_on_hyphens=False)


def width() -> int | None:
    """Characters of a line of the terminal behind stdout; None where there is none, since a file has no margin."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
