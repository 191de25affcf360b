"""Where the embedded AWS of this project keeps what it has.

Apart from ``connect``, so that the commands of ``local`` start without AWS's client and the configuration.
"""

from __future__ import annotations

import os
from pathlib import Path

from data_pipeline.core.errors import UserError
from data_pipeline.project import local_state as of_project

from . import files, project

HOW_TO_STOP = "stop it with: python -m data_pipeline local down"


def local_state() -> Path:
    """The state directory of this project's embedded AWS; of no project where the environment variable names one."""
    named = os.environ.get(of_project.STATE_VARIABLE)
    return Path(named) if named else of_project.local_state(project.root())


def use_state(state: Path) -> None:
    """Note that this project's commands use the embedded AWS that keeps its state there."""
    variable = of_project.STATE_VARIABLE
    if os.environ.get(variable):
        raise UserError(f"--state {state}: {variable} is set, which would win; unset it first")
    files.write_atomically(project.root() / of_project.NOTE, f"{state.resolve()}\n")
