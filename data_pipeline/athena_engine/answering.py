"""A request of the embedded AWS → its answer, both as `main` describes them."""

from __future__ import annotations

from typing import Any

from data_pipeline.core.errors import UserError
from data_pipeline.features import queries
from data_pipeline.features.queries import TooManyBytesError

from . import errors, results, statements
from .catalog import Access, finder
from .errors import QueryError

_NO_LIMIT = 2**62


def check(request: dict[str, Any]) -> dict[str, Any]:
    """Whether Athena takes the statement at all."""
    try:
        kind = statements.checked(request["check"], request.get("parameters", []))
    except UserError as error:
        return {"refused": errors.in_one_line(error)}
    return {"type": kind.type, "kind": kind.kind}


def run(request: dict[str, Any]) -> dict[str, Any]:
    """Run the statement and leave its result in S3."""
    try:
        return _run(request)
    except TooManyBytesError as error:
        return {"failed": errors.reason(error), "cancelled": True, "scanned": error.bytes}
    except Exception as error:
        reason = errors.reason(error)
        if reason is None:
            raise
        return {"failed": reason, "cancelled": False, "scanned": 0}


def _run(request: dict[str, Any]) -> dict[str, Any]:
    text = request["run"]
    kind = statements.kind_of(text)
    if kind.kind != "SELECT":
        raise QueryError("NOT_SUPPORTED", f"the embedded AWS does not run {kind.kind.replace('_', ' ')}")
    access = Access(**request["access"])
    statement = statements.with_parameters(text, request.get("parameters", []))
    find = finder(access, request["database"])
    answer = queries.answer(statement, find, request.get("most_bytes") or _NO_LIMIT)
    columns = [results.column(name, kind) for name, kind in answer.columns]
    results.write(
        access.files(), request["output"], columns, answer.rows, [kind for _, kind in answer.columns]
    )
    return {"columns": columns, "scanned": answer.bytes, "rows": len(answer.rows)}
