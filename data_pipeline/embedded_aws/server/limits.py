"""Values of requests held against the service's model: their lengths, ranges, patterns and enumerations.

MiniStack takes names, numbers and words as they come. Only what the handlers do not look at themselves is here: Glue's
jobs do, in ``jobs``, with the code and in the words that AWS has for them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from botocore.model import Shape

from data_pipeline.embedded_aws.jobs.shapes import constraints, service_model

#: Service → its code for a value that the model does not allow.
CODES = {
    "athena": "InvalidRequestException",
    "glue": "ValidationException",
    "iam": "ValidationError",
    "logs": "InvalidParameterException",
    "scheduler": "ValidationException",
    "sts": "ValidationError",
}
_OF_JOBS = ("BatchStopJobRun", "CreateJob", "GetJobRun", "GetJobRuns", "StartJobRun", "UpdateJob")
_LONGEST_SHOWN = 200
_WHOLE = re.compile(r"-?\d{1,19}", re.ASCII)


def violation(service: str, operation: str, given: Mapping[str, Any]) -> str | None:
    """AWS's message of the values that the model does not allow; None where all are right.

    ``given``: the members of a JSON request, or those of the query protocol, flat, of which only those are looked at
    that stand alone.
    """
    if service == "glue" and operation in _OF_JOBS:
        return None
    shape = service_model(service).operation_model(operation).input_shape
    found = list(_broken(given, shape, "")) if shape is not None else []
    if not found:
        return None
    return f"{len(found)} validation error{'s'[: len(found) - 1]} detected: {'; '.join(found)}"


def _broken(value: Any, shape: Shape, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, Mapping):
        for name, member in shape.members.items():  # type: ignore[attr-defined]
            if value.get(name) is not None:
                yield from _broken(value[name], member, f"{path}.{name[0].lower()}{name[1:]}".lstrip("."))
        return
    if kind in ("integer", "long") and isinstance(value, str):  # as the query protocol writes it
        if not _WHOLE.fullmatch(value):
            yield _violated(value, path, "Member must be a whole number")
            return
        value = int(value)
    if not _is_of(value, kind):
        return  # what is of another type was refused before
    for rule in constraints(value, shape):
        yield _violated(value, path, rule)
    if kind == "list":
        for number, item in enumerate(value, start=1):
            yield from _broken(item, shape.member, f"{path}.{number}.member")  # type: ignore[attr-defined]


def _violated(value: Any, path: str, rule: str) -> str:
    shown = str(value)
    shown = shown if len(shown) <= _LONGEST_SHOWN else f"{shown[:_LONGEST_SHOWN]}…"
    return f"Value '{shown}' at '{path}' failed to satisfy constraint: {rule}"


def _is_of(value: Any, kind: str) -> bool:
    expected: dict[str, type] = {"string": str, "integer": int, "long": int, "list": list, "map": dict}
    return kind in expected and isinstance(value, expected[kind]) and not isinstance(value, bool)
