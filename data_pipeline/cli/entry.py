"""How an entry point starts: a missing package is one line that says how to mend it, never a traceback."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def start(prog_name: str, verb: str | None = None) -> None:
    """Run the whole command tree, or its one command ``verb``, or say what its environment lacks."""
    if not (3, 11) <= sys.version_info[:2] <= (3, 14):
        sys.exit("error: Python 3.11 to 3.14 is needed, this is {}.{}".format(*sys.version_info[:2]))
    try:
        from data_pipeline.cli.main import main

        main(prog_name, verb)
    except ModuleNotFoundError as missing:
        if missing.name is None or missing.name.split(".")[0] == "data_pipeline":
            raise
        sys.exit(f"error: the Python package {missing.name!r} is not installed here: {_remedy()}")


def _remedy() -> str:
    if (ROOT / ".venv").is_dir() and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        return "activate the project's environment: source .venv/bin/activate"
    return "run 'make install', or: pip install -c constraints.txt -r requirements-local.txt"
