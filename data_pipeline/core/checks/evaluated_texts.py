"""The texts of a state that are evaluated, and what ``$states`` holds at each of these places."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.problems import Path

#: fields that are never evaluated: names, comments, nested scopes, retriers.
_PLAIN = frozenset(
    (
        *("Type", "Comment", "QueryLanguage", "Resource", "Next", "End", "Default", "Retry", "Label"),
        *("Branches", "ItemProcessor", "Iterator"),
    )
)
_WITH_RESULT = ("Task", "Map", "Parallel")


@dataclass(frozen=True)
class Text:
    """A text and its path within the state; ``states``: the members of ``$states`` that exist there."""

    path: Path
    text: str
    states: tuple[str, ...]


def texts(state: dict[str, Any]) -> Iterator[Text]:
    """All texts of a state that may be evaluated, keys ``x.$`` included, in the document's order."""
    for key, value in state.items():
        if key in _PLAIN:
            continue
        if key == "Catch":
            yield from _texts((key,), value, ("input", "context", "errorOutput"))
        elif key in ("Assign", "Output") and state.get("Type") in _WITH_RESULT:
            yield from _texts((key,), value, ("input", "context", "result"))
        else:
            yield from _texts((key,), value, ("input", "context"))


def _texts(path: Path, value: Any, states: tuple[str, ...]) -> Iterator[Text]:
    if isinstance(value, str):
        yield Text(path, value, states)
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _texts((*path, index), each, states)
    elif isinstance(value, dict):
        for key, each in value.items():
            plain = (
                key in ("Next", "ErrorEquals", "Comment")
                and path[0] in ("Catch", "Choices")
                and len(path) == 2
            )
            if not plain:
                yield from _texts((*path, key), each, states)
