"""A statement by Trino's grammar → its tree; a syntax error, or what is refused, with line and column.

The grammar is that of Trino 422 (package trino-query-parser, Apache-2.0), parsed by ANTLR with what `prediction` tells
it; they are imported when the first statement is read. Trino lexes without regard to case, and so only the letters a to
z are folded.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, NoReturn

from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import quoted

DEEPEST = 40
"""Levels of brackets and CASEs: of those that `prediction` leaves to it, ANTLR takes an eighth of a second for 40."""
MOST_TOKENS = 20_000
MOST_LEVELS = 800
DEEP = "the statement is nested too deeply for the embedded AWS; take parts of it out by WITH"
_UPPER = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ")
_PAGE = "docs/how-to/sql.md lists what is translated"
_SHOWN = 100


@cache
def _antlr() -> tuple[Any, ...]:
    """ANTLR's classes. UserError where the extra of the embedded AWS is older than this code."""
    try:
        return _imported()
    except ImportError as error:
        raise UserError(
            f"SQL on the embedded AWS needs the package trino-query-parser ({error}); install the requirements anew, "
            "as in: pip install -r requirements.txt"
        ) from error


def _imported() -> tuple[Any, ...]:
    from antlr4 import CommonTokenStream, InputStream
    from antlr4.atn.PredictionMode import PredictionMode
    from antlr4.error.ErrorListener import ErrorListener
    from trino_query_parser.SqlBaseLexer import SqlBaseLexer
    from trino_query_parser.SqlBaseParser import SqlBaseParser

    from .prediction import Predictor

    class Listener(ErrorListener):  # type: ignore[misc]
        def syntaxError(  # noqa: N802 - ANTLR's name
            self, _recognizer: Any, token: Any, line: int, column: int, words: str, *_: Any
        ) -> None:
            raise _SyntaxError(token, line, column, words)

    return CommonTokenStream, InputStream, PredictionMode, Listener, SqlBaseLexer, SqlBaseParser, Predictor


class _SyntaxError(Exception):
    """The first thing that the grammar does not take."""

    def __init__(self, token: Any, line: int, column: int, words: str) -> None:
        super().__init__(words)
        self.token, self.line, self.column, self.words = token, line, column, words


class Statement:
    """The text, its tree, and how what stands at a node of the tree is refused."""

    def __init__(self, text: str) -> None:
        """UserError, with line and column, for what is no statement of Trino's."""
        self.text = text
        try:
            self.tree = self._parsed()
        except RecursionError:
            raise UserError(DEEP) from None

    def _parsed(self) -> Any:
        """ANTLR's fast mode first; what it does not take, the full one decides."""
        streams, inputs, modes, listener, lexer, parser, predictor = _antlr()
        tokens = streams(lexer(inputs(self.text.translate(_UPPER))))
        tokens.fill()
        shown = [token for token in tokens.tokens if token.channel == 0 and token.type != -1]
        _check_size(shown)
        if shown and shown[-1].text == ";":
            self.text = self.text[: shown[-1].start]
            tokens = streams(lexer(inputs(self.text.translate(_UPPER))))
            tokens.fill()
        read = parser(tokens)
        read._interp = predictor(read, tokens.tokens)
        for mode in (modes.SLL, modes.LL):
            tokens.seek(0)
            read.reset()
            read.removeErrorListeners()
            read.addErrorListener(listener())
            read._interp.predictionMode = mode
            try:
                return _not_too_deep(read.singleStatement())
            except _SyntaxError as error:
                found = error
        raise self._syntax(found) from found

    def _syntax(self, error: _SyntaxError) -> UserError:
        token = error.token
        ended = token is None or token.type == -1
        word = "" if ended else self.text[token.start : token.stop + 1]
        said = "the statement ends too early" if ended else "no statement of Athena's has this here"
        return UserError(self._placed(error.line, error.column, word, said))

    def source(self, node: Any) -> str:
        """What stands at the node, as it was written."""
        return self.text[node.start.start : node.stop.stop + 1]

    def wrong(self, node: Any, words: str) -> NoReturn:
        """Refuse what Athena refuses too."""
        raise UserError(self._placed(node.start.line, node.start.column, self.source(node), words))

    def untranslated(self, node: Any, what: str) -> NoReturn:
        """Refuse what Athena may take, and what is not translated."""
        self.wrong(node, f"the embedded AWS does not translate {what}, Athena may run it; {_PAGE}")

    def _placed(self, line: int, column: int, word: str, words: str) -> str:
        word = word.splitlines()[0] if word else ""
        lines = self.text.splitlines() or [""]
        shown = lines[min(line, len(lines)) - 1]
        first = max(0, column - _SHOWN)
        mark = "^" * max(1, min(len(word), _SHOWN))
        at = f", at {quoted(word[:_SHOWN])}" if word else ""
        cut = shown[first : column + _SHOWN]
        return f"line {line}, column {column + 1}{at}: {words}\n  {cut}\n  {' ' * (column - first)}{mark}"


def _check_size(tokens: list[Any]) -> None:
    """UserError for a statement that the parser would take minutes for."""
    if len(tokens) > MOST_TOKENS:
        raise UserError(
            f"the statement has {len(tokens):,} words and signs; the embedded AWS reads {MOST_TOKENS:,}"
        )
    deep = 0
    for token in tokens:
        deep += {"(": 1, "[": 1, "CASE": 1, ")": -1, "]": -1, "END": -1}.get(token.text, 0)
        if deep > DEEPEST:
            raise UserError(
                f"line {token.line}, column {token.column + 1}: brackets or CASEs stand {deep} deep; "
                f"the embedded AWS reads {DEEPEST} levels"
            )


def _not_too_deep(tree: Any) -> Any:
    """The tree itself. UserError where it has more than ``MOST_LEVELS``: Python's own limit is set anew by packages."""
    level = [tree]
    for _ in range(MOST_LEVELS):
        level = [child for node in level for child in getattr(node, "children", None) or ()]
        if not level:
            return tree
    raise UserError(DEEP)


def kind_of(node: Any) -> str:
    """The name of the grammar's rule that the node is one of."""
    return type(node).__name__.removesuffix("Context")


def identifier(statement: Statement, node: Any) -> str:
    """The name as it was written, without its quotes."""
    text = statement.source(node)
    if kind_of(node) in ("BackQuotedIdentifier", "DigitIdentifier"):
        statement.wrong(node, 'a name of this kind stands between double quotes, as in "2nd"')
    return text[1:-1].replace('""', '"') if kind_of(node) == "QuotedIdentifier" else text


def string(statement: Statement, node: Any) -> str:
    """The value of a text literal."""
    if kind_of(node) != "BasicStringLiteral":
        statement.untranslated(node, "a text literal with escapes")
    return statement.source(node)[1:-1].replace("''", "'")


def literal(text: str) -> str:
    """A text as DuckDB's literal; it takes every character but NUL as it is."""
    return "'" + re.sub("'", "''", text) + "'"
