"""The ASGI application in front of MiniStack: who may ask, what is served at all, and when state is on disk.

- Every request is signed with a credential of this server, or refused: MiniStack takes the key ``test``, a
  twelve-digit number and no key at all for root, and has administrative paths that need no credential.
  Those are closed.
- A service that is not in ``SERVICE_HANDLERS`` is refused by name; MiniStack would take such a request for
  one to S3.
- The answer to a request that changes state is sent after that state is written.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
import logging
import os
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from ministack import app as ministack
from ministack.services import stepfunctions

from . import caller
from .endpoint import Endpoint
from .persistence import Saver

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger("embedded.gateway")

#: Lifecycle's own path: answers who serves, to whoever knows the token of ``endpoint.json``.
HEALTH = "/_local/health"
#: Services whose requests have paths of their own; every other one but S3 is asked at ``/``.
_PATHS = {
    "sagemaker": re.compile(r"/(FeatureGroup/.+|BatchGetRecord|BatchWriteRecord)?", re.DOTALL),
    "scheduler": re.compile(r"/(schedules|schedule-groups|tags)(/.*)?"),
    "sqs": re.compile(r"/(\d{12}/[\w.-]+)?"),
}
#: A path of S3 begins with a bucket's name; these would be taken for something else by MiniStack.
_BUCKET_PATH = re.compile(r"/(?!(health|iceberg|oauth2)(/|$))([a-z0-9][a-z0-9.-]{2,62}(/.*)?)?", re.DOTALL)
_ROOT = re.compile("/")
_HOSTS = ("127.0.0.1", "localhost")
_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/\d{8}/([^/,\s]*)/([^/,\s]+)/aws4_request")
_READS = ("GET", "HEAD", "OPTIONS")
#: Beginnings of the operations that change nothing, or nothing that must survive a kill.
_UNSAVED = (
    "BatchGet",
    "CreateLogStream",
    "Describe",
    "Filter",
    "Get",
    "List",
    "PutLogEvents",
    "Search",
    "Simulate",
)


class Gateway:
    """The ASGI application."""

    def __init__(self, endpoint: Endpoint, ready: Callable[[], None], closing: Callable[[], None]) -> None:
        self._endpoint = endpoint
        self._ready = ready
        self._closing = closing
        self._saver = Saver(busy=lambda: executions_running() > 0)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection of the ASGI server."""
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        elif scope["type"] == "http":
            await self._http(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _lifespan(self, scope: Scope, receive: Receive, send: Send) -> None:
        saving: asyncio.Task[None] | None = None

        async def receive_watched() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                self._closing()
            return message

        async def send_watched(message: Message) -> None:
            nonlocal saving
            if message["type"] == "lifespan.startup.complete":
                self._ready()
                self._saver.save()
                saving = asyncio.create_task(self._saver.run())
            await send(message)

        await ministack.app(scope, receive_watched, send_watched)
        if saving is not None:
            saving.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await saving

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        path = scope["path"]
        if path == HEALTH:
            await self._health(headers, send)
            return
        refusal = refuse(path, headers, scope.get("query_string", b"").decode("latin-1"))
        if refusal is not None:
            await respond(send, headers, *refusal)
            return
        match = credential_of(headers, scope.get("query_string", b"").decode("latin-1"))
        caller.ACCESS_KEY.set(match.group(1) if match else "")
        self._saver.touch()
        service = changed_service(scope["method"], path, headers)

        async def send_saved(message: Message) -> None:
            if service is not None and message["type"] == "http.response.start":
                self._saver.save(service)
            await send(message)

        await ministack.app(scope, receive, send_saved)

    async def _health(self, headers: dict[str, str], send: Send) -> None:
        known = hmac.compare_digest(headers.get("x-local-token", ""), self._endpoint.token)
        body = {"pid": os.getpid(), "executions": executions_running()} if known else {}
        await _send(send, 200 if known else 403, "application/json", json.dumps(body))


def executions_running() -> int:
    """How many executions run, in any account and region."""
    executions = list(stepfunctions._executions._data.values())
    return sum(execution.get("status") == "RUNNING" for execution in executions)


def changed_service(method: str, path: str, headers: dict[str, str]) -> str | None:
    """The service whose state must be on disk before the answer is sent, or None.

    Objects are written by MiniStack, log events on the tick. A stack changes in the background, so that an
    answer which shows its new status waits too.
    """
    service = signed_service(headers, "")
    if service == "cloudformation":
        return service
    if method in _READS or (service == "s3" and path.rstrip("/").count("/") > 1):
        return None
    if service == "sagemaker" and path != "/":  # records, which the feature store has on disk already
        return None
    operation = headers.get("x-amz-target", "").rpartition(".")[2]
    return None if operation.startswith(_UNSAVED) else service


def signed_service(headers: dict[str, str], query: str) -> str | None:
    """The service name in the signature's scope, of a header or a presigned URL; None when unsigned."""
    match = credential_of(headers, query)
    return match.group(3) if match else None


def credential_of(headers: dict[str, str], query: str) -> re.Match[str] | None:
    """The match of the credential scope (key, region, service)."""
    presigned = parse_qs(query).get("X-Amz-Credential", [""])[0]
    return _CREDENTIAL.search(headers.get("authorization", "")) or _CREDENTIAL.search(
        f"Credential={presigned}"
    )


def refuse(path: str, headers: dict[str, str], query: str) -> tuple[int, str, str] | None:
    """Why a request is not passed on to MiniStack: (status, AWS error code, message), or None."""
    match = credential_of(headers, query)
    if match is None:
        return (
            403,
            "MissingAuthenticationToken",
            "Missing Authentication Token: the request is not signed (SigV4).",
        )
    service = match.group(3)
    if service not in ministack.SERVICE_HANDLERS:
        served = ", ".join(sorted(ministack.SERVICE_HANDLERS))
        return (
            501,
            "NotImplemented",
            f"The embedded AWS does not emulate the service '{service}'. It serves: {served}.",
        )
    if headers.get("host", "").partition(":")[0] not in _HOSTS or not _path_of(service).fullmatch(path):
        return 404, "UnknownOperationException", f"{path} is not a path of {service} on this endpoint."
    return None


def _path_of(service: str) -> re.Pattern[str]:
    """The paths that a service has. MiniStack has others, some of which do things without a credential."""
    return _BUCKET_PATH if service == "s3" else _PATHS.get(service, _ROOT)


async def respond(send: Send, headers: dict[str, str], status: int, code: str, message: str) -> None:
    """An error in the protocol that the request speaks, as far as it can be told without the service's
    model.
    """
    if "x-amz-target" in headers or "json" in headers.get("content-type", ""):
        await _send(
            send, status, "application/x-amz-json-1.1", json.dumps({"__type": code, "message": message})
        )
        return
    service = signed_service(headers, "")
    error = f"<Code>{code}</Code><Message>{escape(message)}</Message>"
    body = (
        f"<Error>{error}</Error>"
        if service == "s3"
        else f"<ErrorResponse><Error>{error}</Error></ErrorResponse>"
    )
    await _send(send, status, "text/xml", body, code)


async def _send(send: Send, status: int, content_type: str, body: str, code: str = "") -> None:
    payload = body.encode()
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(payload)).encode())]
    if code:
        headers.append((b"x-amzn-errortype", code.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": payload, "more_body": False})
