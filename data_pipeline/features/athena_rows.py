"""The CSV file of an Athena result as a table with the types that Athena names.

In the file a null is nothing at all and an empty text is ``""``. Arrays, maps and rows stay the text that Athena
wrote of them.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

_TYPES = {
    "boolean": pa.bool_(),
    "tinyint": pa.int8(),
    "smallint": pa.int16(),
    "integer": pa.int32(),
    "bigint": pa.int64(),
    "float": pa.float32(),
    "real": pa.float32(),
    "double": pa.float64(),
    "date": pa.date32(),
    "timestamp": pa.timestamp("us"),
    "timestamp with time zone": pa.timestamp("us", "UTC"),
}


def rows(columns: Sequence[tuple[str, str]], content: bytes) -> pa.Table:
    """The rows; ``columns`` are names and Athena's types, in order (two may have one name)."""
    numbered = [str(number) for number in range(len(columns))]
    read = pyarrow.csv.read_csv(
        io.BytesIO(content),
        read_options=pyarrow.csv.ReadOptions(column_names=numbered, skip_rows=1),
        # a null of a result with one column is an empty line
        parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
        convert_options=pyarrow.csv.ConvertOptions(
            column_types=dict.fromkeys(numbered, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    typed = [_typed(read.column(at), kind) for at, (_, kind) in enumerate(columns)]
    return pa.table(typed, names=[name for name, _ in columns])


def _typed(texts: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
    if kind == "timestamp with time zone":
        texts = pc.replace_substring_regex(texts, r" UTC$", "Z")
    if kind not in _TYPES:
        return texts
    try:
        return texts.cast(_TYPES[kind])
    except pa.ArrowInvalid:  # a time in another zone, which Arrow does not read: Athena's own text stays
        return texts
