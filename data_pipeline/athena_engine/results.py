"""The files of a result in S3, as Athena writes them: a CSV file, and its columns as protocol buffers.

In the CSV file every value stands between double quotes, and a null is nothing at all.
https://docs.aws.amazon.com/athena/latest/ug/querying-finding-output-files.html
AWS does not describe the other file; its fields are those that the JDBC driver of burtcorp/athena-jdbc reads
(AthenaMetaDataParser).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyarrow.fs import S3FileSystem

from data_pipeline.athena_sql.types import Type

#: Athena's names of types whose names Trino or Iceberg writes otherwise, by their beginning.
_NAMES = {"real": "float", "list": "array", "struct": "row", "binary": "varbinary", "fixed": "varbinary"}
_PRECISIONS = {
    "tinyint": 3,
    "smallint": 5,
    "integer": 10,
    "bigint": 19,
    "double": 17,
    "float": 17,
    "varchar": 2**31 - 1,
}
_ROWS = 50_000
_PLAIN = (1e-3, 1e7)
"""Between these, Java writes a floating-point number without an exponent."""


def column(name: str, kind: Type) -> dict[str, Any]:
    """The ColumnInfo of a column, which GetQueryResults gives."""
    base = kind.name.partition("<")[0].partition("[")[0]
    athena = _NAMES.get(base, base)
    digits = 3 if athena.startswith("time") else _PRECISIONS.get(athena, 0)
    return {
        "CatalogName": "hive",
        "SchemaName": "",
        "TableName": "",
        "Name": name,
        "Label": name,
        "Type": athena,
        "Precision": kind.first if athena in ("decimal", "varchar") and kind.first else digits,
        "Scale": kind.scale if athena == "decimal" else 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": athena == "varchar",
    }


def write(
    files: S3FileSystem,
    place: str,
    columns: Sequence[Mapping[str, Any]],
    rows: pa.Table,
    kinds: Sequence[Type],
) -> None:
    """Write both files; ``place`` is the URI of the CSV file. OSError if S3 refuses."""
    path = place.removeprefix("s3://")
    with files.open_output_stream(path, metadata={"Content-Type": "application/octet-stream"}) as out:
        out.write(",".join(_quoted(each["Name"]) for each in columns).encode() + b"\n")
        for part in csv(rows, kinds):
            out.write(part)
    write_columns(files, place, columns)


def text_column(name: str) -> dict[str, Any]:
    """The ColumnInfo of a column of a SHOW or DESCRIBE."""
    plain = {"CatalogName": "hive", "SchemaName": "", "TableName": "", "Name": name, "Label": name}
    return plain | {
        "Type": "string",
        "Precision": 0,
        "Scale": 0,
        "Nullable": "UNKNOWN",
        "CaseSensitive": False,
    }


def write_lines(
    files: S3FileSystem, place: str, columns: Sequence[Mapping[str, Any]], lines: Sequence[str]
) -> None:
    """Write the lines of a SHOW or DESCRIBE, without a header and a last line's end; OSError if S3 refuses."""
    path = place.removeprefix("s3://")
    with files.open_output_stream(path, metadata={"Content-Type": "binary/octet-stream"}) as out:
        out.write("\n".join(lines).encode())
    write_columns(files, place, columns)


def write_columns(files: S3FileSystem, place: str, columns: Sequence[Mapping[str, Any]]) -> None:
    """Write what describes the columns of the result at ``place``. OSError if S3 refuses."""
    with files.open_output_stream(f"{place.removeprefix('s3://')}.metadata") as out:
        out.write(b"".join(_field(4, _column_message(each)) for each in columns))


def csv(rows: pa.Table, kinds: Sequence[Type]) -> Iterator[bytes]:
    """The lines of the file behind the header, in pieces."""
    for start in range(0, len(rows), _ROWS):
        piece = rows.slice(start, _ROWS)
        values = [_cells(texts(each, kind)) for each, kind in zip(piece.columns, kinds, strict=True)]
        lines = pc.binary_join_element_wise(*values, _text(","))
        yield ("\n".join(lines.to_pylist()) + "\n").encode()


def texts(values: pa.ChunkedArray, kind: Type) -> pa.ChunkedArray:
    """The values as Athena writes them, without quotes."""
    found = values.type
    if pa.types.is_timestamp(found):
        written = pc.strftime(values.cast(pa.timestamp(found.unit)), format="%Y-%m-%d %H:%M:%S")
        if kind.first is not None and kind.first < 6:  # the type says how many digits a second has
            written = pc.utf8_slice_codeunits(written, 0, 19 + (kind.first + 1 if kind.first else 0))
        return _zoned(written) if found.tz else written
    if pa.types.is_floating(found):
        width = np.float32 if pa.types.is_float32(found) else np.float64
        return _written(values, lambda value: _floating(width(value)))
    if pa.types.is_integer(found) or pa.types.is_date(found) or pa.types.is_boolean(found):
        return values.cast(pa.string())
    if pa.types.is_decimal(found):
        return _written(values, lambda value: f"{value:f}")
    if pa.types.is_string(found) or pa.types.is_large_string(found):
        return values.cast(pa.large_string())
    if pa.types.is_null(found):
        return values.cast(pa.string())
    return _written(values, lambda value: value_text(value, found))


def value_text(value: Any, of: pa.DataType) -> str:
    """A value within an array, map or row, or of a type with few values; ``of`` is the type."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _floating(np.float32(value) if pa.types.is_float32(of) else np.float64(value))
    if isinstance(value, bytes):
        return " ".join(f"{byte:02x}" for byte in value)
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime):
        text = value.replace(tzinfo=None).isoformat(" ", "microseconds")
        return f"{text} UTC" if value.tzinfo else text
    if isinstance(value, time):
        return value.isoformat("microseconds")
    if isinstance(value, date):
        return value.isoformat()
    return _nested_text(value, of)


def _nested_text(value: Any, of: pa.DataType) -> str:
    if pa.types.is_map(of):
        pairs = [f"{value_text(key, of.key_type)}={value_text(each, of.item_type)}" for key, each in value]
        return "{" + ", ".join(pairs) + "}"
    if pa.types.is_struct(of):
        return "{" + ", ".join(f"{each.name}={value_text(value[each.name], each.type)}" for each in of) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(value_text(each, of.value_type) for each in value) + "]"
    return str(value)


def _written(values: pa.ChunkedArray, write: Any) -> pa.ChunkedArray:
    return pa.chunked_array(
        [pa.array([None if value is None else write(value) for value in values.to_pylist()], pa.string())]
    )


def _zoned(written: pa.ChunkedArray) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(written, " UTC", "")


def _floating(number: np.floating[Any]) -> str:
    """A number as Java writes it."""
    if np.isnan(number):
        return "NaN"
    if np.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    if number == 0 or _PLAIN[0] <= abs(number) < _PLAIN[1]:
        return np.format_float_positional(number, unique=True, trim="0")
    digits, _, power = np.format_float_scientific(number, unique=True, trim="0").partition("e")
    return f"{digits}E{int(power)}"


def _cells(written: pa.ChunkedArray) -> pa.ChunkedArray:
    """Values between quotes, nulls as nothing."""
    text = written.cast(pa.large_string())
    quoted = pc.replace_substring(text, '"', '""')
    joined = pc.binary_join_element_wise(_text('"'), quoted, _text('"'), _text(""))
    return pc.fill_null(joined, _text(""))


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, pa.large_string())


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _column_message(info: Mapping[str, Any]) -> bytes:
    named = ((1, "CatalogName"), (4, "Name"), (5, "Label"), (6, "Type"))
    texts_ = b"".join(_field(number, info[name].encode()) for number, name in named)
    numbers = {7: info["Precision"], 8: info["Scale"], 9: 3, 10: int(info["CaseSensitive"])}  # 3: UNKNOWN
    return texts_ + b"".join(_number(number << 3) + _number(value) for number, value in numbers.items())


def _field(number: int, content: bytes) -> bytes:
    """A field of bytes: its number with wire type 2, its length, its content.
    https://protobuf.dev/programming-guides/encoding/
    """
    return _number(number << 3 | 2) + _number(len(content)) + content


def _number(value: int) -> bytes:
    """A number, seven bits a byte, the lowest first."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])
