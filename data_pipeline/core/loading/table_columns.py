"""The columns of the tables that the jobs publish: a literal in a file of theirs, read without running it; pure."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from data_pipeline.core.errors import UserError

#: files of this name anywhere below ``jobs/`` are read.
NAME_OF_FILE = "schemas.py"
NAME = "COLUMNS"

Columns = Mapping[str, Mapping[str, str]]
"""Table → column → type, as Iceberg calls it."""


def read(source: str, file: str) -> Columns:
    """What the file, at the path ``file`` in the project, says. UserError, with its line, without such a literal."""
    try:
        tree = ast.parse(source, file)
    except SyntaxError as error:
        raise UserError(f"{file}:{error.lineno}: {error.msg}") from error
    for node in tree.body:
        if isinstance(node, ast.Assign) and [ast.unparse(target) for target in node.targets] == [NAME]:
            return _literal(node, file)
    raise UserError(f"{file}: found no {NAME}, expected the columns of the published tables: {_EXPECTED}")


_EXPECTED = f'{NAME} = {{"a_table": {{"a_column": "long"}}}}, without names or calls in it'


def _literal(node: ast.Assign, file: str) -> Columns:
    try:
        found = ast.literal_eval(node.value)
        return {
            str(table): {str(name): str(kind) for name, kind in of.items()} for table, of in found.items()
        }
    except (ValueError, AttributeError) as error:
        raise UserError(f"{file}:{node.lineno}: {NAME}: found no literal, expected {_EXPECTED}") from error
