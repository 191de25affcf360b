"""How a project writes the type of a column → the type, whether it may be null, and what a file calls it.

``timestamptz ts``: a type and, where it differs, the name in the file. ``string?``: it may be null. ``["string?"]`` or
``{list: "string?"}``: a list. ``{struct: {city: string, zip: "string?"}}``: a struct. ``{"list?": …}`` and
``{"struct?": …}``: one that may be null. YAML wants quotes around what has a ``?`` inside ``{ }`` or ``[ ]``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.problems import RefusedError, did_you_mean, quoted
from data_pipeline.etl.documents import types
from data_pipeline.etl.documents.types import Field, List, Primitive, Struct, Type

#: what other systems call a type → what it is here.
_OTHER_NAMES = {
    **dict.fromkeys(
        ("str", "text", "varchar", "char", "uuid", "object", "json", "utf8", "category"), "string"
    ),
    **dict.fromkeys(
        ("integer", "int32", "smallint", "tinyint", "int16", "int8", "short", "uint16", "uint8"), "int"
    ),
    **dict.fromkeys(("bigint", "int64", "uint32", "number"), "long"),
    **dict.fromkeys(("hugeint", "uint64"), "decimal(38,0)"),
    **dict.fromkeys(("bool", "bit"), "boolean"),
    **dict.fromkeys(("numeric", "money", "dec"), "decimal(12,2)"),
    **dict.fromkeys(("float64", "real8", "double_precision"), "double"),
    **dict.fromkeys(("float32", "real", "float4"), "float"),
    **dict.fromkeys(("datetime", "datetime64", "timestamp_ntz", "timestamp_us"), "timestamp"),
    **dict.fromkeys(("timestamp_tz", "timestamptz_us", "timestamp_ltz", "instant"), "timestamptz"),
}
_NOT_READ = {
    "time": "a time without a day is read as a string",
    "binary": "bytes are not read",
    "bytes": "bytes are not read",
    "fixed": "bytes are not read",
    "map": "a map is not read; a struct has fields with names",
    "interval": "a duration is read as a number or a string",
}
_WORD = re.compile(r"\s*([A-Za-z_][A-Za-z0-9_]*)\s*")
_FORMS = ("struct", "list", "struct?", "list?")
_DEEPEST = 8


@dataclass(frozen=True)
class Written:
    """``named``: what a file calls the column, empty where that is its own name."""

    type: Type
    nullable: bool = False
    named: str = ""


def read(value: Any, deep: int = 0) -> Written:
    """The type that plain YAML (a text, a list of one, a map of one) says. RefusedError if it says none."""
    if deep > _DEEPEST:
        raise RefusedError(f"lists and structs of at most {_DEEPEST} levels")
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list | tuple):
        if len(value) != 1:
            raise RefusedError("a list of one type, as in [string]", found=f"a list of {len(value)}")
        return Written(_list(value[0], deep))
    if isinstance(value, Mapping) and len(value) == 1 and next(iter(value)) in _FORMS:
        form, inner = next(iter(value.items()))
        found = _list(inner, deep) if form.startswith("list") else _struct(inner, deep)
        return Written(found, form.endswith("?"))
    if isinstance(value, Mapping) and all(each is None for each in value.values()):
        raise RefusedError("a type", "put quotes around a text that begins with {", "a map")
    raise RefusedError("a type, as in 'string', [string] or {struct: {city: string}}", found=_kind(value))


def _kind(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"a map with {', '.join(quoted(str(key)) for key in value) or 'nothing in it'}"
    return "nothing" if value is None else f"{str(value).lower()}"


def _text(text: str) -> Written:
    """A type, its ``?``, and a name behind it."""
    kind, rest = _first(text)
    nullable = rest.lstrip().startswith("?")
    named = (rest.lstrip()[1:] if nullable else rest).strip()
    if named[:1] in ("?", "(", "<", ">", ")"):
        raise RefusedError(
            "a type and, where it differs, the name in the file", f"{quoted(named)} is left over"
        )
    return Written(kind, nullable, named)


def _first(text: str) -> tuple[Type, str]:
    """The type at the beginning of ``text``, and what follows it."""
    word = _WORD.match(text)
    if word is None:
        raise RefusedError("a type, as in 'string' or 'timestamptz ts'")
    name, end = word[1], word.end()
    if name == "decimal":
        return _decimal(text, end)
    if name in ("list", "struct") and text[end : end + 1] == "<":
        closing = _closing(text, end)
        try:
            return types.parse(text[:closing]), text[closing:]
        except types.WrongTypeError as error:
            raise RefusedError("a type", str(error)) from error
    if name in types.PRIMITIVES:
        return Primitive(name), text[word.end(1) :]
    raise _unknown(name, text)


def _decimal(text: str, end: int) -> tuple[Type, str]:
    found = re.match(r"\(\s*(\d+)\s*,\s*(\d+)\s*\)", text[end:])
    if found is None and text[end : end + 1] == "(" and ")" not in text[end:]:
        raise RefusedError(
            "decimal(DIGITS,SCALE)", 'put quotes around it: a comma ends it inside { }, as in "decimal(12,2)"'
        )
    if found is None:
        advice = "write decimal(12,2) for ten digits before the point and two behind"
        raise RefusedError("decimal(DIGITS,SCALE)", advice)
    try:
        return types.parse(f"decimal({found[1]},{found[2]})"), text[end + found.end() :]
    except types.WrongTypeError as error:
        expected = f"1 to {types.MOST_DIGITS} digits, and no more behind the point"
        raise RefusedError(expected, found=f"'decimal({found[1]},{found[2]})'") from error


def _closing(text: str, start: int) -> int:
    """Behind the bracket that closes the one at ``start``."""
    depth = 0
    for place in range(start, len(text)):
        depth += {"<": 1, ">": -1}.get(text[place], 0)
        if depth == 0:
            return place + 1
    raise RefusedError("brackets in pairs", "put quotes around it: a comma ends it inside { }")


def _unknown(name: str, text: str) -> RefusedError:
    lower = name.lower()
    known = (*types.PRIMITIVES, "decimal", "list", "struct")
    found = quoted(text.strip())
    if lower in known:
        return RefusedError("a type in lower-case letters", f"write {quoted(lower)}", found)
    if lower in _NOT_READ:
        return RefusedError("a type that is read", _NOT_READ[lower], found)
    if lower in _OTHER_NAMES:
        return RefusedError("a type of Iceberg", f"write {quoted(_OTHER_NAMES[lower])}", found)
    near = did_you_mean(lower, known)
    expected = f"a type: {', '.join(types.PRIMITIVES)}, decimal(DIGITS,SCALE), a list or a struct"
    return RefusedError(expected, near, found)


def _list(inner: Any, deep: int) -> List:
    element = read(inner, deep + 1)
    _refuse_name(element, "an element of a list")
    return List(element.type, element.nullable)


def _struct(inner: Any, deep: int) -> Struct:
    if not isinstance(inner, Mapping) or not inner:
        raise RefusedError("fields of a struct, as in {struct: {city: string}}", found=_kind(inner))
    fields = []
    for name, value in inner.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", str(name)):
            raise RefusedError(
                "letters, digits and '_' in a field's name, no digit first", found=quoted(str(name))
            )
        written = read(value, deep + 1)
        _refuse_name(written, "a field of a struct")
        fields.append(Field(str(name), written.type, written.nullable))
    lower = [field.name.lower() for field in fields]
    if twice := next((name for name in lower if lower.count(name) > 1), None):
        raise RefusedError(
            "each field once: Athena does not tell cases apart", found=f"{quoted(twice)} twice"
        )
    return Struct(tuple(fields))


def _refuse_name(written: Written, what: str) -> None:
    if written.named:
        raise RefusedError(
            f"no other name for {what}", "its name is the file's", quoted(f"… {written.named}")
        )
