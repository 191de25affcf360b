"""The one filesystem layer of the jobs: ``s3://bucket/key`` and local paths, behind the same functions.

A place is a string. Folders are prefixes: ``s3://bucket/in`` and ``s3://bucket/in/`` name the same one. Runs
on Python 3.9; boto3 is imported only when an S3 place is used.
"""

from __future__ import annotations

import fcntl
import functools
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from data_pipeline.etl.documents import form
from data_pipeline.etl.errors import FileError, JobError

from .objects import FILE_CHANGED, FILE_GONE, ChangedError, Head, MissingError, Stored

_ESCAPE = re.compile(rb"\\x([89a-f][0-9a-f])")
"""Of a byte that is no UTF-8, as ``LocalFiles.list`` writes it."""


def files(place: str) -> Any:
    """The implementation for ``place``: an object with the functions of ``LocalFiles``."""
    if place.startswith("s3://"):
        return _s3()
    if "://" in place:
        raise JobError(f"{place}: a place is s3://bucket/prefix or a local path")
    return LOCAL


@functools.cache
def _s3() -> Any:
    from .s3 import S3Files

    return S3Files()


def join(folder: str, *names: str) -> str:
    """``names`` below ``folder``."""
    return "/".join([folder.rstrip("/"), *names])


def write_json(place: str, document: Mapping[str, Any]) -> None:
    """Replace the object at ``place`` by ``document`` as one line of JSON with sorted keys."""
    files(place).write(place, form.text(document).encode())


class LocalFiles:
    """Files of this machine. A write goes to a temporary file beside its target and is renamed onto it."""

    def list(self, folder: str) -> Iterator[Stored]:
        """Every file below ``folder`` at any depth, by path. A folder that is not there is an error. In a path, bytes
        that are no UTF-8 are written as ``\\xe9``; such a file is listed, and ``fetched`` refuses it.
        """
        root = Path(folder)
        if not root.is_dir():
            raise JobError(f"{folder}: no such folder")
        for parent, folders, names in os.walk(folder):
            folders.sort()
            for name in sorted(names):
                file = Path(parent) / name
                if file.is_file():
                    relative = os.fsencode(file.relative_to(root).as_posix()).decode(
                        "utf-8", "backslashreplace"
                    )
                    stat = file.stat()
                    yield Stored(str(file), relative, stat.st_size, "", stat.st_mtime)

    def fingerprint(self, place: str) -> str:
        """What stands for an ETag: time of the last change (in nanoseconds) and size, as web servers make it.
        The content is not read: that would take longer than to count it.
        """
        stat = Path(place).stat()
        return f"{stat.st_mtime_ns:x}-{stat.st_size:x}"

    @contextmanager
    def fetched(self, place: str, etag: str, folder: Path) -> Iterator[Path]:  # noqa: ARG002 - S3 needs it
        """A local path of the object's content, which is read where it is. FileError for a name that no table, no
        report and no S3 can hold.
        """
        if not Path(place).is_file():
            name = _ESCAPE.sub(lambda byte: bytes.fromhex(byte[1].decode()), os.fsencode(place))
            if Path(os.fsdecode(name)).is_file():
                raise FileError("its name is not UTF-8; rename it, or its folder")
            raise MissingError(FILE_GONE)
        if etag and self.fingerprint(place) != etag:
            raise MissingError(FILE_CHANGED)
        yield Path(place)

    def copied(self, size: int) -> int:  # noqa: ARG002 - S3 needs it
        """The bytes that ``fetched`` writes for an object of ``size`` bytes: none, it is read where it is."""
        return 0

    def read_at(self, place: str, etag: str, start: int, size: int) -> bytes:
        """At most ``size`` bytes from byte ``start`` on; none at the end. MissingError if there is no such
        object of this ETag any more.
        """
        if not Path(place).is_file():
            raise MissingError(FILE_GONE)
        if etag and self.fingerprint(place) != etag:
            raise MissingError(FILE_CHANGED)
        with Path(place).open("rb") as file:
            file.seek(start)
            return file.read(size)

    def head(self, place: str) -> Head | None:
        """The object's ETag, or None if there is none."""
        return Head(self.fingerprint(place)) if Path(place).is_file() else None

    def read(self, place: str) -> bytes:
        """The whole content. JobError if there is none."""
        try:
            return Path(place).read_bytes()
        except OSError as error:
            raise JobError(f"{place}: cannot be read: {error.strerror}") from error

    def load(self, place: str) -> tuple[bytes, str] | None:
        """The whole content and its ETag, or None if there is none."""
        if not Path(place).is_file():
            return None
        etag = self.fingerprint(place)
        return self.read(place), etag

    def write(self, place: str, content: bytes) -> None:
        """Replace the object by ``content``, at once."""
        with tempfile.TemporaryDirectory(dir=_made(Path(place).parent), prefix=".writing-") as folder:
            part = Path(folder) / "part"
            part.write_bytes(content)
            part.replace(place)

    def write_if(
        self,
        place: str,
        content: bytes | Path,
        seen: str | None,
        metadata: dict[str, str],  # noqa: ARG002 - S3 has it
    ) -> str:
        """Replace the file if its fingerprint still is ``seen`` (None: if there still is none); its new one. Raises
        ChangedError if not. Who writes so, waits for the others.
        """
        folder = os.open(_made(Path(place).parent), os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            head = self.head(place)
            if (head.etag if head else None) != seen:
                raise ChangedError(place)
            if isinstance(content, Path):
                self.upload(content, place)
            else:
                self.write(place, content)
            return self.fingerprint(place)
        finally:
            os.close(folder)

    def delete(self, place: str) -> None:
        """Delete the file, if it is there."""
        Path(place).unlink(missing_ok=True)

    def upload(self, path: Path, place: str) -> None:
        """Replace the object by the local file ``path``, at once."""
        with tempfile.TemporaryDirectory(dir=_made(Path(place).parent), prefix=".writing-") as folder:
            part = Path(folder) / "part"
            shutil.copyfile(path, part)
            part.replace(place)

    def replace_folder(self, folder: Path, place: str) -> None:
        """Put the files of the local ``folder``, which may be gone then, in place of everything that ``place`` held."""
        target = Path(place)
        with tempfile.TemporaryDirectory(dir=_made(target.parent), prefix=".writing-") as work:
            fresh, stale = Path(work) / "fresh", Path(work) / "stale"
            if any(folder.iterdir()):
                shutil.move(folder, fresh)
            if target.exists():
                target.rename(stale)
            if fresh.exists():
                fresh.rename(target)


LOCAL = LocalFiles()


def _made(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise JobError(f"{folder}: this folder cannot be made: {error.strerror}") from error
    return folder
