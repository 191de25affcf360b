"""What kind of statement a text is, and its parameters put in.

SELECT is read by Trino's grammar, which is Athena's for queries. Statements that Athena reads by Hive's grammar, and
those that write, are known by their first words: those that tell what there is are run, the others refused by name.
https://docs.aws.amazon.com/athena/latest/ug/ddl-sql-reference.html
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from data_pipeline.athena_sql.grammar import Statement

from . import describing, unloading
from .errors import QueryError

LONGEST = 262_144
"""Bytes that StartQueryExecution takes.
https://docs.aws.amazon.com/athena/latest/ug/service-limits.html
"""
_TOKEN = re.compile(
    r"""(?P<text>'(?:[^']|'')*')|(?P<name>"(?:[^"]|"")*")|(?P<comment>--[^\n]*|/\*.*?\*/)|(?P<mark>\?)|(?P<word>\w+)""",
    re.DOTALL,
)
_LITERAL = re.compile(
    r"""\s*(?:[-+]?\s*(?:\d+(?:\.\d*)?|\.\d+)(?:E[-+]?\d+)?|(?:(?:DATE|TIMESTAMP|DECIMAL)\s*)?'(?:[^']|'')*'|TRUE|FALSE|NULL)\s*""",
    re.IGNORECASE,
)
_QUERIES = frozenset(["SELECT", "WITH", "VALUES", "TABLE"])
_WRITES = frozenset(["INSERT", "DELETE", "UPDATE", "MERGE", "UNLOAD"])
_DDL = frozenset(["ALTER", "CREATE", "DROP", "MSCK", "OPTIMIZE", "VACUUM"])
_UTILITY = frozenset(["DESC", "DESCRIBE", "EXPLAIN", "SHOW", "EXECUTE", "PREPARE", "DEALLOCATE"])


#: Kinds that Athena names otherwise than by the first words.
_OTHERWISE = {"DESC": "DESCRIBE_TABLE", "DESCRIBE": "DESCRIBE_TABLE", "SHOW_SCHEMAS": "SHOW_DATABASES"}


@dataclass(frozen=True)
class Kind:
    """Athena's StatementType and SubstatementType."""

    type: str
    kind: str


def kind_of(text: str) -> Kind:
    """The kind by the first words. QueryError for what is no statement of Athena's."""
    words = [match[0].upper() for match in _TOKEN.finditer(text) if match["word"]]
    first = words[0] if words else ""
    if first in _QUERIES:
        return Kind("DML", "SELECT")
    if first in _WRITES:
        return Kind("DML", first)
    if first in _DDL or first in _UTILITY:
        second = (
            f"{first}_{words[1]}" if first in ("ALTER", "CREATE", "DROP", "SHOW") and words[1:] else first
        )
        return Kind("DDL" if first in _DDL else "UTILITY", _OTHERWISE.get(second, second))
    raise QueryError("SYNTAX_ERROR", f"line 1:1: mismatched input '{first.lower() or '<EOF>'}'")


def checked(text: str, parameters: Sequence[str]) -> Kind:
    """The kind of a statement whose text Athena takes. UserError, with line and column, for one that it refuses."""
    if len(text.encode()) > LONGEST:
        raise QueryError("SYNTAX_ERROR", f"the statement is longer than {LONGEST:,} bytes")
    found, whole = kind_of(text), with_parameters(text, parameters)
    if found.kind == "SELECT":
        Statement(whole)
    elif found.kind == "UNLOAD":
        Statement(unloading.read(whole).query)
    elif found.kind in describing.COLUMNS:
        describing.read(whole, found.kind)
    return found


def with_parameters(text: str, parameters: Sequence[str]) -> str:
    """The statement with a literal in the place of each question mark. QueryError where there are more or fewer, and
    for what is none: put in as text, it could say something else.

    https://docs.aws.amazon.com/athena/latest/ug/querying-with-prepared-statements.html
    """
    marks = [match for match in _TOKEN.finditer(text) if match["mark"]]
    if len(marks) != len(parameters):
        words = f"Incorrect number of parameters: expected {len(marks)} but found {len(parameters)}"
        raise QueryError("INVALID_PARAMETER_USAGE", words)
    for value in parameters:
        if not _LITERAL.fullmatch(value):
            words = f"the embedded AWS takes only a literal as a parameter; found {value[:100]!r}"
            raise QueryError("NOT_SUPPORTED", words)
    for match, value in zip(reversed(marks), reversed(parameters), strict=True):
        text = f"{text[: match.start()]} {value} {text[match.end() :]}"
    return text
