"""Pages whose blocks are files of a project: the first line of such a block is a comment with the file's path."""

from __future__ import annotations

import re
from pathlib import Path

from paths import ROOT

_COMMENT = re.compile(r"(?:#|--|//|<!--) ([\w./-]+\.\w+)(?: -->)?\n")


def files(page: str) -> dict[str, str]:
    """Path → text, of the blocks of a page of docs/ that are files. Their first lines are no part of them."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    found: dict[str, str] = {}
    for block in re.findall(r"^```\w+\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
        first = _COMMENT.match(block)
        if first:
            assert first[1] not in found, f"{page}: {first[1]} twice"
            found[first[1]] = block[first.end() :]
    return found


def sections(page: str) -> dict[str, str]:
    """Heading → text, of the sections of a page of docs/."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return {part.partition("\n")[0]: part.partition("\n")[2] for part in text.split("\n## ")[1:]}


def block(page: str, first: str) -> str:
    """The block of a page of docs/ that begins with ``first``."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    (found,) = [
        each
        for each in re.findall(r"^```\w*\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        if each.startswith(first)
    ]
    return str(found)


def write(root: Path, found: dict[str, str]) -> None:
    """Put files into a project that `init` wrote. ``config/pipeline.yaml`` takes the place of what follows the region
    in the project's; packages are added to those that it names; every folder of Python is a package.
    """
    for name, text in found.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name == "config/pipeline.yaml":
            head, _, _ = path.read_text(encoding="utf-8").partition("datasets:\n")
            text = head + text
        elif name == "jobs/requirements.txt":
            text = path.read_text(encoding="utf-8") + text
        path.write_text(text, encoding="utf-8")
        if path.suffix == ".py" and path.parent != root / "jobs":
            (path.parent / "__init__.py").touch()
