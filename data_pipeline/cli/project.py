"""Where the project is: the folder of the entry point, or the nearest one upwards with ``config/pipeline.yaml``."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.core.errors import UserError

MARK = Path("config") / "pipeline.yaml"


def root() -> Path:
    """The project's folder: the one that the entry point named, or as ``find`` finds it from the working directory."""
    context = click.get_current_context(silent=True)
    named = context.find_root().obj if context else None
    return named if isinstance(named, Path) else find(Path.cwd())


def find(start: Path) -> Path:
    """The nearest folder from ``start`` upwards that is a project. UserError if there is none."""
    for folder in (start, *start.parents):
        if (folder / MARK).is_file():
            return folder
    raise UserError(
        f"{start}: no project here or in a folder above: found no {MARK}\n"
        "  change to a project's folder, or make one: data-pipeline init DIR"
    )
