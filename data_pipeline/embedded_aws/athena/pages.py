"""GetQueryResults: the file of a result, read from S3 as the caller, a page at a time.

The header of the file is the first row of the first page, and counts, as in Athena.
https://docs.aws.amazon.com/athena/latest/APIReference/API_GetQueryResults.html
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused
from data_pipeline.embedded_aws.identity import caller

from .executions import found

MOST = 1000
PIECE = 1 << 20
"""Bytes that are asked of S3 at once."""
#: A value, and a line of values: between double quotes, or nothing, which is a null.
_VALUE = rb'(?:"[^"]*(?:""[^"]*)*")?'
_LINE = re.compile(rb"(%b(?:,%b)*)\n" % (_VALUE, _VALUE))
_VALUES = re.compile(rb'(?:^|,)("[^"]*(?:""[^"]*)*")?')


async def get(data: Mapping[str, Any]) -> Response:
    """GetQueryResults."""
    record = found(data.get("QueryExecutionId"))
    state = record["Status"]["State"]
    if state in ("QUEUED", "RUNNING"):
        raise Refused(f"Query has not yet finished. Current state: {state}")
    if state != "SUCCEEDED":
        raise Refused(f"Query did not finish successfully. Final query state: {state}")
    most = data.get("MaxResults", MOST)
    if not 1 <= most <= MOST:
        raise Refused(f"MaxResults is {most}; expected 1 to {MOST}.")
    query, place = record["QueryExecutionId"], record["ResultConfiguration"]["OutputLocation"]
    first = _offset(query, data.get("NextToken"))
    if record["SubstatementType"] == "SELECT":
        rows, after, ended = await asyncio.to_thread(_page, place, first, most)
    elif place.endswith(".txt"):
        rows, after, ended = await asyncio.to_thread(_lines, place, first, most)
    else:
        rows, after, ended = [], 0, True
    result = {"Rows": rows, "ResultSetMetadata": {"ColumnInfo": record["_columns"]}}
    more = {} if ended else {"NextToken": f"{query}/{after}"}
    return answer({"UpdateCount": 0, "ResultSet": result, **more})


def _offset(query: str, token: str | None) -> int:
    if not token:
        return 0
    of, _, offset = token.rpartition("/")
    if of != query or not offset.isdecimal():
        raise Refused("NextToken is not one of this query.")
    return int(offset)


def _page(place: str, first: int, most: int) -> tuple[list[dict[str, Any]], int, bool]:
    """Rows from the byte ``first`` of the file on, the byte behind them, and whether the file ends there."""
    _, _, bucket, key = place.split("/", 3)
    s3 = caller.client("s3")
    try:
        size = s3.head_object(Bucket=bucket, Key=key)["ContentLength"]

        def read(start: int) -> bytes:
            if start >= size:
                return b""
            ranged = f"bytes={start}-{start + PIECE - 1}"
            return bytes(s3.get_object(Bucket=bucket, Key=key, Range=ranged)["Body"].read())

        lines, after = lines_from(read, first, most)
    except ClientError as error:
        raise Refused(f"Could not find results: {error.response['Error'].get('Message', error)}") from error
    return [_row(line) for line in lines], after, after >= size


def _lines(place: str, first: int, most: int) -> tuple[list[dict[str, Any]], int, bool]:
    """Of a file of text: rows from the line ``first`` on, the line behind them, and whether the file ends there."""
    _, _, bucket, key = place.split("/", 3)
    try:
        text = caller.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read().decode()
    except ClientError as error:
        raise Refused(f"Could not find results: {error.response['Error'].get('Message', error)}") from error
    lines = text.split("\n") if text else []
    rows = [{"Data": [{"VarCharValue": line}]} for line in lines[first : first + most]]
    return rows, first + most, first + most >= len(lines)


def lines_from(read: Callable[[int], bytes], first: int, most: int) -> tuple[list[bytes], int]:
    """At most so many lines from a byte on, and the byte behind them; ``read`` gives some bytes from a place on, none
    at the end.
    """
    lines: list[bytes] = []
    kept, at, after = b"", first, first
    while len(lines) < most:
        piece = read(at)
        if not piece:
            break
        kept, at, done = kept + piece, at + len(piece), 0
        while len(lines) < most and (match := _LINE.match(kept, done)):
            lines.append(match[1])
            done = match.end()
        after, kept = after + done, kept[done:]
    return lines, after


def _row(line: bytes) -> dict[str, Any]:
    return {"Data": [_datum(match[1]) for match in _VALUES.finditer(line)]}


def _datum(value: bytes | None) -> dict[str, str]:
    """A null has no value."""
    return {} if value is None else {"VarCharValue": value[1:-1].decode().replace('""', '"')}
