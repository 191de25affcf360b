"""Runs a command and says how long it took and how much memory its processes held at once."""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

_PAGE = os.sysconf("SC_PAGE_SIZE")
_EVERY = 0.05  # seconds between two looks at memory

Table = dict[int, tuple[int, int]]  # process id → (parent's id, resident bytes)


class CommandError(Exception):
    """The measured command did not exit with 0."""


@dataclass(frozen=True)
class Measured:
    """What a command needed: seconds on the clock, bytes resident at once, what it printed, and seconds of processors,
    its children's too.
    """

    seconds: float
    bytes: int
    output: str
    processor: float = 0.0


def measure(
    command: Sequence[str], cwd: Path, env: Mapping[str, str] | None = None, server: Path | None = None
) -> Measured:
    """Run ``command`` to its end. ``server``: a file whose ``pid`` names one more process to count.

    Memory that processes share is counted in each, so the figure is an upper bound. Raises ``CommandError``.
    """
    begin, before = time.perf_counter(), _of_children()
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    watch = _Watch(lambda: {process.pid} | _pid_in(server))
    watch.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - begin
    watch.stop()
    if process.returncode:
        raise CommandError(
            f"{' '.join(command)}: exit {process.returncode}\n{output[-1500:]}{errors[-3000:]}"
        )
    return Measured(seconds, watch.peak, output, _of_children() - before)


def _of_children() -> float:
    """Processor seconds of all processes that this one has waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def expect(who: str, counted: int, truth: int) -> None:
    """A job that counts wrongly has no time worth telling."""
    if counted != truth:
        raise CommandError(f"{who} counted {counted:,} rides, there are {truth:,}")


def best(measured: Sequence[Measured]) -> Measured:
    """The shortest time of several runs, with the most memory that any of them held."""
    return Measured(min(m.seconds for m in measured), max(m.bytes for m in measured), measured[-1].output)


class _Watch(threading.Thread):
    """Looks at the memory of some processes and their descendants until it is stopped."""

    def __init__(self, roots: Callable[[], set[int]]) -> None:
        super().__init__(daemon=True)
        self._roots = roots
        self._ended = threading.Event()
        self.peak = 0

    def run(self) -> None:
        while not self._ended.is_set():
            self.peak = max(self.peak, resident(self._roots(), processes()))
            self._ended.wait(_EVERY)

    def stop(self) -> None:
        self._ended.set()
        self.join()


def resident(roots: set[int], table: Table) -> int:
    """Bytes resident in the processes ``roots`` and all that descend from them."""
    family = roots & table.keys()
    grown = True
    while grown:
        children = {pid for pid, (parent, _) in table.items() if parent in family} - family
        family |= children
        grown = bool(children)
    return sum(table[pid][1] for pid in family)


def processes() -> Table:
    """Every process of this machine; from /proc, or from ps where there is none."""
    if sys.platform == "linux":
        found = [_from_proc(entry) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return {pid: (parent, size) for pid, parent, size in found if pid}
    lines = subprocess.run(
        ["ps", "-axo", "pid=,ppid=,rss="], capture_output=True, text=True, check=True
    ).stdout
    rows = [tuple(map(int, line.split())) for line in lines.splitlines()]
    return {pid: (parent, kilobytes * 1024) for pid, parent, kilobytes in rows}


def _from_proc(entry: Path) -> tuple[int, int, int]:
    """(id, parent's id, resident bytes) of a process; zeros if it has ended meanwhile."""
    try:
        after_name = (entry / "stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0, 0, 0
    return int(entry.name), int(after_name[1]), int(after_name[21]) * _PAGE


def _pid_in(path: Path | None) -> set[int]:
    """The process that a JSON file names; none while the file is not there or half written."""
    try:
        return {int(json.loads(path.read_text())["pid"])} if path else set()
    except (FileNotFoundError, ValueError, KeyError):
        return set()


def about_machine(load: float) -> list[str]:
    """The last lines of a record: when and where it was measured. ``load``: the machine's, before."""
    return [
        f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}.",
        f"The machine's load was {load:.1f} before; figures of a busy machine are unreliable.",
    ]


def options_of_files(about: str, record: Path) -> argparse.ArgumentParser:
    """The options of what measures many daily files and writes this record."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    add = parser.add_argument
    add("--rows", type=int, default=3_000_000, help="rows of the daily files together")
    add("--files", type=int, default=366, help="daily files")
    add("--repeat", type=int, default=3, help="how often each is measured; the median counts")
    add("--histories", default="10,1000", help="daily files before the new one")
    add("--scratch", type=Path, help="a folder for the files; a temporary one without it")
    add("--output", type=Path, default=record)
    return parser
