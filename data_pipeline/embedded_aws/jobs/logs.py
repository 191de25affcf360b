"""A job's CloudWatch log stream, written in batches while the job runs, with the credentials of its role."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from data_pipeline.embedded_aws.identity import iam

_log = logging.getLogger("embedded.jobs")

#: Seconds between two writes.
PERIOD = 0.4
#: What PutLogEvents takes at once: events, and bytes with 26 for each event.
_MOST_EVENTS, _MOST_BYTES, _OVERHEAD = 10_000, 1_048_576, 26


class LogStream:
    """One stream. A role that may not write logs loses them, and the job goes on, as on AWS."""

    def __init__(self, client: Any, group: str, stream: str, may: Callable[[], None]) -> None:
        """Group and stream are made at once, by the writing thread, if they are not there; ``may`` raises
        iam.AccessDenied for a role that may not.
        """
        self._may = may
        self._client = client
        self._names = {"logGroupName": group, "logStreamName": stream}
        self._pending: list[dict[str, Any]] = []
        self._last = 0
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"logs {stream}")
        self._thread.start()

    def write(self, message: str) -> None:
        """Add one event, dated now, or as the one before it where the clock was set back: the batches are in order."""
        with self._lock:
            self._last = max(self._last, int(time.time() * 1000))
            self._pending.append({"timestamp": self._last, "message": message})

    def close(self) -> None:
        """Write what is left; afterwards the stream is complete."""
        self._closing.set()
        self._thread.join(timeout=30)

    def _run(self) -> None:
        try:
            self._may()
            self._create()
            while not self._closing.wait(PERIOD):
                self._flush()
            self._flush()
        except (ClientError, BotoCoreError, iam.AccessDenied) as error:
            _log.warning("%s %s is not written: %s", *self._names.values(), error)

    def _create(self) -> None:
        group = self._names["logGroupName"]
        try:
            self._create_stream()
        except self._client.exceptions.ResourceNotFoundException:
            try:
                self._client.create_log_group(logGroupName=group)
            except self._client.exceptions.ResourceAlreadyExistsException:
                _log.debug("%s was made by another job at this moment", group)
            self._create_stream()

    def _create_stream(self) -> None:
        try:
            self._client.create_log_stream(**self._names)
        except self._client.exceptions.ResourceAlreadyExistsException:
            _log.debug("%s %s is written on", *self._names.values())

    def _flush(self) -> None:
        with self._lock:
            pending, self._pending = self._pending, []
        for batch in batches(pending):
            self._client.put_log_events(**self._names, logEvents=batch)


def batches(events: list[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Events in their order, in pieces that one PutLogEvents takes."""
    pieces: list[list[dict[str, Any]]] = []
    size = _MOST_BYTES + 1
    for event in events:
        weight = len(event["message"].encode()) + _OVERHEAD
        if size + weight > _MOST_BYTES or len(pieces[-1]) == _MOST_EVENTS:
            pieces.append([])
            size = 0
        pieces[-1].append(event)
        size += weight
    return pieces
