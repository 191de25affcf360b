"""Reading the configuration: YAML files of ``config/`` → validated environments."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from .config import Environment


def load_environment(root: Path, name: str) -> Environment:
    """The environment ``name`` of the project at ``root``."""
    merged = merge(_read(root / "config" / "pipeline.yaml"), _read(root / "config" / f"{name}.yaml"))
    return Environment.model_validate({**merged, "name": name})


def load_all(root: Path) -> dict[str, Environment]:
    """Every environment that has a file in ``config/``, by name, sorted."""
    names = sorted(p.stem for p in (root / "config").glob("*.yaml") if p.stem != "pipeline")
    return {name: load_environment(root, name) for name in names}


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Maps deep, lists and scalars replaced, ``over`` wins."""
    both = base.keys() & over.keys()
    deep = {k: merge(base[k], over[k]) for k in both if isinstance(base[k], dict) and isinstance(over[k], dict)}
    return {**base, **over, **deep}


def _read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8")) or {}
