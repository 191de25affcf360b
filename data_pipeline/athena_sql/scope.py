"""What an expression may use, and what is known of the clause that it stands in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .grammar import Statement
from .names import Column
from .typed import Typed


@dataclass(frozen=True)
class ExpressionScope:
    """``keys``: DuckDB's SQL of what GROUP BY names → its column. ``aggregates`` None: they may stand here; else the
    words of the clause in which they may not, and ``windows`` likewise. ``query``: SQL and columns of a subquery.
    ``aliases``: what ORDER BY may call by the name of a result. ``outer``: columns of the queries around.
    """

    statement: Statement
    columns: tuple[Column, ...]
    query: Callable[[Any], tuple[str, tuple[Column, ...]]]
    call: Callable[[ExpressionScope, Any], Typed]
    now: str
    keys: Mapping[str, str] = field(default_factory=dict)
    aggregates: str | None = None
    windows: str | None = None
    aliases: Mapping[str, Typed] = field(default_factory=dict)
    outer: tuple[Column, ...] = ()
