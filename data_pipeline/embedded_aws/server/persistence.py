"""State on disk while the server runs: MiniStack itself writes its services' state only when it is stopped
politely.

S3 objects are written by MiniStack as they arrive. Everything else (buckets, roles, tables, stacks,
executions, logs) is one JSON file per service under ``<state>/services``: written before the answer to the
request that changed it, and every second while something runs in the background. A file is replaced
atomically and only when its content changed.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import logging
import time
from collections.abc import Callable
from typing import Any

from ministack import app as ministack
from ministack.core import persistence as files

_log = logging.getLogger("embedded.persistence")

#: Seconds between two looks at the services while something happens.
TICK = 1.0
#: Seconds that the ticking goes on after the last request or the end of the last background work.
QUIET = 10.0


class Saver:
    """Writes the services' state when it changed."""

    def __init__(self, busy: Callable[[], bool]) -> None:
        self._busy = busy
        self._written: dict[str, bytes] = {}
        self._not_before: dict[str, float] = {}
        self._active_until = 0.0

    def touch(self) -> None:
        """Something happened: keep looking for changes for a while."""
        self._active_until = time.monotonic() + QUIET

    def save(self, service: str | None = None) -> None:
        """Write the state of a service (all of them: None) where it differs from its file."""
        states = ministack._build_persistence_save_dict()
        names = states if service is None else [state_key(service)]
        for name in names:
            if name in states:
                self._save_one(name, states[name])

    def _save_one(self, name: str, get_state: Callable[[], Any]) -> None:
        try:
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
            files.save_state(name, state)
            self._written[name] = digest

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
                self.save()
                pause = max(TICK, 10 * (time.monotonic() - began))


def state_key(service: str) -> str:
    """The name of the file that a service's state is in."""
    entry = ministack.SERVICE_REGISTRY[service]
    return str(entry.get("state_key", entry["module"]))
