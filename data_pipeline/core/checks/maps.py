"""What a distributed Map reads its items from and writes its results to.

After the Step Functions developer guide, "ItemReader (Map)" and "ResultWriter (Map)".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..problems import Path, did_you_mean, one_of, quoted
from . import shapes
from .findings import Finding
from .tasks import Services
from .values import is_expression
from .walk import JSONATA, Scope

_PREFIX = "arn:aws:states:::"
#: what items are read with → the operation of S3 that it is.
_READERS = {"s3:getObject": "GetObject", "s3:listObjectsV2": "ListObjectsV2"}
_WRITERS = ("s3:putObject",)
_WRITTEN = ("Bucket", "Prefix")


def check(scope: Scope, name: str, state: dict[str, Any], services: Services) -> Iterator[Finding]:
    """Findings about one Map state."""
    given = "Arguments" if scope.language_of(state) == JSONATA else "Parameters"
    reader, writer = state.get("ItemReader"), state.get("ResultWriter")
    if isinstance(reader, dict):
        path = (*scope.at(name), "ItemReader")
        called = _called(reader, tuple(_READERS))
        if called is None:
            yield _resource(path, reader, tuple(_READERS), "items are read")
        elif "s3" in services.models and called in _READERS:
            model = services.models["s3"]
            shape = model["operations"][_READERS[called]]["input"]["shape"]
            yield from shapes.check(model["shapes"], shape, reader.get(given, {}), (*path, given))
    if isinstance(writer, dict) and "Resource" in writer:
        path = (*scope.at(name), "ResultWriter")
        if _called(writer, _WRITERS) is None:
            yield _resource(path, writer, _WRITERS, "results are written")
        else:
            yield from _written(writer.get(given), (*path, given))


def _called(field: dict[str, Any], known: tuple[str, ...]) -> str | None:
    """What the field names, an empty text where a substitution may name anything; None if it is not known."""
    resource = field.get("Resource")
    if isinstance(resource, str) and "${" in resource:
        return ""
    action = (
        resource.rpartition(":::")[2] if isinstance(resource, str) and resource.startswith("arn:aws") else ""
    )
    return action if action in known else None


def _resource(path: Path, field: dict[str, Any], known: tuple[str, ...], what: str) -> Finding:
    expected = [_PREFIX + action for action in known]
    found = field.get("Resource")
    message = f"no {what} with {quoted(found)}" if found else f"nothing says what {what} with"
    near = did_you_mean(str(found), expected) or f"write {one_of(expected)}"
    return Finding("resource", (*path, "Resource"), message, near)


def _written(given: Any, path: Path) -> Iterator[Finding]:
    if not isinstance(given, dict) or is_expression(given):
        return
    for key in given:
        if key.removesuffix(".$") not in _WRITTEN:
            message = f"no argument is called {quoted(key)}"
            yield Finding(
                "argument-unknown",
                (*path, key),
                message,
                did_you_mean(key, _WRITTEN) or f"write {one_of(_WRITTEN)}",
            )
