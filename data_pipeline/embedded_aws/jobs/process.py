"""One job's process: started under the launcher, its output read line by line, stopped, timed, waited for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

#: Seconds between the request to end (SIGTERM) and the end (SIGKILL).
GRACE = 3.0
#: A longer line arrives in pieces of so many bytes: an event of CloudWatch Logs holds 256 KiB, 26 its own.
_PIECE = 262_144 - 26
_ROOT = Path(__file__).resolve().parents[3]

Sink = Callable[[str], None]


@dataclass(frozen=True)
class Command:
    """What to run: words, the whole environment, working directory (a folder of the job's own directory), what
    /opt/ml shows (None: nothing), and the directory whose content is hidden from the job, but for the job's own
    (None: nothing is, and /opt/ml shows nothing).
    """

    words: list[str]
    environment: dict[str, str]
    directory: Path
    mount: Path | None = None
    hidden: Path | None = None


@dataclass(frozen=True)
class Outcome:
    """How it ended: exit status (128 + number for a signal), and whether a stop or the time limit did it."""

    code: int
    stopped: bool = False
    timed_out: bool = False


class Process:
    """A running job. Any thread may call `stop` and `kill` at any time; the job's own calls `wait`, once."""

    def __init__(self, command: Command, spec: Path, out: Sink, err: Sink | None = None) -> None:
        """Start it. Lines of standard output go to `out`, of standard error to `err` (None: to `out` too)."""
        spec.write_text(json.dumps(_spec(command)), encoding="utf-8")
        spec.chmod(0o600)
        self._popen = subprocess.Popen(
            [sys.executable, "-m", f"{__package__}.launcher", str(spec)],
            env={"PYTHONPATH": str(_ROOT), "PATH": os.defpath},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT if err is None else subprocess.PIPE,
            start_new_session=True,
        )
        self._ended = threading.Event()
        self._stopped = False
        self._lock = threading.Lock()
        streams = [(self._popen.stdout, out), (self._popen.stderr, err)]
        self._readers = [
            threading.Thread(target=_read, args=(stream, sink), daemon=True)
            for stream, sink in streams
            if stream is not None and sink is not None
        ]
        for thread in [*self._readers, threading.Thread(target=self._reap, daemon=True)]:
            thread.start()

    def stop(self) -> None:
        """Ask the job's whole process group to end, and end it after GRACE seconds."""
        self._stopped = True
        self._terminate()

    def kill(self) -> None:
        """End the job's whole process group now."""
        with self._lock:
            if self._popen.stdin is not None and not self._popen.stdin.closed:
                self._popen.stdin.close()

    def wait(self, seconds: float) -> Outcome:
        """Wait for the end, for at most `seconds`: a job that runs longer is ended as by `stop`."""
        timed_out = not self._ended.wait(seconds)
        if timed_out:
            self._terminate()
            self._ended.wait()
        for reader in self._readers:
            reader.join(timeout=2)
        self.kill()
        return Outcome(
            self._popen.returncode, stopped=self._stopped, timed_out=timed_out and not self._stopped
        )

    def _terminate(self) -> None:
        with self._lock:
            if self._ended.is_set() or self._popen.stdin is None or self._popen.stdin.closed:
                return
            try:
                os.write(self._popen.stdin.fileno(), b"T")
            except BrokenPipeError:
                return  # it ended at this moment
        timer = threading.Timer(GRACE, self.kill)
        timer.daemon = True
        timer.start()

    def _reap(self) -> None:
        self._popen.wait()
        self._ended.set()


def _spec(command: Command) -> dict[str, object]:
    return {
        "command": command.words,
        "environment": command.environment,
        "directory": str(command.directory),
        "mount": None if command.mount is None else str(command.mount),
        "hidden": None if command.hidden is None else str(command.hidden),
        "kept": str(command.directory.parent),
    }


def _read(stream: IO[bytes], sink: Sink) -> None:
    """Hand every line to the sink, without its line end; empty lines are no log events and are left out."""
    for line in iter(lambda: stream.readline(_PIECE), b""):
        text = line.decode("utf-8", errors="replace").rstrip("\r\n")
        if text:
            sink(text)
