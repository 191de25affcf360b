"""Lists in pages, as Step Functions gives them: at most 1,000 a page, 100 unless told otherwise."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from typing import Any

from data_pipeline.embedded_aws.answers import Response, answer, error

_DEFAULT, _MOST = 100, 1000


def page(name: str, entries: Sequence[Mapping[str, Any]], key: str, data: Mapping[str, Any]) -> Response:
    """One page of ``entries`` under ``name``; a token holds the ``key`` of the last entry before it."""
    size = data.get("maxResults") or _DEFAULT
    if not isinstance(size, int) or not 0 < size <= _MOST:
        return too_large("maxResults", size, _MOST)
    start = 0
    after = data.get("nextToken")
    if after:
        places = [number for number, entry in enumerate(entries) if _mark(entry[key]) == after]
        if not places:
            return error("InvalidToken", "Invalid Token")
        start = places[0] + 1
    found = list(entries[start : start + size])
    more = {"nextToken": _mark(found[-1][key])} if start + size < len(entries) else {}
    return answer({name: found, **more})


def too_large(member: str, value: Any, most: int) -> Response:
    """The answer to a number over its limit."""
    return error(
        "ValidationException",
        f"1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: "
        f"Member must have value less than or equal to {most}",
    )


def too_long(member: str, text: str, most: int) -> Response | None:
    """The answer to a text over its limit, None where it is within."""
    return over(member, most) if len(text) > most else None


def over(member: str, most: int) -> Response:
    """The answer to a text that is longer than ``most``."""
    return error(
        "ValidationException",
        f"1 validation error detected: Value at '{member}' failed to satisfy constraint: "
        f"Member must have length less than or equal to {most}",
    )


def _mark(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()
