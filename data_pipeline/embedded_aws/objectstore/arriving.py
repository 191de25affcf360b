"""A body on its way from the client to a file: checked, decoded and hashed as it comes."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from data_pipeline.embedded_aws.identity.signing.body import Check
from data_pipeline.embedded_aws.identity.signing.request import Refused, Request

from .body import HASHERS, PIECE, Body

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Headers = list[tuple[bytes, bytes]]

#: The body of the request that this context answers, where it came as a file: MiniStack is given an empty one.
ARRIVED: ContextVar[Body | None] = ContextVar("arrived_body", default=None)
#: Parameters by which a PUT of an object writes something else than its bytes.
_OTHERS = frozenset(["acl", "annotation", "legal-hold", "retention", "tagging"])
#: Headers that describe how the body came, which MiniStack would look for in the empty one.
_FRAMING = frozenset(
    [
        *("content-length", "transfer-encoding", "x-amz-decoded-content-length", "x-amz-trailer"),
        *("x-amz-content-sha256", "content-encoding"),
    ]
)
_numbers = itertools.count()


def is_large(request: Request, path: str) -> bool:
    """Whether the request writes an object's or a part's bytes, and more of them than should be in memory."""
    if request.method != "PUT" or path.strip("/").count("/") < 1 or "x-amz-copy-source" in request.headers:
        return False
    if any(name in _OTHERS for name, _ in request.query):
        return False
    length = request.header("content-length")
    return not length.isdecimal() or int(length) > PIECE


async def take(request: Request, check: Check, receive: Receive, directory: Path) -> Body:
    """The whole body as a file of its own in the directory; Refused when it is not the one that was signed.

    OSError when it cannot be written: the rest is read first, so that the client hears why.
    """
    path = directory / f"arrived-{next(_numbers)}"
    hashers = {name: HASHERS[name]() for name in _wanted(request)}
    size = 0
    try:
        with path.open("xb") as file:
            async for piece in _payload(check, receive):
                size += len(piece)
                file.write(piece)
                for hasher in hashers.values():
                    hasher.update(piece)
        _check_length(request, size)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, OSError) and not isinstance(error, ConnectionError):
            await _drain(receive)
        raise
    return Body(path, size, digests={name: hasher.digest() for name, hasher in hashers.items()}, own=True)


def without_body(headers: Iterable[tuple[bytes, bytes]], trailer: dict[str, str]) -> Headers:
    """The headers for MiniStack: those of a request without a body, with what its trailer said."""
    given = list(headers)
    kept = [pair for pair in given if pair[0].lower() not in {name.encode() for name in _FRAMING}]
    encodings = [
        part.strip()
        for name, value in given
        if name.lower() == b"content-encoding"
        for part in value.split(b",")
        if part.strip() not in (b"", b"aws-chunked")
    ]
    if encodings:
        kept.append((b"content-encoding", b", ".join(encodings)))
    names = {name.lower() for name, _ in kept}
    kept += [(name.encode(), value.encode()) for name, value in trailer.items() if name.encode() not in names]
    return kept


async def nothing() -> Message:
    """The messages of an empty body."""
    return {"type": "http.request", "body": b"", "more_body": False}


async def _payload(check: Check, receive: Receive) -> Any:
    more = True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            raise ConnectionResetError
        yield check.update(message.get("body", b""))
        more = message.get("more_body", False)
    check.end()


async def _drain(receive: Receive) -> None:
    while (message := await receive())["type"] == "http.request" and message.get("more_body", False):
        pass


def _wanted(request: Request) -> set[str]:
    """The digests that the request names, and MD5, which an ETag is made of."""
    named = [name.removeprefix("x-amz-checksum-") for name in request.headers if "x-amz-checksum-" in name]
    named += [
        name.strip().lower().removeprefix("x-amz-checksum-")
        for name in request.header("x-amz-trailer").split(",")
    ]
    named.append(request.header("x-amz-sdk-checksum-algorithm"))
    return {"MD5", *(name.upper() for name in named if name.upper() in HASHERS)}


def _check_length(request: Request, size: int) -> None:
    declared = request.header("x-amz-decoded-content-length")
    if declared and declared != str(size):
        message = f"x-amz-decoded-content-length is {declared}, the body has {size} bytes."
        raise Refused("IncompleteBody", message, 400)
