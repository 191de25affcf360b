"""The processes in which queries run: started when one is needed, kept for the next query, ended when idle.

What runs in them is not of this room: a program that is asked by lines of JSON on its stdin. Each runs one query at a
time; to stop the query, the process is killed. It ends by itself when the server does, as its stdin ends then.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import Callable
from pathlib import Path
from typing import Any

PROGRAM = "data_pipeline.athena_engine.main"
MOST = 2
"""Queries that run at once; others wait in the queue."""
IDLE_SECONDS = 60.0
LONGEST_SECONDS = 600.0
"""From a request to its answer: what a query may take, and to read its tables before that."""
_LONGEST_LINE = 1 << 24
_ROOT = Path(__file__).resolve().parents[3]


class EndedError(Exception):
    """The process gave no answer: it was stopped, killed for want of memory, or took too long."""


class Engine:
    """The processes of one server."""

    def __init__(self) -> None:
        self._idle: dict[Process, asyncio.TimerHandle] = {}
        self._running: dict[str, Process] = {}
        self._free, self._checking = asyncio.Semaphore(MOST), asyncio.Semaphore(MOST)

    async def check(self, text: str, parameters: list[str]) -> dict[str, Any]:
        """Whether a statement is one at all, beside whatever runs. EndedError, OSError."""
        async with self._checking:
            found = await self._ask("", lambda: {"check": text, "parameters": parameters})
        assert found is not None
        return found

    async def run(self, query: str, request: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        """Run a query of this id when there is room; ``request`` is asked for then, and None is nothing to run.
        EndedError, OSError.
        """
        async with self._free:
            return await self._ask(query, request)

    def stop(self, query: str) -> None:
        """Kill the process that runs the query, if one does; it is not used again."""
        process = self._running.pop(query, None)
        if process is not None and process.returncode is None:
            process.kill()

    def end(self) -> None:
        """Kill all of them."""
        for process in (*self._idle, *self._running.values()):
            if process.returncode is None:
                process.kill()

    async def _ask(self, query: str, request: Callable[[], dict[str, Any] | None]) -> dict[str, Any] | None:
        process = await self._taken()
        name = query or f"check {process.pid}"
        self._running[name] = process  # before ``request`` says that the query runs: ``stop`` must find it
        try:
            wanted = request()
            answer = None if wanted is None else await _answered(process, wanted)
        except BaseException:
            if process.returncode is None:
                process.kill()
            self._running.pop(name, None)
            raise
        if self._running.pop(name, None) is process:
            self._idle[process] = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._leave, process)
        return answer

    async def _taken(self) -> Process:
        while self._idle:
            process, handle = self._idle.popitem()
            handle.cancel()
            if process.returncode is None:
                return process
        return await _started()

    def _leave(self, process: Process) -> None:
        """End a process that nobody has needed for a while."""
        del self._idle[process]
        if process.returncode is None:
            process.kill()


async def _started() -> Process:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "PYTHONPATH": str(_ROOT),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
        "NO_PROXY": "*",
    }
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", PROGRAM), stdin=PIPE, stdout=PIPE, env=environment, limit=_LONGEST_LINE
    )


async def _answered(process: Process, request: dict[str, Any]) -> dict[str, Any]:
    try:
        async with asyncio.timeout(LONGEST_SECONDS):
            return await _exchanged(process, request)
    except TimeoutError as error:
        raise EndedError(f"the query was stopped after {LONGEST_SECONDS:,.0f} seconds") from error


async def _exchanged(process: Process, request: dict[str, Any]) -> dict[str, Any]:
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        process.stdin.write(json.dumps(request).encode() + b"\n")
        await process.stdin.drain()
        line = await process.stdout.readline()
    except ConnectionError as error:
        raise EndedError(str(error)) from error
    if not line.endswith(b"\n"):
        raise EndedError(f"the process of the query ended with status {await process.wait()}")
    answer: dict[str, Any] = json.loads(line)
    return answer
