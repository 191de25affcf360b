"""A damaged state stops the start, and is never overwritten: what can be restored, and how.

MiniStack reads a state file that it does not understand as none, and writes over it.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.objectstore.disk import SIDECAR

from . import endpoint as endpoints

#: The folder of the state files that the last save replaced.
PREVIOUS = "previous"
#: Key of MiniStack's format number in a state file, and the highest that we know.
FORMAT, NEWEST = "__ministack_format__", 3
#: The records of the online feature stores, and what SQLite writes beside them.
DATABASE, _BESIDE = "feature-store.sqlite", ("-wal", "-shm")


class Damage(NamedTuple):
    """A file that cannot be read, why, and what can take its place (None: nothing)."""

    path: Path
    reason: str
    instead: Path | None


def damages(state: Path) -> list[Damage]:
    """Every damaged file of a state directory."""
    found = []
    endpoint = endpoints.path_in(state)
    if reason := _wrong(endpoint):
        found.append(Damage(endpoint, reason, None))
    for path in sorted((state / "services").glob("*.json")):
        if reason := _wrong(path, state_file=True):
            before = path.parent / PREVIOUS / path.name
            usable = before.exists() and not _wrong(before, state_file=True)
            found.append(Damage(path, reason, before if usable else None))
    database = state / "services" / DATABASE
    if reason := _wrong_database(database):
        found.append(Damage(database, reason, None))
    found += [Damage(path, reason, None) for path in _sidecars(state) if (reason := _wrong(path))]
    return found


def check(state: Path) -> None:
    """LocalError, naming what is damaged and what can be restored."""
    found = damages(state)
    if not found:
        return
    first = found[0]
    others = f", and {len(found) - 1} other files" if len(found) > 1 else ""
    raise LocalError(
        f"{first.path}: is damaged ({first.reason}){others}; nothing was started or changed.\n"
        f"`python -m data_pipeline local up --restore` keeps it aside in {state / 'damaged'} and starts with "
        f"{_what(state, first)}; `python -m data_pipeline local reset` deletes everything."
    )


def restore(state: Path) -> list[str]:
    """Keep every damaged file aside, and put what there is in its place; a line for each."""
    lines = []
    for damage in damages(state):
        aside = state / "damaged" / time.strftime("%Y%m%dT%H%M%S") / damage.path.relative_to(state)
        aside.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        what = _what(state, damage)
        damage.path.replace(aside)
        for end in _BESIDE:
            beside = damage.path.with_name(damage.path.name + end)
            if damage.path.name == DATABASE and beside.exists():
                beside.replace(aside.with_name(beside.name))
        if damage.instead is not None:
            shutil.copy2(damage.instead, damage.path)
        lines.append(f"{damage.path} was damaged and is kept as {aside}; restored: {what}")
    return lines


def _what(state: Path, damage: Damage) -> str:
    """What takes a damaged file's place."""
    if damage.instead is not None:
        saved = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(damage.instead.stat().st_mtime))
        return f"the copy of the save before it, of {saved}"
    if damage.path == endpoints.path_in(state):
        return "a new credential and port"
    if damage.path.name.endswith(SIDECAR):
        return "the object's bytes, without its type, metadata and older versions"
    if damage.path.name == DATABASE:
        return "no record of the online stores; what the offline stores have stays"
    return f"nothing of {damage.path.stem}: there is no copy that can be read"


def _sidecars(state: Path) -> Iterator[Path]:
    return (state / "s3").rglob(f"*{SIDECAR}")


def _wrong(path: Path, *, state_file: bool = False) -> str:
    """Why a JSON file cannot be read; nothing when it can, or is not there."""
    try:
        value = json.loads(path.read_bytes())
    except FileNotFoundError:
        return ""
    except IsADirectoryError:
        return "it is a folder"
    except ValueError as error:
        return "it is empty" if path.stat().st_size == 0 else str(error)
    if not isinstance(value, dict):
        return f"it holds a {type(value).__name__}"
    number = value.get(FORMAT, NEWEST) if state_file else NEWEST
    return (
        ""
        if isinstance(number, int) and number <= NEWEST
        else f"its format {number} is that of a newer version"
    )


def _wrong_database(path: Path) -> str:
    """Why a database cannot be read, which is not changed by the look; nothing when it can, or is not there."""
    if not path.exists():
        return ""
    if path.is_dir() or path.stat().st_size == 0:
        return "it is a folder" if path.is_dir() else "it is empty"
    import sqlite3  # most states have none

    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as file:
            (found,) = file.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        return str(error)
    return "" if found == "ok" else str(found)
