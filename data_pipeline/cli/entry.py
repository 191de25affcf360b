"""How an entry point starts: a missing package is one line that says how to mend it, never a traceback."""

from __future__ import annotations

import os
import sys
from pathlib import Path

PROGRAM = "data-pipeline"


def console() -> None:
    """The installed script ``data-pipeline``: the whole command tree, in the project of the working directory."""
    start(PROGRAM)


def start(prog_name: str, verb: str | None = None, script: str | None = None) -> None:
    """Run the whole command tree, or its one command ``verb``, or say what its environment lacks.

    ``script``: the file of an entry point, whose folder is the project.
    """
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        sys.exit("error: Python 3.11 to 3.14 is needed, this is {}.{}".format(*sys.version_info[:2]))
    # Pydantic would ask every installed package for plugins, which takes longer than reading the configuration.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    project = Path(script).resolve().parent if script else None
    try:
        from .main import main

        main(prog_name, verb, project)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.split(".")[0] == "data_pipeline":
            raise
        sys.exit(
            f"error: the Python package {missing.name!r} is not installed here: {_remedy(project or Path.cwd())}"
        )


def _remedy(project: Path) -> str:
    environment = project / ".venv"
    if environment.is_dir() and Path(sys.prefix).resolve() != environment.resolve():
        return "activate the project's environment: source .venv/bin/activate"
    return "pip install -r requirements.txt"
