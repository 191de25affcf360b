"""State on disk while the server runs: MiniStack itself writes its services' state only when it is stopped
politely.

S3 objects are written as they arrive (``objectstore``). Everything else (buckets, roles, tables, stacks,
executions, logs) is one JSON file per service under ``<state>/services``: written before the answer to the
request that changed it, and every second while something runs in the background. A file is replaced
atomically and only when its content changed; the one before it is kept, for ``recovery``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ministack import app as ministack
from ministack.core import persistence as files
from ministack.services import cloudformation

from . import recovery

_log = logging.getLogger("embedded.persistence")

#: the service of the stacks.
_STACKS = "cloudformation"
#: Seconds between two looks at the services while something happens.
TICK = 1.0
#: Seconds that the ticking goes on after the last request or the end of the last background work.
QUIET = 10.0


class Saver:
    """Writes the services' state when it changed. ``failing`` is why the last save could not be made, or None;
    ``moving``: whether an operation on a stack was under way when the stacks were saved last, which goes on by itself.
    """

    failing: OSError | None = None
    moving = True

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._busy = busy
        self._written: dict[str, bytes] = {}
        self._not_before: dict[str, float] = {}
        self._active_until = 0.0

    def touch(self) -> None:
        """Something happened: keep looking for changes for a while."""
        self._active_until = time.monotonic() + QUIET

    def save(self, service: str | None = None) -> None:
        """Write the state of a service (all of them: None) where it differs from its file. OSError."""
        if not files.PERSIST_STATE:
            return
        states = _states()
        names = states if service is None else [state_key(service)]
        for name in names:
            if name in states:
                self._save_one(name, states[name])
        if service is None:
            self.failing = None

    def _save_one(self, name: str, get_state: Callable[[], Any]) -> None:
        try:
            moving = name == _STACKS and _under_way()
            state = get_state()
            if state is None:
                return
            text = json.dumps(state, default=files._json_default)
        except RuntimeError as error:
            # A background thread changed the state while it was read: the next look writes it.
            _log.info("%s changed while it was read: %s", name, error)
            self.touch()
            return
        digest = hashlib.blake2b(text.encode()).digest()
        if self._written.get(name) != digest:
            try:
                write(name, text)
            except OSError as error:
                self.failing = error
                raise
            self._written[name] = digest
        if name == _STACKS:
            self.moving = moving

    async def run(self) -> None:
        """Look for changes until cancelled; a costly look is followed by a proportionate pause."""
        pause = TICK
        while True:
            await asyncio.sleep(pause)
            if self._busy():
                self.touch()
            pause = TICK
            if time.monotonic() < self._active_until:
                began = time.monotonic()
                self._try()
                pause = max(TICK, 10 * (time.monotonic() - began))

    def _try(self) -> None:
        """Save everything; what cannot be written is said once, and tried again."""
        known = self.failing
        try:
            self.save()
        except OSError as error:
            self.touch()
            if known is None:
                _log.error("the state cannot be written: %s; it is tried again every second", error)
            return
        if known is not None:
            _log.warning("the state can be written again")


def _states() -> dict[str, Callable[[], Any]]:
    """Service → what gives its state. MiniStack copies all stacks and events there ever were each time, which takes
    twice as long as to write them down.
    """
    states: dict[str, Callable[[], Any]] = ministack._build_persistence_save_dict()
    if _STACKS in states:
        states[_STACKS] = _stacks
    return states


def _stacks() -> dict[str, Any]:
    return {key: store() for store, key in cloudformation._PERSISTED_STORES}


def _under_way() -> bool:
    """Whether an operation on a stack has not ended."""
    statuses = (each.get("StackStatus", "") for each in cloudformation._stacks._data.values())
    return any(status.endswith("_IN_PROGRESS") and status != "REVIEW_IN_PROGRESS" for status in statuses)


def write(name: str, payload: str) -> None:
    """Replace a service's state file, and keep the one before it; OSError with the file as it was."""
    path = Path(files.STATE_DIR, f"{name}.json")
    draft = path.with_suffix(".tmp")
    previous = path.parent / recovery.PREVIOUS / path.name
    previous.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = f'{{"{recovery.FORMAT}": {files._state_format_version(name)}, "payload": {payload}}}'
    try:
        draft.write_text(text, encoding="utf-8")
    except OSError:
        with suppress(OSError):
            draft.unlink()
        raise
    with suppress(OSError):  # a file system without links has no copy of before
        previous.unlink(missing_ok=True)
        os.link(path, previous)
    draft.replace(path)


def state_key(service: str) -> str:
    """The name of the file that a service's state is in."""
    entry = ministack.SERVICE_REGISTRY[service]
    return str(entry.get("state_key", entry["module"]))
