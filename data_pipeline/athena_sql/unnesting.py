"""``CROSS JOIN UNNEST(…)`` and ``LEFT JOIN UNNEST(…) ON TRUE``: a row for each element of arrays and maps.

https://trino.io/docs/current/sql/select.html#unnest: several arrays run side by side, short ones are filled with nulls;
an array of rows becomes a column for each field, a map one for keys and one for values; ORDINALITY counts from 1. A
null array is as one without elements.
"""

# ruff: noqa: S608 - this SQL is put together from what has been read, never from text

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from .grammar import Statement, kind_of
from .names import Column, Relation
from .nested import extracted
from .typed import Typed
from .types import BIGINT, Type


@dataclass
class _Unnested:
    """``inner``: what DuckDB's own ``unnest`` makes, ``outer``: the fields that are taken out above it."""

    take: Callable[[], str]
    inner: list[str] = field(default_factory=list)
    outer: list[str] = field(default_factory=list)
    columns: list[Column] = field(default_factory=list)

    def add(self, sql: str, kind: Type) -> None:
        """A list, whose elements have this type."""
        name = self.take()
        self.inner.append(f"unnest({sql}) AS {name}")
        if kind.name != "row":
            self.columns.append(Column(None, kind, name))
            return
        for shown, part in zip(kind.fields, kind.parts, strict=True):
            column = Column(shown, part, self.take())
            self.columns.append(column)
            self.outer.append(f"{extracted(name, shown)} AS {column.sql}")


def unnest_of(node: Any) -> tuple[Any, Any] | None:
    """The UNNEST that a relation is, and the node with its alias; None for any other relation."""
    aliased = None
    while kind_of(node) in ("RelationDefault", "SampledRelation", "PatternRecognition", "AliasedRelation"):
        aliased = node if kind_of(node) == "AliasedRelation" else aliased
        node = node.getChild(0)
    return (node, aliased) if kind_of(node) == "Unnest" else None


def unnested(
    statement: Statement,
    take: Callable[[], str],
    left: Relation,
    node: Any,
    values: list[Typed],
    all_rows: bool,
) -> tuple[str, tuple[Column, ...]]:
    """The SQL of the left relation with a row for each element, and the columns that are new.

    ``all_rows``: a row of the left without elements stays, with nulls.
    """
    made, counts = _Unnested(take), []
    for value, at in zip(values, node.expression(), strict=True):
        if value.type.name not in ("array", "map"):
            statement.wrong(at, f"UNNEST takes arrays and maps, not {value.type}")
        size = "len" if value.type.name == "array" else "cardinality"
        counts.append(f"coalesce(CAST({size}({value.sql}) AS BIGINT), 0)")
    most = f"greatest({', '.join(counts)})"

    def kept(sql: str) -> str:
        return f"CASE WHEN {most} = 0 THEN [NULL] ELSE {sql} END" if all_rows else sql

    for value in values:
        if value.type.name == "array":
            made.add(kept(value.sql), value.type.parts[0])
        else:
            for name, kind in zip(("map_keys", "map_values"), value.type.parts, strict=True):
                made.add(kept(f"{name}({value.sql})"), kind)
    if node.ORDINALITY():
        made.add(kept(f"range(1, {most} + 1)"), BIGINT)
    inner = f"SELECT *, {', '.join(made.inner)} FROM {left.sql}"
    listed = ", ".join(["*", *made.outer])
    return f"(SELECT {listed} FROM ({inner}) AS {take()})", tuple(made.columns)
