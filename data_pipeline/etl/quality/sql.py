"""Names and values in DuckDB's SQL."""

from __future__ import annotations


def name(text: str) -> str:
    """A column or a relation, in quotes."""
    return '"' + text.replace('"', '""') + '"'


def value(text: str) -> str:
    """A text, in apostrophes."""
    return "'" + text.replace("'", "''") + "'"
