"""Aggregates and window functions that are let through: name, Trino's page, types, DuckDB's SQL.

A template ends each of its aggregates with {filter} and {over}, and puts {distinct} before the argument. Sums and
averages of whole numbers and decimals do not depend on the order of rows; those of doubles do, in Athena too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from . import types
from .casts import coerced, scaled, unscaled
from .operators import NoOperatorError, NotTranslatedError, half_up
from .typed import Typed
from .types import BIGINT, BOOLEAN, DOUBLE, INTEGERS, REAL, UNKNOWN, Type, decimal

_PAGE, _WINDOW = "functions/aggregate.html", "functions/window.html"
_TAIL = "{filter}{over}"

#: name → page of Trino's documentation
AGGREGATES = dict.fromkeys(
    (
        *(
            "avg",
            "bool_and",
            "bool_or",
            "corr",
            "count",
            "count_if",
            "covar_pop",
            "covar_samp",
            "every",
            "max",
            "min",
        ),
        *("stddev", "stddev_pop", "stddev_samp", "sum", "var_pop", "var_samp", "variance"),
    ),
    _PAGE,
)
WINDOWS = dict.fromkeys(
    (
        *(
            "cume_dist",
            "dense_rank",
            "first_value",
            "lag",
            "last_value",
            "lead",
            "ntile",
            "percent_rank",
            "rank",
        ),
        "row_number",
    ),
    _WINDOW,
)
_OF_DOUBLES = {
    "stddev": "stddev_samp",
    "variance": "var_samp",
    **{name: name for name in ("stddev_samp", "stddev_pop", "var_samp", "var_pop")},
}
_OF_PAIRS = ("corr", "covar_pop", "covar_samp")


@dataclass(frozen=True)
class Around:
    """What stands around the argument: DISTINCT, a filter, a window; SQL, each empty where there is none."""

    distinct: str = ""
    filter: str = ""
    over: str = ""

    def put(self, template: str) -> str:
        """The template with all three."""
        for name in ("distinct", "filter", "over"):
            template = template.replace(f"{{{name}}}", getattr(self, name))
        return template


def aggregate(name: str, arguments: Sequence[Typed], around: Around) -> tuple[str, Type]:
    """SQL and type of an aggregate's call. NoOperatorError, NotTranslatedError as elsewhere."""
    kinds = [argument.type for argument in arguments]
    values = [argument.sql for argument in arguments]
    if name == "count" and len(values) <= 1:
        return around.put(f"count({{distinct}}{values[0] if values else '*'}){_TAIL}"), BIGINT
    wanted = 2 if name in _OF_PAIRS else 1
    if len(values) != wanted:
        raise _none(name, kinds)
    if name in _OF_PAIRS or name in _OF_DOUBLES:
        return _statistic(name, arguments, around)
    if UNKNOWN in kinds:
        raise NotTranslatedError(f"{name} of NULL")
    (value,), (kind,) = values, kinds
    if name == "sum":
        return _sum(value, kind, around)
    if name == "avg":
        return _average(value, kind, around)
    if name in ("max", "min"):
        return _extreme(name, value, kind, around)
    if kind != BOOLEAN:
        raise _none(name, kinds)
    if name == "count_if":
        return around.put(f"count({{distinct}}CASE WHEN {value} THEN true END){_TAIL}"), BIGINT
    duckdb = {"every": "bool_and"}.get(name, name)
    return around.put(f"{duckdb}({{distinct}}{value}){_TAIL}"), BOOLEAN


def _none(name: str, kinds: Sequence[Type]) -> NoOperatorError:
    return NoOperatorError(f"{name}({', '.join(map(str, kinds))})")


def _statistic(name: str, arguments: Sequence[Typed], around: Around) -> tuple[str, Type]:
    kinds = [argument.type for argument in arguments]
    if not all(types.fits(kind, DOUBLE) for kind in kinds):
        raise _none(name, kinds)
    if REAL in kinds:
        raise NotTranslatedError(f"{name} of reals")
    values = ", ".join(coerced(value.sql, value.type, DOUBLE) for value in arguments)
    return around.put(f"{_OF_DOUBLES.get(name, name)}({{distinct}}{values}){_TAIL}"), DOUBLE


def _sum(value: str, kind: Type, around: Around) -> tuple[str, Type]:
    """Of whole numbers a bigint, of decimals one of 38 digits; what does not fit is an error."""
    if kind in INTEGERS:
        return around.put(f"CAST(sum({{distinct}}{value}){_TAIL} AS BIGINT)"), BIGINT
    if kind == DOUBLE:
        return around.put(f"sum({{distinct}}{value}){_TAIL}"), DOUBLE
    if kind == REAL:
        return around.put(f"CAST(sum({{distinct}}{value}){_TAIL} AS FLOAT)"), REAL
    if kind.name == "decimal":
        wide = decimal(types.MOST_DIGITS, kind.scale)
        return around.put(f"sum({{distinct}}CAST({value} AS {types.duckdb(wide)})){_TAIL}"), wide
    raise _none("sum", [kind])


def _average(value: str, kind: Type, around: Around) -> tuple[str, Type]:
    """Of a decimal one of the same type, rounded half away from zero."""
    if kind in INTEGERS or kind == DOUBLE:
        return around.put(f"avg({{distinct}}CAST({value} AS DOUBLE)){_TAIL}"), DOUBLE
    if kind == REAL:
        return around.put(f"CAST(avg({{distinct}}CAST({value} AS DOUBLE)){_TAIL} AS FLOAT)"), REAL
    if kind.name != "decimal":
        raise _none("avg", [kind])
    total = around.put(f"sum({{distinct}}{unscaled(value, kind)}){_TAIL}")
    count = around.put(f"CAST(count({{distinct}}{value}){_TAIL} AS HUGEINT)")
    quotient = half_up(total, f"nullif({count}, 0)")
    return scaled(quotient, kind), kind


def _extreme(name: str, value: str, kind: Type, around: Around) -> tuple[str, Type]:
    """NaN is the answer only where there is nothing else."""
    if not types.is_known(kind):
        raise NotTranslatedError(f"{name} of {kind}")
    plain = around.put(f"{name}({{distinct}}{value}){_TAIL}")
    if kind not in (REAL, DOUBLE):
        return plain, kind
    without = around.put(f"{name}({{distinct}}CASE WHEN isnan({value}) THEN NULL ELSE {value} END){_TAIL}")
    return f"coalesce({without}, {plain})", kind


def windowed(name: str, arguments: Sequence[Typed], over: str) -> tuple[str, Type]:
    """SQL and type of a window function's call."""
    kinds = [argument.type for argument in arguments]
    if name in ("row_number", "rank", "dense_rank", "percent_rank", "cume_dist"):
        if arguments:
            raise _none(name, kinds)
        return f"{name}(){over}", DOUBLE if name in ("percent_rank", "cume_dist") else BIGINT
    if name == "ntile":
        if len(kinds) != 1 or not types.fits(kinds[0], BIGINT):
            raise _none(name, kinds)
        return f"ntile(CAST({arguments[0].sql} AS BIGINT)){over}", BIGINT
    if name in ("first_value", "last_value"):
        if len(kinds) != 1:
            raise _none(name, kinds)
        return f"{name}({arguments[0].sql}){over}", kinds[0]
    return _shifted(name, arguments, over)


def _shifted(name: str, arguments: Sequence[Typed], over: str) -> tuple[str, Type]:
    """lag and lead, by a literal of at least 0."""
    kinds = [argument.type for argument in arguments]
    if not 1 <= len(arguments) <= 3:
        raise _none(name, kinds)
    offset = arguments[1].number if len(arguments) > 1 else 1
    if offset is None or offset < 0:
        raise NotTranslatedError(f"{name} by something else than a literal of at least 0")
    default = ""
    if len(arguments) == 3:
        if not types.fits(kinds[2], kinds[0]):
            raise _none(name, kinds)
        default = f", {coerced(arguments[2].sql, kinds[2], kinds[0])}"
    return f"{name}({arguments[0].sql}, {offset}{default}){over}", kinds[0]
