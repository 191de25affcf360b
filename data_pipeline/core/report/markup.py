"""HTML and SVG put together from tags: whatever is not markup already is escaped."""

from __future__ import annotations

import html
import unicodedata
from collections.abc import Iterable

#: elements without an end.
_VOID = frozenset(("br", "hr", "meta", "link", "rect", "path", "line", "circle", "use"))


#: names of SVG that are not in small letters.
_MIXED = {name.lower(): name for name in ("viewBox", "preserveAspectRatio", "textLength", "lengthAdjust")}


class Html(str):
    """Text that is markup: it is taken as it is. Only this module and constants make it."""

    __slots__ = ()


Content = str | int | float | None | Iterable["Content"]


def text(value: object) -> Html:
    """Any text as markup; characters that control the screen or the direction of writing are shown as their code."""
    given = str(value)
    if not given.isprintable():
        given = "".join(map(_visible, given))
    return Html(html.escape(given, quote=True))


def _visible(character: str) -> str:
    if character < " " and character not in "\n\t":
        return f"\\x{ord(character):02x}"
    if character > "~" and unicodedata.category(character) in ("Cc", "Cf", "Cs"):
        return f"\\u{ord(character):04x}"
    return character


def join(content: Iterable[Content]) -> Html:
    return Html("".join(_markup(each) for each in content))


def tag(element: str, *content: Content, **attributes: str | float | bool | None) -> Html:
    """An element. Attributes are named as in HTML, with ``_`` for ``-`` and at the end where Python has the word
    (``class_``); one of None or False is left out, one of True has no value.
    """
    told = "".join(_attribute(key, value) for key, value in attributes.items())
    if element in _VOID:
        return Html(f"<{element}{told}/>" if not content else f"<{element}{told}>{join(content)}</{element}>")
    return Html(f"<{element}{told}>{join(content)}</{element}>")


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    plain = key.rstrip("_")
    name = _MIXED.get(plain, plain.replace("_", "-"))
    return f" {name}" if value is True else f' {name}="{text(value)}"'


def _markup(content: Content) -> str:
    if content is None:
        return ""
    if isinstance(content, Html):
        return content
    if isinstance(content, (str, int, float)):
        return text(content)
    return join(content)
