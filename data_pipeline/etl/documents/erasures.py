"""Keys that were erased of a data set: ``<output>/state/erased/<data set>.json``. The tool writes it, jobs read it.

    {"version":1,"salt":"…","keys":[{"columns":["order_id"],"hash":"…","since":"2026-01-05T10:00:00Z","done":"",
     "kinds":["long"]}]}

``hash``: SHA-256, in hexadecimal digits, of the salt and the values, each as ``LENGTH:TEXT``. ``since``: when it was
asked for, in UTC; ``done``: when the tables, and the snapshots that may expire, had it no more, or nothing. ``kinds``:
the columns' types, by which values become texts; ``hash of TYPE`` with ``pii: hash``. So the values themselves are
nowhere, and whoever has one can tell whether it is meant.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Context, Decimal, InvalidOperation
from typing import Any, Callable

from . import form, types

VERSION = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
_WHOLE = {"int": 31, "long": 63}
_EXACT = Context(prec=100)
_MOST_DIGITS = 40
_HASH_OF = "hash of "


@dataclass(frozen=True)
class Erased:
    """One key: the names of its ``columns``, and what stands for their values. ``kinds``: as ``kind_of`` gives them;
    none in records of before they were noted.
    """

    columns: tuple[str, ...]
    hash: str
    since: str
    done: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """All keys that are erased of one data set."""

    salt: str
    keys: tuple[Erased, ...] = ()

    @property
    def pending(self) -> bool:
        """Whether tables may still have one of them."""
        return any(not each.done for each in self.keys)

    @property
    def by_columns(self) -> Mapping[tuple[str, ...], frozenset[str]]:
        """The columns of keys → their hashes."""
        found: dict[tuple[str, ...], set[str]] = {}
        for each in self.keys:
            found.setdefault(each.columns, set()).add(each.hash)
        return {columns: frozenset(hashes) for columns, hashes in found.items()}

    def find(self, columns: Sequence[str], texts: Sequence[str]) -> Erased | None:
        """The entry of the key with these values, as ``canonical`` gives them."""
        mine = hashed(self.salt, texts)
        return next((key for key in self.keys if (key.columns, key.hash) == (tuple(columns), mine)), None)

    def with_keys(
        self, columns: Sequence[str], keys: Iterable[Sequence[str]], since: str, kinds: Sequence[str] = ()
    ) -> Record:
        """With these ``keys``, too, each as texts; one that is there already is pending again. ``kinds``: as of
        ``Erased``.
        """
        mine = {hashed(self.salt, texts) for texts in keys}
        kept = [
            key for key in self.keys if (key.columns, key.hash) not in {(tuple(columns), h) for h in mine}
        ]
        added = (Erased(tuple(columns), each, since, "", tuple(kinds)) for each in sorted(mine))
        return replace(self, keys=(*kept, *added))

    def without(self, columns: Sequence[str], keys: Iterable[Sequence[str]]) -> Record:
        """Without these ``keys``."""
        mine = {(tuple(columns), hashed(self.salt, texts)) for texts in keys}
        return replace(self, keys=tuple(key for key in self.keys if (key.columns, key.hash) not in mine))

    def pending_again(self, but: Collection[tuple[tuple[str, ...], str]] = ()) -> Record:
        """With every key pending again, ``but`` these (columns and hash): tables may have them once more."""
        return replace(
            self,
            keys=tuple(key if (key.columns, key.hash) in but else replace(key, done="") for key in self.keys),
        )


NO_KEYS = Record("")
"""Of a data set of which nothing was ever erased."""


def new() -> Record:
    """A record of no key, with a salt of its own."""
    return Record(secrets.token_hex(16))


def folder(output: str) -> str:
    """Where the records of all data sets are."""
    return f"{output.rstrip('/')}/state/erased"


def place(output: str, dataset: str) -> str:
    """Where the record of a data set is."""
    return f"{folder(output)}/{dataset}.json"


def write(record: Record) -> str:
    """The record as JSON."""
    return form.text({"version": VERSION, **asdict(record)})


def read(content: str | bytes, place: str) -> Record:
    """The record that a document holds. JobError, with the place, if it holds none."""
    return form.read(content, place, "a record of erased keys", VERSION, _read)


def _read(document: Mapping[str, Any]) -> Record:
    keys = tuple(
        Erased(**{**each, "columns": tuple(each["columns"]), "kinds": tuple(each.get("kinds", ()))})
        for each in document["keys"]
    )
    return Record(str(document["salt"]), keys)


def kind_of(kind: types.Type, pii: str = "") -> str:
    """What a record says of a column of this type, which is that of its values before ``pii: hash``."""
    return f"{_HASH_OF}{kind}" if pii == "hash" else str(kind)


def alike(one: str, other: str) -> bool:
    """Whether values of columns of these kinds, as ``kind_of`` gives them, have the same texts."""
    return _spelling(one) == _spelling(other)


def _spelling(kind: str) -> str:
    """The kind without what makes no difference to texts: how large a whole number, or that of a decimal, may be."""
    parsed = types.parse(kind.removeprefix(_HASH_OF))
    if isinstance(parsed, types.Primitive) and parsed.name == "int":
        parsed = types.Primitive("long")
    if isinstance(parsed, types.Primitive) and parsed.precision > parsed.scale:
        parsed = replace(parsed, precision=types.MOST_DIGITS)
    return kind_of(parsed, "hash" if kind.startswith(_HASH_OF) else "")


def hashed(salt: str, texts: Sequence[str]) -> str:
    """What stands for a key whose values are these texts."""
    told = salt + "".join(f"{len(text)}:{text}" for text in texts)
    return hashlib.sha256(told.encode("utf-8", "surrogatepass")).hexdigest()


def canonical(kind: types.Type, text: str) -> str | None:
    """The one text by which a value of the type ``kind`` is hashed: a time is microseconds since 1970, a timestamptz in
    UTC. None if ``text`` is no such value.
    """
    if not isinstance(kind, types.Primitive):
        return None
    if kind.name == "string":
        return text
    try:
        return _MAKERS[kind.name](kind, text.strip())
    except (KeyError, ValueError, InvalidOperation, OverflowError):
        return None


def sha256_of(kind: types.Type, text: str) -> str | None:
    """What ``pii: hash`` makes of a value, which it writes as DuckDB does. None if ``text`` is no such value."""
    found = canonical(kind, text)
    if found is None or not isinstance(kind, types.Primitive):
        return None
    if kind.name in ("timestamp", "timestamptz"):
        moment = _EPOCH + timedelta(microseconds=int(found))
        found = f"{moment:%Y-%m-%d %H:%M:%S}" + (f".{moment:%f}".rstrip("0") if moment.microsecond else "")
        found += "+00" if kind.name == "timestamptz" else ""
    return hashlib.sha256(found.encode("utf-8", "surrogatepass")).hexdigest()


def _exactly(text: str) -> Decimal:
    value = Decimal(text)
    if len(text) > 2 * _MOST_DIGITS or not value.is_finite() or abs(value.adjusted()) > _MOST_DIGITS:
        raise ValueError(text)
    return value


def _number(kind: types.Primitive, text: str) -> str:
    value = _exactly(text)
    whole = int(value)
    if value != whole or not -(2 ** _WHOLE[kind.name]) <= whole < 2 ** _WHOLE[kind.name]:
        raise ValueError(text)
    return str(whole)


def _decimal(kind: types.Primitive, text: str) -> str:
    value = _exactly(text)
    scaled = int(value.scaleb(kind.scale, _EXACT))
    if Decimal(scaled).scaleb(-kind.scale, _EXACT) != value or len(str(abs(scaled))) > kind.precision:
        raise ValueError(text)
    whole = kind.precision > kind.scale  # else DuckDB writes no zero before the point
    digits = str(abs(scaled)).rjust(kind.scale + whole, "0")
    sign, cut = "-" if scaled < 0 else "", len(digits) - kind.scale
    return sign + (f"{digits[:cut]}.{digits[cut:]}" if kind.scale else digits)


def _boolean(_: types.Primitive, text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower()


def _date(_: types.Primitive, text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _time(kind: types.Primitive, text: str) -> str:
    moment = datetime.fromisoformat(f"{text[:-1]}+00:00" if text[-1:] in ("Z", "z") else text)
    if (moment.tzinfo is not None) != (kind.name == "timestamptz"):
        raise ValueError(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return str((moment - _EPOCH) // timedelta(microseconds=1))


_MAKERS: Mapping[str, Callable[[types.Primitive, str], str]] = {
    "int": _number,
    "long": _number,
    "decimal": _decimal,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _time,
    "timestamptz": _time,
}
