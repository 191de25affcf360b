"""Random expressions against the evaluator: the type, the value, or that the query stops."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from athena_sql.engines import connected, translated
from athena_sql.evaluator import Expression, Maker, StopsError, UnsureError
from randomness import SEED, SOAK, times

from data_pipeline.core.errors import UserError
from data_pipeline.features import queries

BATCH = 100
"""Expressions of one test: 10,000 take longer than a test may."""
_STOPPED = "an error"
#: words of a refusal that is allowed: a value or type of a kind that is not translated
_ALLOWED = ("38 digits", "nested too deeply", "too large", "levels")


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(times("sql") // BATCH))
def test_random_expressions(batch: int, record_property: Callable[[str, object], None]) -> None:
    """Each as the evaluator says, of literals and of columns; what neither decides is passed over."""
    record_property("tries", BATCH)
    db, compared = connected(), 0
    for attempt in range(batch * BATCH, (batch + 1) * BATCH):
        expression = _made(attempt, None)
        wanted = _wanted(expression)
        if isinstance(wanted, UnsureError):
            continue
        for statement in (f"SELECT {expression.text}", _of_columns(attempt)):
            found = _found(statement, db)
            assert _same(found, wanted), f"{attempt}: {statement}\n{found!r}\nexpected {wanted!r}"
        compared += 1
    assert compared > BATCH * 0.7


def _made(attempt: int, columns: list[str] | None) -> Expression:
    return Maker(random.Random(f"{SEED}-sql-{attempt}"), columns).any(4 if SOAK else 2)


def _of_columns(attempt: int) -> str:
    """The same expression, whose literals are the columns of a row: DuckDB computes neither in advance."""
    columns: list[str] = []
    expression = _made(attempt, columns)
    names = ", ".join(f"c{at}" for at in range(len(columns)))
    return f"SELECT {expression.text} FROM (VALUES ({', '.join(columns)})) AS t({names})"


def _wanted(expression: Expression) -> Any:
    try:
        return str(expression.kind), expression.run()
    except StopsError:
        return _STOPPED
    except UnsureError as error:
        return error


def _found(statement: str, db: Any) -> Any:
    try:
        translation = translated(statement)
        rows = queries.execute(db, translation, 60)
    except UserError as error:
        return _STOPPED if "the query cannot be run" in str(error) else str(error)
    return str(translation.columns[0][1]), rows.column(0).to_pylist()[0]


def _same(found: Any, wanted: Any) -> bool:
    if isinstance(found, str):
        return found == wanted or any(words in found for words in _ALLOWED)
    if isinstance(wanted, str) or found[0] != wanted[0]:
        return False
    one, other = found[1], wanted[1]
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return bool(one == other)
