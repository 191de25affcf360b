"""What all documents have in common: one line of JSON, the same for the same content, and a version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Callable, TypeVar

from data_pipeline.etl.errors import JobError

T = TypeVar("T")


def text(document: Mapping[str, Any]) -> str:
    """The document as one line of JSON with sorted keys."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"))


def read(
    content: str | bytes,
    place: str,
    kind: str,
    version: int,
    build: Callable[[Mapping[str, Any]], T],
    remedy: str = "",
) -> T:
    """What ``build`` makes of the document. JobError, with the place, if it is no such document (``kind``: "a plan";
    ``remedy``: what to do then) or of another version.
    """
    try:
        document = json.loads(content)
        found = document["version"]
        if found == version:
            return build(document)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        what = f"this is not {kind} ({type(error).__name__}: {error})"
        raise JobError(f"{place}: {what}; {remedy}" if remedy else f"{place}: {what}") from error
    raise JobError(f"{place}: version {found} of {kind}; this job reads version {version}")
