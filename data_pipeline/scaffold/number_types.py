"""The type of a column of numbers, from how they are written."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from data_pipeline.etl.documents.numbers import NUMBER
from data_pipeline.etl.documents.types import Primitive

from .guesses import Guess, amount

_MONEY = re.compile(
    "amount|price|revenue|balance|salary|discount|payment|betrag|preis"
    "|(^|_)(cost|total|fee|fare|tip|toll|tax|charge|money|eur|usd|gbp|net|gross|sum)s?($|_)"
)
_EPOCH = re.compile("time|date|(^|_)(ts|at)($|_)|created|updated|epoch", re.I)
_DAY = re.compile("date|day|(^|_)dt($|_)|datum|tag$", re.I)
#: an int has room for what grows up to here; beyond it, a long is as cheap as an error is dear.
_MOST_OF_AN_INT = 200_000_000
_DOUBLE_DIGITS = 17
"""Digits that a double is written out with at most."""
_WORDS = re.compile("[+-]?(?:nan|inf|infinity)", re.I)
LEADING_ZEROS = re.compile("[+-]?0[0-9]+")


def is_number(text: str) -> bool:
    """Whether a text, with a point for a fraction, is a number in whatever notation is read."""
    return bool(NUMBER.fullmatch(text) or _WORDS.fullmatch(text))


def guess(name: str, counts: Mapping[str, int], nullable: bool, fixed: bool = True) -> Guess:
    """The type of numbers as they are written, with a point: text → rows. ``fixed``: zeros at a number's end are
    written where they belong to it, as in CSV files; JSON leaves them out.
    """
    whole = {text for text in counts if re.fullmatch("[+-]?[0-9]+", text)}
    if any(LEADING_ZEROS.fullmatch(text) for text in whole) and fixed:
        about = "digits with leading zeros"
        return Guess(Primitive("string"), nullable, about, (f"{name}: {about}, as ids have them: a string",))
    fractions = [text for text in counts if text not in whole]
    rare = sum(counts[text] for text in fractions)
    every = sum(counts.values())
    if not fractions or (every >= 500 and rare * 200 <= every and fixed):
        return _whole(name, whole, nullable, rare)
    if any(not re.fullmatch(r"[+-]?[0-9]*\.?[0-9]*", text) for text in fractions):
        return Guess(Primitive("double"), nullable, _range(counts), ())
    return _fraction(name, counts, nullable, fixed)


def _whole(name: str, whole: set[str], nullable: bool, rare: int) -> Guess:
    values = [int(text) for text in whole]
    low, high = min(values), max(values)
    unsure: tuple[str, ...] = ()
    if rare:
        unsure = (
            f"{name}: {amount(rare, 'value')} with a fraction among whole numbers; an int refuses those",
        )
    if low < -(2**63) or high >= 2**63:
        about = "numbers of more than 64 bits"
        return Guess(Primitive("string"), nullable, about, (f"{name}: {about}, as ids have them: a string",))
    about = f"{low} to {high}"
    kind = "int" if max(-low, high) <= _MOST_OF_AN_INT else "long"
    return Guess(Primitive(kind), nullable, about, unsure + _meanings(name, values))


def _meanings(name: str, values: list[int]) -> tuple[str, ...]:
    """What whole numbers may stand for."""
    low, high = min(values), max(values)
    if low == 0 and high == 1:
        return (
            f"{name}: 0 and 1 alone may be false and true; a boolean is written so, or made by the data set's sql",
        )
    for unit, factor in (("seconds", 1), ("milliseconds", 1000), ("microseconds", 1_000_000)):
        if 10**9 * factor // 2 <= low and high < 5 * 10**9 * factor and _EPOCH.search(name):
            return (f"{name}: may be {unit} since 1970; the data set's sql can make times of them",)
    if low >= 19_000_101 and high <= 20_991_231 and len(values) > 2:
        return (f"{name}: may be days as in 20240131; for a date write 'date' and date_format: \"%Y%m%d\"",)
    if high > 2**53:
        return (f"{name}: numbers beyond 2^53 may be ids, which other tools round",)
    return ()


def may_be_days(name: str) -> bool:
    """Whether eight digits under this name are a day."""
    return bool(_DAY.search(name))


def _fraction(name: str, counts: Mapping[str, int], nullable: bool, fixed: bool) -> Guess:
    plain = [text.lstrip("+-") for text in counts]
    wholes = max(len(text.partition(".")[0].lstrip("0")) for text in plain)
    behind = [len(text.partition(".")[2]) for text in plain]
    scale = max(behind)
    same = len(set(behind)) == 1 and fixed
    money = bool(_MONEY.search(name.lower()))
    about = f"{_range(counts)}, {'' if same else 'up to '}{amount(scale, 'digit')} behind the point"
    decimal = Primitive("decimal", max(12, wholes + scale + 2), scale)
    if decimal.precision > 38:
        return Guess(Primitive("double"), nullable, about)
    if wholes + scale > _DOUBLE_DIGITS:
        return Guess(decimal, nullable, about, (f"{name}: a double would not hold all its digits",))
    if money and scale <= 4:
        decimal = Primitive("decimal", max(12, wholes + 4), max(scale, 2))
        said = f"{name}: {decimal}, since its name is that of money; a measured value is a double"
        return Guess(decimal, nullable, about, (said,))
    if same and scale == 2:
        said = f"{name}: {decimal}, since every value has two digits behind the point, as money has; else a double"
        return Guess(decimal, nullable, about, (said,))
    said = (
        f"{name}: a double; if it is money, write {Primitive('decimal', max(12, wholes + scale + 2), scale)}"
    )
    return Guess(Primitive("double"), nullable, about, (said,) if scale <= 2 and not same else ())


def _range(counts: Mapping[str, int]) -> str:
    values = [(Decimal(text), text) for text in counts if NUMBER.fullmatch(text)]
    return f"{min(values)[1]} to {max(values)[1]}" if values else "numbers"
