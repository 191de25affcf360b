"""Whether the state can be written, said in one line: a full disk, a folder that is read-only, too few files.

A request that changes something is refused before it does, while there is no room: what was answered with
success is on disk. Deleting goes on, so that there can be room again.
"""

from __future__ import annotations

import errno
import os
import resource
from pathlib import Path

from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.identity.signing.request import Refused

#: Bytes that stay free for the state itself, whose files are written whole, beside the ones that they replace.
MARGIN = 16 << 20
#: Open files: a server at rest has some 25, each connection and each body on its way has one.
FEWEST_FILES, ENOUGH_FILES = 128, 8192
_FULL = (errno.ENOSPC, errno.EDQUOT)
_LOCKED = (errno.EROFS, errno.EACCES, errno.EPERM)
_FILES = (errno.EMFILE, errno.ENFILE)


def check(state: Path, *, frees: bool) -> None:
    """Refused where the state cannot be written; with ``frees`` (something is deleted), a full disk will do."""
    disk = os.statvfs(state)
    if disk.f_flag & os.ST_RDONLY:
        raise refusal(OSError(errno.EROFS, os.strerror(errno.EROFS)), state)
    if not all(
        os.access(path, os.W_OK) for path in (state, state / "services", state / "s3") if path.exists()
    ):
        raise refusal(OSError(errno.EACCES, os.strerror(errno.EACCES)), state)
    free = disk.f_bavail * disk.f_frsize
    if free < MARGIN and not frees:
        raise Refused("InsufficientStorage", _full(state, free), 507)


def refusal(error: OSError, state: Path) -> Refused:
    """What a request is answered that could not be carried out because of the machine. No client repeats a 507
    by itself; a 503 is worth repeating.
    """
    if error.errno in _FULL:
        return Refused("InsufficientStorage", _full(state, None), 507)
    if error.errno in _LOCKED:
        return Refused(
            "ReadOnlyState",
            f"{state} cannot be written ({error.strerror}): nothing was changed. Make it writable, then try again.",
            507,
        )
    if error.errno in _FILES:
        limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
        return Refused(
            "SlowDown",
            f"The embedded AWS has as many files open as it may ({limit}): end other requests, or stop it and start "
            "it again after `ulimit -n 4096`.",
            503,
        )
    if error.errno == errno.EFBIG:
        return Refused("NotImplemented", str(error.strerror), 501)
    return Refused("InternalError", f"{type(error).__name__}: {error}", 500)


def raise_file_limit() -> None:
    """As many open files as the user may have without asking; LocalError where these are too few."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    enough = ENOUGH_FILES if hard == resource.RLIM_INFINITY else min(hard, ENOUGH_FILES)
    if enough < FEWEST_FILES:
        raise LocalError(
            f"this shell lets a process open {enough} files; the embedded AWS needs {FEWEST_FILES}.\n"
            "Start it from a shell with `ulimit -Hn 4096`."
        )
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < enough:
        resource.setrlimit(resource.RLIMIT_NOFILE, (enough, hard))


def _full(state: Path, free: int | None) -> str:
    found = (
        "is full" if free is None else f"has {free / 1e6:.0f} MB left, and {MARGIN / 1e6:.0f} are kept free"
    )
    return f"The disk of {state} {found}: nothing was changed. Delete something, then try again."
