"""What a run would load: ``prepare_datasets.py --dry-run true`` prints it, the command ``run --dry-run`` shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import form
from .load_plan import LoadPlan

VERSION = 1
FILES = 500
"""Files that are named."""


def document(plan: LoadPlan, decided: Mapping[str, Any]) -> dict[str, Any]:
    """``decision``: as a run leaves it; ``datasets``: name → ``files`` and ``bytes`` to read, and how many of the files
    ``because`` of what; ``files``: the first ones with ``dataset``, ``path``, ``bytes`` and ``because``.
    """
    named: dict[str, dict[str, Any]] = {}
    files: list[dict[str, Any]] = []
    number = 0
    for unit in plan.units:
        of = named.setdefault(unit.dataset, {"files": 0, "bytes": 0, "because": {}})
        because = of["because"]
        because[unit.because] = because.get(unit.because, 0) + len(unit.files or unit.removed)
        number += len(unit.files)
        of["files"] += len(unit.files)
        of["bytes"] += sum(file.size for file in unit.files)
        about = {"dataset": unit.dataset, "because": unit.because}
        room = max(0, FILES - len(files))
        files += [{**about, "path": file.path, "bytes": file.size} for file in unit.files[:room]]
    return {
        "version": VERSION,
        "decision": {name: each for name, each in decided.items() if name not in ("run", "plan", "version")},
        "datasets": named,
        "files": files,
        "more_files": number - len(files),
    }


def read(content: str, place: str) -> dict[str, Any]:
    """The document that was printed. JobError, with the place, if it is none."""
    return form.read(content, place, "a preview of a run", VERSION, dict)
