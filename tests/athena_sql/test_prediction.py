"""What is decided by a look at the tokens is what ANTLR decides by reading on: the trees are the same."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest
from antlr4 import CommonTokenStream, InputStream
from athena_sql.evaluator import Maker
from athena_sql.test_nested import EXPRESSIONS, STATEMENTS
from athena_sql.test_queries import STATEMENTS as CLAUSES
from athena_sql.test_refused import ATHENA_REFUSES, NOT_TRANSLATED
from randomness import SEED, SOAK
from trino_query_parser.SqlBaseLexer import SqlBaseLexer
from trino_query_parser.SqlBaseParser import SqlBaseParser

from data_pipeline.athena_sql.prediction import _ITEM, _PRIMARY, Predictor

#: All that may begin an item of SELECT or stand between brackets.
TEXTS = [
    "SELECT *",
    "SELECT * FROM a",
    "SELECT a.* FROM a, b",
    'SELECT b, "a".* AS (c, d), 1 FROM a',
    "SELECT a.b.*, (a.b).*, f(a)[1].*, CASE WHEN c THEN d END.* FROM a",
    "SELECT x -> x.*, y FROM a",
    "SELECT 1 UNION SELECT a.* FROM a",
    "SELECT a IS DISTINCT FROM b, c FROM a",
    "SELECT count(*), count(a.*), EXTRACT(year FROM a), a.b FROM a",
    "SELECT a * b, a.b * c, 1. * 2, 1.5 FROM a",
    "SELECT (SELECT a.* FROM a), ((SELECT 1)), ((SELECT 1) + 1), (VALUES 1, 2), (TABLE a), (WITH b AS (SELECT 1) SELECT 1)",
    "SELECT (((SELECT 1), 2)), ((((SELECT 1)) + 1, 2))",
    "SELECT (1), ((1)), (1, 2), ((1, 2), 3), ((1), (2)), (f(1, 2)), (a[1]), (ARRAY[1, 2]), (1 + 2) * 3",
    "SELECT (a) -> a, (a, b) -> a + b, () -> 1, f((a, b) -> (a, b)), (x -> (x))",
    "SELECT (CASE a WHEN 1 THEN (2) ELSE (3, 4) END), CASE WHEN (a) THEN b END, (a, CASE WHEN b THEN c END)",
    "SELECT a IN (1, 2), a IN ((1), (2)), a IN (SELECT 1), a IN ((SELECT 1)), (a, b) IN ((1, 2)), (a IN (1, 2))",
    "SELECT sum(a) FILTER (WHERE (b)) OVER (PARTITION BY (c), (d) ORDER BY (e)) FROM a",
    "SELECT 1 FROM a WHERE (b = 1 AND (c OR (d))) GROUP BY (a), (a, b), () HAVING (a) ORDER BY (a), (b)",
    "SELECT 1 FROM ((a)) JOIN (b CROSS JOIN c) ON (a.x = b.x) AND EXISTS (SELECT c.* FROM c)",
    "SELECT TRIM((a), (b)), TRIM(LEADING (a) FROM (b)), CAST((a) AS decimal(1, 2)), TRY_CAST((1) AS row(a integer))",
]  # fmt: skip
#: What the grammar does not take.
WRONG = [
    "SELECT (a), (b",
    "SELECT (a, b",
    "SELECT (a]), b",
    "SELECT [a)",
    "SELECT a.*.*",
    "SELECT a., b.*",
    "SELECT (",
    "SELECT ()",
    "SELECT a END, (b)",
    "SELECT ) , a.*",
    "SELECT .*",
    "SELECT (a.*), b",
]  # fmt: skip


def tree(text: str, own: bool) -> str:
    """The tree of the statement; nothing where the grammar does not take it."""
    tokens = CommonTokenStream(SqlBaseLexer(InputStream(text.upper())))
    tokens.fill()
    parser = SqlBaseParser(tokens)
    parser.removeErrorListeners()
    if own:
        parser._interp = Predictor(parser, tokens.tokens)
    found = parser.singleStatement()
    return "" if parser.getNumberOfSyntaxErrors() else str(found.toStringTree(recog=parser))


@pytest.mark.parametrize("text", TEXTS)
def test_trees_are_the_same(text: str) -> None:
    assert tree(text, own=True) == tree(text, own=False) != ""


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_stays_wrong(text: str) -> None:
    assert tree(text, own=True) == tree(text, own=False) == ""


def test_the_alternatives_are_those_of_the_grammar() -> None:
    """Their numbers are those of one version of the parser: of another one, more than these would be wrong."""
    items, primaries = (SqlBaseParser.atn.decisionToState[number] for number in (_ITEM, _PRIMARY))
    assert [len(each.transitions) for each in (items, primaries)] == [3, 47]
    tokens = CommonTokenStream(SqlBaseLexer(InputStream("SELECT 1, (1), (1, 2), A.*, *")))
    tokens.fill()
    parser = SqlBaseParser(tokens)
    parser._interp = Predictor(parser, tokens.tokens)
    found, kinds = [parser.singleStatement()], []
    for node in found:
        found.extend(getattr(node, "children", None) or ())
        kinds.append(type(node).__name__.removesuffix("Context"))
    assert [each for each in kinds if each.startswith("Select")] == ["SelectSingle"] * 3 + ["SelectAll"] * 2
    assert {"ParenthesizedExpression", "RowConstructor"} <= set(kinds)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="ANTLR alone reads them for a minute")
def test_trees_of_all_other_statements_are_the_same() -> None:
    """Those of the other tests, and random ones."""
    wrong = [text for text in others() if tree(text, own=True) != tree(text, own=False)]
    assert wrong == []


def others() -> Iterator[str]:
    """Statements of the other tests, then random ones."""
    yield from (text for text, *_ in (*CLAUSES, *STATEMENTS, *ATHENA_REFUSES, *NOT_TRANSLATED))
    yield from (f"SELECT {expression}" for _, expression, *_ in EXPRESSIONS)
    for attempt in range(400):
        yield f"SELECT {Maker(random.Random(f'{SEED}-trees-{attempt}')).any(4).text}"
