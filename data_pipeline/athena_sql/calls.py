"""Calls of functions: scalar ones, aggregates with DISTINCT and FILTER, and windows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import aggregates, expressions, functions, types
from .aggregates import AGGREGATES, WINDOWS, Around
from .grammar import identifier, kind_of
from .operators import NotTranslatedError
from .scope import ExpressionScope
from .typed import Typed, made


def read_call(scope: ExpressionScope, node: Any) -> Typed:
    """The call at the node."""
    name = _name(scope, node)
    if node.processingMode() or node.nullTreatment() or node.ORDER() or node.label:
        raise NotTranslatedError(f"{name} with IGNORE NULLS, ORDER BY or a label")
    if name in WINDOWS or (name in AGGREGATES and node.over()):
        return _windowed(scope, node, name)
    if node.over():
        raise NotTranslatedError(f"{name} OVER")
    if name in AGGREGATES:
        return _aggregate(scope, node, name)
    if node.filter_() or node.setQuantifier() or node.ASTERISK():
        raise NotTranslatedError(f"{name} with *, DISTINCT or FILTER")
    arguments = [expressions.read(scope, argument) for argument in node.expression()]
    if name == "now" and not arguments:
        return expressions.clock(scope.now, "current_timestamp")
    found = functions.call(name, arguments)
    if found is None:
        raise NotTranslatedError(name)
    return found


def _name(scope: ExpressionScope, node: Any) -> str:
    parts = node.qualifiedName().identifier()
    if len(parts) != 1:
        raise NotTranslatedError("a function with a point in its name")
    return identifier(scope.statement, parts[0]).lower()


def _quantifier(node: Any) -> str:
    return "DISTINCT " if node.setQuantifier() and node.setQuantifier().DISTINCT() else ""


def _inner(scope: ExpressionScope, words: str) -> ExpressionScope:
    """The scope of an aggregate's argument: columns as they are before grouping, no further aggregate."""
    return replace(scope, keys={}, aliases={}, aggregates=words, windows=words)


def _aggregate(scope: ExpressionScope, node: Any, name: str) -> Typed:
    if scope.aggregates is not None:
        scope.statement.wrong(node, f"{scope.aggregates} cannot contain aggregations")
    inner = _inner(scope, "an aggregation")
    arguments = [expressions.read(inner, argument) for argument in node.expression()]
    if _quantifier(node) and any(types.has_map(argument.type) for argument in arguments):
        raise NotTranslatedError(f"{name}(DISTINCT …) of a map")
    filtered = ""
    if node.filter_():
        condition = expressions.condition(_inner(scope, "FILTER"), node.filter_().booleanExpression())
        filtered = f" FILTER (WHERE {condition.sql})"
    _check_star(scope, node, name)
    sql, kind = aggregates.aggregate(name, arguments, Around(_quantifier(node), filtered))
    return Typed(sql, kind, aggregates=True)


def _check_star(scope: ExpressionScope, node: Any, name: str) -> None:
    if node.ASTERISK() and name != "count":
        scope.statement.wrong(node, f"{name}(*): only count takes *")


def _windowed(scope: ExpressionScope, node: Any, name: str) -> Typed:
    """A window function, or an aggregate OVER a window."""
    if scope.windows is not None:
        scope.statement.wrong(node, f"{scope.windows} cannot contain window functions")
    if not node.over():
        scope.statement.wrong(node, f"{name} needs OVER (…)")
    if node.filter_() or _quantifier(node):
        raise NotTranslatedError(f"{name} OVER with DISTINCT or FILTER")
    inner = replace(scope, windows="a window function")
    arguments = [expressions.read(inner, argument) for argument in node.expression()]
    window = node.over().windowSpecification()
    if window is None:
        raise NotTranslatedError("a window by its name")
    parts, over = _window(inner, window, name)
    _check_star(scope, node, name)
    if name in WINDOWS:
        sql, kind = aggregates.windowed(name, arguments, over)
    else:
        sql, kind = aggregates.aggregate(name, arguments, Around(over=over))
    found = made(sql, kind, [*arguments, *parts])
    return Typed(found.sql, kind, found.free, found.aggregates, windows=True)


def _window(scope: ExpressionScope, node: Any, name: str) -> tuple[list[Typed], str]:
    """The expressions of a window, and its SQL."""
    if node.existingWindowName:
        raise NotTranslatedError("a window by its name")
    partition = [expressions.read(scope, part) for part in node.partition]
    order = [(expressions.read(scope, item.expression()), ordering(item)) for item in node.sortItem()]
    pieces = []
    if partition:
        pieces.append(f"PARTITION BY {', '.join(part.sql for part in partition)}")
    if order:
        pieces.append("ORDER BY " + ", ".join(f"{value.sql} {way}" for value, way in order))
    frame = node.windowFrame()
    if frame is not None:
        if name in WINDOWS and name not in ("first_value", "last_value"):
            scope.statement.wrong(frame, f"{name} takes no frame")
        pieces.append(_frame(scope, frame))
    return [*partition, *(value for value, _ in order)], f" OVER ({' '.join(pieces)})"


def _frame(scope: ExpressionScope, node: Any) -> str:
    """ROWS with literals, RANGE without numbers."""
    extent = node.frameExtent()
    kind = extent.frameType.text.upper()
    if node.getChildCount() != 1 or kind == "GROUPS":
        raise NotTranslatedError("this window's frame")
    bounds = [_bound(scope, bound, kind) for bound in extent.frameBound()]
    return f"{kind} BETWEEN {bounds[0]} AND {bounds[1]}" if len(bounds) == 2 else f"{kind} {bounds[0]}"


def _bound(scope: ExpressionScope, node: Any, kind: str) -> str:
    if kind_of(node) == "CurrentRowBound":
        return "CURRENT ROW"
    way = node.boundType.text.upper()
    if kind_of(node) == "UnboundedFrame":
        return f"UNBOUNDED {way}"
    number = expressions.read(scope, node.expression()).number
    if kind != "ROWS" or number is None or number < 0:
        raise NotTranslatedError("a frame with something else than ROWS and a literal")
    return f"{number} {way}"


def ordering(item: Any) -> str:
    """The direction of a sort item: nulls are last unless it says otherwise, in either direction."""
    way = item.ordering.text.upper() if item.ordering else "ASC"
    nulls = item.nullOrdering.text.upper() if item.nullOrdering else "LAST"
    return f"{way} NULLS {nulls}"
