"""Random files of a data set in any format, and what a reading of them by Python alone gives."""

from __future__ import annotations

import bz2
import gzip
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from etl.reading import independent, test_csv_random, test_json_random
from etl.reading.outcomes import dataset

from data_pipeline.etl.documents.datasets import Dataset

FORMS = ("csv", "csv.gz", "csv.zst", "json", "json.gz", "json.bz2", "parquet")
_STORED = {
    "long": pa.int64(),
    "double": pa.float64(),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "decimal(9,2)": pa.decimal128(9, 2),
    "timestamp": pa.timestamp("us"),
    "list<long?>": pa.list_(pa.int64()),
}
Rows = tuple[list[tuple[int, list[Any]]], dict[int, str]]
"""The accepted rows by number, and why the others are refused."""


@dataclass(frozen=True)
class Content:
    """What a file has: the bytes before compression, or the rows of a Parquet file. ``broken``: it is cut off."""

    text: bytes = b""
    rows: Sequence[Sequence[Any]] = ()
    broken: bool = False

    def read(self, data: Dataset) -> Rows:
        """As ``data`` reads it."""
        if data.format.kind == "csv":
            return independent.csv_rows(self.text, data)
        if data.format.kind == "json":
            return independent.json_rows(self.text, data)[:2]
        good, refused = [], {}
        for number, row in enumerate(self.rows, 1):
            if any(value is None and not c.nullable for value, c in zip(row, data.columns, strict=True)):
                refused[number] = "null"
            else:
                good.append((number, list(row)))
        return good, refused


def random_columns(chance: random.Random, form: str) -> Dataset:
    """A data set whose columns and format fit files of ``form``."""
    if form.startswith("csv"):
        return test_csv_random.random_dataset(chance)
    if form.startswith("json"):
        return test_json_random.random_dataset(chance)
    kinds = {f"c{n}": chance.choice(sorted(_STORED)) for n in range(chance.randrange(1, 5))}
    return dataset({name: kind + "?" * (chance.random() < 0.5) for name, kind in kinds.items()}, "parquet")


def write(chance: random.Random, data: Dataset, place: Path) -> Content:
    """A file at ``place``, which now and then is cut off where its format shows that."""
    form = place.name.partition(".")[2]
    broken = form not in ("csv", "json") and chance.random() < 0.08
    if form == "parquet":
        content = Content(rows=_rows(chance, data), broken=broken)
        stored = zip(*content.rows, strict=True) if content.rows else [()] * len(data.columns)
        arrays = [pa.array(v, _STORED[c.type]) for v, c in zip(stored, data.columns, strict=True)]
        table = pa.table(arrays, names=[column.name for column in data.columns])
        pq.write_table(table, place, row_group_size=chance.choice([1, 3, 1000]))
    else:
        made = test_csv_random if form.startswith("csv") else test_json_random
        content = Content(made.random_file(chance, data), broken=broken)
        place.write_bytes(_compressed(content.text, form.partition(".")[2]))
    if broken:
        whole = place.read_bytes()
        place.write_bytes(whole[: chance.randrange(1, len(whole))])
    return content


def _compressed(text: bytes, how: str) -> bytes:
    if how == "zst":
        return pa.compress(text, codec="zstd", asbytes=True)
    return {"gz": gzip.compress, "bz2": bz2.compress}.get(how, bytes)(text)


def _rows(chance: random.Random, data: Dataset) -> list[list[Any]]:
    makers = {
        "long": lambda: chance.randrange(-(2**63), 2**63),
        "double": lambda: chance.uniform(-1e9, 1e9),
        "string": lambda: chance.choice(["", "é", "x" * 40]),
        "boolean": lambda: chance.random() < 0.5,
        "decimal(9,2)": lambda: Decimal(chance.randrange(-(10**9) + 1, 10**9)).scaleb(-2),
        "timestamp": lambda: datetime(2000, 1, 1) + timedelta(microseconds=chance.randrange(10**15)),  # noqa: DTZ001 - a wall clock
        "list<long?>": lambda: [chance.choice([None, 1, 2]) for _ in range(chance.randrange(4))],
    }
    return [
        [None if chance.random() < 0.05 else makers[column.type]() for column in data.columns]
        for _ in range(chance.randrange(60))
    ]
