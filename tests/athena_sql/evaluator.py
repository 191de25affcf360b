"""A small evaluator of Trino's expressions, which knows nothing of DuckDB: random expressions with type and value.

Written from https://trino.io/docs/current/functions/ (math, decimal, string, datetime, comparison, conditional,
conversion). A difference of months or years is the largest number that, added to the earlier time, does not pass the
later one, as Joda-Time defines it. ``StopsError``: the query ends with an error. ``UnsureError``: whether an operand is
evaluated at all is left to the engine.
"""

from __future__ import annotations

import calendar
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - wall clocks
_BITS = {"tinyint": 7, "smallint": 15, "integer": 31, "bigint": 63}
_WHOLE = tuple(_BITS)
_DIGITS = {"tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19}


class StopsError(Exception):
    """Trino ends the query with an error."""


class UnsureError(Exception):
    """Nothing is compared."""


@dataclass(frozen=True)
class Decimals:
    """The type of a decimal."""

    precision: int
    scale: int

    def __str__(self) -> str:
        return f"decimal({self.precision},{self.scale})"


Kind = Any
Run = Callable[[], Any]


@dataclass(frozen=True)
class Expression:
    """Text, type, and what evaluates it."""

    text: str
    kind: Kind
    run: Run


def whole(kind: str, value: int) -> int:
    """A value of 8 to 64 bits; StopsError where it does not fit."""
    bits = _BITS[kind]
    if not -(2**bits) <= value < 2**bits:
        raise StopsError("out of range")
    return value


def fixed(kind: Decimals, unscaled: int) -> Decimal:
    """A decimal from its digits; StopsError where they are too many."""
    if abs(unscaled) >= 10**kind.precision:
        raise StopsError("too many digits")
    with localcontext() as context:
        context.prec = 80
        return Decimal(unscaled).scaleb(-kind.scale)


def digits(value: Decimal, scale: int) -> int:
    """The value without its point, at this scale, a half rounded away from zero."""
    exact = Fraction(value) * 10**scale
    return half_up(exact)


def half_up(exact: Fraction) -> int:
    """The nearest whole number; of two the one that is further from zero."""
    down = math.floor(abs(exact) + Fraction(1, 2))
    return down if exact >= 0 else -down


def as_decimal(kind: Kind) -> Decimals:
    return kind if isinstance(kind, Decimals) else Decimals(_DIGITS[kind], 0)


def common(one: Kind, other: Kind) -> Kind:
    """The type that two numbers have in common."""
    if one == other:
        return one
    if "double" in (one, other):
        return "double"
    if one in _WHOLE and other in _WHOLE:
        return max(one, other, key=_WHOLE.index)
    a, b = as_decimal(one), as_decimal(other)
    scale = max(a.scale, b.scale)
    return Decimals(min(38, max(a.precision - a.scale, b.precision - b.scale) + scale), scale)


def converted(value: Any, kind: Kind, to: Kind) -> Any:
    """What CAST between numbers does, and what is done without being asked."""
    if value is None or kind == to:
        return value
    if to == "double":
        return as_double(value, kind)
    if to in _WHOLE:
        if isinstance(value, float) and not math.isfinite(value):
            raise StopsError("not a number")
        return whole(to, half_up(Fraction(value)))
    if kind == "double":
        raise UnsureError("double to decimal")
    return fixed(to, digits(Decimal(value), to.scale))


def as_double(value: Any, kind: Kind) -> float:
    """Of a decimal up to 18 digits by a division of doubles, of a longer one the nearest."""
    if isinstance(kind, Decimals) and kind.precision <= 18:
        return float(digits(value, kind.scale)) / float(10**kind.scale)
    return float(Fraction(value))


def strict(function: Callable[..., Any], *parts: Expression) -> Run:
    """Null where an operand is. Whether an operand beside a null is evaluated is left to the engine."""

    def run() -> Any:
        values, stopped = [], None
        for part in parts:
            try:
                values.append(part.run())
            except StopsError as error:
                stopped = error
        if stopped and any(value is None for value in values):
            raise UnsureError("null, or an error")
        if stopped:
            raise stopped
        return None if any(value is None for value in values) else function(*values)

    return run


def arithmetic(sign: str, left: Expression, right: Expression) -> Expression:
    """The operators of numbers."""
    kind = common(left.kind, right.kind)
    if isinstance(kind, Decimals):
        kind, compute = _of_decimals(sign, as_decimal(left.kind), as_decimal(right.kind))
        return Expression(f"({left.text} {sign} {right.text})", kind, strict(compute, left, right))

    def compute(one: Any, other: Any) -> Any:
        a, b = converted(one, left.kind, kind), converted(other, right.kind, kind)
        return _of_doubles(sign, a, b) if kind == "double" else whole(kind, _of_wholes(sign, a, b))

    return Expression(f"({left.text} {sign} {right.text})", kind, strict(compute, left, right))


def _of_wholes(sign: str, a: int, b: int) -> int:
    if sign in "/%" and b == 0:
        raise StopsError("division by zero")
    if sign == "/":
        return abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
    return {"+": a + b, "-": a - b, "*": a * b, "%": a - b * _truncated(a, b)}[sign]


def _truncated(a: int, b: int) -> int:
    return 0 if b == 0 else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)


def _of_doubles(sign: str, a: float, b: float) -> float:
    if sign == "/":
        if b != 0:
            return a / b
        return math.nan if a == 0 or math.isnan(a) else math.copysign(math.inf, a) * math.copysign(1, b)
    if sign == "%":
        return math.fmod(a, b) if b != 0 and math.isfinite(a) else math.nan
    return {"+": a + b, "-": a - b, "*": a * b}[sign]


def _of_decimals(sign: str, a: Decimals, b: Decimals) -> tuple[Decimals, Callable[[Any, Any], Any]]:
    """Precision and scale by functions/decimal.html."""
    p, s, q, t = a.precision, a.scale, b.precision, b.scale
    wide = {
        "+": Decimals(max(p - s, q - t) + max(s, t) + 1, max(s, t)),
        "-": Decimals(max(p - s, q - t) + max(s, t) + 1, max(s, t)),
        "*": Decimals(p + q, s + t),
        "/": Decimals(p + t + max(t - s, 0), max(s, t)),
        "%": Decimals(min(p - s, q - t) + max(s, t), max(s, t)),
    }[sign]
    kind = Decimals(min(38, wide.precision), wide.scale)

    def compute(one: Any, other: Any) -> Any:
        if wide.precision > 38:
            raise UnsureError("the edge of 38 digits")
        x, y = Fraction(one), Fraction(other)
        if sign in "/%" and y == 0:
            raise StopsError("division by zero")
        exact = {"+": lambda: x + y, "-": lambda: x - y, "*": lambda: x * y, "/": lambda: x / y}
        result = x - y * math.trunc(x / y) if sign == "%" else exact[sign]()
        return fixed(kind, half_up(result * 10**kind.scale))

    return kind, compute


def add_months(start: datetime, count: int) -> datetime:
    """The same day so many months on, or the last one of a shorter month."""
    year, month = divmod(start.year * 12 + start.month - 1 + count, 12)
    if not 1 <= year <= 9999:
        raise UnsureError("beyond the calendar")
    return start.replace(
        year=year, month=month + 1, day=min(start.day, calendar.monthrange(year, month + 1)[1])
    )


def difference(unit: str, start: datetime, end: datetime) -> int:
    """Complete units of milliseconds, or of the calendar."""
    start, end = (each.replace(microsecond=each.microsecond // 1000 * 1000) for each in (start, end))
    if start > end:
        return -difference(unit, end, start)
    lengths = {
        "millisecond": 1,
        "second": 1000,
        "minute": 60_000,
        "hour": 3_600_000,
        "day": 86_400_000,
        "week": 604_800_000,
    }
    if unit in lengths:
        return (end - start) // timedelta(milliseconds=lengths[unit])
    months = {"month": 1, "quarter": 3, "year": 12}[unit]
    count = (end.year - start.year) * 12 + end.month - start.month
    count -= add_months(start, count) > end
    if unit == "year":
        years = end.year - start.year
        return years - (add_months(start, years * 12) > end)
    return count // months


def truncated(unit: str, at: datetime) -> datetime:
    """The beginning of the unit."""
    day = at.replace(hour=0, minute=0, second=0, microsecond=0)
    return {
        "millisecond": lambda: at.replace(microsecond=at.microsecond // 1000 * 1000),
        "second": lambda: at.replace(microsecond=0),
        "minute": lambda: at.replace(second=0, microsecond=0),
        "hour": lambda: at.replace(minute=0, second=0, microsecond=0),
        "day": lambda: day,
        "week": lambda: day - timedelta(days=at.weekday()),
        "month": lambda: day.replace(day=1),
        "quarter": lambda: day.replace(day=1, month=(at.month - 1) // 3 * 3 + 1),
        "year": lambda: day.replace(day=1, month=1),
    }[unit]()


def like(text: str, pattern: str) -> bool:
    """``%`` for any characters, ``_`` for one."""
    if not pattern:
        return not text
    if pattern[0] == "%":
        return any(like(text[at:], pattern[1:]) for at in range(len(text) + 1))
    return bool(text) and pattern[0] in ("_", text[0]) and like(text[1:], pattern[1:])


def substring(text: str, start: int, length: int | None) -> str:
    """Counted from 1, or from the end; 0 and what lies outside gives nothing."""
    if start == 0 or abs(start) > len(text) or (length is not None and length <= 0):
        return ""
    first = start - 1 if start > 0 else len(text) + start
    return text[first:] if length is None else text[first : first + length]


class Maker:
    """Random expressions of a kind: ``number``, ``text``, ``boolean``, ``date``, ``time``. Literals stand in them, or in
    ``columns``: then ``c0``, ``c1`` … stand for them.
    """

    def __init__(self, chance: random.Random, columns: list[str] | None = None) -> None:
        self.chance, self.columns = chance, columns

    def make(self, kind: str, depth: int) -> Expression:
        """An expression with so many levels at most."""
        if depth == 0 or self.chance.random() < 0.1:
            return self._placed(getattr(self, f"_{kind}_literal")())
        if self.chance.random() < 0.12:
            return self._conditional(kind, depth - 1)
        return getattr(self, f"_{kind}")(depth - 1)

    def any(self, depth: int) -> Expression:
        """Of any kind."""
        return self.make(self.chance.choice(("number", "number", "text", "boolean", "date", "time")), depth)

    def _placed(self, literal: Expression) -> Expression:
        if self.columns is None:
            return literal
        self.columns.append(literal.text)
        return replace(literal, text=f"c{len(self.columns) - 1}")

    # literals

    def _null(self, kind: str) -> Expression:
        return Expression(f"CAST(NULL AS {kind})", kind, lambda: None)

    def _number_literal(self) -> Expression:
        chance = self.chance
        if chance.random() < 0.05:
            return self._null(chance.choice(("integer", "bigint", "double")))
        if chance.random() < 0.5:
            value = chance.choice(
                (0, 1, -1, 2, 7, -7, 60, 127, 2**31 - 1, -(2**31), 2**31, 2**62, chance.randint(-999, 999))
            )
            kind = "integer" if -(2**31) <= value < 2**31 else "bigint"
            return Expression(str(value) if value >= 0 else f"({value})", kind, lambda: value)
        if chance.random() < 0.5:
            double = chance.choice((0.0, 0.5, -0.5, 2.5, 1e10, 1e-3, float(chance.randint(-99, 99)) / 8))
            return Expression(
                f"({double!r}e0)" if "e" not in repr(double) else f"({double!r})", "double", lambda: double
            )
        scale = chance.randint(1, 4)
        unscaled = chance.choice((0, 5, -5, 45, chance.randint(-99999, 99999)))
        text = f"{abs(unscaled):0{scale + 1}d}"
        written = f"{text[:-scale]}.{text[-scale:]}"
        kind = Decimals(max(1, len(text[:-scale].lstrip("0")) + scale), scale)
        value = fixed(Decimals(38, scale), unscaled)
        return Expression(f"(-{written})" if unscaled < 0 else written, kind, lambda: value)

    def _text_literal(self) -> Expression:
        if self.chance.random() < 0.05:
            return self._null("varchar")
        value = "".join(self.chance.choice("aAbB%_ xé'日9\t") for _ in range(self.chance.randint(0, 6)))
        escaped = value.replace("'", "''")
        return Expression(f"CAST('{escaped}' AS varchar)", "varchar", lambda: value)

    def _boolean_literal(self) -> Expression:
        if self.chance.random() < 0.2:
            return self._null("boolean")
        value = self.chance.random() < 0.5
        return Expression("true" if value else "false", "boolean", lambda: value)

    def _day(self) -> date:
        year = self.chance.choice((1969, 2020, 2021, 2023, 2024, 2100))
        month = self.chance.choice((1, 2, 2, 3, 6, 12))
        last = calendar.monthrange(year, month)[1]
        return date(year, month, self.chance.choice((1, 15, 28, last, last)))

    def _date_literal(self) -> Expression:
        if self.chance.random() < 0.05:
            return self._null("date")
        value = self._day()
        return Expression(f"DATE '{value}'", "date", lambda: value)

    def _time_literal(self) -> Expression:
        day, chance = self._day(), self.chance
        value = datetime(day.year, day.month, day.day) + timedelta(  # noqa: DTZ001 - a wall clock
            hours=chance.choice((0, 1, 12, 23)),
            seconds=chance.choice((0, 1, 3599)),
            microseconds=chance.choice((0, 500, 999_999, 123_456)),
        )
        return Expression(f"TIMESTAMP '{value:%Y-%m-%d %H:%M:%S.%f}'", "timestamp(6)", lambda: value)

    # operators and functions

    def _conditional(self, kind: str, depth: int) -> Expression:
        test, one, other = self.make("boolean", depth), self.make(kind, depth), self.make(kind, depth)
        to = common(one.kind, other.kind) if kind == "number" else one.kind

        def chosen(part: Expression) -> Any:
            return converted(part.run(), part.kind, to) if kind == "number" else part.run()

        if self.chance.random() < 0.5:
            text = f"CASE WHEN {test.text} THEN {one.text} ELSE {other.text} END"
            return Expression(f"({text})", to, lambda: chosen(one) if test.run() else chosen(other))

        def first() -> Any:
            value = chosen(one)
            return chosen(other) if value is None else value

        return Expression(f"coalesce({one.text}, {other.text})", to, first)

    def _number(self, depth: int) -> Expression:
        make = self.chance.choice(
            (
                self._sum,
                self._sum,
                self._sum,
                self._negated,
                self._rounded,
                self._cast,
                self._measure,
                self._part,
            )
        )
        return make(depth)

    def _sum(self, depth: int) -> Expression:
        return arithmetic(self.chance.choice("+-*/%"), self.make("number", depth), self.make("number", depth))

    def _negated(self, depth: int) -> Expression:
        value = self.make("number", depth)
        word = self.chance.choice(("-", "abs"))

        def run(found: Any) -> Any:
            result = -found if word == "-" else abs(found)
            return whole(value.kind, result) if value.kind in _WHOLE else result

        return Expression(f"({word}({value.text}))", value.kind, strict(run, value))

    def _rounded(self, depth: int) -> Expression:
        value, word = self.make("number", depth), self.chance.choice(("round", "floor", "ceil", "sign"))
        kind, old = value.kind, value.kind
        if isinstance(old, Decimals):
            kind = (
                Decimals(1, 0)
                if word == "sign"
                else Decimals(min(38, old.precision - old.scale + min(old.scale, 1)), 0)
            )

        def run(found: Any) -> Any:
            if isinstance(found, float):
                return _rounded_double(word, found)
            exact = Fraction(found)
            whole_ = {"round": half_up(exact), "floor": math.floor(exact), "ceil": math.ceil(exact)}
            result = (exact > 0) - (exact < 0) if word == "sign" else whole_[word]
            return fixed(kind, result) if isinstance(kind, Decimals) else result

        return Expression(f"{word}({value.text})", kind, strict(run, value))

    def _cast(self, depth: int) -> Expression:
        value = self.make("number", depth)
        to: Kind = self.chance.choice(("integer", "bigint", "double", "tinyint"))
        if value.kind != "double" and self.chance.random() < 0.4:
            to = Decimals(self.chance.choice((5, 18, 30)), self.chance.randint(0, 5))
        gentle = self.chance.random() < 0.3

        def run(found: Any) -> Any:
            try:
                return converted(found, value.kind, to)
            except StopsError:
                if gentle:
                    return None
                raise

        word = "TRY_CAST" if gentle else "CAST"
        return Expression(f"{word}({value.text} AS {to})", to, strict(run, value))

    def _measure(self, depth: int) -> Expression:
        one, other = self.make("text", depth), self.make("text", depth)
        if self.chance.random() < 0.5:
            return Expression(f"length({one.text})", "bigint", strict(len, one))
        return Expression(
            f"strpos({one.text}, {other.text})", "bigint", strict(lambda a, b: a.find(b) + 1, one, other)
        )

    def _part(self, depth: int) -> Expression:
        value = self.make(self.chance.choice(("date", "time")), depth)
        if self.chance.random() < 0.5:
            other = self.make(self.chance.choice(("date", "time")), depth)
            both = "date" if value.kind == other.kind == "date" else "time"
            units = ["day", "week", "month", "month", "quarter", "year"] + (
                ["hour", "second", "millisecond"] if both == "time" else []
            )
            unit = self.chance.choice(units)
            run = strict(lambda a, b: difference(unit, moment(a), moment(b)), value, other)
            return Expression(f"date_diff('{unit}', {value.text}, {other.text})", "bigint", run)
        parts: dict[str, Callable[[Any], int]] = {
            "year": lambda d: d.year,
            "quarter": lambda d: (d.month + 2) // 3,
            "month": lambda d: d.month,
            "week": lambda d: d.isocalendar()[1],
            "year_of_week": lambda d: d.isocalendar()[0],
            "day": lambda d: d.day,
            "day_of_week": lambda d: d.isoweekday(),
            "day_of_year": lambda d: d.timetuple().tm_yday,
        }
        name = self.chance.choice(list(parts))
        return Expression(f"{name}({value.text})", "bigint", strict(parts[name], value))

    def _text(self, depth: int) -> Expression:
        one, other, chance = self.make("text", depth), self.make("text", depth), self.chance
        start, length = chance.randint(-4, 4), chance.randint(-1, 4)
        return chance.choice(
            (
                Expression(f"({one.text} || {other.text})", "varchar", strict(lambda a, b: a + b, one, other)),
                Expression(f"substr({one.text}, {start})", "varchar", strict(lambda a: substring(a, start, None), one)),
                Expression(f"substr({one.text}, {start}, {length})", "varchar", strict(lambda a: substring(a, start, length), one)),
                Expression(f"trim({one.text})", "varchar", strict(lambda a: a.strip(" \t"), one)),
                Expression(f"reverse({one.text})", "varchar", strict(lambda a: a[::-1], one)),
                Expression(f"nullif({one.text}, {other.text})", "varchar", lambda: _null_if(one.run(), other.run())),
                Expression(f"greatest({one.text}, {other.text})", "varchar", strict(lambda a, b: max(a, b, key=str.encode), one, other)),
            )
        )  # fmt: skip

    def _boolean(self, depth: int) -> Expression:
        make = self.chance.choice(
            (self._compared, self._compared, self._junction, self._is, self._like, self._in)
        )
        return make(depth)

    def _compared(self, depth: int) -> Expression:
        kind = self.chance.choice(("number", "text", "date", "time"))
        left, right = self.make(kind, depth), self.make(kind, depth)
        sign = self.chance.choice(("=", "<>", "<", "<=", ">", ">="))
        to = common(left.kind, right.kind) if kind == "number" else None

        def run(a: Any, b: Any) -> bool:
            if to is not None:
                a, b = converted(a, left.kind, to), converted(b, right.kind, to)
            if kind == "text":
                a, b = a.encode(), b.encode()
            return {"=": a == b, "<>": a != b, "<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[sign]

        return Expression(f"({left.text} {sign} {right.text})", "boolean", strict(run, left, right))

    def _junction(self, depth: int) -> Expression:
        left, right = self.make("boolean", depth), self.make("boolean", depth)
        word = self.chance.choice(("AND", "OR"))

        def run() -> Any:
            try:
                both = [left.run(), right.run()]
            except StopsError as error:
                raise UnsureError("which operand comes first") from error
            decides = word == "OR"
            return decides if decides in both else None if None in both else not decides

        return Expression(f"({left.text} {word} {right.text})", "boolean", run)

    def _is(self, depth: int) -> Expression:
        value = self.any(depth)
        if self.chance.random() < 0.5:
            return Expression(f"({value.text} IS NULL)", "boolean", lambda: value.run() is None)
        test = self.make("boolean", depth)
        return Expression(f"(NOT {test.text})", "boolean", strict(lambda a: not a, test))

    def _like(self, depth: int) -> Expression:
        one, other = self.make("text", depth), self.make("text", depth)
        return Expression(f"({one.text} LIKE {other.text})", "boolean", strict(like, one, other))

    def _in(self, depth: int) -> Expression:
        value, items = (
            self.make("text", depth),
            [self._text_literal() for _ in range(self.chance.randint(1, 3))],
        )

        def run() -> Any:
            found, known = value.run(), [item.run() for item in items]
            if found is None:
                return None
            return True if found in known else None if None in known else False

        return Expression(f"({value.text} IN ({', '.join(item.text for item in items)}))", "boolean", run)

    def _date(self, depth: int) -> Expression:
        value, unit = (
            self.make("date", depth),
            self.chance.choice(("day", "week", "month", "quarter", "year")),
        )
        count, chance = self.chance.randint(-30, 30), self.chance
        if chance.random() < 0.5:
            run = strict(lambda a: truncated(unit, moment(a)).date(), value)
            return Expression(f"date_trunc('{unit}', {value.text})", "date", run)
        return Expression(
            f"date_add('{unit}', {count}, {value.text})",
            "date",
            strict(lambda a: added(unit, count, moment(a)).date(), value),
        )

    def _time(self, depth: int) -> Expression:
        value = self.make("time", depth)
        units = ("millisecond", "second", "minute", "hour", "day", "week", "month", "quarter", "year")
        unit, count = self.chance.choice(units), self.chance.randint(-30, 30)
        if self.chance.random() < 0.5:
            return Expression(
                f"date_trunc('{unit}', {value.text})", value.kind, strict(lambda a: truncated(unit, a), value)
            )
        run = strict(lambda a: added(unit, count, a), value)
        return Expression(f"date_add('{unit}', {count}, {value.text})", value.kind, run)


def moment(value: Any) -> datetime:
    """A date as its midnight."""
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)  # noqa: DTZ001 - a wall clock


def added(unit: str, count: int, at: datetime) -> datetime:
    """Units of the clock, or of the calendar."""
    months = {"month": 1, "quarter": 3, "year": 12}
    if unit in months:
        return add_months(at, count * months[unit])
    return at + timedelta(**{f"{unit}s": count})


def _null_if(one: Any, other: Any) -> Any:
    return None if one is not None and one == other else one


def _rounded_double(word: str, value: float) -> float:
    """As Java's Math has it: what is below zero and becomes zero is -0.0, by which a division tells it from 0.0."""
    if math.isnan(value) or (word == "sign" and value == 0):
        return value
    if word == "sign":
        return math.copysign(1.0, value)
    if math.isinf(value):
        return value
    if word == "round":
        if abs(value) >= 9e18:
            raise UnsureError("a double that is too large")
        return 0.0 if value == 0 else math.copysign(half_up(Fraction(value)), value)
    return math.copysign(math.floor(value) if word == "floor" else math.ceil(value), value)
