"""CloudWatch Logs: batches that are refused, events that are too old or too new, and filters as AWS reads them.

MiniStack takes every batch, takes patterns of JSON, of columns and of expressions for ones that match everything or
nothing, and gives no further page. Sources: PutLogEvents, FilterLogEvents and DescribeLogStreams of the API reference;
"Filter pattern syntax for metric filters, subscription filters, filter log events, and Live Tail" of its user guide.
"""

from __future__ import annotations

import heapq
import itertools
import json
import math
import re
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from ministack.services import cloudwatch_logs as service

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Operation, Refused, in_front

DAY = 24 * 3600 * 1000
_OLDEST, _NEWEST = 14 * DAY, 2 * 3600 * 1000
_MOST_BYTES, _OVERHEAD = 1_048_576, 26
_PAGE = 10_000
_TERM = re.compile(r'([-?]?)(?:"((?:[^"\\]|\\.)*)"|(\w+))(?:\s+|$)')
_INVALID = "InvalidParameterException"


def install() -> None:
    """Put these operations in front of MiniStack's."""
    in_front("logs", OPERATIONS)


async def put(data: Mapping[str, Any]) -> Response:
    """PutLogEvents: in order, within a day and a megabyte; what is too old or too new is rejected, and said."""
    events = data["logEvents"]
    times = [event["timestamp"] for event in events]
    if times != sorted(times):
        message = "Log events in a single PutLogEvents request must be in chronological order."
        raise Refused(message, _INVALID)
    if times and times[-1] - times[0] > DAY:
        message = "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
        raise Refused(message, _INVALID)
    size = sum(len(event["message"].encode()) + _OVERHEAD for event in events)
    if size > _MOST_BYTES:
        raise Refused(f"Upload too large: {size} bytes exceeds limit of {_MOST_BYTES}", _INVALID)
    rejected = _rejected(times, data.get("logGroupName", ""))
    first = max(rejected.get("tooOldLogEventEndIndex", 0), rejected.get("expiredLogEventEndIndex", 0))
    kept = events[first : rejected.get("tooNewLogEventStartIndex", len(events))]
    stored: Response = service._put_log_events({**data, "logEvents": kept})
    if stored[0] != 200 or not rejected:
        return stored
    return answer({**json.loads(stored[2]), "rejectedLogEventsInfo": rejected})


def _rejected(times: list[int], group: str) -> dict[str, int]:
    """Which events of a batch in order are not kept: indices, the end exclusive."""
    now = int(time.time() * 1000)
    found = {}
    old = sum(moment < now - _OLDEST for moment in times)
    if old:
        found["tooOldLogEventEndIndex"] = old
    days = (service._log_groups.get(group) or {}).get("retentionInDays")
    expired = sum(moment < now - days * DAY for moment in times) if days else 0
    if expired:
        found["expiredLogEventEndIndex"] = expired
    new = sum(moment > now + _NEWEST for moment in times)
    if new:
        found["tooNewLogEventStartIndex"] = len(times) - new
    return found


async def find(data: Mapping[str, Any]) -> Response:
    """FilterLogEvents, in pages: a token is the time of the last event that was given, and how many of that time were.

    So events that come later with an earlier time give none twice.
    """
    matches = matcher(data.get("filterPattern", ""))
    (start, given), most = _place(data.get("nextToken")), data.get("limit", _PAGE)
    first, last = max(start, data.get("startTime", 0)), data.get("endTime", math.inf)
    histories = [
        _matching(_between(stream["events"], first, last), name, matches)
        for name, stream in _streams(data).items()
    ]
    merged = heapq.merge(*histories, key=lambda event: (event["timestamp"], event["ingestionTime"]))
    ahead = enumerate(itertools.islice(merged, given + most + 1))
    found = [event for number, event in ahead if number >= given or event["timestamp"] > start]
    page = found[:most]
    more = {"nextToken": _token(page, start, given)} if len(found) > most else {}
    return answer({"events": page, "searchedLogStreams": [], **more})


def _between(history: list[dict[str, Any]], first: float, last: float) -> list[dict[str, Any]]:
    """The events of a stream, which lie in their order, from one time to another."""
    with service._log_events_lock:
        lower = bisect_left(history, first, key=service._event_timestamp)
        return history[lower : bisect_right(history, last, lo=lower, key=service._event_timestamp)]


def _matching(
    events: Iterable[dict[str, Any]], stream: str, matches: Callable[[str], bool]
) -> Iterator[dict[str, Any]]:
    """Those that match, one after the other as they are asked for; each with the name of its stream."""
    return ({**event, "logStreamName": stream} for event in events if matches(event["message"]))


def _token(page: list[dict[str, Any]], start: int, given: int) -> str:
    last = page[-1]["timestamp"]
    same = sum(event["timestamp"] == last for event in page)
    return f"{last}:{same + given if last == start else same}"


def _place(token: Any) -> tuple[int, int]:
    """The time that a token says, and how many events of it were given."""
    if token is None:
        return 0, 0
    match = re.fullmatch(r"(\d{1,18}):(\d{1,9})", str(token), re.ASCII)
    if match is None:
        raise Refused("The specified nextToken is invalid.", _INVALID)
    return int(match[1]), int(match[2])


def _group(data: Mapping[str, Any]) -> Any:
    """The name of the group, which is given by its name or by its identifier."""
    if ("logGroupName" in data) == ("logGroupIdentifier" in data):
        raise Refused("Specify one of logGroupName and logGroupIdentifier, but not both.", _INVALID)
    return service._resolve_log_group_name(data)


def _streams(data: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The streams of the group that are searched. Refused where there are none of the names."""
    group = _group(data)
    if group not in service._log_groups:
        raise Refused(f"The specified log group does not exist: {group}", "ResourceNotFoundException")
    streams: dict[str, dict[str, Any]] = service._log_groups[group]["streams"]
    names, prefix = data.get("logStreamNames"), data.get("logStreamNamePrefix", "")
    if names and prefix:
        raise Refused("logStreamNames and logStreamNamePrefix cannot both be given.", _INVALID)
    for name in names or ():
        if name not in streams:
            raise Refused(f"The specified log stream does not exist: {name}", "ResourceNotFoundException")
    return {
        name: stream
        for name, stream in streams.items()
        if name in (names or streams) and name.startswith(prefix)
    }


def matcher(pattern: str) -> Callable[[str], bool]:
    """Whether a message matches: each term in it, one of those with ``?``, none of those with ``-``.

    Refused for what is no pattern of terms: by its name where AWS has such patterns.
    """
    text = pattern.strip()
    if text[:1] in ("{", "[", "%"):
        kind = {"{": "JSON", "[": "columns", "%": "regular expressions"}[text[0]]
        raise Refused(f"logs:FilterLogEvents with a pattern of {kind}", "NotImplementedException")
    terms, place = [], 0
    while place < len(text):
        match = _TERM.match(text, place)
        if match is None:
            raise Refused(f"Invalid character(s) in term '{text[place:].split()[0]}'", _INVALID)
        quoted = match[2]
        terms.append((match[1], match[3] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)))
        place = match.end()
    wanted = {sign: [term for one, term in terms if one == sign] for sign in ("", "-", "?")}
    if wanted["?"] and (wanted[""] or wanted["-"]):
        raise Refused("logs:FilterLogEvents with ? beside other terms", "NotImplementedException")
    return lambda message: (
        all(term in message for term in wanted[""])
        and not any(term in message for term in wanted["-"])
        and (not wanted["?"] or any(term in message for term in wanted["?"]))
    )


async def describe_groups(data: Mapping[str, Any]) -> Response:
    """DescribeLogGroups: MiniStack takes a token that is none for the first page's."""
    _expect_token(data)
    found: Response = service._describe_log_groups(data)
    return found


def _expect_token(data: Mapping[str, Any]) -> None:
    """Refused unless the token is one that was given out: an index, in base 64."""
    token = data.get("nextToken")
    if token is not None and service._encode_token(service._decode_token(token)) != token:
        raise Refused("The specified nextToken is invalid.", _INVALID)


async def describe_streams(data: Mapping[str, Any]) -> Response:
    """DescribeLogStreams: by name and prefix, or by the time of the last event."""
    _expect_token(data)
    if data.get("orderBy") == "LastEventTime" and data.get("logStreamNamePrefix"):
        raise Refused("Cannot order by LastEventTime with a logStreamNamePrefix.", _INVALID)
    found: Response = service._describe_log_streams({**data, "logGroupName": _group(data)})
    return found


OPERATIONS: dict[str, Operation] = {
    "DescribeLogGroups": describe_groups,
    "DescribeLogStreams": describe_streams,
    "FilterLogEvents": find,
    "PutLogEvents": put,
}
