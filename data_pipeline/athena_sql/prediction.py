"""Which alternative of Trino's grammar stands at a place, where ANTLR would read on for long to find it out.

ANTLR reads a whole item of SELECT, and all between two brackets, before it decides what they are; and it keeps what it
read, for as long as the process lasts. Two looks at the tokens decide the same:

- An item ends in ``.*``, or it is an expression. No other expression has ``.*`` outside of its brackets.
- Brackets around an expression are a row if a comma stands between them. Queries and lambdas are left to ANTLR.

This module imports ANTLR and is imported by `grammar` when the first statement is read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from antlr4.atn.ParserATNSimulator import ParserATNSimulator
from trino_query_parser.SqlBaseParser import SqlBaseParser

_ITEM, _PRIMARY = 174, 343
"""Decisions of the parser that trino-query-parser 0.422.7 has generated: selectItem, primaryExpression."""
_EXPRESSION, _ALL_OF, _ALL = 1, 2, 3
_ROW, _BRACKETS = 11, 41
"""Alternatives of the two, counted from 1."""
_NAMES = SqlBaseParser.literalNames
_DOT, _OPEN, _CLOSE, _COMMA, _ARROW = (_NAMES.index(f"'{sign}'") for sign in (".", "(", ")", ",", "->"))
_SQUARE, _SQUARE_END = _NAMES.index("'['"), _NAMES.index("']'")
_OPENING = (_OPEN, _SQUARE, SqlBaseParser.CASE)
_CLOSING = (_CLOSE, _SQUARE_END, SqlBaseParser.END)
_QUERY = (SqlBaseParser.SELECT, SqlBaseParser.WITH, SqlBaseParser.TABLE, SqlBaseParser.VALUES)
_AFTER_ITEM = (
    *(_COMMA, SqlBaseParser.FROM, SqlBaseParser.SELECT, SqlBaseParser.EOF),
    *(SqlBaseParser.UNION, SqlBaseParser.INTERSECT, SqlBaseParser.EXCEPT),
)


@dataclass(frozen=True)
class _Brackets:
    """Of an opening bracket: the number of the token that closes it, and whether a comma stands between the two."""

    end: int
    comma: bool


class Predictor(ParserATNSimulator):  # type: ignore[misc]
    """ANTLR's own, but for the two decisions. ``tokens``: all that the parser reads, whitespace too."""

    def __init__(self, parser: Any, tokens: Sequence[Any]) -> None:
        super().__init__(parser, parser.atn, parser.decisionsToDFA, parser.sharedContextCache)
        self._shown = [token for token in tokens if token.channel == 0]
        self._types = [token.type for token in self._shown]
        self._number = {token.tokenIndex: at for at, token in enumerate(self._shown)}
        self._brackets = dict(_pairs(self._types))

    def adaptivePredict(self, stream: Any, decision: int, outer: Any) -> Any:  # noqa: N802 - ANTLR's name
        """The alternative's number."""
        found = None
        if decision == _ITEM:
            found = self._item(self._number[stream.LT(1).tokenIndex])
        elif decision == _PRIMARY and stream.LA(1) == _OPEN:
            found = self._bracketed(self._number[stream.LT(1).tokenIndex])
        return super().adaptivePredict(stream, decision, outer) if found is None else found

    def _item(self, at: int) -> int:
        if self._types[at] == SqlBaseParser.ASTERISK:
            return _ALL
        while self._types[at] not in _AFTER_ITEM and self._types[at] not in _CLOSING:
            if self._types[at] == _DOT and self._types[at + 1] == SqlBaseParser.ASTERISK:
                return _ALL_OF
            at = self._brackets[at].end + 1 if at in self._brackets else at + 1
        return _EXPRESSION

    def _bracketed(self, at: int) -> int | None:
        """None: ANTLR decides."""
        inside = at
        while self._types[inside] == _OPEN:
            inside += 1
        if at not in self._brackets or self._types[inside] in (*_QUERY, _CLOSE):
            return None
        brackets = self._brackets[at]
        if self._types[brackets.end + 1] == _ARROW:
            return None
        return _ROW if brackets.comma else _BRACKETS


def _pairs(types: Sequence[int]) -> Iterator[tuple[int, _Brackets]]:
    """Number of each opening token that is closed → its brackets; CASE and END are such, too."""
    opened: list[tuple[int, bool]] = []
    for at, kind in enumerate(types):
        if kind in _OPENING:
            opened.append((at, False))
        elif kind == _COMMA and opened:
            opened[-1] = (opened[-1][0], True)
        elif kind in _CLOSING and opened:
            start, comma = opened.pop()
            yield start, _Brackets(at, comma)
