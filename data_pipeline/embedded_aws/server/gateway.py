"""The ASGI application in front of MiniStack: who may ask, what is served at all, and when state is on disk.

- Every request has one whole signature that was verified, or is refused (``admission``). MiniStack's
  administrative paths, which need none, are closed.
- A service that is not in ``SERVICE_HANDLERS`` is refused by name; MiniStack would take such a request for
  one to S3.
- No answer has a CORS header: no page in a browser reads one.
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
from xml.sax.saxutils import escape

from ministack import app as ministack
from ministack.core import iam_actions
from ministack.services import stepfunctions

from data_pipeline.embedded_aws.identity import caller
from data_pipeline.embedded_aws.identity.signing.request import Refused
from data_pipeline.embedded_aws.jobs import run as jobs
from data_pipeline.embedded_aws.objectstore import arriving

from . import admission, room
from .endpoint import Endpoint
from .persistence import Saver

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

_log = logging.getLogger("embedded.gateway")

#: Lifecycle's own path: answers who serves, to whoever knows the token of ``endpoint.json``.
HEALTH = "/_local/health"
#: The service in the scope of an Authorization header, as far as an error's protocol needs it.
_SERVICE = re.compile(r"Credential=[^/,\s]+/[^/,\s]+/[^/,\s]+/([^/,\s]+)/")
#: Refusals of a credential, for which each service has a code and a status of its own.
_CREDENTIALS = (
    *("ExpiredTokenException", "InvalidClientTokenId", "InvalidToken", "RequestTimeTooSkewed"),
    *("SignatureDoesNotMatch", "UnrecognizedClientException"),
)
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
        self._saver = Saver(busy=lambda: bool(names_running()))

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
                try:
                    self._ready()
                    self._saver.save()
                except Exception as error:  # noqa: BLE001 - the ASGI server would go on, and nobody hear of it
                    _log.exception("the start failed")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
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
        quiet = without_cors(send)
        try:
            admission.check_host(headers)
            if scope["path"] == HEALTH:
                await self._health(headers, quiet)
            else:
                await self._answer(scope, headers, receive, quiet)
        except Refused as refused:
            await respond(quiet, headers, refused)
        except ConnectionResetError:
            return  # whoever asked has gone
        except OSError as error:
            await respond(quiet, headers, room.refusal(error, self._endpoint.state))

    async def _answer(self, scope: Scope, headers: dict[str, str], receive: Receive, send: Send) -> None:
        admitted = await admission.admit(scope, headers, receive)
        caller.ACCESS_KEY.set(admitted.claim.key)
        self._saver.touch()
        service = changed_service(scope["method"], scope["path"], admitted)
        changed = changes(scope["method"], admitted.operation)

        async def send_saved(message: Message) -> None:
            if message["type"] == "http.response.start":
                if admitted.body is not None:
                    admitted.body.discard()
                if service is not None and (changed or self._saver.moving):
                    await self._save(service, changed)
            await send(message)

        try:
            if changed:
                self._check_room(scope, admitted.operation)
            arriving.ARRIVED.set(admitted.body)
            await ministack.app({**scope, "headers": admitted.headers}, admitted.receive, send_saved)
        finally:
            if admitted.body is not None:
                admitted.body.discard()

    async def _save(self, service: str, changed: bool) -> None:
        """Put a service's state on disk. OSError; also then, what was begun with a stack goes on."""
        begun = changed and service == "cloudformation"
        if begun:
            await asyncio.sleep(0)  # its task begins, which is what sets the status of some operations
        try:
            self._saver.save(service)
        finally:
            self._saver.moving |= begun

    def _check_room(self, scope: Scope, operation: str) -> None:
        """Refused while what a request changes cannot be written; what was not written is tried again first."""
        deletes = scope["method"] == "DELETE" or scope["query_string"] == b"delete"
        room.check(self._endpoint.state, frees=deletes or operation.startswith("Delete"))
        if self._saver.failing is not None:
            self._saver.save()

    async def _health(self, headers: dict[str, str], send: Send) -> None:
        token = headers.get("x-local-token", "")
        known = hmac.compare_digest(token.encode(), self._endpoint.token.encode())
        body = {"pid": os.getpid(), "executions": names_running(), "jobs": jobs.names()} if known else {}
        await _send(send, 200 if known else 403, "application/json", json.dumps(body))


def names_running() -> list[str]:
    """The executions that run, ``machine:execution``, in any account and region."""
    executions = list(stepfunctions._executions._data.values())
    return sorted(
        execution["executionArn"].split(":", 6)[6]
        for execution in executions
        if execution.get("status") == "RUNNING"
    )


def changes(method: str, operation: str) -> bool:
    """Whether a request changes something that must survive a kill; one that names its operation may be a GET."""
    return (bool(operation) or method not in _READS) and not operation.startswith(_UNSAVED)


def changed_service(method: str, path: str, admitted: admission.Admitted) -> str | None:
    """The service whose state must be on disk before the answer is sent, or None.

    Objects are written as they arrive, log events on the tick. A stack changes in the background, so that an
    answer which shows its new status waits too.
    """
    service = admitted.claim.service
    if service == "cloudformation":
        return service
    if service == "s3" and path.rstrip("/").count("/") > 1:
        return None
    if service == "sagemaker" and path != "/":  # records, which the feature store has on disk already
        return None
    return service if changes(method, admitted.operation) else None


def without_cors(send: Send) -> Send:
    """The same answers without the headers by which a browser hands them to the page of another origin."""

    async def sent(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if not pair[0].lower().startswith(b"access-control-")]
            message = {**message, "headers": kept}
        await send(message)

    return sent


async def respond(send: Send, headers: dict[str, str], refused: Refused) -> None:
    """A refusal, in the protocol and with the code of the service that the request names."""
    match = _SERVICE.search(headers.get("authorization", ""))
    service = match[1] if match else ("" if "authorization" in headers else "s3")
    code, status, message = refused.code, refused.status, str(refused)
    if code in _CREDENTIALS:
        code, status, _ = iam_actions._auth_failure(service, code, message, headers)
    _log.info("refused: %s: %s", code, message)
    json_spoken = service != "s3" and iam_actions._SERVICE_PROTOCOL.get(service) is None
    if "x-amz-target" in headers or "json" in headers.get("content-type", "") or (service and json_spoken):
        body = json.dumps({"__type": code, "message": message})
        await _send(send, status, "application/x-amz-json-1.1", body, code)
        return
    error = f"<Error><Code>{escape(code)}</Code><Message>{escape(message)}</Message></Error>"
    body = error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>"
    await _send(send, status, "text/xml", body, code)


async def _send(send: Send, status: int, content_type: str, body: str, code: str = "") -> None:
    payload = body.encode()
    headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(payload)).encode())]
    if code:
        headers.append((b"x-amzn-errortype", code.encode()))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": payload, "more_body": False})
