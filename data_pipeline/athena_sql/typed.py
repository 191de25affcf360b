"""An expression that has been read: DuckDB's SQL of it, Trino's type, and what the clauses around it must know."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .types import Type


@dataclass(frozen=True)
class Typed:
    """``free``: columns outside of aggregates, as they were written (what GROUP BY must have named).
    ``text``, ``number``: the value where it is a literal.
    """

    sql: str
    type: Type
    free: frozenset[str] = frozenset()
    aggregates: bool = False
    windows: bool = False
    text: str | None = None
    number: int | None = None

    def but(self, sql: str, kind: Type) -> Typed:
        """The same with other SQL and type."""
        return Typed(sql, kind, self.free, self.aggregates, self.windows)


def made(sql: str, kind: Type, parts: Sequence[Typed]) -> Typed:
    """An expression over others."""
    free = frozenset().union(*(part.free for part in parts))
    aggregates = any(part.aggregates for part in parts)
    return Typed(sql, kind, free, aggregates, any(part.windows for part in parts))


_SHORT = 120


def once(template: str, *values: str) -> str:
    """The template with its values for {0}, {1}, …, long ones evaluated in one place: what stands in several places of
    several levels would else grow beyond all bounds."""
    if all(len(value) <= _SHORT for value in values):
        return template.format(*values)
    bound = ", ".join(f"'v{n}': {value}" for n, value in enumerate(values))
    body = template.format(*(f"x.v{n}" for n in range(len(values))))
    return f"list_transform([{{{bound}}}], lambda x: {body})[1]"
