"""Parts that sections of a page have in common: chips, tables that scroll by themselves, folded numbers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .markup import Content, Html, tag


@dataclass(frozen=True)
class Detail:
    """How much a page shows, so that it stays small: points of a plot, columns and series of a table, files; and
    whether rows by hour and weekday.
    """

    points: int
    columns: int
    series: int
    files: int
    clocks: bool = True


#: the most first; a page takes the first with which it is small enough.
DETAILS = (
    Detail(150, 40, 8, 500),
    Detail(75, 16, 6, 300),
    Detail(40, 8, 3, 150),
    Detail(20, 5, 2, 60),
    Detail(12, 3, 1, 30, clocks=False),
)


@dataclass(frozen=True)
class Head:
    """A column of a table; ``number``: its cells end at the right."""

    text: str
    number: bool = False


def chip(words: str, tone: str = "calm") -> Html:
    return tag("span", words, class_=f"chip {tone}")


def table(
    caption: str, heads: Sequence[Head], rows: Iterable[Sequence[Content]], numbers: bool = False
) -> Html:
    """A table whose first cell of each row is its head; on a narrow screen it scrolls by itself. ``numbers``: all of
    its other cells are, and it may be long.
    """
    lines = [
        tag(
            "tr",
            [
                tag("th", cell, scope="row")
                if at == 0
                else tag("td", cell, class_="num" if heads[at].number and not numbers else None)
                for at, cell in enumerate(row)
            ],
        )
        for row in rows
    ]
    head = tag(
        "tr", [tag("th", each.text, scope="col", class_="num" if each.number else None) for each in heads]
    )
    whole = tag("table", tag("caption", caption), tag("thead", head), tag("tbody", lines))
    kind = "scroll numbers" if numbers else "scroll"
    return tag("div", whole, class_=kind, tabindex="0", role="region", aria_label=caption)


def folded(summary: str, *content: Content, opened: bool = False) -> Html:
    return tag("details", tag("summary", summary), content, open=opened)


def key(*kinds: tuple[str, str]) -> Html:
    """What colours mean: class → words."""
    return tag("p", [tag("span", words, class_=f"k-{kind}") for kind, words in kinds], class_="key")


def plural(count: int, one: str) -> str:
    return f"{count:,} {one}{'' if count == 1 else 's'}"
