"""One value of JSON, strictly.

Numbers keep their digits: a decimal is taken from them, and a long beyond 2^53 too. A number's column takes a JSON
number, or a text that writes one; a boolean's takes ``true``, ``false`` or their text; dates and times are texts; a
string's takes a text only. Fields of a struct that the data set does not name are passed over. Numbers that JSON
does not have (``NaN``, ``01``), control characters in a text and text behind the object make the line malformed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Union

from data_pipeline.etl.documents import reasons, types
from data_pipeline.etl.documents.datasets import Format
from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.reading import casts
from data_pipeline.etl.reading.casts import Cast

NUMBERS = frozenset(["int", "long", "float", "double", "decimal"])


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Members(dict[str, Any]):
    """An object; ``twice`` are the keys that it has more than once."""

    twice: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Leaf:
    """A primitive; ``cast``: of its texts, None for a string."""

    kind: types.Primitive
    cast: Cast | None


@dataclass(frozen=True)
class Items:
    """A list."""

    kind: types.List
    element: Shape


@dataclass(frozen=True)
class Fields:
    """A struct: the shape of each of its fields, in their order."""

    kind: types.Struct
    shapes: tuple[Shape, ...]


Shape = Union[Leaf, Items, Fields]


def shape_of(kind: types.Type, written: Format) -> Shape:
    """How values of ``kind`` are read from files in the format ``written``."""
    if isinstance(kind, types.List):
        return Items(kind, shape_of(kind.element, written))
    if isinstance(kind, types.Struct):
        return Fields(kind, tuple(shape_of(each.type, written) for each in kind.fields))
    return Leaf(kind, casts.cast_of(kind, replace(written, decimal=".")))


def parse(line: str) -> Members:
    """The object that a line is. WrongValueError if it is none."""
    try:
        found = _DECODER.decode(line)
    except (ValueError, RecursionError):
        raise WrongValueError(reasons.MALFORMED) from None
    if not isinstance(found, Members):
        raise WrongValueError(reasons.MALFORMED)
    return found


def member(found: Members, names: Sequence[str]) -> Any:
    """The value under one of ``names``, None if there is none. WrongValueError if there are two."""
    if found.twice and not found.twice.isdisjoint(names):
        raise WrongValueError(reasons.DUPLICATE_KEY)
    values = [found[name] for name in names if found.get(name) is not None]
    if len(values) > 1:
        raise WrongValueError(reasons.DUPLICATE_KEY)
    return values[0] if values else None


def value(found: Any, shape: Shape) -> Any:
    """``found``, which is not None, as Arrow takes it (times as microseconds, dates as days). WrongValueError if it
    is no value of the shape.
    """
    if isinstance(shape, Leaf):
        return _leaf(found, shape)
    if isinstance(shape, Items):
        if not isinstance(found, list):
            raise reasons.not_a("list")
        return [_within(each, shape.element, shape.kind.nullable) for each in found]
    if not isinstance(found, Members):
        raise reasons.not_a("struct")
    return {
        each.name: _within(member(found, (each.name,)), inner, each.nullable)
        for each, inner in zip(shape.kind.fields, shape.shapes, strict=True)
    }


def _within(found: Any, shape: Shape, nullable: bool) -> Any:
    if found is not None:
        return value(found, shape)
    if not nullable:
        raise WrongValueError(reasons.NULL)
    return None


def _leaf(found: Any, shape: Leaf) -> Any:
    name = shape.kind.name
    if name == "boolean" and isinstance(found, bool):
        return found
    if not isinstance(found, str) or (isinstance(found, Number) and name not in NUMBERS):
        raise reasons.not_a(name)
    if shape.cast is not None:
        return shape.cast.judge(found)
    try:
        found.encode()
    except UnicodeEncodeError:
        raise WrongValueError(reasons.ENCODING) from None
    return found


def _members(pairs: list[tuple[str, Any]]) -> Members:
    found = Members(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        found.twice = frozenset(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return found


def _no_number(text: str) -> Any:
    raise ValueError(f"{text} is no number of JSON")


_DECODER = json.JSONDecoder(
    parse_int=Number, parse_float=Number, parse_constant=_no_number, object_pairs_hook=_members
)
