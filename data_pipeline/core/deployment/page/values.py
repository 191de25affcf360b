"""Two values of JSON, and where they differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .entries import ADDED, CHANGED, REMOVED, Entry

#: members by which the entries of a list are told apart.
_KEYS = ("Key", "Sid", "PolicyName", "name", "Name", "Id", "AttributeName", "FeatureName")
#: characters of a value that are shown; of two values and their name on one line; around a difference in a long text.
_LONGEST, _SHORT, _AROUND = 160, 90, 30
#: characters of a path, of which only the first and the last member are shown where it is longer.
_DEEP = 56
#: what CloudFormation says of a value that nobody knows before a resource is made.
_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"


class _Missing:
    def __repr__(self) -> str:
        return "nothing"


MISSING = _Missing()


@dataclass(frozen=True)
class Difference:
    """One place where they differ; a side that has nothing there is MISSING."""

    path: tuple[str, ...]
    before: Any
    after: Any

    @property
    def name(self) -> str:
        whole = ".".join(self.path)
        return whole if len(whole) <= _DEEP else f"{self.path[0]} … {self.path[-1]}"


def differences(before: Any, after: Any, path: tuple[str, ...] = ()) -> Iterator[Difference]:
    """The deepest places where two values differ. Entries of lists are compared by their names, or where they have none
    and there are as many as before, by their places.
    """
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in dict.fromkeys([*before, *after]):
            yield from differences(before.get(key, MISSING), after.get(key, MISSING), (*path, str(key)))
    elif _named(before) and _named(after):
        yield from differences(_by_name(before), _by_name(after), path)
    elif _mappings(before) and _mappings(after) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, (*path, str(place)))
    elif before != after:
        yield Difference(path, before, after)


def entry(found: Difference) -> Entry:
    """A difference as an entry: ``~ TimeoutSeconds: 3600 → 7200``; what is long stands below, one side each."""
    if found.before is MISSING:
        return Entry(ADDED, f"{found.name}: {text(found.after)}")
    if found.after is MISSING:
        return Entry(REMOVED, f"{found.name}: {text(found.before)}")
    if _texts(found.before) and _texts(found.after):
        gone = [each for each in found.before if each not in found.after]
        new = [each for each in found.after if each not in found.before]
        if gone or new:
            signs = [*(f"-{each}" for each in gone), *(f"+{each}" for each in new)]
            return Entry(CHANGED, f"{found.name}: {_cut(', '.join(signs))}")
    before, after = _apart(_line(found.before), _line(found.after))
    if len(found.name) + len(before) + len(after) <= _SHORT:
        return Entry(CHANGED, f"{found.name}: {before} → {after}")
    return Entry(CHANGED, found.name, (Entry(REMOVED, _cut(before)), Entry(ADDED, _cut(after))))


def text(value: Any) -> str:
    """A value on one line, cut where it is long; of a mapping, what it says."""
    if isinstance(value, Mapping):
        value = {key: each for key, each in value.items() if each not in (None, "", [], {}, False)}
    return _cut(_line(value))


def renewed(value: Any, hashes: Mapping[str, str]) -> Any:
    """The value with each old hash in a text replaced by the new one."""
    if isinstance(value, str):
        for old, new in hashes.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, Mapping):
        return {key: renewed(each, hashes) for key, each in value.items()}
    if isinstance(value, list):
        return [renewed(each, hashes) for each in value]
    return value


def _line(value: Any) -> str:
    """A value as one line of text."""
    whole = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return " ".join(whole.replace(_LATER, "(known when it is made)").split())


def _apart(before: str, after: str) -> tuple[str, str]:
    """Two long texts from a little before where they part, to a little behind."""
    if max(len(before), len(after)) <= _LONGEST:
        return before, after
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    return _window(before, start, end), _window(after, start, end)


def _common(one: str, other: str) -> int:
    """How many characters at the start are the same."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _window(whole: str, start: int, end: int) -> str:
    first, last = max(0, start - _AROUND), min(len(whole), len(whole) - end + _AROUND)
    return ("…" if first else "") + whole[first:last] + ("…" if last < len(whole) else "")


def _cut(line: str) -> str:
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def _mappings(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _named(value: Any) -> bool:
    """Whether a list has entries that are told apart by a member of theirs."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(each, Mapping) and _key(each) for each in value) and len(_by_name(value)) == len(
        value
    )


def _by_name(value: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {str(each[_key(each)]): {k: v for k, v in each.items() if k != _key(each)} for each in value}


def _key(each: Mapping[str, Any]) -> str:
    return next((key for key in _KEYS if isinstance(each.get(key), str)), "")
