"""The code of the jobs as it is shipped: the project's ``jobs/``, the tool's entry scripts, and ``etl``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import data_pipeline
from data_pipeline.core.deployment.artifacts import is_shipped
from data_pipeline.core.errors import UserError

_TOOL = Path(data_pipeline.__file__).parent
_ENTRY_SCRIPTS = _TOOL / "etl" / "jobs"


def shipped(root: Path) -> dict[str, bytes]:
    """Path → content of every file that a run finds in its folder, for the project at ``root``."""
    return {name: path.read_bytes() for name, path in _paths(root)}


def sources(root: Path) -> dict[str, str]:
    """The Python source among these files. UserError, with file and line, for one that is not in UTF-8."""
    return {name: _text(name, path.read_bytes()) for name, path in _paths(root) if name.endswith(".py")}


def _paths(root: Path) -> list[tuple[str, Path]]:
    """Path in a run's folder → file, sorted.

    Modules and packages lie as they do below ``jobs/``, so that they are imported by their names; the entry scripts of
    the tool lie beside them, and give way to a script of the project with the same name.
    """
    tool = {
        f"{_TOOL.name}/{name}": path for name, path in _files(_TOOL, (_TOOL / "__init__.py", _TOOL / "etl"))
    }
    scripts = {
        name: path for name, path in _files(_ENTRY_SCRIPTS, (_ENTRY_SCRIPTS,)) if name != "__init__.py"
    }
    jobs = root / "jobs"
    project = {name: path for name, path in _files(jobs, (jobs,)) if is_shipped(name)}
    return sorted({**tool, **scripts, **project}.items())


def _text(name: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise UserError(
            f"jobs/{name}:{line}: found the byte 0x{content[error.start]:02x}, expected text in UTF-8\n"
            "  save the file as UTF-8"
        ) from error


def _files(base: Path, below: tuple[Path, ...]) -> Iterator[tuple[str, Path]]:
    for path in below:
        for file in (path,) if path.is_file() else path.rglob("*"):
            if file.is_file() and "__pycache__" not in file.parts:
                yield file.relative_to(base).as_posix(), file
