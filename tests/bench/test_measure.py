"""The bench's measuring: whose memory counts, and what a failing command gives. No time is asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from bench.measure import CommandError, Measured, best, measure, processes, resident

MEGABYTE = 1_000_000
HOLD = "import time; held = bytearray(60_000_000); time.sleep(1.0)"


def test_a_family_is_a_process_with_all_its_descendants() -> None:
    """Children of children count, neighbours and parents do not; a root that has ended is none."""
    table = {1: (0, 1000), 10: (1, 100), 11: (10, 20), 12: (11, 3), 20: (1, 5000), 30: (2, 7)}
    assert resident({10}, table) == 123
    assert resident({11, 30}, table) == 30
    assert resident({99}, table) == 0


def test_this_process_is_in_the_table() -> None:
    """The table of processes knows a child by its parent and gives it some memory."""
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        mine = {pid for pid, (parent, _) in processes().items() if parent == os.getpid()}
        assert child.pid in mine
    finally:
        child.communicate(b"\n")


def test_memory_of_a_grandchild_counts(tmp_path: Path) -> None:
    """What a process of the command holds for a second is in the peak, however deep it is."""
    nested = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLD!r}], check=True)"
    measured = measure([sys.executable, "-c", f"{nested}; print('done')"], tmp_path)
    assert measured.output == "done\n"
    assert 0 < measured.processor < 60
    assert 60 * MEGABYTE < measured.bytes < 600 * MEGABYTE


def test_memory_of_a_server_elsewhere_counts(tmp_path: Path) -> None:
    """A process that a file names is counted although the command did not start it."""
    server = subprocess.Popen([sys.executable, "-c", f"{HOLD}; input()"], stdin=subprocess.PIPE)
    try:
        named = tmp_path / "endpoint.json"
        named.write_text(json.dumps({"pid": server.pid}))
        command = [sys.executable, "-c", "import time; time.sleep(0.8)"]
        assert measure(command, tmp_path, server=named).bytes > 60 * MEGABYTE
    finally:
        server.communicate(b"\n")


def test_a_command_that_fails_is_an_error(tmp_path: Path) -> None:
    """The error has the command, its exit status and what it said."""
    command = [sys.executable, "-c", "import sys; sys.exit('no bucket')"]
    with pytest.raises(CommandError, match=r"(?s)sys\.exit.*: exit 1\nno bucket"):
        measure(command, tmp_path)


def test_the_best_of_some_runs() -> None:
    """The shortest time and the most memory, which are claims of different kinds."""
    assert best([Measured(3.0, 10, "a"), Measured(2.0, 5, "b")]) == Measured(2.0, 10, "b")
