"""Record what a deployed pipeline keeps: ``python tests/recorded/record.py``.

Deploys a copy of the project to an embedded AWS of its own, runs it on small sample files of every layout, and
writes both to ``recorded.tar.xz`` beside this script: the files in ``sample``, the state directory in ``aws``.
The archive is committed once and not made anew with the code: later code has to go on from it.
"""

from __future__ import annotations

import sys
import tarfile
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS)]

from system.project import Project  # noqa: E402 - found once tests/ is on the path

ARCHIVE = Path(__file__).with_name("recorded.tar.xz")
#: The process that ran, and the root credential of that embedded AWS: the next one makes its own.
_NOT_STATE = ("endpoint.json", "server.log", "server.lock", "command.lock")


def main() -> None:
    """Deploy, run, stop, pack."""
    with tempfile.TemporaryDirectory() as scratch:
        project = Project(Path(scratch) / "project")
        local = project.root / ".local"
        project.ok("python", "jobs/sample.py", str(local / "sample"), "--rows", "2000")
        try:
            project.ok("python", "data_pipeline_create.py", "local")
            project.ok("./deploy.sh", "local", "artifacts", "--yes")  # as root: no key of a user is recorded
            project.run("--source", str(local / "sample"))
        finally:
            project.down()
        for name in _NOT_STATE:
            (local / "aws" / name).unlink(missing_ok=True)
        with tarfile.open(ARCHIVE, "w:xz") as archive:
            for name in ("aws", "sample"):
                archive.add(local / name, arcname=name, filter=_without_owner)


def _without_owner(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


if __name__ == "__main__":
    main()
