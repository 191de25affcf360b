"""The terminal behind stderr, where progress is shown."""

from __future__ import annotations

import sys

from rich.console import Console


def console() -> Console:
    """A console on the stderr of this moment; no colour and no markup where it is no terminal."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)
