"""The syntax tree of a job's source, read once for all checks that look at it; pure."""

from __future__ import annotations

import ast
from functools import lru_cache


@lru_cache(maxsize=256)
def tree(source: str) -> ast.Module:
    """The tree, which nobody changes. SyntaxError, with its line, for what is no Python."""
    return ast.parse(source)
