"""The locks of the jobs' packages: of a runtime the project's own, where it has one, else the one of the tool.

As a program it resolves the tool's own anew, in this repository: python -m data_pipeline.cli.job_locks CONSTRAINTS
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from data_pipeline.cli.files import write_atomically
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime

#: what the tool's part of the jobs needs, and a lock of it for each runtime.
_TOOL = Path(__file__).with_name("locks")
_PACKAGES = _TOOL / "packages.in"
#: the file in which a project names the packages of its own.
REQUIREMENTS = Path("jobs") / "requirements.txt"
FOLDER = Path("jobs") / "locks"
COMMAND = "data-pipeline lock"
#: the C libraries that uv knows, of which the newest that the runtime has is resolved for.
_UV_GLIBC = ((2, 17), (2, 28), *((2, minor) for minor in range(31, 41)))


def read_lock(root: Path, runtime: Runtime) -> bytes:
    """The lock that counts for the project at ``root``."""
    own = root / FOLDER / f"{runtime.name}.txt"
    return (own if own.is_file() else _default(runtime)).read_bytes()


def locked(root: Path) -> list[str]:
    """The runtimes of which the project has a lock of its own."""
    return [name for name in RUNTIMES if (root / FOLDER / f"{name}.txt").is_file()]


def lock(root: Path, runtime: Runtime) -> bool:
    """Write the project's own lock of a runtime, with the tool's packages as in its lock; whether one is needed.

    Where the jobs import nothing else on this runtime, the tool's lock is enough, and goes on with the tool.
    """
    wanted = root / REQUIREMENTS
    if not wanted.is_file():
        raise UserError(
            f"{wanted}: found no such file, expected the names of the packages that the jobs import\n"
            f"  write it, a package a line, then: {COMMAND}"
        )
    path, default = root / FOLDER / f"{runtime.name}.txt", _default(runtime)
    text = _resolved(runtime, [_PACKAGES, wanted], default)
    if text == default.read_text(encoding="utf-8"):
        path.unlink(missing_ok=True)
        return False
    write_atomically(path, text)
    return True


def main(constraints: Path) -> None:
    """Write the tool's own locks."""
    for runtime in RUNTIMES.values():
        # the Python shell's Python is older than any that the constraints hold for
        held = None if runtime.glue_command == "pythonshell" else constraints
        write_atomically(_default(runtime), _resolved(runtime, [_PACKAGES], held))


def _default(runtime: Runtime) -> Path:
    return _TOOL / f"{runtime.name}.txt"


def _resolved(runtime: Runtime, inputs: Sequence[Path], constraints: Path | None) -> str:
    """Every package with the hashes of its files, for the runtime's Python and C library. UserError in uv's words."""
    held = [] if constraints is None else ["--constraints", str(constraints)]
    with tempfile.TemporaryDirectory() as work:
        output = Path(work) / "lock.txt"
        command = [
            _uv(),
            "pip",
            "compile",
            *_options(runtime),
            *held,
            *map(str, inputs),
            "--output-file",
            str(output),
        ]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise UserError(
                f"the packages of the runtime {runtime.name!r} cannot be resolved:\n{done.stderr.strip()}\n"
                f"  look at {REQUIREMENTS} and at the network, then run the same command again"
            )
        return output.read_text(encoding="utf-8")


def _options(runtime: Runtime) -> list[str]:
    newest = runtime.glibc if runtime.compiled else _UV_GLIBC[0]
    major, minor = max(known for known in _UV_GLIBC if known <= newest)
    return [
        "--quiet",
        "--generate-hashes",
        "--only-binary=:all:",
        "--no-annotate",
        f"--python={sys.executable}",
        f"--python-version={runtime.python}",
        f"--python-platform=x86_64-manylinux_{major}_{minor}",
        f"--custom-compile-command={COMMAND}",
    ]


def _uv() -> str:
    found = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if found is None:
        raise UserError(
            f"found no uv, which resolves packages for another Python and C library than this machine's\n"
            f"  install it: {sys.executable} -m pip install uv"
        )
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
