"""What a published table is: its columns, its partitions, and what it says of itself in the Glue catalog."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow as pa
from pyiceberg.schema import Schema
from pyiceberg.table import Table

from . import transactions


@dataclass(frozen=True)
class Definition:
    """``columns`` with Arrow's types, in order; ``partitions`` as ``transforms`` spell them; ``comment`` of
    the table and ``comments`` of its columns, which may be empty.
    """

    columns: pa.Schema
    comment: str
    comments: Mapping[str, str]
    partitions: tuple[str, ...] = ()

    @property
    def properties(self) -> dict[str, str]:
        """By which Glue (``Description``) and Iceberg's engines (``comment``) know what the table is."""
        return {"Description": self.comment, "comment": self.comment} if self.comment else {}


def commented(schema: Schema, comments: Mapping[str, str]) -> Schema:
    """``schema`` with a comment on each of its columns."""
    return Schema(
        *(field.model_copy(update={"doc": comments.get(field.name) or None}) for field in schema.fields)
    )


def upgrade(table: Table, definition: Definition) -> bool:
    """Give a table that an earlier version has made its comments; whether it lacked any. The data stay as they are.

    Raises CommitFailedException if the table has changed since it was loaded.
    """
    columns = {field.name: field.doc for field in table.schema().fields}
    lacking = {c: text for c, text in definition.comments.items() if c in columns and columns[c] != text}
    wrong = {key: text for key, text in definition.properties.items() if table.properties.get(key) != text}
    if not lacking and not wrong:
        return False
    with transactions.begin(table) as transaction:
        if wrong:
            transaction.set_properties(wrong)
        if lacking:
            with transaction.update_schema() as update:
                for column, text in lacking.items():
                    update.update_column(column, doc=text)
    return True
