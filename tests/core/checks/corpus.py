"""State machines to check: the broken ones with exactly what must be found, the correct ones with nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "corpus"


def read(name: str) -> dict[str, Any]:
    """What a file of the corpus holds: name of the case → the case."""
    cases: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return cases


def broken() -> dict[str, Any]:
    """``<file>: <name>`` → ``{"machine": …, "findings": […]}`` of every file of broken machines."""
    apart = ("correct", "templates")
    files = sorted(path.stem for path in _FOLDER.glob("*.json") if path.stem not in apart)
    return {f"{file}: {name}": case for file in files for name, case in read(file).items()}
