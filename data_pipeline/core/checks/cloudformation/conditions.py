"""Which conditions can be true together, by the values that parameters can have.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-conditions.html
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

from .functions import function, objects

Truth = Mapping[str, bool]
"""Condition → whether it holds."""
MOST = 256
"""Combinations that are tried; a template with more is not judged by its conditions."""
_OTHER = "\0another value"


class UnknownError(Exception):
    """What cannot be known before CloudFormation deploys."""


def truths(template: Mapping[str, Any]) -> list[dict[str, bool]]:
    """The combinations that can be, each once; one without conditions where the template has none, and an empty list
    where there are too many to try, or conditions that are none."""
    conditions = template.get("Conditions")
    if not isinstance(conditions, dict) or not conditions:
        return [{}]
    values = _values(template, conditions)
    unknown = _unknown(conditions)
    count = 1
    for each in values.values():
        count *= len(each)
    if count * 2 ** len(unknown) > MOST:
        return []
    found: dict[tuple[bool, ...], dict[str, bool]] = {}
    for chosen in product(*values.values()):
        for free in product((True, False), repeat=len(unknown)):
            known = dict(zip(values, chosen, strict=True))
            try:
                truth = _all(conditions, known, dict(zip(unknown, free, strict=True)))
            except (UnknownError, RecursionError):
                return []
            found.setdefault(tuple(truth.values()), truth)
    return list(found.values())


def _values(template: Mapping[str, Any], conditions: Mapping[str, Any]) -> dict[str, list[str]]:
    """The values that matter of each parameter in a condition: those it is compared with, and one besides."""
    parameters = template.get("Parameters")
    parameters = parameters if isinstance(parameters, dict) else {}
    found: dict[str, set[str]] = {}
    for _, value in objects((), conditions):
        sides = function(value, "Equals")
        if not isinstance(sides, list) or len(sides) != 2:
            continue
        names = [name for side in sides if isinstance(name := function(side, "Ref"), str)]
        texts = {_text(side) for side in sides if not isinstance(side, (dict, list))}
        for name in names:
            found.setdefault(name, set()).update(texts)
    out = {}
    for name, compared in found.items():
        given = parameters.get(name)
        allowed = given.get("AllowedValues") if isinstance(given, dict) else None
        kept = (
            [_text(value) for value in allowed] if isinstance(allowed, list) else [*sorted(compared), _OTHER]
        )
        out[name] = list(dict.fromkeys(kept))
    return out


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _unknown(conditions: Mapping[str, Any]) -> list[str]:
    """Comparisons of what is not known, each of which may go either way."""
    found = []
    for _, value in objects((), conditions):
        sides = function(value, "Equals")
        if isinstance(sides, list) and any(
            _side(side, {}) is None and not _is_parameter(side) for side in sides
        ):
            found.append(repr(sides))
    return list(dict.fromkeys(found))


def _is_parameter(side: Any) -> bool:
    return isinstance(function(side, "Ref"), str)


def _side(side: Any, known: Mapping[str, str]) -> str | None:
    if isinstance(name := function(side, "Ref"), str):
        return known.get(name)
    return None if isinstance(side, (dict, list)) else _text(side)


def _all(
    conditions: Mapping[str, Any], known: Mapping[str, str], free: Mapping[str, bool]
) -> dict[str, bool]:
    def holds(value: Any) -> bool:
        if isinstance(sides := function(value, "Equals"), list) and len(sides) == 2:
            if repr(sides) in free:
                return free[repr(sides)]
            return _side(sides[0], known) == _side(sides[1], known)
        if isinstance(name := function(value, "Condition"), str) and name in conditions:
            return holds(conditions[name])
        for word, joined in (("And", all), ("Or", any)):
            if isinstance(parts := function(value, word), list):
                return joined(holds(part) for part in parts)
        if isinstance(part := function(value, "Not"), list) and len(part) == 1:
            return not holds(part[0])
        raise UnknownError

    return {name: holds(value) for name, value in conditions.items()}
