"""`make test-pythons`: `make demo` and `make test` by each claimed Python of this machine, from a fresh clone; what ran
goes to docs/records/pythons.md. Standard library alone.

usage: python tests/pythons.py [3.12 ...] [-- arguments for pytest]
"""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
RECORD = ROOT / "docs" / "records" / "pythons.md"
CLAIMED = ("3.11", "3.12", "3.13", "3.14")
#: what would lead make to another environment than the clone's own.
_LEFT_OUT = ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME", "PYTHON", "PYTEST_ARGS")


@dataclass(frozen=True)
class Ended:
    """How a target of make ended: its status, seconds, and the last line that pytest wrote, if any."""

    status: int
    seconds: float
    counted: str = ""

    def __str__(self) -> str:
        said = self.counted or ("done" if self.status == 0 else f"failed with status {self.status}")
        return f"{said} in {self.seconds:.0f} s"


def main(words: list[str]) -> int:
    """Run all, write the page, and answer 1 if anything failed."""
    at = words.index("--") if "--" in words else len(words)
    wanted, options = words[:at] or list(CLAIMED), words[at + 1 :]
    before = RECORD.read_text(encoding="utf-8") if RECORD.exists() else ""
    rows = {
        row.split(" | ")[0].removeprefix("| "): row for row in before.splitlines() if row.startswith("| 3.")
    }
    failed = False
    for minor in wanted:
        python = interpreter(minor)
        if python is None:
            rows[minor] = f"| {minor} | is not on this machine | | {_about(ROOT)} |"
            continue
        with tempfile.TemporaryDirectory(prefix=f"python-{minor}-") as scratch:
            clone = cloned(Path(scratch))
            demo, test = run(clone, python, "demo", []), run(clone, python, "test", options)
            stop = [clone / ".venv" / "bin" / "python", "-m", "data_pipeline", "local", "down"]
            subprocess.run(stop, cwd=clone, capture_output=True, check=False)
            about = _about(clone)
        failed |= bool(demo.status or test.status)
        part = f" (`{' '.join(options)}` alone)" if options else ""
        rows[minor] = f"| {minor} | {demo} | {test}{part} | {about} |"
        print(f"{python}: make demo: {demo}; make test: {test}", flush=True)
        RECORD.write_text(page(rows), encoding="utf-8")
    RECORD.write_text(page(rows), encoding="utf-8")
    return int(failed)


def interpreter(minor: str) -> Path | None:
    """A Python of that version: from the path, or one that pyenv has."""
    for found in _candidates(minor):
        done = subprocess.run([found, "--version"], capture_output=True, text=True, check=False)
        if done.returncode == 0 and done.stdout.startswith(f"Python {minor}."):
            return found
    return None


def _candidates(minor: str) -> Iterator[Path]:
    if found := shutil.which(f"python{minor}"):
        yield Path(found)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(pyenv.glob(f"versions/{minor}.*/bin/python"))


def cloned(scratch: Path) -> Path:
    """A clone of what is committed, beside the real files that some tests read, where there are any."""
    clone = scratch / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
    if (ROOT.parent / "shared").is_dir():
        (scratch / "shared").symlink_to(ROOT.parent / "shared")
    return clone


def run(clone: Path, python: Path, target: str, options: list[str]) -> Ended:
    """A target of make in the clone. Its output is shown where it fails."""
    kept = {name: value for name, value in os.environ.items() if name not in _LEFT_OUT}
    kept["DATA_PIPELINE_LOCAL_PORT"] = "0"  # any free one
    command = ["make", target, f"PYTHON={python}", *([f"PYTEST_ARGS={' '.join(options)}"] if options else [])]
    began = time.monotonic()
    done = subprocess.run(command, cwd=clone, env=kept, capture_output=True, text=True, check=False)
    seconds = time.monotonic() - began
    if done.returncode:
        print(f"{done.stdout[-8000:]}\n{done.stderr[-4000:]}", file=sys.stderr)
    counted = re.search(r"^=*\s*(\d+ (?:passed|failed)[^=\n]*?) in [\d.]+s", done.stdout, re.MULTILINE)
    return Ended(done.returncode, seconds, counted[1] if counted else "")


def page(rows: dict[str, str]) -> str:
    """The page for docs/."""
    return "\n".join(
        [
            "# Pythons",
            "",
            "Written by `make test-pythons`: `make demo` and `make test` by each claimed Python that the machine has,",
            "from a fresh clone, packages included. Of a Python that was not there, every pinned package resolves,",
            "which tests/test_pythons.py checks.",
            "",
            "| Python | make demo | make test | date | commit | machine |",
            "| --- | --- | --- | --- | --- | --- |",
            *(rows[minor] for minor in CLAIMED if minor in rows),
            "",
        ]
    )


def _about(clone: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=clone, capture_output=True, text=True, check=True
    )
    machine = f"{platform.system()}, {os.cpu_count()} cores"
    return f"{datetime.now(UTC):%Y-%m-%d} | {done.stdout.strip()} | {machine}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
