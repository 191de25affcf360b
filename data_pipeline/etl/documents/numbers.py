"""Texts of numbers and booleans.

A number is an optional sign, decimal digits with an optional point, and an optional exponent: ``7``, ``-0.50``,
``+1``, ``.5``, ``1e3``. What counts is whether its *value* is exactly one of the type: ``1.0`` and ``1e3`` are an
int, ``1.5`` is ``inexact``; ``2.500`` is a decimal(4,2), ``2.505`` is not. ``double`` and ``float`` take the
nearest value, and ``nan``, ``inf``, ``infinity`` in any case, with a sign or without; a number too large for them,
or so small that only 0 is left of it, is out of range. A boolean is ``true`` or ``false`` in any case. Blanks
around are no part of a value. Other notations (``0x10``, ``1_000``, ``1,000``, ``yes``) are none.
"""

from __future__ import annotations

import math
import re
import struct
from decimal import Decimal

from . import reasons
from .reasons import WrongValueError

BLANKS = " \t"
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_WORD = re.compile(r"[+-]?(?:nan|inf|infinity)", re.IGNORECASE)
_BOOLEANS = {"true": True, "false": False}
_BITS = {"int": 31, "long": 63}
MOST_PRECISION = 38
"""Digits that a decimal has at most."""
#: the largest exponent that is looked at: beyond it a number is out of range, or 0
_MOST_DIGITS = 100_000


def judge_boolean(text: str) -> bool:
    """WrongValueError if ``text`` is none."""
    found = _BOOLEANS.get(text.strip(BLANKS).lower())
    if found is None:
        raise reasons.not_a("boolean")
    return found


def judge_integer(text: str, name: str, point: str = ".") -> int:
    """The ``int`` or ``long`` of ``text``. WrongValueError if it is none."""
    value = _number(text, name, point)
    most = 1 << _BITS[name]
    if not -most <= value < most:
        raise WrongValueError(reasons.OUT_OF_RANGE)
    if value and _decimals(value) > 0:
        raise WrongValueError(reasons.INEXACT)
    return int(value)


def judge_decimal(text: str, precision: int, scale: int, point: str = ".") -> Decimal:
    """The decimal of ``text``, with exactly ``scale`` digits behind its point. WrongValueError if it is none."""
    value = _number(text, "decimal", point)
    if not value:
        return Decimal((0, (0,), -scale))
    if value.adjusted() >= precision - scale:
        raise WrongValueError(reasons.OUT_OF_RANGE)
    if _decimals(value) > scale:
        raise WrongValueError(reasons.INEXACT)
    sign, digits, exponent = value.as_tuple()
    shift = int(exponent) + scale
    kept = digits + (0,) * shift if shift >= 0 else digits[:shift]
    return Decimal((sign, kept, -scale))


def judge_float(text: str, name: str, point: str = ".") -> float:
    """The nearest ``double`` or ``float`` of ``text``. WrongValueError if it is none."""
    bare = text.strip(BLANKS)
    if _WORD.fullmatch(bare):
        return float(bare)
    plain = _plain(bare, point)
    if not NUMBER.fullmatch(plain):
        raise reasons.not_a(name)
    nearest = float(plain) if name == "double" else _nearest_float(plain)
    if math.isinf(nearest) or (not nearest and plain.lower().partition("e")[0].strip("+-.0")):
        raise WrongValueError(reasons.OUT_OF_RANGE)
    return nearest


def _nearest_float(text: str) -> float:
    """The nearest of the numbers that have four bytes, infinite if ``text`` is beyond them.

    The nearest of eight bytes may lie in the very middle of two of these, where ``text`` does not. So of the two of
    eight bytes around it, the odd one is rounded, which lies in no middle.
    """
    near = float(text)
    if not near or math.isinf(near):
        return near
    exact = Decimal(text)
    if exact != Decimal(near) and struct.unpack("<q", struct.pack("<d", near))[0] % 2 == 0:
        near = math.nextafter(near, math.inf if exact > Decimal(near) else -math.inf)
    try:
        return float(struct.unpack("<f", struct.pack("<f", near))[0])
    except OverflowError:
        return math.copysign(math.inf, near)


def _number(text: str, name: str, point: str) -> Decimal:
    """Its value, exactly. ``point`` is what stands between whole and fraction."""
    bare = _plain(text.strip(BLANKS), point)
    if not NUMBER.fullmatch(bare):
        raise reasons.not_a(name)
    mantissa, _, exponent = bare.lower().partition("e")
    if len(exponent.lstrip("+-0")) > 6 or abs(int(exponent or 0)) > _MOST_DIGITS:
        if not mantissa.strip("+-.0"):
            return Decimal(0)
        raise WrongValueError(reasons.INEXACT if exponent.startswith("-") else reasons.OUT_OF_RANGE)
    return Decimal(bare)


def _plain(text: str, point: str) -> str:
    if point == ".":
        return text
    return "?" if "." in text else text.replace(point, ".")


def _decimals(value: Decimal) -> int:
    """The digits that ``value`` needs behind its point: fewer than 0 if it ends with zeros before it. Not of 0."""
    _, digits, exponent = value.as_tuple()
    zeros = 0
    while not digits[-1 - zeros]:
        zeros += 1
    return -int(exponent) - zeros
