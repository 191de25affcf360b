"""The columns of files of JSON lines: objects become structs, arrays lists."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents.reasons import WrongValueError
from data_pipeline.etl.documents.types import Field, List, Primitive, Struct, Type
from data_pipeline.etl.reading import json_values
from data_pipeline.etl.reading.json_values import Members, Number

from . import column_names, dialects, number_types, texts
from .guesses import Conventions, Guess, Texts, amount, mostly
from .proposal import Columns, ProposedColumn
from .samples import Head

_DEEPEST = 7
_MOSTFIELDS = 200
FIELD = re.compile("[A-Za-z_][A-Za-z0-9_]*")


@dataclass
class Seen:
    """What stood under a key: how often it was null, a text, a number, …; what was in its lists and objects."""

    nulls: int = 0
    booleans: int = 0
    texts: Counter[str] = field(default_factory=Counter)
    numbers: Counter[str] = field(default_factory=Counter)
    lists: int = 0
    items: Seen | None = None
    objects: int = 0
    members: dict[str, Seen] = field(default_factory=dict)

    def add(self, value: Any) -> None:
        if value is None:
            self.nulls += 1
        elif isinstance(value, bool):
            self.booleans += 1
        elif isinstance(value, Number):
            self.numbers[str(value)] += 1
        elif isinstance(value, str):
            self.texts[value] += 1
        elif isinstance(value, list):
            self.lists += 1
            for each in value:
                self.items = self.items or Seen()
                self.items.add(each)
        else:
            self.objects += 1
            for key, each in value.items():
                self.members.setdefault(key, Seen()).add(each)

    @property
    def kinds(self) -> dict[str, int]:
        """How often it was what, without nulls; the most frequent first."""
        counts = {
            "text": self.texts.total(),
            "number": self.numbers.total(),
            "boolean": self.booleans,
            "list": self.lists,
            "object": self.objects,
        }
        return {kind: n for kind, n in sorted(counts.items(), key=lambda each: -each[1]) if n}


class NoTypeError(ValueError):
    """A value that no column is made of; the message says why."""


def columns(heads: Sequence[Head], parts: Sequence[str] = ()) -> Columns:
    """What the files of JSON lines of these beginnings hold. UserError if they hold no object."""
    encoding, unsure = dialects.encoding([head.raw for head in heads])
    every = Seen()
    for head in heads:
        for found in _objects(head, encoding):
            every.add(found)
    if not every.objects:
        raise _no_object(heads, encoding)
    written, doubts = _conventions(every)
    named = column_names.column_names(every.members, parts)
    made: list[ProposedColumn] = []
    left_out: list[str] = []
    for key, seen in every.members.items():
        name = named[key]
        try:
            guess = _guess(name, seen, written, every.objects)
        except NoTypeError as error:
            left_out.append(f"{key}: {error}")
            continue
        other = () if name == key else (key,)
        made.append(ProposedColumn(name, guess.type, guess.nullable, other, None, guess.about))
        doubts += guess.unsure
    if not made:
        raise UserError(
            f"{heads[0].path}: found no key that is a column: {'; '.join(left_out)}; nothing was changed"
        )
    return Columns(tuple(made), _options(written, encoding, made), tuple(left_out), (*unsure, *doubts))


def _objects(head: Head, encoding: str) -> Iterator[Members]:
    for line in head.text(encoding).split(b"\n"):
        if line.strip():
            try:
                yield json_values.parse(line.decode("utf-8", "replace").strip(" \t\r\n"))
            except WrongValueError:
                continue


def _no_object(heads: Sequence[Head], encoding: str) -> UserError:
    text = next((text for head in heads if (text := head.text(encoding).strip())), b"")
    where = f"{heads[0].path}: found"
    if text.startswith(b"["):
        advice = "expected an object a line; jq -c '.[]' makes lines of it"
        return UserError(f"{where} one JSON array, {advice}; nothing was changed")
    if text.startswith(b"{"):
        advice = "expected an object a line; jq -c . makes lines of them"
        return UserError(f"{where} JSON over several lines, {advice}; nothing was changed")
    return UserError(f"{where} no JSON object, expected an object a line; nothing was changed")


def _leaves(seen: Seen, name: str = "") -> Iterator[Texts]:
    """The texts of every leaf."""
    if seen.texts:
        yield Texts(name, seen.texts)
    if seen.items:
        yield from _leaves(seen.items, name)
    for key, each in seen.members.items():
        yield from _leaves(each, f"{name}.{key}" if name else key)


def _conventions(every: Seen) -> tuple[Conventions, list[str]]:
    """JSON has null words and fractions of its own: dates and times alone are conventions."""
    times = [each for each in _leaves(every) if texts.looked_at(each, ()).form is not None]
    found = texts.conventions(times)
    return replace(found, nulls=(), decimal="."), list(found.unsure)


def _options(written: Conventions, encoding: str, made: Sequence[ProposedColumn]) -> dict[str, object]:
    kinds = " ".join(str(column.type) for column in made)
    options: dict[str, object] = {} if encoding == "utf-8" else {"encoding": encoding}
    if written.date and re.search(r"\bdate\b", kinds):
        options["date_format"] = written.date
    if written.timestamp and re.search(r"\btimestamp(tz)?\b", kinds):
        options["timestamp_format"] = written.timestamp
    return options


def _guess(name: str, seen: Seen, written: Conventions, of: int, deep: int = 0) -> Guess:
    """The type of what stood under a key of ``of`` objects. NoTypeError if it has none."""
    kinds = seen.kinds
    there = sum(kinds.values())
    null = there < of
    if not there:
        said = f"{name}: no value in the rows looked at; a string, until you know"
        return Guess(Primitive("string"), True, "always null", (said,))
    if deep > _DEEPEST:
        raise NoTypeError(f"objects and lists of more than {_DEEPEST} levels")
    kind = next(iter(kinds))
    if not mostly(kinds[kind], there):
        if set(kinds) <= {"text", "number"} and _all_numbers(seen.texts):
            kind = "number"
        else:
            raise NoTypeError(f"its values are of several kinds: {', '.join(kinds)}")
    found = _OF[kind](name, seen, written, deep)
    unsure = found.unsure
    if len(kinds) > 1 and kind != "number":
        others = sum(kinds.values()) - kinds[kind]
        unsure = (
            f"{name}: {amount(others, 'value')} of another kind than most; such rows are refused",
            *unsure,
        )
    seldom = of - there
    if null and seldom * 100 <= of and not deep:
        said = f"{amount(seldom, 'row')} of {of:,} without a value"
        unsure = (*unsure, f"{name}: {said}; without ? such rows are refused")
    about = found.about if there == of else f"in {there:,} of {of:,}; {found.about}"
    return replace(found, nullable=null, about=about, unsure=unsure)


def _all_numbers(found: Mapping[str, int]) -> bool:
    return all(
        number_types.is_number(text) and not number_types.LEADING_ZEROS.fullmatch(text) for text in found
    )


def _number(name: str, seen: Seen, _written: Conventions, _deep: int) -> Guess:
    written_as_text = {text: n for text, n in seen.texts.items() if number_types.is_number(text)}
    found = number_types.guess(name, Counter(seen.numbers) + Counter(written_as_text), False, fixed=False)
    if found.type == Primitive("string"):  # a string is a text only
        found = replace(
            found, type=Primitive("decimal", 38, 0), unsure=(f"{name}: numbers of more than 64 bits",)
        )
    return found


def _text(name: str, seen: Seen, written: Conventions, _deep: int) -> Guess:
    looked = texts.looked_at(Texts(name, seen.texts), ())
    if looked.form is not None:
        return texts.guess(looked, written)
    found = texts.guess(replace(looked, kind="string"), written)
    if looked.kind == "number":
        said = f"{name}: numbers written as texts; a number's column reads them too"
        found = replace(found, unsure=(*found.unsure, said))
    return found


def _boolean(_name: str, _seen: Seen, _written: Conventions, _deep: int) -> Guess:
    return Guess(Primitive("boolean"), False, "true and false")


def _list(name: str, seen: Seen, written: Conventions, deep: int) -> Guess:
    if seen.items is None:
        said = f"{name}: its lists are empty in the rows looked at; a list of strings, until you know"
        return Guess(List(Primitive("string"), True), False, "empty lists", (said,))
    inner = _guess(name, seen.items, written, sum(seen.items.kinds.values()) + seen.items.nulls, deep + 1)
    return Guess(List(inner.type, inner.nullable), False, f"lists of {_what(inner.type)}", inner.unsure)


def _what(kind: Type) -> str:
    return "objects" if isinstance(kind, Struct) else "lists" if isinstance(kind, List) else f"{kind}s"


def _object(name: str, seen: Seen, written: Conventions, deep: int) -> Guess:
    if not seen.members:
        raise NoTypeError("empty objects in the rows looked at")
    if len(seen.members) > _MOSTFIELDS or _is_map(seen):
        raise NoTypeError("objects whose keys are data; a map is not read")
    fields: list[Field] = []
    unsure: list[str] = []
    lower = Counter(key.lower() for key in seen.members)
    for key, each in seen.members.items():
        if not FIELD.fullmatch(key) or lower[key.lower()] > 1:
            unsure.append(f"{name}: its field {key!r} is left out: no name that Athena can tell apart")
            continue
        try:
            found = _guess(f"{name}.{key}", each, written, seen.objects, deep + 1)
        except NoTypeError as error:
            unsure.append(f"{name}: its field {key!r} is left out: {error}")
            continue
        fields.append(Field(key, found.type, found.nullable))
        unsure += found.unsure
    if not fields:
        raise NoTypeError("no field that is read")
    return Guess(Struct(tuple(fields)), False, f"objects of {amount(len(fields), 'field')}", tuple(unsure))


def _is_map(seen: Seen) -> bool:
    """Whether keys are as many as objects, and each is rare."""
    there = [sum(each.kinds.values()) + each.nulls for each in seen.members.values()]
    return len(there) > 20 and max(there) * 4 < seen.objects


_OF = {"text": _text, "number": _number, "boolean": _boolean, "list": _list, "object": _object}
