"""Answers of the JSON services: an error is raised where it is found and becomes AWS's at the edge."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from ministack.core.responses import error_response_json, json_response

from data_pipeline.embedded_aws.identity import iam

from . import shapes

Response = tuple[int, dict[str, str], bytes]


class ServiceError(Exception):
    """An error that AWS answers: its code, its message, and the HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code = code
        self.status = status


def answer(act: Callable[[], Mapping[str, Any]]) -> Response:
    """The response of an action, or of what went wrong in it."""
    try:
        return json_response(dict(act()))  # type: ignore[no-any-return]
    except ServiceError as fault:
        return error_response_json(fault.code, str(fault), fault.status)  # type: ignore[no-any-return]
    except iam.AccessDenied as denied:
        return error_response_json(denied.code, str(denied), 400)  # type: ignore[no-any-return]


def parsed(body: bytes) -> dict[str, Any]:
    """The request's JSON object; SerializationException for anything else."""
    try:
        request = json.loads(body or b"{}")
    except ValueError as error:
        raise ServiceError("SerializationException", f"The request is not JSON: {error}") from error
    if not isinstance(request, dict):
        raise ServiceError("SerializationException", "The request is not a JSON object.")
    return request


def check(service: str, operation: str, request: dict[str, Any], code: str = "ValidationException") -> None:
    """Hold a request against the service's model; ServiceError with AWS's message."""
    try:
        message = shapes.validate(service, operation, request)
    except shapes.SerializationError as error:
        raise ServiceError("SerializationException", str(error)) from error
    if message is not None:
        raise ServiceError(code, message)


def page(items: list[Any], request: Mapping[str, Any], size: int) -> tuple[list[Any], str | None]:
    """One page of a list after NextToken, and the next page's token; ServiceError for a strange token."""
    token = request.get("NextToken") or "0"
    if not token.isdigit():
        raise ServiceError("ValidationException", "The NextToken is not one of this operation.")
    begin = int(token)
    end = begin + (request.get("MaxResults") or size)
    return items[begin:end], str(end) if end < len(items) else None
