"""Objects on disk that a kill cannot tear: a body and its sidecar (``.meta.json``) change together.

MiniStack replaces the body, then the sidecar: killed in between, it would serve the new body under the old
one's size and ETag. Here the new sidecar is written first, as a draft; whoever finds a draft at the next
start knows how far it came.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
from typing import Any

_log = logging.getLogger("embedded.objects")

SIDECAR = ".meta.json"
DRAFT = ".tmp"


def put(body: Path, data: bytes, sidecar: str) -> None:
    """Replace an object: draft of the sidecar, body, sidecar."""
    draft = _draft_of(body)
    _write(draft, sidecar.encode())
    _write(body.with_name(body.name + DRAFT), data)
    body.with_name(body.name + DRAFT).replace(body)
    draft.replace(_sidecar_of(body))


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
    """Whether the body that is there is the one that the draft describes: written after it, and as long as
    it says.
    """
    try:
        described = json.loads(draft.read_text(encoding="utf-8"))
        found = body.stat()
    except (OSError, ValueError):
        return False
    return found.st_mtime_ns >= draft.stat().st_mtime_ns and found.st_size == described.get("size")


def _sidecar_of(body: Path) -> Path:
    return body.with_name(body.name + SIDECAR)


def _draft_of(body: Path) -> Path:
    return body.with_name(body.name + SIDECAR + DRAFT)


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)


def install() -> None:
    """Persist objects this way, in the place of MiniStack."""
    from ministack.core.responses import get_account_id
    from ministack.services import s3

    theirs = s3._persist_object

    def persist(bucket: str, key: str, obj: dict[str, Any]) -> None:
        data = obj.get("body")
        path = s3._object_disk_path(bucket, key)
        if data is None or path is None:
            theirs(bucket, key, obj)
            return
        body = Path(path)
        body.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        meta = {**s3._object_meta_from_record(obj), **s3._key_history_meta(bucket, key), "key": key}
        put(body, data, json.dumps(meta))
        obj["body"] = None
        base = str(Path(s3.DATA_DIR) / get_account_id() / bucket)
        s3._remove_key_files(s3._other_key_disk_path(base, key, path))

    s3._persist_object = persist
