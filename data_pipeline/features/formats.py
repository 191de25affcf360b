"""Tables of features as bytes: Parquet, Arrow's IPC stream, CSV. Equal tables make equal bytes."""

from __future__ import annotations

import io
from typing import Literal, get_args

import pyarrow as pa
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

Format = Literal["parquet", "arrow", "csv"]
FORMATS: tuple[Format, ...] = get_args(Format)


def encoded(table: pa.Table, form: Format) -> bytes:
    """The whole table in one of the formats."""
    target = io.BytesIO()
    if form == "parquet":
        pyarrow.parquet.write_table(table.combine_chunks(), target, compression="zstd")
    elif form == "arrow":
        with pyarrow.ipc.new_stream(target, table.schema) as stream:
            stream.write_table(table)
    else:
        pyarrow.csv.write_csv(table, target)
    return target.getvalue()
