"""What only Linux has: a job's own view of the files without root, and processes that die with their parent.

A job is in a mount namespace of its own. It sees its own directory at /opt/ml, and nothing of the server's
state beside that directory; the rest of the file system is the machine's. It is in a user namespace of its own
too, so that it can neither take the cover off the state nor look into the server's process (ptrace, /proc/PID).
Where the kernel or the platform forbids that, `mode()` is 'rewrite': paths that begin with /opt/ml in the job's
command and environment are replaced by the directory itself, and the job is not confined. Other modules are
portable.
"""

from __future__ import annotations

import ctypes
import functools
import os
import re
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from data_pipeline.embedded_aws.errors import LocalError

#: Where a processing container finds its files.
ROOT = "/opt/ml"
#: 'mount' or 'rewrite' forces a mode; unset, the kernel is asked.
VARIABLE = "DATA_PIPELINE_LOCAL_SANDBOX"

_NEW_MOUNTS, _NEW_USER = 0x00020000, 0x10000000
_BIND, _RECURSIVE, _PRIVATE = 0x1000, 0x4000, 0x40000
_SET_PDEATHSIG, _SET_CHILD_SUBREAPER = 1, 36
_ROOT_IN_TEXT = re.compile(r"(?<![\w./-])/opt/ml(?=[/\s:;,'\"]|$)")


def mode() -> str:
    """'mount' where a job can have its own /opt/ml, else 'rewrite'; LocalError when a wish cannot be met."""
    wish = os.environ.get(VARIABLE, "")
    if wish == "rewrite":
        return wish
    if wish not in ("", "mount"):
        raise LocalError(
            f"{VARIABLE}={wish}: expected 'mount' or 'rewrite'. Unset it to let the kernel decide."
        )
    if _can_mount():
        return "mount"
    if wish == "mount":
        raise LocalError(
            f"{VARIABLE}=mount: this kernel does not let a process mount. Unset it, or say 'rewrite'."
        )
    return "rewrite"


@functools.cache
def _can_mount() -> bool:
    """Whether a child process really gets the mount, tried once."""
    if not sys.platform.startswith("linux"):
        return False
    with tempfile.TemporaryDirectory() as scratch:
        own = Path(scratch, "own")
        own.mkdir()
        Path(own, "seen").touch()
        trial = f"from {__name__} import enter; enter({str(own)!r}, {scratch!r}, {str(own)!r}); "
        trial += f"open({ROOT + '/seen'!r})"
        root = str(Path(__file__).resolve().parents[3])
        child = [sys.executable, "-c", trial]
        done = subprocess.run(child, env={"PYTHONPATH": root}, capture_output=True, check=False, timeout=30)
        return done.returncode == 0


def enter(directory: str | None, hidden: str, kept: str) -> None:
    """Give this process, and what it starts, `directory` (unless None) as /opt/ml, and hide what the directory
    `hidden` holds, but for `kept` below it; OSError where that is forbidden.
    """
    superuser = os.geteuid() == 0
    if superuser:
        try:
            _libc("unshare", _NEW_MOUNTS)
        except PermissionError:  # root of a container without CAP_SYS_ADMIN
            _own_user_namespace()
            superuser = False
    else:
        _own_user_namespace()
    _mount(None, "/", _RECURSIVE | _PRIVATE)
    _hide(hidden, kept)
    if directory is not None:
        if not Path(ROOT).is_dir():
            _make_room(directory)
        _mount(directory, ROOT, _BIND)
    if superuser:
        _leave_power()


def _own_user_namespace() -> None:
    user, group = os.getuid(), os.getgid()
    _libc("unshare", _NEW_USER | _NEW_MOUNTS)
    Path("/proc/self/setgroups").write_text("deny")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/self/gid_map").write_text(f"{group} {group} 1")


def _leave_power() -> None:
    """Root goes on in a user namespace of its own, in which it may read and write what it could before, but
    cannot undo these mounts (the kernel locks those of a more powerful namespace) or look into other processes.

    Only a process of the namespace that is left may say which users the new one has.
    """
    maps = {name: _identity(Path(f"/proc/self/{name}").read_text()) for name in ("uid_map", "gid_map")}
    left, leaves = os.pipe()
    leaver = os.getpid()
    helper = os.fork()
    if helper == 0:
        code = 1
        try:
            os.close(leaves)
            os.read(left, 1)
            for name, text in maps.items():
                Path(f"/proc/{leaver}/{name}").write_text(text)
            code = 0
        finally:
            os._exit(code)
    os.close(left)
    try:
        _libc("unshare", _NEW_USER | _NEW_MOUNTS)
    finally:
        os.close(leaves)
        _, status = os.waitpid(helper, 0)
    if status != 0:
        raise PermissionError("the users of the job's namespace cannot be set")


def _identity(namespace: str) -> str:
    """Every user (or group) of a namespace, under the same number."""
    ranges = [line.split() for line in namespace.splitlines()]
    return "".join(f"{first} {first} {count}\n" for first, _, count in ranges)


def _hide(directory: str, kept: str) -> None:
    """Cover a directory by a tmpfs in which only `kept` is found again."""
    opened = os.open(kept, os.O_PATH | os.O_DIRECTORY)  # as seen in this namespace, before it is covered
    try:
        _libc("mount", b"tmpfs", directory.encode(), b"tmpfs", 0, b"mode=700,size=64k")
        Path(kept).mkdir(parents=True)
        _mount(f"/proc/self/fd/{opened}", kept, _BIND | _RECURSIVE)
    finally:
        os.close(opened)


def _make_room(directory: str) -> None:
    """Cover /opt by a tmpfs that has all its entries and an empty `ml`: the real /opt stays as it is."""
    parent = Path(ROOT).parent
    before = Path(tempfile.mkdtemp(dir=directory))
    _mount(str(parent), str(before), _BIND | _RECURSIVE)
    _libc("mount", b"tmpfs", str(parent).encode(), b"tmpfs", 0, b"mode=755")
    for entry in before.iterdir():
        copy = parent / entry.name
        if entry.is_symlink():
            copy.symlink_to(entry.readlink())
            continue
        if entry.is_dir():
            copy.mkdir()
        else:
            copy.touch()
        _mount(str(entry), str(copy), _BIND | _RECURSIVE)
    Path(ROOT).mkdir()
    # Detached, so that the job does not find the whole of /opt once more among its own files.
    _libc("umount2", str(before).encode(), 2)
    before.rmdir()


def _mount(source: str | None, target: str, flags: int) -> None:
    _libc("mount", source and source.encode(), target.encode(), None, flags, None)


def _libc(name: str, *arguments: bytes | str | int | None) -> None:
    library = ctypes.CDLL(None, use_errno=True)
    converted = [ctypes.c_ulong(value) if isinstance(value, int) else value for value in arguments]
    if getattr(library, name)(*converted) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def die_with_parent() -> None:
    """Have the kernel kill this process when its parent ends, however it ends. Does nothing outside Linux."""
    if sys.platform.startswith("linux"):
        _libc("prctl", _SET_PDEATHSIG, int(signal.SIGKILL), 0, 0, 0)


def adopt_orphans() -> None:
    """Become the parent of every descendant whose own parent ends. Does nothing outside Linux."""
    if sys.platform.startswith("linux"):
        _libc("prctl", _SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children() -> list[int]:
    """The process ids of this process's children; empty outside Linux."""
    if not sys.platform.startswith("linux"):
        return []
    found: list[int] = []
    for listing in Path("/proc/self/task").glob("*/children"):
        found += [int(number) for number in listing.read_text().split()]
    return found


def rewritten(
    command: Sequence[str], environment: Mapping[str, str], directory: str
) -> tuple[list[str], dict[str, str]]:
    """Command and environment with every path below /opt/ml moved below `directory`."""

    def moved(text: str) -> str:
        return _ROOT_IN_TEXT.sub(lambda _: directory, text)

    return [moved(word) for word in command], {name: moved(value) for name, value in environment.items()}
