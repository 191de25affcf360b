"""Where the embedded AWS of a project keeps what it has, and on which port it is to listen.

Apart from ``connecting``, so that the commands of ``local`` start without AWS's client and the configuration.
"""

from __future__ import annotations

import os
from pathlib import Path

from data_pipeline.core.errors import UserError

STATE_VARIABLE = "DATA_PIPELINE_LOCAL_STATE"
#: where a project notes that it uses an embedded AWS elsewhere, which it shares with other projects.
NOTE = Path(".local") / "state"
PORT_VARIABLE = "DATA_PIPELINE_LOCAL_PORT"


def local_state(root: Path) -> Path:
    """The state directory of the embedded AWS of the project in ``root``: of the environment variable, else as it was
    noted, else of its own.
    """
    named = os.environ.get(STATE_VARIABLE)
    if named:
        return Path(named)
    note = root / NOTE
    return Path(note.read_text(encoding="utf-8").strip()) if note.is_file() else root / ".local" / "aws"


def local_port() -> int | None:
    """The port that the user wants the embedded AWS to have (0: any free one), None for the default."""
    text = os.environ.get(PORT_VARIABLE)
    if not text:
        return None
    if not text.isdecimal() or int(text) > 65535:
        raise UserError(f"{PORT_VARIABLE}={text}: expected a port number, 0 to 65535 (0: any free one).")
    return int(text)
