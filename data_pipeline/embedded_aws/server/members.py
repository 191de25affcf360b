"""The members of a JSON request, held against the service's model before anything reads them: their types, and what is
required.

So does AWS; the handlers behind this take members as they come, and would fail within. Constraints on values are the
handlers' own. Models are botocore's, each read when its service is asked first.
"""

from __future__ import annotations

import functools
import json
import math
import re
from collections.abc import Iterator
from typing import Any, NoReturn
from urllib.parse import unquote_plus

from botocore.model import OperationModel

from data_pipeline.embedded_aws.identity.signing.request import Refused
from data_pipeline.embedded_aws.jobs.shapes import JSON_TYPES, service_model

DEEPEST = 100
"""Levels of a body; those of the models are a tenth of it."""
_MODELS = {"states": "stepfunctions"}
_RUNTIME = "sagemaker-featurestore-runtime"
#: Service → its code for a member that is missing.
_MISSING = {
    "athena": "InvalidRequestException",
    "logs": "InvalidParameterException",
    "sqs": "MissingParameter",
}
_TAG = frozenset(["Key", "Value"])
"""Members of a tag, which is none without them, though Athena's model requires neither."""
_BITS = {"integer": 31, "long": 63}
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)


def checked(service: str, method: str, path: str, target: str, query: str, body: bytes) -> bytes:
    """The body without members that are null, which are none. Refused for what is no object of JSON, for a member of
    another type, and for one that is missing.

    ``service`` is of a JSON protocol; ``target`` is the operation that the header names, "" for a service that has
    paths.
    """
    name = _RUNTIME if service == "sagemaker" and path != "/" else _MODELS.get(service, service)
    operation = _operation(name, method, path, target)
    if not body and method in ("GET", "DELETE"):
        _check_query(operation, query)
        return body
    members = _read(body)
    if operation is not None and operation.input_shape is not None:
        _check_query(operation, query)
        missing = list(_missing(members, operation.input_shape, ""))  # wrong types first, as AWS has it
        if missing:
            words = f"Value null at '{missing[0]}' failed to satisfy constraint: Member must not be null"
            code = _MISSING.get(service, "ValidationException")
            raise Refused(code, f"1 validation error detected: {words}", 400)
    return json.dumps(_without_null(members)).encode() if b"null" in body else body


def _operation(name: str, method: str, path: str, target: str) -> OperationModel | None:
    model = service_model(name)
    if target:
        return model.operation_model(target) if target in model.operation_names else None
    if model.metadata["protocol"] != "rest-json":
        return None
    return next(
        (
            model.operation_model(each)
            for each, way, at in _paths(name)
            if way == method and at.fullmatch(path)
        ),
        None,
    )


@functools.cache
def _paths(name: str) -> list[tuple[str, str, re.Pattern[str]]]:
    """Operation, method and path of each operation of a service that has paths. A name in a path may be an ARN, whose
    slashes are decoded.
    """
    model = service_model(name)
    found = [(each, model.operation_model(each).http) for each in model.operation_names]
    return [
        (each, http["method"], re.compile(re.sub(r"\{\w+\}", ".+", http["requestUri"]), re.DOTALL))
        for each, http in found
    ]


def _read(body: bytes) -> dict[str, Any]:
    """The object that a body is; an empty one is an empty object."""
    try:
        text = body.decode()
        if body.count(b"[") + body.count(b"{") > DEEPEST:
            _check_depth(text)
        members = json.loads(text or "{}", parse_constant=_no_constant)
        if _SURROGATE.search(body):
            json.dumps(members, ensure_ascii=False).encode()  # half a pair is no text
    except (ValueError, RecursionError) as error:
        raise _wrong("The body is no object of JSON.") from error
    if not isinstance(members, dict):
        raise _wrong("The body is no object of JSON.")
    return members


def _wrong(message: str) -> Refused:
    """What AWS answers to a request that it cannot read."""
    return Refused("SerializationException", message, 400)


def _check_depth(text: str) -> None:
    depth, in_text = 0, False
    for mark in re.findall(r'\\.|["\[\]{}]', text):
        if mark == '"':
            in_text = not in_text
        elif not in_text:
            depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(mark, 0)
        if depth > DEEPEST:
            raise _wrong(f"The body has more than {DEEPEST} levels.")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not of JSON")


def _check_query(operation: OperationModel | None, query: str) -> None:
    """Whole numbers of a query, as the services that have paths take them."""
    shape = operation.input_shape if operation is not None else None
    kinds = {
        member.serialization["name"]: member.type_name
        for member in (shape.members.values() if shape is not None else ())
        if member.serialization.get("location") == "querystring"
    }
    for pair in query.split("&"):
        name, _, value = pair.partition("=")
        if kinds.get(unquote_plus(name)) in _BITS and not _WHOLE.fullmatch(unquote_plus(value)):
            raise Refused("ValidationException", f"{unquote_plus(name)} is no whole number.", 400)


def _missing(value: Any, shape: Any, path: str) -> Iterator[str]:
    """The places of members that are required and are not there. Refused for a member of another type."""
    kind = shape.type_name
    if getattr(shape, "is_document_type", False):
        return
    if not _is_of(value, kind):
        raise _wrong(f"{path}: {type(value).__name__} can not be converted to {kind}.")
    if kind == "structure":
        required = _TAG if shape.name == "Tag" and set(shape.members) == _TAG else shape.required_members
        for name, member in shape.members.items():
            at = f"{path}.{name[0].lower()}{name[1:]}".lstrip(".")
            if value.get(name) is not None:
                yield from _missing(value[name], member, at)
            elif name in required and not member.serialization.get("location"):
                yield at
    elif kind == "list":
        for item in value:
            yield from _missing(item, shape.member, path)
    elif kind == "map":
        for item in value.values():
            yield from _missing(item, shape.value, path)


def _is_of(value: Any, kind: str) -> bool:
    if isinstance(value, bool) or not isinstance(value, JSON_TYPES[kind]):
        return isinstance(value, bool) and kind == "boolean"
    if isinstance(value, int):
        return bool(abs(value) < 1 << _BITS.get(kind, 63))
    return not isinstance(value, float) or math.isfinite(value)


def _without_null(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _without_null(item) for name, item in value.items() if item is not None}
    return [_without_null(item) for item in value] if isinstance(value, list) else value
