"""SHOW and DESCRIBE: what the Glue catalog has, as the lines of text that Athena answers.

The statements are of Hive's grammar: https://docs.aws.amazon.com/athena/latest/ug/ddl-reference.html (SHOW DATABASES,
SHOW TABLES, SHOW VIEWS, SHOW COLUMNS, SHOW PARTITIONS, DESCRIBE). AWS does not describe the lines. They are as they
were measured on AWS by github.com/aoyagikouhei/athena-local, docs/result-files.md and docs/api.md: a row has one value,
fields stand between tabs, and are filled up to 20 characters where the table is no Iceberg table.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pyiceberg.catalog.glue import GlueCatalog

from .errors import QueryError

_NAME = r"(?:`[^`]+`|\w+)"
_TABLE = rf"(?P<table>(?:{_NAME}\s*\.\s*)?{_NAME})"
_IN = rf"(?:\s+(?:IN|FROM)\s+(?P<database>{_NAME}))?"
_PATTERN = r"(?:\s+(?:LIKE\s+)?'(?P<pattern>[^']*)')?"
#: Kind of a statement → its form, as it is told and as it is read.
_FORMS = {
    "SHOW_DATABASES": ("SHOW DATABASES", r"SHOW\s+(?:DATABASES|SCHEMAS)"),
    "SHOW_TABLES": ("SHOW TABLES [IN database] ['a*|b*']", rf"SHOW\s+TABLES{_IN}{_PATTERN}"),
    "SHOW_VIEWS": ("SHOW VIEWS [IN database] [LIKE 'a*|b*']", rf"SHOW\s+VIEWS{_IN}{_PATTERN}"),
    "SHOW_COLUMNS": ("SHOW COLUMNS IN [database.]table", rf"SHOW\s+COLUMNS\s+(?:IN|FROM)\s+{_TABLE}{_IN}"),
    "SHOW_PARTITIONS": ("SHOW PARTITIONS [database.]table", rf"SHOW\s+PARTITIONS\s+{_TABLE}"),
    "DESCRIBE_TABLE": ("DESCRIBE [database.]table", rf"(?:DESCRIBE|DESC)\s+{_TABLE}"),
}
COLUMNS = {
    "SHOW_DATABASES": ("database_name",),
    "SHOW_TABLES": ("tab_name",),
    "SHOW_VIEWS": ("views",),
    "SHOW_COLUMNS": ("field",),
    "SHOW_PARTITIONS": ("partition",),
    "DESCRIBE_TABLE": ("col_name", "data_type", "comment"),
}
"""Kind of a statement → the names of its result's columns."""
_WIDTH = 20
_COMMENTS = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)
#: What Hive writes of a partition's value by a percent sign and two digits.
_ESCAPED = re.compile(r"""[\x01-\x1f\x7f"#%'*/:=?\\{\[\]^]""")


def read(text: str, kind: str) -> Mapping[str, str]:
    """The parts of the statement that were given. QueryError for another form than Athena's."""
    shown, form = _FORMS[kind]
    found = re.fullmatch(rf"\s*{form}\s*;?\s*", _COMMENTS.sub(" ", text), re.IGNORECASE)
    if found is None:
        raise QueryError(
            "SYNTAX_ERROR", f"line 1:1: expected {shown}; the embedded AWS does not run other forms"
        )
    return {name: value for name, value in found.groupdict().items() if value is not None}


def lines(catalog: GlueCatalog, text: str, kind: str, database: str) -> list[str]:
    """The rows, read as whoever asked. QueryError, or botocore's ClientError."""
    given = read(text, kind)
    place = _plain(given.get("database", database))
    if kind == "SHOW_DATABASES":
        return sorted(each["Name"] for each in pages(catalog, "get_databases", "DatabaseList"))
    if kind in ("SHOW_TABLES", "SHOW_VIEWS"):
        return _tables(catalog, place, given.get("pattern", "*"), only_views=kind == "SHOW_VIEWS")
    *before, name = (_plain(part) for part in re.findall(_NAME, given["table"]))
    table = _table(catalog, before[0] if before else place, name)
    return list(_OF_TABLES[kind](catalog, table))


def _plain(name: str) -> str:
    return name.strip("`").lower()


def pages(catalog: GlueCatalog, operation: str, member: str, **members: str) -> Iterator[Any]:
    """What all pages of an operation of Glue have in this member."""
    glue: Any = catalog.glue
    for page in glue.get_paginator(operation).paginate(**members):
        yield from page[member]


def _tables(catalog: GlueCatalog, database: str, pattern: str, *, only_views: bool) -> list[str]:
    """In a pattern, a star is any characters, and a bar stands between two that are looked for."""
    parts = [
        "".join(".*" if mark == "*" else re.escape(mark) for mark in part)
        for part in pattern.lower().split("|")
    ]
    found = pages(catalog, "get_tables", "TableList", DatabaseName=database)
    names = [each["Name"] for each in found if not only_views or each.get("TableType") == "VIRTUAL_VIEW"]
    return sorted(name for name in names if any(re.fullmatch(part, name) for part in parts))


def _table(catalog: GlueCatalog, database: str, name: str) -> Mapping[str, Any]:
    try:
        found: Mapping[str, Any] = catalog.glue.get_table(DatabaseName=database, Name=name)["Table"]
    except catalog.glue.exceptions.EntityNotFoundException as error:
        raise QueryError("TABLE_NOT_FOUND", f"Table '{database}.{name}' does not exist") from error
    if found.get("TableType") == "VIRTUAL_VIEW":
        raise QueryError(
            "NOT_SUPPORTED", f"{database}.{name} is a view, which the embedded AWS does not describe"
        )
    return found


def is_iceberg(table: Mapping[str, Any]) -> bool:
    """Whether a table that Glue describes is one of Iceberg's."""
    return str(table.get("Parameters", {}).get("table_type", "")).upper() == "ICEBERG"


def current_columns(table: Mapping[str, Any]) -> list[Mapping[str, str]]:
    """The columns that Glue describes; of an Iceberg table those of today: Glue keeps older ones, too."""
    found = table.get("StorageDescriptor", {}).get("Columns", [])
    return [
        each for each in found if each.get("Parameters", {}).get("iceberg.field.current", "true") == "true"
    ]


def _show_columns(_: GlueCatalog, table: Mapping[str, Any]) -> Iterator[str]:
    width = 0 if is_iceberg(table) else _WIDTH
    for each in (*current_columns(table), *table.get("PartitionKeys", [])):
        yield str(each["Name"]).ljust(width)


def _show_partitions(catalog: GlueCatalog, table: Mapping[str, Any]) -> Iterator[str]:
    keys = [each["Name"] for each in table.get("PartitionKeys", [])]
    if not keys:
        words = f"{table['Name']} has no partitions in the Glue catalog"
        raise QueryError("GENERIC_USER_ERROR", words)
    named = {"DatabaseName": table["DatabaseName"], "TableName": table["Name"]}
    found = pages(catalog, "get_partitions", "Partitions", **named)
    for values in sorted(each["Values"] for each in found):
        yield "/".join(f"{key}={_escaped(value)}" for key, value in zip(keys, values, strict=True))


def _escaped(value: str) -> str:
    return _ESCAPED.sub(lambda mark: f"%{ord(mark[0]):02X}", value)


def _describe(catalog: GlueCatalog, table: Mapping[str, Any]) -> Iterator[str]:
    if is_iceberg(table):
        yield from _describe_iceberg(catalog, table)
        return
    keys = table.get("PartitionKeys", [])
    yield from map(_padded, (*current_columns(table), *keys))
    if keys:
        yield from ("\t \t ", "# Partition Information\t \t ")
        yield "\t".join(word.ljust(_WIDTH) for word in ("# col_name", "data_type", "comment"))
        yield "\t \t "
        yield from map(_padded, keys)


def _padded(column: Mapping[str, str]) -> str:
    fields = (column["Name"], column.get("Type", ""), column.get("Comment", ""))
    return "\t".join(field.ljust(_WIDTH).partition("\t")[0] for field in fields)


def _describe_iceberg(catalog: GlueCatalog, table: Mapping[str, Any]) -> Iterator[str]:
    yield from ("# Table schema:\t\t", "# col_name\tdata_type\tcomment")
    for each in current_columns(table):
        spaced = re.sub(r"([,:])(?=\S)", r"\1 ", each.get("Type", ""))
        yield f"{each['Name']}\t{spaced}\t{each.get('Comment', '')}"
    yield from ("\t\t", "# Partition spec:\t\t", "# field_name\tfield_transform\tcolumn_name")
    found = catalog.load_table((table["DatabaseName"], table["Name"]))
    for field in found.spec().fields:
        yield f"{field.name}\t{field.transform}\t{found.schema().find_column_name(field.source_id)}"


_OF_TABLES: dict[str, Callable[[GlueCatalog, Mapping[str, Any]], Iterator[str]]] = {
    "SHOW_COLUMNS": _show_columns,
    "SHOW_PARTITIONS": _show_partitions,
    "DESCRIBE_TABLE": _describe,
}
