# ruff: noqa: DTZ001 - times on the wall clock
"""Random files of every format, whole and damaged: a file adds up, or is refused as a file; nothing else happens."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import random
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from etl.reading.outcomes import dataset, outcome, written
from randomness import SEED, times

from data_pipeline.etl.errors import FileError

BATCH = 100
"""Files of one test: 10,000 take longer than a test may."""
_COMPRESSED: dict[str, Callable[[bytes], bytes]] = {"": bytes, ".gz": gzip.compress, ".bz2": bz2.compress}
#: type of a column → a value of it
_VALUES: dict[str, Callable[[random.Random], Any]] = {
    "int": lambda chance: chance.choice((0, -1, 2**31 - 1, chance.randint(-999, 999))),
    "long": lambda chance: chance.choice((0, 2**63 - 1, -(2**63), chance.randint(-999, 999))),
    "double": lambda chance: chance.choice((0.0, -1.5, 1e300, chance.random())),
    "decimal(9,2)": lambda chance: Decimal(chance.randint(-99_999, 99_999)) / 100,
    "string": lambda chance: "".join(chance.choice("ab,\"'é日 \\") for _ in range(chance.randint(1, 6))),
    "boolean": lambda chance: chance.random() < 0.5,
    "date": lambda chance: date(1969, 12, 1) + timedelta(chance.randint(0, 40_000)),
    "timestamp": lambda chance: datetime(1969, 12, 1) + timedelta(seconds=chance.randint(0, 10**9)),
}
_ARROW = {
    "int": pa.int32(),
    "long": pa.int64(),
    "double": pa.float64(),
    "decimal(9,2)": pa.decimal128(9, 2),
    "string": pa.string(),
    "boolean": pa.bool_(),
    "date": pa.date32(),
}


@pytest.mark.soak
@pytest.mark.parametrize("batch", range(times("any-file") // BATCH))
def test_any_file_adds_up_or_is_refused(tmp_path, batch, record_property):
    """A whole file gives every row; one with bytes changed, cut or added gives rows that add up, or FileError."""
    record_property("tries", BATCH)
    for attempt in range(batch * BATCH, (batch + 1) * BATCH):
        chance = random.Random(f"{SEED}-any-file-{attempt}")
        kind, suffix = chance.choice(("csv", "json", "parquet")), ""
        columns = {f"c{at}": chance.choice(list(_VALUES)) for at in range(chance.randint(1, 4))}
        rows = [
            {name: None if chance.random() < 0.1 else _VALUES[each](chance) for name, each in columns.items()}
            for _ in range(chance.randint(1, 30))
        ]
        content = _MADE[kind](chance, columns, rows)
        if kind != "parquet":
            suffix = chance.choice(list(_COMPRESSED))
            content = _COMPRESSED[suffix](content)
        damaged = _damaged(chance, content) if chance.random() < 0.7 else content
        path = written(tmp_path / f"a.{kind}{suffix}", damaged)
        data = dataset({name: f"{each}?" for name, each in columns.items()}, kind)
        try:
            found = outcome(path, data, workers=chance.choice((1, 2)))
        except FileError:
            assert damaged != content, f"{attempt}: a whole file is refused"
            continue
        assert found.adds_up(), attempt
        if damaged == content:
            assert (found.rows.read, found.rows.quarantined) == (len(rows), 0), attempt
            assert [[row[name] for name in columns] for row in found.table.to_pylist()] == [
                [row[name] for name in columns] for row in rows
            ], attempt


def _damaged(chance: random.Random, content: bytes) -> bytes:
    """The content with some bytes changed, cut off or added."""
    some = bytearray(content)
    for _ in range(chance.choice((1, 1, 2, 8))):
        some[chance.randrange(len(some))] = chance.randrange(256)
    if chance.random() < 0.2:
        return bytes(some[: chance.randrange(len(some) + 1)])
    return bytes(some) + (chance.randbytes(3) if chance.random() < 0.2 else b"")


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)


def _csv(chance: random.Random, columns: dict[str, str], rows: list[dict[str, Any]]) -> bytes:
    end = chance.choice(("\n", "\r\n"))

    def cell(value: Any) -> str:
        text = _text(value)
        quoted = value is not None and (isinstance(value, str) or chance.random() < 0.2)
        return '"' + text.replace('"', '""') + '"' if quoted else text

    lines = [",".join(columns), *(",".join(cell(row[name]) for name in columns) for row in rows)]
    if len(columns) == 1:
        lines = [line or '""' for line in lines]  # a line without anything is no row
    return "".join(line + end for line in lines).encode()


def _json(chance: random.Random, columns: dict[str, str], rows: list[dict[str, Any]]) -> bytes:
    def plain(value: Any) -> Any:
        if isinstance(value, Decimal):
            return float(value)
        return str(value) if isinstance(value, date | datetime) else value

    ascii_only = chance.random() < 0.5
    lines = (
        json.dumps({name: plain(row[name]) for name in columns}, ensure_ascii=ascii_only) for row in rows
    )
    return "".join(f"{line}\n" for line in lines).encode()


def _parquet(chance: random.Random, columns: dict[str, str], rows: list[dict[str, Any]]) -> bytes:
    """Timestamps in any unit; pages with checksums or without."""
    units = {name: pa.timestamp(chance.choice(("s", "ms", "us", "ns"))) for name in columns}
    schema = pa.schema([(name, _ARROW.get(each, units[name])) for name, each in columns.items()])
    target = io.BytesIO()
    options = {
        "compression": chance.choice(("none", "snappy", "zstd")),
        "row_group_size": chance.choice((1, 7, 100)),
    }
    checked = {"write_page_checksum": chance.random() < 0.5, "version": "2.6"}
    pq.write_table(pa.Table.from_pylist(rows, schema), target, **options, **checked)
    return target.getvalue()


_MADE = {"csv": _csv, "json": _json, "parquet": _parquet}
