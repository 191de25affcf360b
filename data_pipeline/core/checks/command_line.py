"""A job script's command line, read from its source: the calls of ``add_argument`` that argparse would see.

Read and not run: a script imports what only its runtime has.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class CommandLine:
    """Option without its hyphens → the values it allows, none for any; ``open``: there may be more options."""

    options: dict[str, tuple[str, ...]] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    open: bool = False


def read(script: str, library: Iterable[str]) -> CommandLine:
    """The command line of a script's source; the modules that it imports may add options, none of them required."""
    options: dict[str, tuple[str, ...]] = {}
    required: set[str] = set()
    unknown = False
    for source in (script, *library):
        for node in ast.walk(ast.parse(source)):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr != "add_argument":
                continue
            name = node.args[0].value if node.args and isinstance(node.args[0], ast.Constant) else None
            if not isinstance(name, str):
                unknown = True
            elif name.startswith("--"):
                options[name[2:]] = _choices(node)
                if source is script and _is_true(node, "required"):
                    required.add(name[2:])
    return CommandLine(options, frozenset(required), unknown)


def _choices(call: ast.Call) -> tuple[str, ...]:
    value = next((each.value for each in call.keywords if each.arg == "choices"), None)
    if not isinstance(value, (ast.Tuple, ast.List)):
        return ()
    constants = [each.value for each in value.elts if isinstance(each, ast.Constant)]
    return tuple(str(each) for each in constants) if len(constants) == len(value.elts) else ()


def _is_true(call: ast.Call, keyword: str) -> bool:
    value = next((each.value for each in call.keywords if each.arg == keyword), None)
    return isinstance(value, ast.Constant) and value.value is True
