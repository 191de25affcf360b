"""A job script's command line, read from its source: the calls of ``add_argument`` that argparse would see.

Read and not run: a script imports what only its runtime has.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from data_pipeline.core import python_source

_ADD = "add_argument"
_LOOKED_AT = (ast.Call, ast.Assign, ast.Attribute)


@dataclass(frozen=True)
class CommandLine:
    """Option without its hyphens → the values it allows, none for any.

    ``prefixes``: how options begin whose names are computed; ``open``: there may be any others.
    """

    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    open: bool = False

    def may_have(self, name: str) -> bool:
        """Whether the script may take the option; it surely takes those of ``options``."""
        return self.open or name in self.options or name.startswith(self.prefixes)


def read(script: str, library: Iterable[str]) -> CommandLine:
    """The command line of a script's source; the modules that it imports may add options, none of them required."""
    own, *others = (_declared(source) for source in (script, *library))
    options: dict[str, tuple[str, ...]] = {}
    for each in (own, *others):
        options |= each.options
    prefixes = tuple(prefix for each in (own, *others) for prefix in each.prefixes)
    unknown = any(each.open for each in (own, *others))
    return CommandLine(options, own.required, prefixes, unknown or not options)


@lru_cache(maxsize=1024)
def _declared(source: str) -> CommandLine:
    """What one file declares; ``open``: something in it cannot be followed.

    Kept: every step of every environment reads the same library.
    """
    if _ADD not in source:
        return CommandLine()
    options: dict[str, tuple[str, ...]] = {}
    required: set[str] = set()
    prefixes: list[str] = []
    nodes = [each for each in ast.walk(python_source.tree(source)) if isinstance(each, _LOOKED_AT)]
    unknown = _is_passed_on(nodes)
    for call in _calls(nodes):
        name, whole = _name(call)
        if name is None:
            unknown = True
        elif not whole:
            prefixes.append(name[2:])
        elif name.startswith("--"):
            options[name[2:]] = _choices(call)
            if _is_true(call, "required"):
                required.add(name[2:])
    return CommandLine(options, frozenset(required), tuple(prefixes), unknown)


def _calls(nodes: Sequence[ast.AST]) -> Iterator[ast.Call]:
    """Calls of ``….add_argument``, and of names that stand for it: ``add = parser.add_argument``."""
    names = {name for _, name in _aliases(nodes)}
    for node in nodes:
        if isinstance(node, ast.Call):
            called = node.func
            own = isinstance(called, ast.Attribute) and called.attr == _ADD
            if own or (isinstance(called, ast.Name) and called.id in names):
                yield node


def _aliases(nodes: Sequence[ast.AST]) -> Iterator[tuple[ast.Attribute, str]]:
    for node in nodes:
        if not isinstance(node, ast.Assign) or len(node.targets) != 1:
            continue
        target, value = node.targets[0], node.value
        pairs = [(target, value)]
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
            pairs = list(zip(target.elts, value.elts, strict=False))
        for name, meant in pairs:
            if isinstance(name, ast.Name) and isinstance(meant, ast.Attribute) and meant.attr == _ADD:
                yield meant, name.id


def _is_passed_on(nodes: Sequence[ast.AST]) -> bool:
    """Whether ``add_argument`` is used in a way that is not followed here."""
    followed = {id(call.func) for call in _calls(nodes)} | {id(meant) for meant, _ in _aliases(nodes)}
    return any(
        isinstance(node, ast.Attribute) and node.attr == _ADD and id(node) not in followed for node in nodes
    )


def _name(call: ast.Call) -> tuple[str | None, bool]:
    """The option's name and true, how a computed one begins and false, or ``None`` where that is unknown."""
    first = call.args[0] if call.args else None
    if isinstance(first, ast.JoinedStr) and first.values:
        start = first.values[0]
        if (
            isinstance(start, ast.Constant)
            and str(start.value).startswith("--")
            and len(str(start.value)) > 2
        ):
            return str(start.value), False
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return first.value, True
    return None, True


def _choices(call: ast.Call) -> tuple[str, ...]:
    value = _keyword(call, "choices")
    if not isinstance(value, (ast.Tuple, ast.List)):
        return ()
    constants = [each.value for each in value.elts if isinstance(each, ast.Constant)]
    return tuple(str(each) for each in constants) if len(constants) == len(value.elts) else ()


def _is_true(call: ast.Call, keyword: str) -> bool:
    value = _keyword(call, keyword)
    return isinstance(value, ast.Constant) and value.value is True


def _keyword(call: ast.Call, name: str) -> ast.expr | None:
    return next((each.value for each in call.keywords if each.arg == name), None)
