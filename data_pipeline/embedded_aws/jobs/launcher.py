"""Runs one job's command and dies with the server: ``python -m data_pipeline.embedded_aws.jobs.launcher SPEC``.

SPEC is a JSON file: ``command`` (list), ``environment`` (map; nothing else is inherited), ``directory``
(working directory), ``mount`` (what the job sees at /opt/ml, or null), ``hidden`` (the directory whose content
it does not see, but for ``kept`` in it; null: it is not confined). Standard input is a lifeline that the server
holds: the byte ``T`` asks the job to end (SIGTERM to its whole process group), end of file kills it, which is
also what a killed server causes.
Exit status: the job's; 128 + number when a signal ended it; 126 or 127 when it could not be started.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from . import sandbox


def main(path: str) -> int:
    """Start the command, follow the lifeline, and leave no process of the job behind."""
    spec = json.loads(Path(path).read_text(encoding="utf-8"))
    lifeline = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    sandbox.adopt_orphans()
    started, start = os.pipe()
    launcher = os.getpid()
    child = os.fork()
    if child == 0:
        _become(spec, launcher, start)
    os.close(start)
    os.read(started, 1)  # the child leads a process group of its own from here on
    threading.Thread(target=_follow, args=(lifeline, child), daemon=True).start()
    _, status = os.waitpid(child, 0)
    _end_group(child, signal.SIGKILL)
    _end_orphans()
    return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)


def _become(spec: dict[str, Any], launcher: int, start: int) -> NoReturn:
    """In the child: lead a group, enter the sandbox, become the command."""
    code = 126
    try:
        os.setsid()
        os.close(start)
        if spec["hidden"] is not None:
            sandbox.enter(spec["mount"], spec["hidden"], spec["kept"])
        sandbox.die_with_parent()  # after the mount: a change of user namespace forgets it
        if os.getppid() != launcher:  # it ended before the line above
            os._exit(128 + signal.SIGKILL)
        os.chdir(spec["directory"])
        code = 127
        os.execvpe(spec["command"][0], spec["command"], spec["environment"])  # noqa: S606
    except OSError as error:
        print(f"{spec['command'][0]}: cannot be started: {error}", file=sys.stderr, flush=True)  # noqa: T201
    os._exit(code)


def _follow(lifeline: int, child: int) -> None:
    """End the job as the lifeline says."""
    while os.read(lifeline, 1):
        _end_group(child, signal.SIGTERM)
    _end_group(child, signal.SIGKILL)


def _end_group(leader: int, number: signal.Signals) -> None:
    try:
        os.killpg(leader, number)
    except (ProcessLookupError, PermissionError):
        return  # the group is empty; macOS says so by EPERM for one that holds only a zombie


def _end_orphans() -> None:
    """End what left the job's process group and was adopted (daemons)."""
    while orphans := sandbox.children():
        for orphan in orphans:
            os.kill(orphan, signal.SIGKILL)
            os.waitpid(orphan, 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
