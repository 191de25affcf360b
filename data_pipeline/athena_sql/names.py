"""Relations and their columns: which column a name is. Names are compared without regard to case, as Trino does."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from data_pipeline.core.problems import did_you_mean, quoted

from .operators import NotTranslatedError
from .types import Type


@dataclass(frozen=True)
class Column:
    """``name`` None: it has none (an expression). ``sql``: its name in DuckDB, which no other column of the statement
    has. ``relation``: the name before the point."""

    name: str | None
    type: Type
    sql: str
    relation: str | None = None


@dataclass(frozen=True)
class CatalogTable:
    """A table as the catalog has it: what DuckDB calls it, and columns with Iceberg's types."""

    relation: str
    columns: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class State:
    """Which state of a table is read: a snapshot's id, or a time as it was written."""

    kind: str
    text: str


#: parts of a table's name and the state that is read → the table. UserError if there is none.
Resolve = Callable[[Sequence[str], State | None], CatalogTable]


@dataclass(frozen=True)
class Relation:
    """``sql``: what stands behind FROM. ``columns``: in the order of ``SELECT *``. ``joined``: it is a join."""

    sql: str
    columns: tuple[Column, ...]
    joined: bool = False

    @property
    def inner(self) -> str:
        """SQL of it as the right side of a join."""
        return f"({self.sql})" if self.joined else self.sql


class NoColumnError(Exception):
    """No column, or several, have the name; the message says so."""


def find(columns: Sequence[Column], name: str, relation: str | None = None) -> Column:
    """The one column of this name. NoColumnError if there is none, or several; NotTranslatedError where Athena's tables
    may have a hidden one.
    """
    found = [column for column in columns if _is(column, name, relation)]
    shown = name if relation is None else f"{relation}.{name}"
    if not found and name.startswith("$"):
        raise NotTranslatedError(f"the hidden column {name}")
    if not found:
        near = did_you_mean(name.lower(), [column.name for column in columns if column.name])
        raise NoColumnError(f"column {quoted(shown)} cannot be resolved" + (f"; {near}" if near else ""))
    if len(found) > 1:
        raise NoColumnError(f"column {quoted(shown)} is ambiguous")
    return found[0]


def _is(column: Column, name: str, relation: str | None) -> bool:
    if column.name is None or column.name.lower() != name.lower():
        return False
    return relation is None or (column.relation or "").lower() == relation.lower()
