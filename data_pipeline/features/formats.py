"""Tables as bytes: Parquet, Arrow's IPC stream, CSV, JSON (a list of objects). Equal tables make equal bytes.

CSV has no lists and structs: they are written as JSON in a field.
"""

from __future__ import annotations

import io
import json
from datetime import date, datetime
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

Format = Literal["parquet", "arrow", "csv", "json"]
FORMATS: tuple[Format, ...] = get_args(Format)


def encoded(table: pa.Table, form: Format) -> bytes:
    """The whole table in one of the formats."""
    target = io.BytesIO()
    if form == "parquet":
        pyarrow.parquet.write_table(table.combine_chunks(), target, compression="zstd")
    elif form == "arrow":
        with pyarrow.ipc.new_stream(target, table.schema) as stream:
            stream.write_table(table)
    elif form == "json":
        target.write((json.dumps(table.to_pylist(), indent=1, default=_text) + "\n").encode())
    else:
        pyarrow.csv.write_csv(_flat(table), target)
    return target.getvalue()


def _flat(table: pa.Table) -> pa.Table:
    """Lists, structs and maps as JSON; null stays null."""
    for at, field in enumerate(table.schema):
        if pa.types.is_nested(field.type):
            texts = [
                None if value is None else json.dumps(value, default=_text, ensure_ascii=False)
                for value in table.column(at).to_pylist()
            ]
            table = table.set_column(at, field.name, pa.array(texts, pa.string()))
    return table


def _text(value: object) -> str:
    """What JSON has no type for: times as in ISO 8601, decimal numbers with all their digits."""
    return value.isoformat() if isinstance(value, (date, datetime)) else str(value)
