"""The columns of Parquet files: their own schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.types import Field, List, Primitive, Struct, Type

from . import column_names, shared_columns
from .json_columns import FIELD
from .proposal import Columns, ProposedColumn
from .samples import SampleSource


@dataclass(frozen=True)
class ParquetHead:
    """A file's path and schema, its first rows, and of how many they are; ``fault``: why it cannot be read."""

    path: str
    schema: pa.Schema
    rows: pa.Table
    count: int
    fault: str = ""
    period: str = ""
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def whole(self) -> bool:
        return len(self.rows) == self.count


class NoTypeError(ValueError):
    """A stored type that no column is made of; the message says why."""


MOST_ROWS, MOST_BYTES = 20_000, 4 << 20


def head(source: SampleSource, path: str, period: str, parts: Mapping[str, str]) -> ParquetHead:
    """The schema and the first rows of a Parquet file."""
    try:
        with source.opened(path) as content, pq.ParquetFile(content) as file:
            batches = [next(file.iter_batches(_rows_to_read(file.metadata)), None)]
            schema = file.schema_arrow
            rows = pa.Table.from_batches([each for each in batches if each is not None], schema)
            return ParquetHead(path, schema, rows, file.metadata.num_rows, "", period, parts)
    except (pa.ArrowException, OSError, ValueError) as error:
        said = " ".join(str(error).split())[:200]
        return ParquetHead(path, pa.schema([]), pa.table({}), 0, said, period, parts)


def _rows_to_read(metadata: pq.FileMetaData) -> int:
    """As many rows as are not too many bytes."""
    size = sum(metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups))
    return max(100, min(MOST_ROWS, int(MOST_BYTES * metadata.num_rows // max(1, size))))


def columns(heads: Sequence[ParquetHead], parts: Sequence[str] = ()) -> Columns:
    """What these files hold, the newest last. UserError if none can be read."""
    readable = [each for each in heads if not each.fault]
    if not readable:
        raise UserError(
            f"{heads[-1].path}: found data that cannot be read as Parquet: {heads[-1].fault}; nothing was changed"
        )
    fits = shared_columns.alike([each.schema.names for each in readable])
    used = [each for each, alike in zip(readable, fits, strict=True) if alike]
    shared = shared_columns.shared([each.schema.names for each in used])
    named = column_names.column_names([each.names[0] for each in shared], parts)
    made: list[ProposedColumn] = []
    left_out: list[str] = []
    unsure: list[str] = []
    for group in shared:
        name = named[group.names[0]]
        stored = {each.path: field for each in used if (field := _field_of(each, group.names)) is not None}
        try:
            column, doubts = _column(name, group.names, stored, used)
        except NoTypeError as error:
            left_out.append(f"{group.names[0]}: {error}")
            continue
        made.append(column)
        unsure += doubts
    if not made:
        raise UserError(
            f"{used[-1].path}: found no column that is read: {'; '.join(left_out)}; nothing was changed"
        )
    strange = tuple(each.path for each, alike in zip(readable, fits, strict=True) if not alike)
    return Columns(tuple(made), {}, tuple(left_out), tuple(unsure), strange)


def _field_of(head: ParquetHead, names: Sequence[str]) -> pa.Field | None:
    """The field that is called one of ``names``; None if there is none, or more than one of a name."""
    places = [head.schema.get_field_index(name) for name in names]
    return next((head.schema.field(at) for at in places if at >= 0), None)


def _column(
    name: str, names: tuple[str, ...], stored: Mapping[str, pa.Field], used: Sequence[ParquetHead]
) -> tuple[ProposedColumn, list[str]]:
    """A column of all files. NoTypeError if it cannot be one."""
    unsure: list[str] = []
    if not stored:
        raise NoTypeError("stands more than once in a file")
    kinds = {path: each.type for path, each in stored.items() if not pa.types.is_null(each.type)}
    read = {path: _type(kind) for path, kind in kinds.items()}
    other = () if names == (name,) else names
    if not read:
        said = f"{name}: no value in the files looked at; a string, until you know"
        return ProposedColumn(name, Primitive("string"), True, other, "", "always null"), [said]
    kind = list(read.values())[-1]
    for each in read.values():
        kind = _wider(kind, each)
    shown = ", ".join(dict.fromkeys(str(each) for each in kinds.values()))
    if any(_wider(kind, each) != kind for each in read.values()):
        unsure.append(f"{name}: files store it as {shown}; those that are no {kind} are unreadable")
    elif len(set(read.values())) > 1:
        unsure.append(f"{name}: files store it as {shown}; a {kind} reads them all")
    nanos = any(pa.types.is_timestamp(each) and each.unit == "ns" for each in kinds.values())
    if nanos:
        unsure.append(f"{name}: times in nanoseconds; a row whose time is no whole microsecond is refused")
    if any(pa.types.is_binary(each) or pa.types.is_large_binary(each) for each in kinds.values()):
        _refuse_bytes(names, used)
        unsure.append(f"{name}: bytes, which are text in the rows looked at; others are refused")
    missing = len(stored) < len(used)
    nullable = missing or any(each.nullable for each in stored.values())
    if nullable and not missing and not _has_null(names, used):
        shown += ", never null in the rows looked at"
    if missing:
        unsure.append(f"{name}: in {len(stored)} of the {len(used)} files looked at; null in the others")
        shown = f"in {len(stored)} of {len(used)} files; {shown}"
    default = "" if missing and isinstance(kind, Primitive) else None
    return ProposedColumn(name, kind, nullable, other, default, shown), unsure


def _has_null(names: Sequence[str], used: Sequence[ParquetHead]) -> bool:
    return any(
        each.rows.column(n).null_count for each in used for n in names if each.schema.get_field_index(n) >= 0
    )


def _refuse_bytes(names: Sequence[str], used: Sequence[ParquetHead]) -> None:
    for each in used:
        for name in names:
            if each.schema.get_field_index(name) >= 0:
                try:
                    each.rows.column(name).cast(pa.binary()).cast(pa.string())
                except pa.ArrowInvalid:
                    raise NoTypeError("bytes that are no text") from None


def _type(stored: pa.DataType) -> Type:
    """The type that reads every value of a stored type. NoTypeError if there is none."""
    if pa.types.is_dictionary(stored):
        stored = stored.value_type
    for fits, name in _PRIMITIVES:
        if fits(stored):
            return Primitive(name)
    if pa.types.is_uint64(stored):
        return Primitive("decimal", 20, 0)
    if (
        pa.types.is_decimal(stored)
        and stored.precision <= types.MOST_DIGITS
        and 0 <= stored.scale <= stored.precision
    ):
        return Primitive("decimal", stored.precision, stored.scale)
    if pa.types.is_timestamp(stored):
        return Primitive("timestamptz" if stored.tz else "timestamp")
    if pa.types.is_list(stored) or pa.types.is_large_list(stored) or pa.types.is_fixed_size_list(stored):
        element = stored.value_field
        return List(_type(element.type), element.nullable)
    if pa.types.is_struct(stored):
        return _struct(stored)
    said = "a map is not read" if pa.types.is_map(stored) else "not read"
    raise NoTypeError(f"stored as {str(stored)[:60]}, {said}")


def _struct(stored: pa.DataType) -> Struct:
    names = [field.name for field in stored]
    lower = [name.lower() for name in names]
    kept = [each for each in stored if FIELD.fullmatch(each.name) and lower.count(each.name.lower()) == 1]
    fields: list[Field] = []
    for each in kept:
        kind = Primitive("string") if pa.types.is_null(each.type) else _type(each.type)
        fields.append(Field(each.name, kind, each.nullable or pa.types.is_null(each.type)))
    if not fields:
        raise NoTypeError("a struct of no field that can be named")
    return Struct(tuple(fields))


_PRIMITIVES = (
    (pa.types.is_boolean, "boolean"),
    (
        lambda t: pa.types.is_integer(t) and t.bit_width <= (16 if pa.types.is_unsigned_integer(t) else 32),
        "int",
    ),
    (lambda t: pa.types.is_uint32(t) or pa.types.is_int64(t), "long"),
    (lambda t: pa.types.is_float32(t) or pa.types.is_float16(t), "float"),
    (pa.types.is_float64, "double"),
    (pa.types.is_date, "date"),
    (
        lambda t: any(
            test(t)
            for test in (
                pa.types.is_string,
                pa.types.is_large_string,
                pa.types.is_string_view,
                pa.types.is_binary,
                pa.types.is_large_binary,
                pa.types.is_binary_view,
            )
        ),
        "string",
    ),
)
_ORDER = ("int", "long", "float", "double")


def _wider(one: Type, other: Type) -> Type:
    """The type that reads both; ``one`` if there is none."""
    if isinstance(one, Primitive) and isinstance(other, Primitive):
        if {one.name, other.name} <= set(_ORDER):
            names = {one.name, other.name}
            if "long" in names and "float" in names:
                return Primitive("double")
            return max(one, other, key=lambda each: _ORDER.index(each.name))
        if one.name == other.name == "decimal":
            scale = max(one.scale, other.scale)
            whole = max(one.precision - one.scale, other.precision - other.scale)
            return Primitive("decimal", min(whole + scale, types.MOST_DIGITS), scale)
        if {one.name, other.name} <= {"int", "long", "decimal"}:
            decimal, kind = (one, other) if one.name == "decimal" else (other, one)
            digits = {"int": 10, "long": 19}[kind.name]
            whole = max(decimal.precision - decimal.scale, digits)
            return Primitive("decimal", min(whole + decimal.scale, types.MOST_DIGITS), decimal.scale)
    if isinstance(one, Struct) and isinstance(other, Struct):
        return _both(one, other)
    if isinstance(one, List) and isinstance(other, List):
        return List(_wider(one.element, other.element), one.nullable or other.nullable)
    return one


def _both(one: Struct, other: Struct) -> Struct:
    """The fields of either; one that only one of them has may be null."""
    mine, theirs = ({each.name: each for each in struct.fields} for struct in (one, other))
    fields = []
    for name in dict.fromkeys([*mine, *theirs]):
        if name in mine and name in theirs:
            nullable = mine[name].nullable or theirs[name].nullable
            fields.append(Field(name, _wider(mine[name].type, theirs[name].type), nullable))
        else:
            fields.append(Field(name, (mine.get(name) or theirs[name]).type, True))
    return Struct(tuple(fields))
