"""A resource that fails because a test wants it to: named in a file, which goes when it has failed once."""

from __future__ import annotations

import os
from pathlib import Path

#: environment variable of the server: path of a file that says ``create LogicalId`` or ``update LogicalId``.
VARIABLE = "DATA_PIPELINE_LOCAL_FAULT"


def fail_if_named(step: str, logical_id: str) -> None:
    """ValueError where the file names this step of this resource."""
    path = os.environ.get(VARIABLE)
    if path is None:
        return
    file = Path(path)
    if file.is_file() and file.read_text(encoding="utf-8").strip() == f"{step} {logical_id}":
        file.unlink()
        raise ValueError(f"a fault that was asked for ({step} {logical_id})")
