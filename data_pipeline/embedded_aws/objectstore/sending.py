"""Answers of S3: a body leaves in pieces, or the part of it that was asked for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from ministack.core.responses import StreamingResponse
from ministack.services import s3

from . import requests
from .body import PIECE, Body

Answer = tuple[int, dict[str, Any], Any]
Handler = Callable[..., Awaitable[Answer]]


def streamed(handler: Handler) -> Handler:
    """A handler whose bodies leave in pieces, and which knows ranges of everything that can be read."""

    async def served(
        method: str, path: str, headers: dict[str, str], body: Any, query: dict[str, Any]
    ) -> Answer:
        headers = requests.without_ranges(headers)
        answer = await handler(method, path, headers, body, query)
        if answer[0] == 200 and "/" in path.strip("/"):
            answer = _part(method, headers, query, answer)
        status, given, found = answer
        if not isinstance(found, Body):
            return answer
        if len(found) <= PIECE:
            return status, given, found.read()
        kept = {name: value for name, value in given.items() if name.lower() != "content-length"}
        return status, {**kept, "Content-Length": str(len(found))}, StreamingResponse(_sender(found))

    return served


def _part(method: str, headers: dict[str, str], query: dict[str, Any], answer: Answer) -> Answer:
    """What MiniStack answers whole: a range of an older version or of a HEAD, and a part that there is not."""
    _, given, found = answer
    if method == "GET" and s3._qp(query, "partNumber", "1") != "1" and "uploadId" not in query:
        refused: Answer = s3._error("InvalidPartNumber", "The requested partnumber is not satisfiable", 416)
        return refused
    if "range" not in headers:
        return answer
    if method == "HEAD":
        return _ranged(headers["range"], given, int(given["Content-Length"]), b"")
    if isinstance(found, Body) and "versionId" in query:
        return _ranged(headers["range"], given, len(found), found)
    return answer


def _ranged(wanted: str, given: dict[str, Any], size: int, body: Any) -> Answer:
    found = s3._parse_range(wanted, size)
    if found is None:
        refused: Answer = s3._error("InvalidRange", "The requested range is not satisfiable", 416)
        return refused
    start, end = found
    kept = {name: value for name, value in given.items() if not name.lower().startswith("x-amz-checksum-")}
    said = {"Content-Length": str(end - start + 1), "Content-Range": f"bytes {start}-{end}/{size}"}
    return 206, {**kept, **said}, body[start : end + 1]


def _sender(body: Body) -> Callable[..., Awaitable[None]]:
    async def send_all(send: Any, _receive: Any) -> None:
        for piece in body.pieces():
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    return send_all
