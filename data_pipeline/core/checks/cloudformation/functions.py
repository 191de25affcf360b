"""Intrinsic functions in both spellings: ``{"GetAtt": …}``, as YAML's ``!GetAtt`` is read, ``{"Fn::GetAtt": …}``."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path


def function(value: Any, name: str) -> Any:
    """The argument of an intrinsic function, in either spelling; ``None`` for anything else."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    return value.get(name, value.get(f"Fn::{name}"))


def target(value: Any) -> str | None:
    """The logical id that a ``Ref`` or ``GetAtt`` leads to."""
    if isinstance(name := function(value, "Ref"), str):
        return name
    attribute = function(value, "GetAtt")
    if isinstance(attribute, list) and attribute:
        attribute = attribute[0]
    return attribute.partition(".")[0] if isinstance(attribute, str) else None


def objects(path: Path, value: Any) -> Iterator[tuple[Path, dict[str, Any]]]:
    """Every object below the value, itself included, with its path."""
    if isinstance(value, dict):
        yield path, value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in pairs:
        yield from objects((*path, key), each)
