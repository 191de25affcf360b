"""Starting, finding and stopping the embedded AWS of a state directory. Every function may be called in any
state.

A server holds the lock ``<state>/server.lock`` while it lives, so "running" is never guessed from a
process number: the kernel gives the lock back however the process dies. Whoever starts or stops one holds
``<state>/command.lock``.
"""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_pipeline.embedded_aws.errors import LocalError

from . import endpoint as endpoints
from . import locks, recovery
from .endpoint import DEFAULT_PORT, HOST, Endpoint

#: Seconds within which a server must answer after its start; restoring a large state takes a few.
START_SECONDS = 60.0
#: Seconds that a server is given to write its state and end its jobs before it is killed.
STOP_SECONDS = 20.0
_HEALTH = "/_local/health"


@dataclass(frozen=True)
class Status:
    """What ``local status`` shows: the endpoint while one runs, and the directory with its size in bytes."""

    running: bool
    endpoint: Endpoint | None
    state: Path
    size: int
    note: str = ""


def ensure_up(state: Path, port: int | None = None) -> Endpoint:
    """The running server of this state directory, started if need be (``port``: None for the last one, or the
    default at the first start; 0 for any free).

    LocalError when it cannot be started: the port is taken, the state is damaged or cannot be written, or the
    server ends or stays silent (with its log's end). A running server is returned whatever its port.
    """
    state = state.resolve()
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _up(state, port)
    except OSError as error:
        raise LocalError(
            f"{state}: the embedded AWS cannot write there ({error.strerror}); nothing was started.\n"
            "Make room or make it writable, or name another folder: `python -m data_pipeline local up --state DIR`."
        ) from error


def _up(state: Path, port: int | None) -> Endpoint:
    with locks.holding(state / "command.lock", START_SECONDS + STOP_SECONDS):
        found = running(state)
        if found is not None:
            return found
        last = endpoints.read(state)
        remembered = last.port if last is not None else DEFAULT_PORT
        return _start(state, remembered if port is None else port)


def up(state: Path, port: int | None = None) -> tuple[Endpoint, bool]:
    """``ensure_up`` that also says whether this call started it; a running server on another port is a
    LocalError.
    """
    before = running(state)
    if before is not None and port not in (None, 0, before.port):
        raise LocalError(
            f"{state}: an embedded AWS already runs on port {before.port}, not {port}.\n"
            "Stop it first with `python -m data_pipeline local down`."
        )
    after = ensure_up(state, port)
    return after, before is None or before.pid != after.pid


def running(state: Path) -> Endpoint | None:
    """The server that runs on this state directory and answers for itself, or None; LocalError when it does
    not answer.
    """
    if not locks.is_held(state / "server.lock"):
        return None
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        endpoint = endpoints.read(state)
        if endpoint is not None and answers(endpoint):
            return endpoint
        if not locks.is_held(state / "server.lock"):
            return None
        time.sleep(0.1)
    raise LocalError(
        f"{state}: a server holds this directory but does not answer. Its log is {logs_path(state)};\n"
        "`python -m data_pipeline local down` ends it."
    )


def answers(endpoint: Endpoint) -> bool:
    """Whether the process that listens on the endpoint's port is the one that wrote the endpoint (it knows
    the token).
    """
    return work(endpoint).get("pid") == endpoint.pid


def work(endpoint: Endpoint) -> dict[str, Any]:
    """What the server says about itself: ``pid``, and the names of what runs, ``executions`` and ``jobs``; empty when
    it does not answer. Of one that an older version started, which counts them, the names are not known.
    """
    connection = http.client.HTTPConnection(HOST, endpoint.port, timeout=5)
    try:
        connection.request("GET", _HEALTH, headers={"x-local-token": endpoint.token})
        response = connection.getresponse()
        body = json.loads(response.read())
        found = body if response.status == 200 and isinstance(body, dict) else {}
        counted = {
            kind: ["?"] * found[kind] for kind in ("executions", "jobs") if isinstance(found.get(kind), int)
        }
        return found | counted
    except (OSError, http.client.HTTPException, ValueError):
        return {}
    finally:
        connection.close()


def down(state: Path) -> bool:
    """Stop the server of this state directory; whether there was one to stop."""
    state = state.resolve()
    if not state.exists():
        return False
    with locks.holding(state / "command.lock", START_SECONDS + STOP_SECONDS):
        return _stop(state)


def restore(state: Path) -> list[str]:
    """Keep what is damaged aside, and put in its place what there is, unless a server runs; a line for each file."""
    state = state.resolve()
    if not state.exists() or locks.is_held(state / "server.lock"):
        return []
    with locks.holding(state / "command.lock", START_SECONDS + STOP_SECONDS):
        return recovery.restore(state)


def reset(state: Path) -> bool:
    """Stop the server and delete the state directory with everything in it; whether there was one."""
    state = state.resolve()
    if not state.exists():
        return False
    if not _is_state(state):
        raise LocalError(f"{state}: is not the state directory of an embedded AWS, so it is not deleted.")
    with locks.holding(state / "command.lock", START_SECONDS + STOP_SECONDS):
        _stop(state)
        shutil.rmtree(state)
    return True


def status(state: Path) -> Status:
    """What runs, and how much it keeps; never raises for a server that is gone or does not answer."""
    state = state.resolve()
    try:
        last = endpoints.read(state) if state.exists() else None
    except LocalError:  # a damaged one: up says so, and what to do
        last = None
    size = sum(path.stat().st_size for path in state.rglob("*") if path.is_file()) if state.exists() else 0
    held = locks.is_held(state / "server.lock")
    if held and last is not None and answers(last):
        return Status(True, last, state, size)
    if held:
        return Status(False, last, state, size, "a server holds the directory but does not answer (yet)")
    gone = f"the server with process id {last.pid} is gone" if last is not None else "never started"
    return Status(False, last, state, size, gone)


def logs_path(state: Path) -> Path:
    """The server's log: what it says about itself; jobs' logs are in CloudWatch Logs."""
    return state / "server.log"


def _start(state: Path, port: int) -> Endpoint:
    """Start a server and wait until it answers, under the command lock."""
    if importlib.util.find_spec("ministack") is None:
        raise LocalError(
            "the embedded AWS needs packages that are not installed.\n"
            f"Install them with: {sys.executable} -m pip install -r requirements.txt"
        )
    command = [
        sys.executable,
        "-m",
        "data_pipeline.embedded_aws.server.main",
        "--port",
        str(port),
        "--state",
        str(state),
    ]
    log = logs_path(state)
    root = Path(__file__).resolve().parents[3]
    environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as output:
        process = subprocess.Popen(
            command,
            cwd=state,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        return _answering(process, state)
    except BaseException:
        process.kill()
        process.wait()
        raise


def _answering(process: subprocess.Popen[bytes], state: Path) -> Endpoint:
    """The endpoint of a server that was just started, once it answers; LocalError if it ends or stays
    silent.
    """
    log = logs_path(state)
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        endpoint = endpoints.read(state)
        if endpoint is not None and endpoint.pid == process.pid and answers(endpoint):
            return endpoint
        if process.poll() is not None:
            raise LocalError(_why(log))
        time.sleep(0.05)
    raise LocalError(
        f"the embedded AWS did not answer within {START_SECONDS:.0f} s; the end of its log:\n{_tail(log)}"
    )


def _stop(state: Path) -> bool:
    """Ask the server to end, wait, then kill it by its process id; under the command lock."""
    lock = state / "server.lock"
    if not locks.is_held(lock):
        return False
    endpoint = endpoints.read(state)
    pid = int(lock.read_text() or 0) or (endpoint.pid if endpoint else 0)
    if not pid:
        raise LocalError(f"{lock}: is held by a process that did not say which; find it with `lsof {lock}`.")
    for name, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, 5.0)):
        try:
            os.kill(pid, name)
        except ProcessLookupError:
            return True
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not locks.is_held(lock):
                return True
            time.sleep(0.05)
    raise LocalError(f"process {pid} of the embedded AWS does not end; {lock} is still held.")


def _is_state(state: Path) -> bool:
    known = ("endpoint.json", "server.lock", "command.lock")
    return any((state / name).exists() for name in known) or not any(state.iterdir())


def _why(log: Path) -> str:
    """The reason that a server which ended at once gave, without the prefix of its own."""
    text = _tail(log)
    _, found, reason = text.rpartition("error: ")
    return reason.strip() if found else f"the embedded AWS ended while it started; the end of {log}:\n{text}"


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
