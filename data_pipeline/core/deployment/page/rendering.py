"""The page as lines of 80 columns, as JSON, and as Markdown for a pull request."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from typing import Any

from .entries import Entry, Page

WIDTH = 80
_NOTHING = "no changes"


def lines(page: Page, width: int = WIDTH) -> Iterator[str]:
    """Sections with their entries; a line that is too long goes on below itself."""
    for section in page.sections:
        yield section.title
        for entry in section.entries:
            yield from _entry(entry, 2, width)
        yield ""
    yield page.summary if page.changes else f"{_NOTHING}: {page.environment} is deployed as it stands here"


def markdown(page: Page) -> str:
    """A heading, and a block of a diff for each section, which GitHub colours."""
    parts = [f"### Plan for `{page.environment}`: {page.summary if page.changes else _NOTHING}"]
    for section in page.sections:
        body = [line for entry in section.entries for line in _diff(entry, 0)]
        parts.append("\n".join([f"**{section.title}**", "", "```diff", *body, "```"]))
    return "\n\n".join(parts) + "\n"


def as_json(page: Page) -> dict[str, Any]:
    """The same for scripts."""
    return {
        "environment": page.environment,
        "changes": page.changes,
        "summary": page.summary,
        "sections": [
            {"title": section.title, "entries": [_json(entry) for entry in section.entries]}
            for section in page.sections
        ],
    }


def _entry(entry: Entry, indent: int, width: int) -> Iterator[str]:
    head = f"{' ' * indent}{entry.sign} "
    yield from textwrap.wrap(
        entry.text,
        width,
        initial_indent=head,
        subsequent_indent=" " * (len(head) + 2),
        break_on_hyphens=False,
        break_long_words=False,
    ) or [head.rstrip()]
    for detail in entry.details:
        yield from _entry(detail, indent + 4, width)


def _diff(entry: Entry, indent: int) -> Iterator[str]:
    """Signs stand first on their lines, as a diff has them; what changes has ``!``."""
    sign = {"~": "!", "±": "!"}.get(entry.sign, entry.sign)
    yield f"{sign} {' ' * indent}{entry.text}"
    for detail in entry.details:
        yield from _diff(detail, indent + 2)


def _json(entry: Entry) -> dict[str, Any]:
    found: dict[str, Any] = {"sign": entry.sign.strip(), "text": entry.text}
    return {**found, "details": [_json(each) for each in entry.details]} if entry.details else found
