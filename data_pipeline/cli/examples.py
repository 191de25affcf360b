"""The examples at the end of a command's help."""

from __future__ import annotations

PROGRAM = "python -m data_pipeline"


def examples(*commands: str) -> str:
    """An epilog, whose lines click leaves as they are; each command without the program's name."""
    title = "Example:" if len(commands) == 1 else "Examples:"
    return "\n".join(["\b", title, *(f"  {PROGRAM} {command}" for command in commands)])
