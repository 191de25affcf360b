"""Where the project of a command is: the folder of the entry point, or the nearest one upwards."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.project.folder import find


def root() -> Path:
    """The project's folder: the one that the entry point named, or as ``find`` finds it from the working directory."""
    context = click.get_current_context(silent=True)
    named = context.find_root().obj if context else None
    return named if isinstance(named, Path) else find(Path.cwd())
