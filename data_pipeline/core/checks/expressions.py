"""JSONata expressions as what they use: variables, functions, paths, bare names.

The grammar is jsonata-python's; what is built in is the set of JSONata 2.0.6, which Step Functions documents,
without ``$eval`` and with the functions that Step Functions adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import takewhile
from typing import Any

from jsonata.jexception import JException  # type: ignore[import-untyped]
from jsonata.jsonata import Jsonata  # type: ignore[import-untyped]

_BY_MOST_ARGUMENTS: dict[int | None, str] = {
    0: "millis uuid",
    1: """
        abs average base64decode base64encode boolean ceil clone count decodeUrl decodeUrlComponent distinct encodeUrl
        encodeUrlComponent error exists floor keys length lowercase max merge min not number parse random reverse
        shuffle spread sqrt sum trim type uppercase
    """,
    2: """
        append assert contains each filter formatBase formatInteger hash join lookup map now parseInteger partition
        power round sift single sort string substringAfter substringBefore toMillis
    """,
    3: "formatNumber fromMillis match pad range reduce split substring",
    4: "replace",
    None: "zip",
}
#: function → how many arguments it takes at the most; ``None`` for any number.
FUNCTIONS = {name: most for most, names in _BY_MOST_ARGUMENTS.items() for name in names.split()}

_SUBSTITUTION = re.compile(r"\$\{[\w:.]+\}")


class BrokenExpressionError(ValueError):
    """The text is no JSONata; says what and where."""


@dataclass
class Uses:
    """What an expression uses of its surroundings; lists keep the order of the text."""

    variables: list[str] = field(default_factory=list)
    #: name and number of arguments; a name without its ``$`` has a ``!`` before it.
    functions: list[tuple[str, int]] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    states: list[tuple[str, ...]] = field(default_factory=list)
    roots: list[str] = field(default_factory=list)
    #: operators of numbers that have a text on a side, with the text
    texts: list[tuple[str, str]] = field(default_factory=list)


def code(text: str) -> str:
    """The expression in a string ``{% … %}``; a CloudFormation substitution stands as a number."""
    return _SUBSTITUTION.sub("0", text[2:-2]).strip()


@lru_cache(maxsize=4096)
def parse(text: str) -> Any:
    """The syntax tree of a string ``{% … %}``. Raises BrokenExpressionError."""
    try:
        return Jsonata(code(text)).ast
    except JException as error:
        where = f" at character {error.location}" if isinstance(error.location, int) else ""
        raise BrokenExpressionError(f"{error}{where}") from error
    except Exception as error:  # on some texts the parser itself fails, in whatever way
        raise BrokenExpressionError("the expression cannot be read") from error


def is_no_condition(text: Any) -> bool:
    """Whether what stands in ``{% … %}`` is a text or a number as it stands, and so neither true nor false."""
    try:
        return str(parse(text).type) in ("string", "number")
    except BrokenExpressionError:
        return False


def constant(text: Any) -> bool | None:
    """What the expression always is, if it is a literal or compares two; else ``None``."""
    if not isinstance(text, str) or not text.startswith("{%"):
        return None
    try:
        node = parse(text)
    except BrokenExpressionError:
        return None
    if node.type == "value" and isinstance(node.value, bool):
        return bool(node.value)
    sides = (node.lhs, node.rhs) if node.type == "binary" and node.value in ("=", "!=") else ()
    if sides and all(side is not None and side.type in ("value", "string", "number") for side in sides):
        same = (sides[0].type, sides[0].value) == (sides[1].type, sides[1].value)
        return same if node.value == "=" else not same
    return None


@lru_cache(maxsize=4096)
def used(text: str) -> Uses:
    """What a string ``{% … %}`` uses, which nobody changes: environments have most expressions in common. Raises
    BrokenExpressionError.
    """
    return uses(parse(text))


def uses(node: Any) -> Uses:
    """What a syntax tree uses of its surroundings."""
    found = Uses()
    _visit(node, found, frozenset(), False)
    return found


def _visit(node: Any, found: Uses, bound: frozenset[str], inside: bool) -> None:
    """``bound``: variables of lambdas and blocks; ``inside``: a name is a field of something."""
    if node is None or isinstance(node, (str, int, float, bool)):
        return
    if isinstance(node, (list, tuple)):
        for each in node:
            _visit(each, found, bound, inside)
        return
    if node.type == "path":
        _path(node, found, bound, inside)
    elif node.type == "variable":
        _variable(str(node.value), (), found, bound, inside)
        _rest(node, found, bound)
    elif node.type == "name" and not inside:
        found.names.append(str(node.value))
    elif node.type == "block":
        for each in node.expressions or ():
            _visit(each, found, bound, inside)
            if each.type == "bind":
                bound = bound | {str(each.lhs.value)}
    elif node.type == "bind":
        recursive = {str(node.lhs.value)} if node.rhs.type == "lambda" else set()
        _visit(node.rhs, found, bound | recursive, inside)
    elif node.type == "lambda":
        _visit(node.body, found, bound | {str(a.value) for a in node.arguments or ()}, inside)
    elif node.type == "transform":
        _visit(node.pattern, found, bound, True)
        _visit([node.update, node.delete], found, bound, True)
    elif node.type in ("function", "partial"):
        _call(node, found, bound, inside)
    else:
        if node.type == "binary" and node.value in ("+", "-", "*", "/", "%"):
            sides = [side for side in (node.lhs, node.rhs) if getattr(side, "type", "") == "string"]
            found.texts += [(str(node.value), str(side.value)) for side in sides]
        for child in _children(node):
            _visit(child, found, bound, inside)
        _rest(node, found, bound)


def _call(node: Any, found: Uses, bound: frozenset[str], inside: bool) -> None:
    procedure, given = node.procedure, len(node.arguments or ())
    if procedure.type == "variable":
        name = str(procedure.value)
        if name not in bound:
            found.functions.append((name, given))
    elif procedure.type == "path" and len(procedure.steps) == 1 and procedure.steps[0].type == "name":
        found.functions.append((f"!{procedure.steps[0].value}", given))
    else:
        _visit(procedure, found, bound, inside)
    _visit(node.arguments, found, bound, inside)
    _rest(node, found, bound)


def _path(node: Any, found: Uses, bound: frozenset[str], inside: bool) -> None:
    steps = list(node.steps)
    first = steps[0]
    plain = [str(s.value) for s in takewhile(lambda s: s.type == "name", steps[1:])]
    if first.type == "variable":
        _variable(str(first.value), tuple(plain), found, bound, inside)
    elif first.type == "name":
        if not inside:
            found.names.append(str(first.value))
    else:
        _visit(first, found, bound, inside)
    for index, step in enumerate(steps):
        if step.focus is not None:
            bound = bound | {str(step.focus)}
        if isinstance(step.index, str):
            bound = bound | {step.index}
        for stage in step.stages or ():
            if stage.type == "index":
                bound = bound | {str(stage.value)}
        if index and step.type not in ("name", "variable"):
            _visit(step, found, bound, True)
        elif index and step.type == "variable":
            _variable(str(step.value), (), found, bound, True)
        if (index == 0 and first.type in ("variable", "name")) or (index and step.type == "name"):
            _rest(step, found, bound)
    _rest(node, found, bound)


def _rest(node: Any, found: Uses, bound: frozenset[str]) -> None:
    """Predicates, sort terms and groups: within them a name is a field of what they belong to."""
    for each in (*(node.predicate or ()), *(node.stages or ())):
        if each.type != "index":
            _visit(each.expr if each.expr is not None else each, found, bound, True)
    if node.group is not None:
        _visit(node.group.lhs_object, found, bound, True)


def _variable(name: str, fields: tuple[str, ...], found: Uses, bound: frozenset[str], inside: bool) -> None:
    if name in bound:
        return
    if name in ("", "$"):
        if not inside or name == "$":
            found.roots.append(f"${name}")
    elif name == "states":
        found.states.append(fields)
    else:
        found.variables.append(name)


def _children(node: Any) -> Iterator[Any]:
    yield from (node.lhs, node.rhs, node.expression, node.expressions, node.lhs_object)
    yield from (node.condition, node.then, node._else)
    for term in node.terms or ():
        yield term.expression
