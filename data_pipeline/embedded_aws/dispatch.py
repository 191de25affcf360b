"""Operations of a JSON-protocol service that are answered here, in front of MiniStack's."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ministack import app
from ministack.core.responses import error_response_json

from .answers import Response, not_emulated

Operation = Callable[[Mapping[str, Any]], Awaitable[Response]]


class Refused(Exception):  # noqa: N818 - what it is
    """A request that the service does not take, with AWS's code; ``reason`` is Athena's own code beside it."""

    def __init__(self, message: str, code: str = "InvalidRequestException", reason: str = "") -> None:
        super().__init__(message)
        self.code, self.reason = code, reason

    def answer(self) -> Response:
        """What the client is answered."""
        if self.code == "NotImplementedException":
            return not_emulated(str(self))
        extra = {"AthenaErrorCode": self.reason} if self.reason else None
        status, headers, body = error_response_json(self.code, str(self), 400, extra=extra)
        return status, headers, body


def in_front(service: str, operations: Mapping[str, Operation]) -> None:
    """Answer these operations of the service by these functions, which are given the members of the request."""
    theirs = app.SERVICE_HANDLERS[service]

    async def served(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        operation = operations.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if operation is None:
            answered: Response = await theirs(method, path, headers, body, query)
            return answered
        try:
            return await operation(json.loads(body or b"{}"))
        except Refused as refused:
            return refused.answer()

    app.SERVICE_HANDLERS[service] = served
