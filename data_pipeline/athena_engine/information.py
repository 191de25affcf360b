"""information_schema: what the Glue catalog has, as the tables ``columns``, ``tables`` and ``schemata``.

Columns in their order: https://docs.aws.amazon.com/athena/latest/ug/querying-glue-catalog-listing-columns.html; of the
other two: io.trino.connector.informationschema.InformationSchemaTable of trinodb/trino. Types are written as Trino
shows them. A table whose metadata cannot be read has no columns there, as in io.trino.plugin.iceberg.IcebergMetadata;
a database whose tables the caller may not list has none. What is left out is information_schema itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pyarrow as pa
from pyiceberg import types as iceberg
from pyiceberg.catalog.glue import GlueCatalog

from data_pipeline.athena_sql import types
from data_pipeline.features.queries import TableState

from .describing import current_columns, is_iceberg, pages
from .errors import QueryError

SCHEMA = "information_schema"
CATALOG = "awsdatacatalog"
"""Athena's name of the Glue catalog, in small letters."""
_OF_A_TABLE = ("table_catalog", "table_schema", "table_name")
_COLUMNS = {
    "columns": (
        *_OF_A_TABLE,
        *("column_name", "ordinal_position", "column_default", "is_nullable", "data_type"),
        *("comment", "extra_info"),
    ),
    "schemata": ("catalog_name", "schema_name"),
    "tables": (*_OF_A_TABLE, "table_type"),
}
_NUMBER = "ordinal_position"
#: PyIceberg's types without parts → Trino's
_ICEBERG: dict[type[iceberg.IcebergType], str] = {
    iceberg.BooleanType: "boolean",
    iceberg.IntegerType: "integer",
    iceberg.LongType: "bigint",
    iceberg.FloatType: "real",
    iceberg.DoubleType: "double",
    iceberg.StringType: "varchar",
    iceberg.UUIDType: "uuid",
    iceberg.BinaryType: "varbinary",
    iceberg.FixedType: "varbinary",
    iceberg.DateType: "date",
    iceberg.TimeType: "time(6)",
    iceberg.TimestampType: "timestamp(6)",
    iceberg.TimestamptzType: "timestamp(6) with time zone",
}
#: Hive's types → Trino's, where they are written otherwise
_HIVE = {
    "int": "integer",
    "float": "real",
    "string": "varchar",
    "binary": "varbinary",
    "decimal": "decimal(10,0)",
    "timestamp": "timestamp(3)",
}

Row = tuple[Any, ...]


def table(catalog: GlueCatalog, name: str) -> TableState:
    """A table of information_schema, read as whoever asked when its rows are. QueryError for one that is not there."""
    if name not in _COLUMNS:
        words = f"the embedded AWS has no {SCHEMA}.{name}; it has {', '.join(sorted(_COLUMNS))}"
        raise QueryError("NOT_SUPPORTED", words)
    kinds = {column: "long" if column == _NUMBER else "string" for column in _COLUMNS[name]}
    arrow = {"long": pa.int64(), "string": pa.string()}
    schema = pa.schema([(column, arrow[kind]) for column, kind in kinds.items()])

    def read() -> pa.Table:
        rows = [dict(zip(kinds, row, strict=True)) for row in _ROWS[name](catalog)]
        return pa.Table.from_pylist(rows, schema)

    return TableState(f"{SCHEMA}.{name}", tuple(kinds.items()), lambda: 0, read)


def _schemata(catalog: GlueCatalog) -> Iterator[Row]:
    for name in sorted(each["Name"] for each in pages(catalog, "get_databases", "DatabaseList")):
        yield CATALOG, name


def _described(catalog: GlueCatalog) -> Iterator[Mapping[str, Any]]:
    """The tables and views of all databases that the caller may list, as Glue describes them."""
    errors = catalog.glue.exceptions
    for _, database in _schemata(catalog):
        try:
            found = list(pages(catalog, "get_tables", "TableList", DatabaseName=database))
        except (errors.AccessDeniedException, errors.EntityNotFoundException):
            continue
        yield from sorted(found, key=lambda each: str(each["Name"]))


def _tables(catalog: GlueCatalog) -> Iterator[Row]:
    for each in _described(catalog):
        yield *_named(each), "VIEW" if each.get("TableType") == "VIRTUAL_VIEW" else "BASE TABLE"


def _columns(catalog: GlueCatalog) -> Iterator[Row]:
    for each in _described(catalog):
        columns = _of_iceberg(catalog, each) if is_iceberg(each) else _of_hive(each)
        for number, (name, nullable, kind, comment, more) in enumerate(columns, 1):
            yield *_named(each), name.lower(), number, None, "YES" if nullable else "NO", kind, comment, more


def _named(table: Mapping[str, Any]) -> Row:
    return CATALOG, table["DatabaseName"], table["Name"]


def _of_iceberg(catalog: GlueCatalog, table: Mapping[str, Any]) -> Iterator[Row]:
    """Name, whether it takes nulls, type, comment and what more is said of each column."""
    try:
        fields = catalog.load_table((table["DatabaseName"], table["Name"])).schema().fields
    except Exception:  # noqa: BLE001 - as in Trino, whatever it is: the table may be about to go
        return
    for field in fields:
        yield field.name, field.optional, trino(field.field_type), field.doc, None


def _of_hive(table: Mapping[str, Any]) -> Iterator[Row]:
    """As of Iceberg; columns by which the table is partitioned stand at the end."""
    for each in current_columns(table):
        yield each["Name"], True, of_hive(each.get("Type", "")), each.get("Comment"), None
    for each in table.get("PartitionKeys", []):
        yield each["Name"], True, of_hive(each.get("Type", "")), each.get("Comment"), "partition key"


def trino(kind: iceberg.IcebergType) -> str:
    """Trino's name of an Iceberg type."""
    if isinstance(kind, iceberg.ListType):
        return f"array({trino(kind.element_type)})"
    if isinstance(kind, iceberg.MapType):
        return f"map({trino(kind.key_type)}, {trino(kind.value_type)})"
    if isinstance(kind, iceberg.StructType):
        return f"row({', '.join(f'{field.name} {trino(field.field_type)}' for field in kind.fields)})"
    if isinstance(kind, iceberg.DecimalType):
        return f"decimal({kind.precision},{kind.scale})"
    return _ICEBERG.get(type(kind), str(kind))


def of_hive(text: str) -> str:
    """Trino's name of a type of Hive's, as Glue has it, in letters of both kinds: ``array<struct<a:int>>``."""
    name, _, inner = text.strip().partition("<")
    name = name.strip().lower()
    parts = types.split(inner.removesuffix(">"))
    if name == "struct":
        pairs = [part.partition(":") for part in parts]
        return f"row({', '.join(f'{field.strip()} {of_hive(kind)}' for field, _, kind in pairs)})"
    if parts:
        return f"{name}({', '.join(map(of_hive, parts))})"
    return _HIVE.get(name, name)


_ROWS: dict[str, Callable[[GlueCatalog], Iterator[Row]]] = {
    "columns": _columns,
    "schemata": _schemata,
    "tables": _tables,
}
