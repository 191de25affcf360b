"""Answers of a JSON-protocol service, as MiniStack's handlers return them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any
from xml.sax.saxutils import escape

from ministack.core.responses import error_response_json, json_response

#: (HTTP status, headers, body)
Response = tuple[int, dict[str, str], bytes]
Handler = Callable[[dict[str, Any]], Response]


def answer(data: dict[str, Any]) -> Response:
    """A successful answer."""
    status, headers, body = json_response(data)
    return status, headers, body


def error(code: str, message: str, status: int = 400) -> Response:
    """An error with AWS's code and message."""
    code_, headers, body = error_response_json(code, message, status)
    return code_, headers, body


def with_members(handler: Handler, members: Callable[[dict[str, Any]], Mapping[str, Any]]) -> Handler:
    """A handler whose answers have the ``members`` of their request, too, unless they are errors."""

    def completed(data: dict[str, Any]) -> Response:
        status, headers, body = handler(data)
        if status != 200:
            return status, headers, body
        return answer({**json.loads(body), **members(data)})

    return completed


def not_emulated(what: str) -> Response:
    """The refusal of something by its name."""
    return error("NotImplementedException", f"The embedded AWS does not emulate {what}.", 501)


def refusal_in_xml(what: str, root: str = "ErrorResponse") -> Response:
    """The refusal of something by its name, for a service that speaks XML (``root`` is ``Error`` for S3)."""
    return error_in_xml(501, "NotImplemented", f"The embedded AWS does not emulate {what}.", root)


def error_in_xml(status: int, code: str, message: str, root: str = "ErrorResponse") -> Response:
    """An error with AWS's code and message, for a service that speaks XML (``root`` is ``Error`` for S3)."""
    inner = f"<Code>{escape(code)}</Code><Message>{escape(message)}</Message>"
    body = f"<Error>{inner}</Error>" if root == "Error" else f"<{root}><Error>{inner}</Error></{root}>"
    return status, {"Content-Type": "text/xml"}, body.encode()
