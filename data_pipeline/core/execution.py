"""The input of an execution: one versioned object, built here for the schedule and the run command alike."""

from __future__ import annotations

from typing import Any

VERSION = 1

#: JSON Schema of the input. The state machine's first state refuses what this refuses.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Input of an execution",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "version": {
            "const": VERSION,
            "default": VERSION,
            "description": "Version of this format.",
        }
    },
}


def execution_input() -> dict[str, Any]:
    """The input of an ordinary run: every field at its default, spelled out."""
    return {"version": VERSION}
