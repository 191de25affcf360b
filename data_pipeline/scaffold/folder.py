"""A folder, or one file of it, as a source of samples."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from data_pipeline.core.errors import UserError


@dataclass(frozen=True)
class Folder:
    """The files below ``root``, or of it ``only`` the one of that name. Links to folders are passed over."""

    root: Path
    where: str
    only: str = ""

    def paths(self) -> list[str]:
        if self.only:
            return [self.only]
        found = []
        for folder, below, names in os.walk(self.root, onerror=_refuse):
            below.sort()
            found += [(Path(folder) / name).relative_to(self.root).as_posix() for name in names]
        return sorted(path for path in found if self.local(path).is_file())

    def size(self, path: str) -> int:
        return self.local(path).stat().st_size

    def opened(self, path: str) -> BinaryIO:
        try:
            return self.local(path).open("rb")
        except OSError as error:
            raise _unreadable(error) from error

    def local(self, path: str) -> Path:
        return self.root / path


def folder(path: Path) -> Folder:
    """The folder, or the file, at ``path``. UserError if there is none."""
    if path.is_dir():
        return Folder(path, str(path))
    if path.is_file():
        return Folder(path.parent, str(path), path.name)
    raise UserError(
        f"{path}: found nothing, expected a file, a folder or s3://BUCKET/PREFIX; nothing was changed"
    )


def _refuse(error: OSError) -> None:
    raise _unreadable(error) from error


def _unreadable(error: OSError) -> UserError:
    return UserError(f"{error.filename}: cannot be read ({error.strerror or error}); nothing was changed")
