"""A job's log in CloudWatch Logs: its end, and the whole of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient

#: streams of one job that are read, newest first: a job on one machine has one or two.
_STREAMS = 8


@dataclass(frozen=True)
class Tail:
    """The last lines of a job, of all its streams together; ``groups`` are those where it has any."""

    lines: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


def tail(client: CloudWatchLogsClient, groups: Iterable[str], prefix: str, lines: int) -> Tail:
    """The last ``lines`` lines of the streams whose names begin with ``prefix``, by time, oldest first.

    A group that does not exist has none. Both services name a job's streams by it: SageMaker
    ``<job>/algo-1-<time>``, Glue by the run's id.
    """
    found: list[tuple[int, int, str]] = []
    seen: list[str] = []
    for group in groups:
        try:
            names = _streams(client, group, prefix)
        except client.exceptions.ResourceNotFoundException:
            continue
        seen += [group] if names else []
        for name in names:
            found += [
                (when, len(found) + n, text)
                for n, (when, text) in enumerate(_events(client, group, name, lines))
            ]
    texts = [line for _, _, text in sorted(found) for line in text.rstrip("\n").split("\n")]
    return Tail(tuple(texts[-lines:]), tuple(seen))


def _streams(client: CloudWatchLogsClient, group: str, prefix: str) -> list[str]:
    answer = client.describe_log_streams(logGroupName=group, logStreamNamePrefix=prefix, limit=_STREAMS)
    return [stream["logStreamName"] for stream in answer["logStreams"]]


def _events(client: CloudWatchLogsClient, group: str, stream: str, limit: int) -> list[tuple[int, str]]:
    """(milliseconds, text) of a stream's last events.

    CloudWatch may answer with an empty page though there are events: the tokens lead on, and a token that
    repeats is the end.
    """
    events: list[tuple[int, str]] = []
    token: str | None = None
    for _ in range(5):
        more = {"nextToken": token} if token else {}
        page = client.get_log_events(
            logGroupName=group,
            logStreamName=stream,
            startFromHead=False,
            limit=limit,
            **more,  # type: ignore[arg-type]
        )
        events = [(e["timestamp"], e["message"]) for e in page["events"]] + events
        if len(events) >= limit or page["nextBackwardToken"] == token:
            break
        token = page["nextBackwardToken"]
    return events[-limit:]


class Reader:
    """The whole log of a job, from its beginning, in pieces: each ``fresh`` tells what has come since the last."""

    def __init__(self, client: CloudWatchLogsClient, groups: Iterable[str], prefix: str) -> None:
        self._client = client
        self._groups = tuple(groups)
        self._prefix = prefix
        #: (group, stream) → the token after its last page
        self._tokens: dict[tuple[str, str], str] = {}

    def fresh(self) -> list[str]:
        """The lines since the last look, of all streams by time."""
        found: list[tuple[int, int, str]] = []
        for group in self._groups:
            for stream in self._names(group):
                for when, text in self._more(group, stream):
                    found.append((when, len(found), text))
        return [line for _, _, text in sorted(found) for line in text.rstrip("\n").split("\n")]

    def _names(self, group: str) -> list[str]:
        pages = self._client.get_paginator("describe_log_streams").paginate(
            logGroupName=group, logStreamNamePrefix=self._prefix
        )
        try:
            return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]
        except self._client.exceptions.ResourceNotFoundException:
            return []

    def _more(self, group: str, stream: str) -> Iterator[tuple[int, str]]:
        """(milliseconds, text); a token that repeats is the end, an empty page is not."""
        while True:
            token = self._tokens.get((group, stream))
            more = {"nextToken": token} if token else {}
            page = self._client.get_log_events(
                logGroupName=group,
                logStreamName=stream,
                startFromHead=True,
                **more,  # type: ignore[arg-type]
            )
            yield from ((event["timestamp"], event["message"]) for event in page["events"])
            self._tokens[group, stream] = page["nextForwardToken"]
            if page["nextForwardToken"] == token:
                return
