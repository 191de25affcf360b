"""Where a project is: the nearest folder upwards with ``config/pipeline.yaml``."""

from __future__ import annotations

from pathlib import Path

from data_pipeline.core.errors import UserError

MARK = Path("config") / "pipeline.yaml"


def find(start: Path) -> Path:
    """The nearest folder from ``start`` upwards that is a project. UserError if there is none."""
    for folder in (start, *start.parents):
        if (folder / MARK).is_file():
            return folder
    raise UserError(
        f"{start}: no project here or in a folder above: found no {MARK}\n"
        "  change to a project's folder, or make one: data-pipeline init DIR"
    )
