"""Jobs between their start and their end: what a stop and the server's end have to know of them."""

from __future__ import annotations

import contextvars
import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path

from . import access
from .process import Command, Process, Sink

_log = logging.getLogger("embedded.jobs")


class Run:
    """One running job: may be stopped before, while and after its process exists."""

    def __init__(self) -> None:
        self.stop_requested = False
        self.abandoned = False
        self._process: Process | None = None
        self._lock = threading.Lock()

    def begin(self, command: Command, spec: Path, out: Sink, err: Sink | None = None) -> Process | None:
        """Start the process, unless the job was stopped meanwhile (None)."""
        with self._lock:
            if self.stop_requested:
                return None
            self._process = Process(command, spec, out, err)
            return self._process

    def stop(self) -> None:
        """Ask the job to end."""
        with self._lock:
            self.stop_requested = True
            if self._process is not None:
                self._process.stop()

    def abandon(self) -> None:
        """End the job at once; whoever runs it leaves its record alone from now on."""
        with self._lock:
            self.abandoned = self.stop_requested = True
            if self._process is not None:
                self._process.kill()


#: ARN or run id → the job, while it runs.
RUNNING: dict[str, Run] = {}


def names() -> list[str]:
    """The jobs that run, by ARN's last part or run id."""
    return sorted(key.rpartition("/")[2] for key in list(RUNNING))


def start(key: str, body: Callable[[Run], None]) -> None:
    """Run `body` in a thread of its own, with the account and region of the request being answered."""
    run = RUNNING[key] = Run()
    context = contextvars.copy_context()

    def work() -> None:
        try:
            context.run(body, run)
        except Exception:
            _log.exception("%s: the runner failed", key)
            raise
        finally:
            RUNNING.pop(key, None)

    threading.Thread(target=work, daemon=True, name=f"job {key}").start()


def clear_scratch() -> None:
    """Remove the directories of jobs that a killed server left; their processes died with it."""
    shutil.rmtree(access.scratch(), ignore_errors=True)
