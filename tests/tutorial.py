"""A tutorial's blocks of commands, each with the output that the page shows of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

#: in what is shown: some characters of a line, or as a line of its own some lines.
MASK = "…"
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Step:
    """Commands of the shell, typed together; ``shown``: the page's output, or nothing. ``fails``: the last one does."""

    commands: str
    shown: str
    fails: bool


def steps(page: Path) -> list[Step]:
    """The blocks of ``bash``, each with the block without a language that follows it. ``sh`` is not run."""
    blocks = _BLOCK.findall(page.read_text(encoding="utf-8"))
    found = []
    for at, (language, text) in enumerate(blocks):
        after = blocks[at + 1] if at + 1 < len(blocks) else ("none", "")
        if language == "bash":
            found.append(Step(text, after[1] if after[0] == "" else "", text.rstrip().endswith("# exits 1")))
    return found


def differs(shown: str, said: str) -> str:
    """Where the output is not as shown, or nothing: the first line of ``shown`` that nothing fits."""
    lines = shown.splitlines()
    for end in range(1, len(lines) + 1):
        if not re.match(_pattern(lines[:end]), said):
            return lines[end - 1]
    return "" if re.fullmatch(_pattern(lines), said) else "the end: there are more lines"


def _pattern(lines: list[str]) -> re.Pattern[str]:
    parts = []
    for line in lines:
        if line == MASK:
            parts.append(r"(?:[^\n]*\n)*?")
        else:
            words = [re.escape(part.rstrip() if not at else part) for at, part in enumerate(line.split(MASK))]
            parts.append(r"[^\n]*?".join(words) + r" *\n")
    return re.compile("".join(parts))
