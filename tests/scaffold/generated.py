"""Folders of files whose columns, pattern and faults are known: what `new` should find out by itself."""

from __future__ import annotations

import bz2
import csv
import gzip
import io
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

FIRST = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock's time


@dataclass
class Generated:
    """``rows``: path → rows in the file, faulty ones too. ``patterns``: those that are right; ``types``: column of the
    file → the types that are right.
    """

    rows: dict[str, int] = field(default_factory=dict)
    patterns: tuple[str, ...] = ()
    types: dict[str, tuple[str, ...]] = field(default_factory=dict)
    about: str = ""


@dataclass(frozen=True)
class Kind:
    """A column: its values, of which each format writes its own text, and the types that are right for it."""

    name: str
    types: tuple[str, ...]
    make: Callable[[random.Random, int, datetime], Any]


def _enum(rnd: random.Random, _n: int, _day: datetime) -> str:
    return rnd.choice(["new", "paid", "cancelled"])


KINDS = (
    Kind("order_id", ("string",), lambda r, n, d: f"o{d:%Y%m%d}-{n:05}"),
    Kind("Zip Code", ("string",), lambda r, n, d: f"{r.randrange(20_000):05}"),
    Kind("quantity", ("int",), lambda r, n, d: r.randrange(1, 200)),
    Kind("deviceId", ("long",), lambda r, n, d: 10**11 + r.randrange(10**10)),
    Kind("amount", ("decimal(12,2)",), lambda r, n, d: r.randrange(100, 90_000) / 100),
    Kind("celsius", ("double",), lambda r, n, d: round(r.uniform(-20, 40), r.choice([1, 3, 5]))),
    Kind("active", ("boolean",), lambda r, n, d: r.random() < 0.5),
    Kind("day", ("date",), lambda r, n, d: d.date()),
    Kind("ordered_at", ("timestamp",), lambda r, n, d: d + timedelta(seconds=r.randrange(86_400))),
    Kind("sent_at", ("timestamptz",), lambda r, n, d: (d + timedelta(seconds=r.randrange(86_400)), "+00:00")),
    Kind("status", ("string",), _enum),
    Kind(
        "city",
        ("string",),
        lambda r, n, d: r.choice(["Köln", "Bonn", "São Paulo", 'New "York', "Zürich"]) + str(n),
    ),
    Kind("note", ("string",), lambda r, n, d: None),
)


@dataclass(frozen=True)
class Scheme:
    """How files are named: ``path`` of a time and a number; ``step``: between files."""

    patterns: tuple[str, ...]
    path: Callable[[datetime, int, str], str]
    step: timedelta = timedelta(days=1)
    kinds: tuple[str, ...] = ("",)


SCHEMES = (
    Scheme(
        ("orders/{year}/{month}/{day}/part-*.END",),
        lambda t, n, k: f"orders/{t:%Y/%m/%d}/part-{n % 2:04}.END",
    ),
    Scheme(("weather_{year}-{month}.END",), lambda t, n, k: f"weather_{t:%Y-%m}.END", timedelta(days=31)),
    Scheme(
        ("dt={year}-{month}-{day}/country={country}/data.END",),
        lambda t, n, k: f"dt={t:%Y-%m-%d}/country={k}/data.END",
        kinds=("de", "fr"),
    ),
    Scheme(("x{year}{month:02}{day:02}.END",), lambda t, n, k: f"x{t:%Y%m%d}.END"),
    Scheme(
        ("readings-{year}{month:02}{day:02}T{hour:02}*.END",),
        lambda t, n, k: f"readings-{t:%Y%m%dT%H%M%S}.END",
        timedelta(hours=7),
    ),
    Scheme(
        ("export_{day}.{month}.{year}.END",), lambda t, n, k: f"export_{t:%d.%m.%Y}.END", timedelta(days=9)
    ),
    Scheme(("customers.END",), lambda t, n, k: "customers.END", timedelta(days=9999)),
    Scheme(("batch-*.END",), lambda t, n, k: f"batch-{n:03}.END"),
    Scheme(
        ("{kind}_{year}-{month}.END",),
        lambda t, n, k: f"{k}_{t:%Y-%m}.END",
        timedelta(days=31),
        ("north", "south"),
    ),
    Scheme(
        ("year={year}/month={month}/*.END",),
        lambda t, n, k: f"year={t.year}/month={t.month}/{n:032x}.END",
        timedelta(days=31),
    ),
)


def generate(root: Path, rnd: random.Random) -> Generated:
    """Write the files of one choice of format, naming, columns and faults below ``root``."""
    kind = rnd.choice(["csv", "csv", "json", "parquet"])
    zipped = rnd.choice(["", "", ".gz", ".bz2"]) if kind != "parquet" else ""
    ending = {"csv": ".csv", "json": rnd.choice([".json", ".jsonl"]), "parquet": ".parquet"}[kind] + zipped
    scheme = rnd.choice(SCHEMES)
    chosen = [KINDS[0], *sorted(rnd.sample(KINDS[1:], rnd.randrange(3, 9)), key=KINDS.index)]
    nullable = {each.name for each in chosen[1:] if rnd.random() < 0.3}
    faults = rnd.choice([0.0, 0.0, 0.01])
    writer = {"csv": _Csv(rnd), "json": _Json(), "parquet": _Parquet()}[kind]
    found = Generated(patterns=tuple(each.replace(".END", ending) for each in scheme.patterns))
    found.types = {each.name: writer.types(each) for each in chosen}
    found.about = f"{kind}{zipped} {found.patterns[0]} {writer} faults {faults}"
    for name, when, number in _names(scheme, rnd.randrange(6, 15)):
        rows = [_row(rnd, chosen, nullable, at, when) for at in range(rnd.randrange(60, 160))]
        path = root / name.replace(".END", ending)
        path.parent.mkdir(parents=True, exist_ok=True)
        content = writer.content(rows, chosen, rnd, faults)
        pack = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}[zipped]
        path.write_bytes(pack(content))
        found.rows[path.relative_to(root).as_posix()] = len(rows)
        del number
    return found


def _names(scheme: Scheme, count: int) -> Iterator[tuple[str, datetime, int]]:
    seen: set[str] = set()
    for number in range(count):
        for kind in scheme.kinds:
            when = FIRST + number * scheme.step
            if when.year > 2030:
                return
            name = scheme.path(when, number, kind)
            if name not in seen:
                seen.add(name)
                yield name, when, number


def _row(
    rnd: random.Random, chosen: list[Kind], nullable: set[str], at: int, when: datetime
) -> dict[str, Any]:
    return {
        each.name: None if each.name in nullable and rnd.random() < 0.1 else each.make(rnd, at, when)
        for each in chosen
    }


class _Csv:
    """One dialect and its conventions."""

    def __init__(self, rnd: random.Random) -> None:
        self.delimiter = rnd.choice([",", ",", ";", "\t", "|"])
        self.comma = self.delimiter == ";" and rnd.random() < 0.6
        self.quoting = rnd.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
        self.date = rnd.choice(["%Y-%m-%d", "%Y-%m-%d", "%d.%m.%Y", "%Y/%m/%d"])
        self.time = rnd.choice(["%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%d.%m.%Y %H:%M"])
        self.null = rnd.choice(["", "", "NA", "NULL"])
        self.encoding = rnd.choice(["utf-8", "utf-8", "utf-8-sig", "cp1252", "utf-16"])
        self.end = rnd.choice(["\n", "\r\n"])

    def __str__(self) -> str:
        return f"{self.delimiter!r} {self.date} {self.time} {self.null!r} {self.encoding} {self.end!r} {self.comma}"

    def types(self, kind: Kind) -> tuple[str, ...]:
        """Other columns than one of offsets may not have the format that it has."""
        return kind.types

    def content(
        self, rows: list[dict[str, Any]], chosen: list[Kind], rnd: random.Random, faults: float
    ) -> bytes:
        out = io.StringIO()
        written = csv.writer(out, delimiter=self.delimiter, quoting=self.quoting, lineterminator=self.end)
        written.writerow([each.name for each in chosen])
        for at, row in enumerate(rows):
            texts = [self._text(each.name, row[each.name]) for each in chosen]
            if faults and at % 100 == 50:
                rnd.choice([self._short, self._wrong])(texts, chosen)
            written.writerow(texts)
        return out.getvalue().encode(self.encoding)

    @staticmethod
    def _short(texts: list[str], _chosen: list[Kind]) -> None:
        texts.pop()

    @staticmethod
    def _wrong(texts: list[str], chosen: list[Kind]) -> None:
        typed = [at for at, each in enumerate(chosen) if each.types[0] not in ("string",)]
        if typed:
            texts[typed[0]] = "oops"

    def _text(self, name: str, value: Any) -> str:
        if value is None:
            return self.null if name != "note" else ""
        if isinstance(value, bool):
            return str(value).lower()
        if isinstance(value, tuple):
            return f"{value[0]:%Y-%m-%dT%H:%M:%S}{value[1]}"
        if isinstance(value, datetime):
            return value.strftime(self.time)
        if isinstance(value, date):
            return value.strftime(self.date)
        if isinstance(value, float):
            text = f"{value:.2f}" if name == "amount" else repr(value)
            return text.replace(".", ",") if self.comma else text
        return str(value)


class _Json:
    """Objects a line, with a nested one and a list."""

    def __str__(self) -> str:
        return "lines"

    def types(self, kind: Kind) -> tuple[str, ...]:
        return kind.types

    def content(
        self, rows: list[dict[str, Any]], chosen: list[Kind], rnd: random.Random, faults: float
    ) -> bytes:
        lines = []
        for at, row in enumerate(rows):
            plain = {
                name: self._plain(value)
                for name, value in row.items()
                if value is not None or rnd.random() < 0.5
            }
            plain["address"] = {"city": "Bonn", "zip": "53111", "floor": at % 3}
            plain["tags"] = ["a", "b"][: at % 3]
            line = json.dumps(plain, ensure_ascii=rnd.random() < 0.5)
            lines.append(line[:-9] if faults and at % 100 == 50 else line)
        return ("\n".join(lines) + "\n").encode()

    @staticmethod
    def _plain(value: Any) -> Any:
        if isinstance(value, tuple):
            return f"{value[0]:%Y-%m-%dT%H:%M:%S}Z"
        return value.isoformat() if isinstance(value, date) else value


class _Parquet:
    """Its own schema."""

    def __str__(self) -> str:
        return "schema"

    _STORED = {  # noqa: RUF012 - a table
        "int": pa.int16(),
        "long": pa.int64(),
        "double": pa.float64(),
        "boolean": pa.bool_(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("ms"),
        "timestamptz": pa.timestamp("us", "UTC"),
        "string": pa.string(),
    }

    def types(self, kind: Kind) -> tuple[str, ...]:
        return ("double",) if kind.name == "amount" else kind.types

    def content(
        self, rows: list[dict[str, Any]], chosen: list[Kind], rnd: random.Random, faults: float
    ) -> bytes:
        columns = {}
        for each in chosen:
            values = [row[each.name] for row in rows]
            values = [value[0] if isinstance(value, tuple) else value for value in values]
            columns[each.name] = pa.array(values, self._STORED[self.types(each)[0]])
        out = io.BytesIO()
        pq.write_table(pa.table(columns), out)
        return out.getvalue()
