"""Objects on disk that a kill cannot tear: a body and its sidecar (``.meta.json``) change together.

MiniStack replaces the body, then the sidecar: killed in between, it would serve the new body under the old
one's size and ETag. Here the new sidecar is written first, as a draft that names the new body's inode; whoever
finds a draft at the next start knows how far it came.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

from .body import Body

_log = logging.getLogger("embedded.objects")

SIDECAR = ".meta.json"
DRAFT = ".tmp"


def put(target: Path, body: bytes | Body, meta: dict[str, Any]) -> None:
    """Replace an object: the new body beside it, draft of the sidecar, body, sidecar."""
    fresh = target.with_name(target.name + DRAFT)
    fresh.unlink(missing_ok=True)
    if isinstance(body, Body):
        body.place(fresh)
    else:
        _write(fresh, body)
    draft = _draft_of(target)
    _write(draft, json.dumps({**meta, "inode": fresh.stat().st_ino}).encode())
    fresh.replace(target)
    draft.replace(_sidecar_of(target))


def describe(target: Path, meta: dict[str, Any]) -> None:
    """Replace the sidecar alone."""
    draft = target.with_name(target.name + SIDECAR + DRAFT)
    _write(draft, json.dumps(meta).encode())
    draft.replace(_sidecar_of(target))


def repair(directory: Path) -> None:
    """Finish or undo what a kill left half done below the directory; called before MiniStack reads it."""
    for draft in list(directory.rglob(f"*{SIDECAR}{DRAFT}")):
        body = draft.with_name(draft.name.removesuffix(SIDECAR + DRAFT))
        if _belongs(draft, body):
            _log.warning("%s: its new body was there, its sidecar was not yet", body)
            draft.replace(_sidecar_of(body))
        else:
            draft.unlink()
    for rest in directory.rglob(f"*{DRAFT}"):
        if rest.is_file():
            rest.unlink()


def _belongs(draft: Path, body: Path) -> bool:
    """Whether the body that is there is the one that the draft describes."""
    try:
        described = json.loads(draft.read_text(encoding="utf-8"))
        found = body.stat()
    except (OSError, ValueError):
        return False
    return bool(found.st_ino == described.get("inode") and found.st_size == described.get("size"))


def _sidecar_of(body: Path) -> Path:
    return body.with_name(body.name + SIDECAR)


def _draft_of(body: Path) -> Path:
    return body.with_name(body.name + SIDECAR + DRAFT)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
