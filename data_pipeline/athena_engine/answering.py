"""A request of the embedded AWS → its answer, both as `main` describes them."""

from __future__ import annotations

from typing import Any

from data_pipeline.core.errors import UserError
from data_pipeline.features import queries
from data_pipeline.features.queries import TooManyBytesError

from . import describing, errors, results, statements, unloading
from .catalog import Access, finder, glue
from .errors import QueryError
from .unloading import Unload

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
    text = statements.with_parameters(request["run"], request.get("parameters", []))
    kind = statements.kind_of(text).kind
    if kind in describing.COLUMNS:
        return _described(Access(**request["access"]), text, kind, request)
    if kind not in ("SELECT", "UNLOAD"):
        raise QueryError("NOT_SUPPORTED", f"the embedded AWS does not run {kind.replace('_', ' ')}")
    access = Access(**request["access"])
    unload = unloading.read(text) if kind == "UNLOAD" else None
    query = text if unload is None else unload.query
    find = finder(access, request["database"])
    answer = queries.answer(query, find, request.get("most_bytes") or _NO_LIMIT)
    columns = [results.column(name, of) for name, of in answer.columns]
    done = {"columns": columns, "scanned": answer.bytes}
    if unload is not None:
        return done | {"manifest": _unloaded(access, unload, request["output"], answer, columns)}
    kinds = [kind for _, kind in answer.columns]
    results.write(access.files(), request["output"], columns, answer.rows, kinds)
    return done


def _described(access: Access, text: str, kind: str, request: dict[str, Any]) -> dict[str, Any]:
    """Write the lines of a SHOW or DESCRIBE."""
    columns = [results.text_column(name) for name in describing.COLUMNS[kind]]
    lines = describing.lines(glue(access), text, kind, request["database"])
    results.write_lines(access.files(), request["output"], columns, lines)
    return {"columns": columns, "scanned": 0}


def _unloaded(
    access: Access, unload: Unload, output: str, answer: queries.Answer, columns: list[dict[str, Any]]
) -> str:
    """Write the files of an UNLOAD, their list and what describes their columns; the list's URI."""
    unloading.check_columns(answer.columns)
    files, name = access.files(), output.rpartition("/")[2]
    places = unloading.write(files, unload, name, answer.rows, answer.columns)
    manifest = f"{output}-manifest.csv"
    with files.open_output_stream(manifest.removeprefix("s3://")) as out:
        out.write("".join(f"{place}\n" for place in places).encode())
    results.write_columns(files, output, columns)
    return manifest
