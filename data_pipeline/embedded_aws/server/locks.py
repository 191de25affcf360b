"""A lock that a process holds on a file and that the kernel gives back when it dies, however it dies."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from data_pipeline.embedded_aws.errors import LocalError


def try_hold(path: Path) -> int | None:
    """Take the lock and return the descriptor that holds it until it is closed; None when another process
    has it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def is_held(path: Path) -> bool:
    """Whether some process holds the lock at this moment."""
    if not path.exists():
        return False
    descriptor = try_hold(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


@contextmanager
def holding(path: Path, seconds: float) -> Iterator[None]:
    """Hold the lock for a block; LocalError when another process keeps it for longer than ``seconds``."""
    deadline = time.monotonic() + seconds
    while (descriptor := try_hold(path)) is None:
        if time.monotonic() > deadline:
            raise LocalError(
                f"{path}: another command has been starting or stopping it for over {seconds:.0f} s.\n"
                "Wait for it to end, or end it, then try again."
            )
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(descriptor)
