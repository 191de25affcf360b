"""A strict reader written for tests alone, with Python's json, decimal, fractions, datetime and zoneinfo: it goes
through a file byte by byte or line by line, and shares no code with what it checks.
"""

from __future__ import annotations

import json
import math
import re
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from zoneinfo import ZoneInfo

UTC = ZoneInfo("UTC")


class RefusedError(Exception):
    pass


def records(
    text: bytes, delimiter: bytes = b",", quote: bytes = b'"'
) -> list[tuple[bytes, list[bytes] | None]]:
    """Each record's bytes and fields (None: malformed), by reading byte after byte."""
    found, at, size = [], 0, len(text)
    while at < size:
        if text[at : at + 1] in b"\r\n":
            at += 1
            continue
        start, fields, fine = at, [], True
        while True:
            field = b""
            if quote and text[at : at + 1] == quote:
                at += 1
                while at < size and not (text[at : at + 1] == quote and text[at + 1 : at + 2] != quote):
                    field += text[at : at + 1]
                    at += 2 if text[at : at + 1] == quote else 1
                fine = at < size
                at += 1
                fine = fine and (at >= size or text[at : at + 1] in (delimiter, b"\r", b"\n"))
            else:
                while at < size and text[at : at + 1] not in (delimiter, b"\r", b"\n"):
                    field += text[at : at + 1]
                    at += 1
            fields.append(field)
            if not fine or at >= size or text[at : at + 1] != delimiter:
                break
            at += 1
        if not fine:
            at = start
            while at < size and text[at : at + 1] not in b"\r\n":
                at += 1
        found.append((text[start:at], fields if fine else None))
    return found


def number(text: str, name: str) -> Fraction:
    found = re.fullmatch(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?", text, re.ASCII)
    if not found or not (found[2] or found[3]):
        raise RefusedError(f"not-{name}")
    digits = int((found[2] or "") + (found[3] or ""))
    power = int(found[4] or 0) - len(found[3] or "")
    if abs(power) > 5000:
        if not digits:
            return Fraction(0)
        raise RefusedError("out-of-range" if power > 0 or name in ("float", "double") else "inexact")
    return Fraction(digits) * Fraction(10) ** power * (-1 if found[1] == "-" else 1)


def nearest(value: Fraction, bits: int, least: int, most: int) -> float:
    """The double that is nearest to ``value`` among the floats of ``bits`` bits of mantissa, ties to the even one."""
    if not value:
        return 0.0
    size = abs(value)
    exponent = size.numerator.bit_length() - size.denominator.bit_length()
    while Fraction(2) ** exponent > size:
        exponent -= 1
    while Fraction(2) ** (exponent + 1) <= size:
        exponent += 1
    unit = Fraction(2) ** max(exponent - bits + 1, least)
    rounded = round(size / unit) * unit
    if not rounded or rounded >= Fraction(2) ** (most + 1):
        raise RefusedError("out-of-range")
    return float(rounded) * (1 if value > 0 else -1)


def moment(text: str, name: str) -> tuple[datetime, int | None]:
    found = re.fullmatch(
        r"(\d{4}-\d\d-\d\d)(?:[ T](\d\d)(?::(\d\d))?(?::(\d\d))?(?:\.(\d+))?(Z|[+-]\d\d(?::?\d\d)?)?)?",
        text,
        re.ASCII,
    )
    if not found or (found[5] and not found[4]) or (found[4] and not found[3]):
        raise RefusedError(f"not-{name}")
    day = calendar_day(found[1], name)
    hour, minute, second = (int(found[at] or 0) for at in (2, 3, 4))
    fraction = found[5] or ""
    if hour > 23 or minute > 59 or second > 59:
        raise RefusedError(f"not-{name}")
    if Fraction(int(fraction or 0), 10 ** len(fraction)) * 10**6 % 1:
        raise RefusedError("inexact")
    clock = datetime(day.year, day.month, day.day, hour, minute, second, int(fraction[:6].ljust(6, "0")))  # noqa: DTZ001 - a wall clock
    offset = found[6]
    if not offset:
        return clock, None
    if offset == "Z":
        return clock, 0
    hours, minutes = int(offset[1:3]), int(offset[-2:] if len(offset) > 3 else 0)
    if hours > 23 or minutes > 59:
        raise RefusedError(f"not-{name}")
    return clock, (hours * 60 + minutes) * (-1 if offset[0] == "-" else 1)


def calendar_day(text: str, name: str) -> date:
    if text.startswith("0000"):
        raise RefusedError("out-of-range")
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise RefusedError(f"not-{name}") from None


def instant(clock: datetime, offset: int | None, name: str, zone: str) -> datetime:
    if offset is None and name == "timestamp":
        return clock
    if offset is not None:
        try:
            utc = clock - timedelta(minutes=offset)
        except OverflowError:
            if name == "timestamp" and not zone:
                raise RefusedError("not-timestamp") from None
            raise RefusedError("out-of-range") from None
        if name == "timestamptz":
            return utc
        if not zone:
            raise RefusedError("not-timestamp")
        try:
            return utc.replace(tzinfo=UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None)
        except OverflowError:
            raise RefusedError("out-of-range") from None
    if not zone:
        raise RefusedError("not-timestamptz")
    there = ZoneInfo(zone)
    offsets = {timedelta()}
    for hours in (-48, 0, 48):
        try:
            offsets.add((clock + timedelta(hours=hours)).replace(tzinfo=UTC).astimezone(there).utcoffset())
        except OverflowError:
            continue
    fits = set()
    for each in offsets:
        try:
            utc = clock - each
        except OverflowError:
            raise RefusedError("out-of-range") from None
        with suppress(OverflowError):
            if utc.replace(tzinfo=UTC).astimezone(there).replace(tzinfo=None) == clock:
                fits.add(utc)
    if len(fits) > 1:
        raise RefusedError("ambiguous-time")
    if not fits:
        raise RefusedError("not-timestamptz")
    return fits.pop()


def value(text: str, kind: str, zone: str = "", point: str = "."):
    """The value of a text, or RefusedError with its slug."""
    if kind == "string":
        return text
    bare = text.strip(" \t")
    name = kind.split("(")[0]
    if name == "boolean":
        if bare.lower() not in ("true", "false"):
            raise RefusedError("not-boolean")
        return bare.lower() == "true"
    if name == "date":
        if not re.fullmatch(r"\d{4}-\d\d-\d\d", bare, re.ASCII):
            raise RefusedError("not-date")
        return calendar_day(bare, "date")
    if name in ("timestamp", "timestamptz"):
        return instant(*moment(bare, name), name, zone)
    if name in ("float", "double") and re.fullmatch(r"[+-]?(nan|inf|infinity)", bare, re.IGNORECASE):
        return float(bare)
    if point != ".":
        if "." in bare:
            raise RefusedError(f"not-{name}")
        bare = bare.replace(point, ".")
    exact = number(bare, name)
    if name == "double":
        return nearest(exact, 53, -1074, 1023)
    if name == "float":
        return nearest(exact, 24, -149, 127)
    precision, scale = map(int, kind[8:-1].split(",")) if name == "decimal" else (0, 0)
    most = (
        Fraction(10) ** (precision - scale)
        if name == "decimal"
        else Fraction(2) ** (31 if name == "int" else 63)
    )
    if exact >= most or exact < -most or (name == "decimal" and exact == -most):
        raise RefusedError("out-of-range")
    if (exact * 10**scale) % 1:
        raise RefusedError("inexact")
    if name != "decimal":
        return int(exact)
    with localcontext() as context:
        context.prec = 60
        return Decimal(int(exact * 10**scale)).scaleb(-scale)


def default(column):
    """The text that stands for null: (text or None, whether null may be)."""
    return column.default, column.nullable


def cell(text: str | None, column, written) -> object:
    """The value of a column's text, None for null."""
    if text is None:
        fallback, nullable = default(column)
        if fallback is not None and not (nullable and fallback in written.nulls):
            return value(fallback, column.type, written.timezone, written.decimal)
        if not nullable:
            raise RefusedError("null")
        return None
    return value(text, column.type, written.timezone, written.decimal)


def csv_rows(data: bytes, dataset) -> tuple[list[tuple[int, list]], dict[int, str]]:
    """The accepted rows of a CSV file by number, and why the others are refused."""
    written = dataset.format
    if data.startswith(b"\xef\xbb\xbf"):
        data = data[3:]
    found = records(data, written.delimiter.encode(), written.quote.encode())
    at, fields = list(range(len(dataset.columns))), len(dataset.columns)
    if written.header:
        if not found:
            return [], {}
        header = [name.decode().strip() for name in found.pop(0)[1]]
        at, fields = [header.index(column.name) for column in dataset.columns], len(header)
    rows, refused = [], {}
    for number, (raw, texts) in enumerate(found, 1):
        try:
            raw.decode()
        except UnicodeDecodeError:
            refused[number] = "encoding"
            continue
        if texts is None or len(texts) != fields:
            refused[number] = "malformed" if texts is None else "field-count"
            continue
        try:
            rows.append(
                (
                    number,
                    [
                        _csv_cell(texts[n].decode(), c, written)
                        for n, c in zip(at, dataset.columns, strict=True)
                    ],
                )
            )
        except RefusedError as error:
            refused[number] = str(error)
    return rows, refused


def _csv_cell(text: str, column, written) -> object:
    null = text in written.nulls or (column.type != "string" and text.strip(" \t") in written.nulls)
    return cell(None if null else text, column, written)


def same(one, other) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    return type(one) is type(other) and one == other


def parse_json(line: str):
    """The object of a line, numbers as ("number", text), objects as lists of pairs; RefusedError if it is none."""

    def no_constant(text: str):
        raise ValueError(text)

    try:
        found = json.loads(
            line,
            parse_int=lambda text: ("number", text),
            parse_float=lambda text: ("number", text),
            parse_constant=no_constant,
            object_pairs_hook=lambda pairs: ("object", pairs),
        )
    except ValueError:
        raise RefusedError("malformed") from None
    if not isinstance(found, tuple) or found[0] != "object":
        raise RefusedError("malformed")
    return found


def json_rows(data: bytes, dataset) -> tuple[list[tuple[int, list]], dict[int, str], set[str]]:
    """The accepted rows of JSON lines by number, why the others are refused, and the keys that no column has."""
    rows, refused, foreign = [], {}, set()
    known = {name for column in dataset.columns for name in column.named or (column.name,)}
    lines = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip(b" \t\r\n")]
    for number, line in enumerate(lines, 1):
        try:
            found = parse_json(line.decode().strip(" \t\r\n"))
            foreign |= {key for key, _ in found[1]} - known
            rows.append((number, [_json_cell(found, column, dataset.format) for column in dataset.columns]))
        except UnicodeDecodeError:
            refused[number] = "encoding"
        except RefusedError as error:
            refused[number] = str(error)
    return rows, refused, foreign


def _json_cell(found, column, written):
    one = _member(found, column.named or (column.name,))
    return cell(None, column, written) if one is None else json_value(one, column.type, written)


def _member(found, names):
    there = [(key, one) for key, one in found[1] if key in names]
    if len({key for key, _ in there}) < len(there):
        raise RefusedError("duplicate-key")
    there = [one for _, one in there if one is not None]
    if len(there) > 1:
        raise RefusedError("duplicate-key")
    return there[0] if there else None


def json_value(one, kind: str, written):
    """The value of what ``parse_json`` gave, in a type of text, structs as dicts."""
    if kind.startswith("list<"):
        if not isinstance(one, list):
            raise RefusedError("not-list")
        return [_inner(each, kind[5:-1], written) for each in one]
    if kind.startswith("struct<"):
        if not isinstance(one, tuple) or one[0] != "object":
            raise RefusedError("not-struct")
        found = {}
        for part in split(kind[7:-1]):
            name, _, inner = part.partition(":")
            found[name] = _inner(_member(one, (name,)), inner, written)
        return found
    name = kind.split("(")[0]
    if name == "boolean" and isinstance(one, bool):
        return one
    number = isinstance(one, tuple) and one[0] == "number"
    if not isinstance(one, str) and not (number and name in ("int", "long", "float", "double", "decimal")):
        raise RefusedError(f"not-{name}")
    if name == "string":
        if any("\ud800" <= sign <= "\udfff" for sign in one):
            raise RefusedError("encoding")
        return one
    return value(one[1] if number else one, kind, written.timezone)


def _inner(one, kind: str, written):
    if one is None:
        if not kind.endswith("?"):
            raise RefusedError("null")
        return None
    return json_value(one, kind.removesuffix("?"), written)


def split(text: str) -> list[str]:
    """A struct's fields, at the commas that stand in no brackets."""
    parts, depth = [""], 0
    for sign in text:
        depth += (sign in "<(") - (sign in ">)")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return parts
