"""The terminal behind stderr, where progress is shown."""

from __future__ import annotations

import sys
from typing import IO

from rich.console import Console


def console(file: IO[str] | None = None) -> Console:
    """A console on the stderr of this moment, or on a file; no colour and no markup where it is no terminal."""
    return Console(file=file or sys.stderr, highlight=False, soft_wrap=True)
