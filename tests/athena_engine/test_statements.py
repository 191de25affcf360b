"""Statements: which kind one is, which Athena refuses at once, parameters put in."""

from __future__ import annotations

import pytest

from data_pipeline.athena_engine import answering, statements
from data_pipeline.athena_sql import grammar

KINDS = [
    ("SELECT 1", "DML", "SELECT"),
    ("  -- all\n( /* of */ select 1)", "DML", "SELECT"),
    ("WITH a AS (SELECT 1) SELECT * FROM a", "DML", "SELECT"),
    ("VALUES 1, 2", "DML", "SELECT"),
    ("INSERT INTO t VALUES 1", "DML", "INSERT"),
    ("CREATE TABLE t AS SELECT 1", "DDL", "CREATE_TABLE"),
    ("MSCK REPAIR TABLE t", "DDL", "MSCK"),
    ("SHOW TABLES", "UTILITY", "SHOW_TABLES"),
    ("DESCRIBE t", "UTILITY", "DESCRIBE_TABLE"),
    ("desc t", "UTILITY", "DESCRIBE_TABLE"),
    ("SHOW SCHEMAS", "UTILITY", "SHOW_DATABASES"),
]
REFUSED = [
    ("", [], "line 1:1: mismatched input '<EOF>'"),
    ("SELEC 1", [], "line 1:1: mismatched input 'selec'"),
    ("SELECT 1 FROM", [], "line 1:14: the statement ends too early"),
    ("SELECT 1 2", [], "line 1:10: no statement of Athena's has this here"),
    ("SELECT ?", [], "Incorrect number of parameters: expected 1 but found 0"),
    ("SELECT '?', \"?\" -- ?", ["1"], "Incorrect number of parameters: expected 0 but found 1"),
    *(
        (
            f"SELECT {before}?",
            [value],
            f"the embedded AWS takes only a literal as a parameter; found {value!r}",
        )
        for before, value in [
            ("", "1 OR true"),
            ("'a' || ", "'b' -- "),
            ("", "id"),
            ("", "--3"),
            ("", "(SELECT 1)"),
            ("", ""),
        ]
    ),
    ("SELECT '" + "x" * 262_144 + "'", [], "the statement is longer than 262,144 bytes"),
    *((f"SELECT {word * 3_000}1", [], grammar.DEEP) for word in ("- ", "NOT ")),
]


@pytest.mark.parametrize(("text", "kind", "more"), KINDS)
def test_kinds(text: str, kind: str, more: str) -> None:
    """By the first words, behind comments and brackets."""
    assert answering.check({"check": text}) == {"type": kind, "kind": more}


@pytest.mark.parametrize(("text", "parameters", "reason"), REFUSED)
def test_what_is_refused_at_once(text: str, parameters: list[str], reason: str) -> None:
    """With Athena's way to write a place."""
    assert answering.check({"check": text, "parameters": parameters}) == {"refused": reason}


@pytest.mark.parametrize(
    "value",
    [
        "1",
        "-1",
        "+ .5",
        "1.",
        "1.5E-3",
        "1e5",
        "'a'",
        "'it''s'",
        "DATE '2026-01-02'",
        "timestamp'2026-01-02 03:04:05'",
        "DECIMAL '1.50'",
        "true",
        "FALSE",
        "null",
        " 1 ",
    ],
)
def test_literals_are_parameters(value: str) -> None:
    """Spaces stand round each, so that it is nothing else with what stands there: ``5-?`` and -3 make no comment."""
    assert statements.with_parameters("SELECT 5-?, '?'", [value]) == f"SELECT 5- {value} , '?'"
    assert answering.check({"check": "SELECT ?", "parameters": [value]}) == {"type": "DML", "kind": "SELECT"}
