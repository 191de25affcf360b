"""A transform of the project's own (``transform: {function: module:name, columns: …}``): a function that makes the rows
of a data set's table of the accepted rows of a unit, in place of SQL.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Callable, Union

import pyarrow as pa

from data_pipeline.etl.arrow_types import to_arrow
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.exits import one_line
from data_pipeline.etl.reading.project_reader import imported, line_of

PAGE = "docs/how-to/custom-transform.md"

Made = Union[pa.Table, pa.RecordBatch]
Function = Callable[[pa.RecordBatchReader, Mapping[str, str]], Union[Made, Iterable[Made]]]
"""Takes a unit's accepted rows and the data set's ``options``."""


def schema_of(dataset: Dataset) -> pa.Schema:
    """The columns that the transform of ``dataset`` makes, null where they may be."""
    return pa.schema(
        pa.field(column.name, to_arrow(types.parse(column.type)), column.nullable)
        for column in dataset.result
    )


def load(dataset: Dataset) -> Function:
    """The function that ``dataset`` names. JobError if there is none."""
    module, _, name = dataset.transform.partition(":")
    found = getattr(imported(module, _where(dataset)), name, None)
    if not inspect.isfunction(found):
        raise JobError(f"{_where(dataset)} is no function; see {PAGE}")
    return found


def run(dataset: Dataset, rows: pa.RecordBatchReader, unit: str) -> Iterator[pa.Table]:
    """What the transform makes of the ``rows`` of ``unit``, as ``schema_of`` has it. JobError where it goes wrong."""
    function, schema = load(dataset), schema_of(dataset)
    try:
        made = function(rows, dataset.options)
        for each in (made,) if isinstance(made, (pa.Table, pa.RecordBatch)) else made:
            yield _checked(dataset, each, schema)
    except JobError:
        raise
    except Exception as error:
        said = "" if dataset.private else f": {one_line(str(error))}"
        place = line_of(error, function)
        raise JobError(
            f"{_where(dataset)} failed at {place} on {unit}: {type(error).__name__}{said}"
        ) from error


def _checked(dataset: Dataset, made: Any, schema: pa.Schema) -> pa.Table:
    """``made`` with the types of ``schema``, in its order. JobError for other columns, values that a type would alter,
    and a null that may not be.
    """
    if not isinstance(made, (pa.Table, pa.RecordBatch)):
        found = f"{_where(dataset)} returns {type(made).__name__}"
        raise JobError(f"{found}, expected Arrow tables or record batches; see {PAGE}")
    table = pa.Table.from_batches([made]) if isinstance(made, pa.RecordBatch) else made
    if sorted(table.column_names) != sorted(schema.names):
        raise JobError(
            f"{_where(dataset)} returns the columns {', '.join(table.column_names)}, expected those of its "
            f"configuration: {', '.join(schema.names)}"
        )
    return pa.table([_cast(dataset, table[field.name], field) for field in schema], schema=schema)


def _cast(dataset: Dataset, values: pa.ChunkedArray, field: pa.Field) -> pa.ChunkedArray:
    where = f"{_where(dataset)}: column {field.name}"
    if values.null_count and not field.nullable:
        raise JobError(f"{where} has a null; write ? behind its type if it may be null")
    if _is_text(values.type) != _is_text(field.type) and not pa.types.is_null(values.type):
        raise JobError(f"{where} is {values.type}, expected {field.type}")
    try:
        return values.cast(field.type)
    except pa.ArrowException as error:
        said = "" if dataset.private else f": {one_line(str(error))}"
        raise JobError(f"{where} is {values.type}, which is not exactly {field.type}{said}") from error


def _is_text(type: pa.DataType) -> bool:
    """Arrow would read a number out of a text, and write one into it."""
    inner = type.value_type if pa.types.is_dictionary(type) else type
    return any(
        check(inner) for check in (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    )


def _where(dataset: Dataset) -> str:
    return f"data set {dataset.name}: its transform {dataset.transform}"
