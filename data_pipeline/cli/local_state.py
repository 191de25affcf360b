"""Where the embedded AWS of this project keeps what it has, and on which port it is to listen.

Apart from ``connect``, so that the commands of ``local`` start without AWS's client and the configuration.
"""

from __future__ import annotations

import os
from pathlib import Path

from data_pipeline.core.errors import UserError

from . import project

HOW_TO_STOP = "stop it with: python -m data_pipeline local down"
STATE_VARIABLE = "DATA_PIPELINE_LOCAL_STATE"
PORT_VARIABLE = "DATA_PIPELINE_LOCAL_PORT"


def local_state(root: Path | None = None) -> Path:
    """The state directory of this project's embedded AWS."""
    return Path(os.environ.get(STATE_VARIABLE) or (root or project.root()) / ".local" / "aws")


def local_port() -> int | None:
    """The port that the user wants the embedded AWS to have (0: any free one), None for the default."""
    text = os.environ.get(PORT_VARIABLE)
    if not text:
        return None
    if not text.isdecimal() or int(text) > 65535:
        raise UserError(f"{PORT_VARIABLE}={text}: expected a port number, 0 to 65535 (0: any free one).")
    return int(text)
