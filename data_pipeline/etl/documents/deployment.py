"""What a run says of the deployment that made its code: a small document beside the data sets' definitions.

It is named by the definitions and the code, and written anew by each deployment of both. So a commit alone changes no
template and no parameter.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import form

VERSION = 1


def place(definitions: str, code_version: str) -> str:
    """Key or URI of the document; ``definitions``: that of the definitions; ``code_version``: SHA-256 of the code."""
    return f"{definitions[: -len('.json')] if definitions.endswith('.json') else definitions}.{code_version}.json"


def write(number: int, commit: str, dirty: bool) -> str:
    """``commit``: of the project's git, empty without; ``dirty``: there were changes beside it."""
    return form.text({"version": VERSION, "number": number, "commit": commit, "dirty": dirty})


def read(content: str | bytes, place_: str) -> dict[str, Any]:
    """``number``, ``commit`` and ``dirty``. JobError for what is no such document."""

    def build(found: Mapping[str, Any]) -> dict[str, Any]:
        return {"number": int(found["number"]), "commit": str(found["commit"]), "dirty": bool(found["dirty"])}

    return form.read(content, place_, "a deployment", VERSION, build)
