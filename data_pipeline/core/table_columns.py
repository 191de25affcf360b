"""The columns of the tables that the jobs publish: a literal in a file of theirs, read without running it; pure."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from .artifacts import LIBRARY
from .errors import UserError

FILE = f"jobs/{LIBRARY}/schemas.py"
NAME = "COLUMNS"

Columns = Mapping[str, Mapping[str, str]]
"""Table → column → type, as Iceberg calls it."""


def read(source: str) -> Columns:
    """What the file says. UserError, with its line, if it has no such literal."""
    try:
        tree = ast.parse(source, FILE)
    except SyntaxError as error:
        raise UserError(f"{FILE}:{error.lineno}: {error.msg}") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [NAME]:
            return _literal(node)
    raise UserError(f"{FILE}: found no {NAME}, expected the columns of the published tables: {_EXPECTED}")


_EXPECTED = f'{NAME} = {{"a_table": {{"a_column": "long"}}}}, without names or calls in it'


def _literal(node: ast.Assign) -> Columns:
    try:
        found = ast.literal_eval(node.value)
        return {
            str(table): {str(name): str(kind) for name, kind in of.items()} for table, of in found.items()
        }
    except (ValueError, AttributeError) as error:
        raise UserError(f"{FILE}:{node.lineno}: {NAME}: found no literal, expected {_EXPECTED}") from error
