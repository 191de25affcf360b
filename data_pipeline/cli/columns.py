"""Rows of texts, side by side."""

from __future__ import annotations

import re
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Sequence
from typing import IO

#: characters that a column of texts has at least before its texts move to lines of their own.
_LEAST = 24
#: what stands before a text that found no room beside others.
_BELOW = " " * 4
#: code within a text.
_CODE = re.compile("`[^`]*`")
#: no blank to a fold.
_HARD_BLANK = "\N{NO-BREAK SPACE}"


def columns(
    rows: Sequence[Sequence[str]], right: Collection[int] = (), width: int | None = None
) -> list[str]:
    """A line for each row, its columns as wide as their longest text; those in ``right`` stand to the right. Of a line
    that would be wider than ``width`` characters the last text stands below.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    made = []
    for row in rows:
        cells = [
            text.rjust(wide) if place in right else text.ljust(wide)
            for place, (text, wide) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        if width is None or len(line) <= width:
            made.append(line)
        else:
            made += ["  ".join(cells[:-1]).rstrip(), f"{_BELOW}{row[-1]}"]
    return made


def with_notes(
    rows: Sequence[Sequence[str]], notes: Sequence[str], right: Collection[int], width: int | None
) -> list[list[str]]:
    """The lines of each row: its columns, then its note, folded between words to ``width`` characters if there is one.

    A note that finds no room beside the columns stands below, indented. A word is never broken.
    """
    found = columns(rows, right)
    place = max(map(len, found)) + 2
    made = []
    for line, note in zip(found, notes, strict=True):
        below = width is not None and _room_for(note) > width - place
        indent = len(_BELOW) if below else place
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
    words, below the label where a word finds no room beside it, as a URI or an ARN may not; the texts of the labels in
    ``whole``, such as commands, stand unbroken below.
    """
    made = []
    for label, text in rows:
        line = f"{label:<{place - 1}} {text}".rstrip()
        if width is None or len(line) <= width:
            made.append(line)
        elif label in whole:
            made += [*filter(None, [label]), f"  {text}"]
        elif _room_for(text) > width - place:
            made += [*filter(None, [label]), *(f"  {piece}" for piece in _folded(text, width - 2))]
        else:
            first, *rest = _folded(text, width - place) or [""]
            made += [f"{label:<{place - 1}} {first}".rstrip(), *(" " * place + piece for piece in rest)]
    return made


def _room_for(text: str) -> int:
    """Characters that a line of a folded text takes at least."""
    return max([_LEAST, *map(len, text.split())])


def _folded(text: str, width: int | None) -> list[str]:
    if width is None or not text:
        return [text] if text else []
    return textwrap.wrap(text, max(_LEAST, width), break_long_words=False, break_on_hyphens=False)


def by_lines(text: str, width: int | None) -> list[str]:
    """The lines of a text, each folded by itself to ``width`` characters, if there is one. Code in backticks is not
    broken, nor a line that is indented, as those with a command are.
    """
    made = []
    for line in text.splitlines():
        if width is None or len(line) <= width or line.startswith(" "):
            made.append(line)
            continue
        hard = _CODE.sub(lambda code: code.group().replace(" ", _HARD_BLANK), line)
        wrapped = textwrap.wrap(
            hard, width, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False
        )
        made += [piece.replace(_HARD_BLANK, " ") for piece in wrapped]
    return made


def width(file: IO[str] | None = None) -> int | None:
    """Characters of a line of the terminal behind ``file``, stdout without one; None where there is none, since a file
    has no margin.
    """
    return shutil.get_terminal_size().columns if (file or sys.stdout).isatty() else None
