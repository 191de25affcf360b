"""What a page is made of: sections of entries, each with a sign and lines below it."""

from __future__ import annotations

from dataclasses import dataclass

#: added, removed, changed, replaced, there already and taken over, to be warned of, and what only is said.
ADDED, REMOVED, CHANGED, REPLACED, TAKEN_OVER, WARNED, SAID = "+", "-", "~", "±", "<", "!", " "


@dataclass(frozen=True)
class Entry:
    """One thing: its sign and text, and what there is to say of it, each with a sign too."""

    sign: str
    text: str
    details: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Section:
    """Entries under a title; one without entries is not shown."""

    title: str
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True)
class Page:
    """``changes``: whether the deployment changes anything; ``summary``: in one line."""

    environment: str
    sections: tuple[Section, ...]
    changes: bool
    summary: str
