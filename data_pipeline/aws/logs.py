"""The tail of a job's log in CloudWatch Logs."""

from __future__ import annotations

from collections.abc import Iterable
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
