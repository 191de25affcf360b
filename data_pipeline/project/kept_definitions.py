"""The checked data sets and tables of an environment, kept below ``.local`` for as long as no file that they are made
of changes: to check the configuration takes many times as long as to read what came of it.

As in a build, a file is told by its path, size and time of change; so are those of the tool. Of the installed packages
the folder is, which an installation changes.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import duckdb

import data_pipeline
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.errors import JobError

FOLDER = Path(".local") / "definitions"
_MADE_OF = ("config", "jobs")


def load(root: Path, name: str) -> Definitions:
    """What the jobs of the environment ``name`` are told of its data sets and tables. ConfigurationError with all that
    is wrong with them, which is looked for each time until nothing is.
    """
    place = root / FOLDER / f"{name}.json"
    try:
        found = fingerprint(root)
    except OSError:  # what cannot be told by its files is checked each time, and the checks say what is wrong
        return _checked(root, name)
    kept = _kept(place, found)
    return kept if kept is not None else _keep(root, name, place, found)


def _kept(place: Path, fingerprint: str) -> Definitions | None:
    """The definitions that are kept at ``place``; None if there are none, or of other files."""
    with suppress(OSError, ValueError):
        made_of, _, content = place.read_text(encoding="utf-8").partition("\n")
        if made_of == fingerprint:
            with suppress(JobError):
                return datasets.read(content, str(place))
    return None


def _keep(root: Path, name: str, place: Path, fingerprint: str) -> Definitions:
    """The definitions, checked, and kept where the disk allows it."""
    made = _checked(root, name)
    with suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        part = place.with_suffix(f".{os.getpid()}")  # renamed at once: others may read or write, too
        part.write_text(f"{fingerprint}\n{datasets.write(made)}", encoding="utf-8")
        part.replace(place)
    return made


def _checked(root: Path, name: str) -> Definitions:
    from data_pipeline.core.loading.load import load_environment
    from data_pipeline.project.definitions import load_definitions

    return load_definitions(root, load_environment(root, name))


def fingerprint(root: Path) -> str:
    """What tells the files of the project in ``root``, the tool's and the packages from any others."""
    packages = Path(duckdb.__file__).parent.parent
    folders = [*(root / each for each in _MADE_OF), Path(data_pipeline.__file__).parent]
    stamps = [sorted(_stamps(str(folder))) for folder in folders]
    told = [sys.version, str(packages), packages.stat().st_mtime_ns, stamps]
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def _stamps(folder: str) -> Iterator[tuple[str, int, int]]:
    """Path, size and time of change of each file below ``folder``. OSError for a link to a folder: it may lead above
    this one, or to what is changed elsewhere.
    """
    with os.scandir(folder) as found:
        for each in found:
            if each.is_dir():
                if each.is_symlink():
                    raise OSError(f"{each.path} is a link to a folder")
                if each.name != "__pycache__":
                    yield from _stamps(each.path)
            elif each.is_file():
                stat = each.stat()
                yield each.path, stat.st_size, stat.st_mtime_ns
