"""The models of AWS's services, as the installed botocore has them.

Read from botocore's files: its loader costs more to import than the models do to read. They are large: pydantic's
parser takes two thirds of the time of the standard library's.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import botocore
from pydantic_core import from_json

from data_pipeline.core.checks.tasks import Services


def load(wanted: Iterable[str]) -> Services:
    """The models of the wanted services, named as by botocore or without its hyphens; unknown ones are left out.

    Takes some 0.1 s for the largest. Nothing is asked of AWS.
    """
    by_plain = {name.replace("-", ""): name for name in _names()}
    known = {name: by_plain[name.replace("-", "")] for name in wanted if name.replace("-", "") in by_plain}
    return Services({name: _model(real) for name, real in known.items()}, frozenset(by_plain))


_FILES = Path(botocore.__file__).parent / "data"


@cache
def _names() -> list[str]:
    return sorted(folder.name for folder in _FILES.iterdir() if folder.is_dir())


@cache
def _model(name: str) -> Any:
    """The newest version. Kept: several machines call the same services."""
    newest = max(folder for folder in (_FILES / name).iterdir() if folder.is_dir())
    model = from_json(gzip.decompress((newest / "service-2.json.gz").read_bytes()))
    for file in newest.glob("service-2.sdk-extras.json"):
        _complete(model, json.loads(file.read_bytes())["merge"])
    return model


def _complete(model: dict[str, Any], extras: dict[str, Any]) -> None:
    """Merge into a model what botocore keeps beside it: maps deep, anything else replaced."""
    for key, value in extras.items():
        if isinstance(value, dict) and isinstance(model.get(key), dict):
            _complete(model[key], value)
        else:
            model[key] = value
