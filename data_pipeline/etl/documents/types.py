"""Types of columns, as data sets name them: Iceberg's, with lists and structs of them.

``boolean int long float double decimal(P,S) date timestamp timestamptz string``, ``list<TYPE>`` and
``struct<NAME:TYPE,…>``; a ``?`` behind a type of a field or an element says that it may be null.
https://iceberg.apache.org/spec/#primitive-types
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Union

PRIMITIVES = (
    "boolean",
    "int",
    "long",
    "float",
    "double",
    "date",
    "timestamp",
    "timestamptz",
    "string",
)
MOST_DIGITS = 38
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_NAME = re.compile(r"[^<>,:?\s]+")


class WrongTypeError(ValueError):
    """A text is no type; the message says what was found, and where in the text."""


@dataclass(frozen=True)
class Primitive:
    """One of ``PRIMITIVES``, or ``decimal`` with ``precision`` digits of which ``scale`` follow the point."""

    name: str
    precision: int = 0
    scale: int = 0

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})" if self.name == "decimal" else self.name


@dataclass(frozen=True)
class List:
    element: Type
    nullable: bool = False

    def __str__(self) -> str:
        return f"list<{self.element}{'?' if self.nullable else ''}>"


@dataclass(frozen=True)
class Field:
    name: str
    type: Type
    nullable: bool = False

    def __str__(self) -> str:
        return f"{self.name}:{self.type}{'?' if self.nullable else ''}"


@dataclass(frozen=True)
class Struct:
    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"struct<{','.join(map(str, self.fields))}>"


Type = Union[Primitive, List, Struct]


def parse(text: str) -> Type:
    """The type that ``text`` names, blanks aside; ``str`` of it is its canonical text. WrongTypeError if it is none."""
    packed = "".join(text.split())
    found, rest = _type(packed)
    if rest:
        raise WrongTypeError(f"{text!r}: {rest!r} is left over")
    return found


def _type(text: str) -> tuple[Type, str]:
    decimal = _DECIMAL.match(text)
    if decimal:
        precision, scale = int(decimal[1]), int(decimal[2])
        if not 1 <= precision <= MOST_DIGITS or scale > precision:
            raise WrongTypeError(
                f"{decimal[0]}: a decimal has 1 to {MOST_DIGITS} digits, and no more behind its point"
            )
        return Primitive("decimal", precision, scale), text[decimal.end() :]
    name = _NAME.match(text)
    word = name[0] if name else ""
    rest = text[len(word) :]
    if word == "list" and rest.startswith("<"):
        element, rest = _type(rest[1:])
        nullable, rest = _mark(rest)
        return List(element, nullable), _after(rest, ">")
    if word == "struct" and rest.startswith("<"):
        return _struct(rest[1:])
    if word not in PRIMITIVES:
        raise WrongTypeError(f"{word or text!r} is no type")
    return Primitive(word), rest


def _struct(text: str) -> tuple[Struct, str]:
    fields: list[Field] = []
    rest = text
    while True:
        name = _NAME.match(rest)
        if name is None:
            raise WrongTypeError(f"{rest!r}: a field of a struct begins with its name")
        found, rest = _type(_after(rest[name.end() :], ":"))
        nullable, rest = _mark(rest)
        fields.append(Field(name[0], found, nullable))
        if rest.startswith(">"):
            return Struct(tuple(fields)), rest[1:]
        rest = _after(rest, ",")


def _mark(text: str) -> tuple[bool, str]:
    return (True, text[1:]) if text.startswith("?") else (False, text)


def _after(text: str, sign: str) -> str:
    if not text.startswith(sign):
        raise WrongTypeError(f"{text!r}: {sign!r} is expected here")
    return text[len(sign) :]
