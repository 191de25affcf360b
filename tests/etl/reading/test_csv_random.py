"""Random CSV files, with every kind of fault, read as an independent reader reads them."""

from __future__ import annotations

import random

import pytest
from etl.reading import independent
from etl.reading.outcomes import dataset, outcome, written
from etl.reading.test_casts import VALUES, plain
from randomness import SEED, times

from data_pipeline.etl.documents.datasets import Column
from data_pipeline.etl.reading import csv_blocks, csv_records

KINDS = ("string", "int", "long", "double", "decimal(12,2)", "boolean", "date", "timestamp", "timestamptz")
GOOD = {
    "string": ["a", "b c", "", "x" * 30, "née", "N/A", " z ", "0"],
    "int": ["1", "-20", "007", "2147483647", " 5", "1.0"],
    "long": ["9007199254740993", "-1", "12e3"],
    "double": ["0.1", "1e-5", "-3", "0", "nan"],
    "decimal(12,2)": ["1.50", "-0.01", "9999999999.99", "3", "2.500"],
    "boolean": ["true", "FALSE"],
    "date": ["2024-02-29", "0001-01-01"],
    "timestamp": ["2024-01-31 05:06:07", "2024-01-31", "2024-01-31T05:06:07.123456"],
    "timestamptz": ["2024-01-31T05:06:07Z", "2024-01-31 05:06:07.5+01:30"],
}
ENDS = ("\n", "\r\n", "\r")


def random_dataset(chance: random.Random):
    columns = {}
    for at in range(chance.randrange(1, 7)):
        kind = chance.choice(KINDS)
        default = chance.choice(GOOD[kind][:2]) if chance.random() < 0.15 else None
        columns[f"c{at}"] = Column(f"c{at}", kind, chance.random() < 0.5, default=default)
    options = {
        "delimiter": chance.choice([",", ";", "\t", "|"]),
        "quote": chance.choice(['"', '"', "'", ""]),
        "header": chance.random() < 0.8,
        "nulls": chance.choice([("",), ("", "N/A"), ("NULL", "0"), ()]),
        "timezone": chance.choice(["", "Europe/Berlin"]),
    }
    return dataset(columns, **options)


def random_file(chance: random.Random, data) -> bytes:
    written, columns = data.format, list(data.columns)
    names = [column.name for column in columns]
    order = [*columns]
    if written.header:
        order += [None] * chance.randrange(3)
        chance.shuffle(order)
    end = chance.choice([*ENDS, None])
    clean = chance.random() < 0.3
    text = b""
    if written.header:
        header = written.delimiter.join(
            column.name if column else chance.choice(["new", "", names[0] + "x"]) for column in order
        )
        text += (header + (end or "\n")).encode()
    for _ in range(chance.randrange(60)):
        fields = [_field(chance, column, written, clean) for column in order]
        if not clean and chance.random() < 0.1:
            fields = (
                fields[: chance.randrange(len(fields) + 1)] if chance.random() < 0.5 else [*fields, "more"]
            )
        row = written.delimiter.join(fields).encode()
        if not clean and chance.random() < 0.05:
            at = chance.randrange(len(row) + 1)
            row = (
                row[:at]
                + chance.choice([b'"', b'""', b"\xff", b"\n", b"\r", b"'", b" ", b"\xef\xbb\xbf", b"\x00"])
                + row[at:]
            )
        text += row + (end or chance.choice(ENDS)).encode() * chance.choice([1, 1, 1, 1, 2])
    if chance.random() < 0.3:
        text = text[: chance.randrange(len(text) + 1)] if not written.header else text.rstrip()
    return (b"\xef\xbb\xbf" if chance.random() < 0.1 else b"") + text


def _field(chance: random.Random, column, written, clean: bool) -> str:
    text = chance.choice(GOOD[column.type]) if column else "extra"
    if not clean and chance.random() < 0.05:
        text = chance.choice(VALUES)
    if written.quote and chance.random() < 0.2:
        text += chance.choice(["", "", written.delimiter, "\n", "\r\n", written.quote])
        return written.quote + text.replace(written.quote, written.quote * 2) + written.quote
    return text.replace(written.delimiter, "").replace(written.quote or "\n", "") if clean else text


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("read-csv")))
def test_random_files_are_read_as_the_independent_reader_does(attempt, tmp_path, monkeypatch):
    """The same rows with the same values, the same numbers, the same reasons; in blocks of any size, by any number of
    threads.
    """
    chance = random.Random(f"{SEED}-read-csv-{attempt}")
    for _ in range(20):
        data = random_dataset(chance)
        content = random_file(chance, data)
        monkeypatch.setattr(csv_blocks, "BLOCK", chance.choice([1, 7, 64, 1000, 1 << 20]))
        monkeypatch.setattr(csv_blocks, "_BY_HAND", chance.choice([1, 50, 1 << 20]))
        rows, refused = independent.csv_rows(content, data)
        path = written(tmp_path / "a.csv", content)
        found = outcome(path, data, workers=chance.choice([1, 1, 2]))
        assert found.adds_up(), content
        assert found.reasons == refused, (content, data.format)
        columns = [plain(found.table[column.name].combine_chunks()) for column in data.columns]
        got = list(zip(found.table["_row"].to_pylist(), zip(*columns, strict=True), strict=True))
        assert [row for row, _ in got] == [row for row, _ in rows]
        for (_, one), (_, other) in zip(got, rows, strict=True):
            assert all(map(independent.same, one, other)), (one, other)
        raw = {
            number: text
            for number, (text, _) in enumerate(_records(content, data), 0 if data.format.header else 1)
        }
        for row in found.refused:
            assert row["raw"] == raw[row["row"]].decode("utf-8", "replace")


def _records(content: bytes, data):
    content = content.removeprefix(b"\xef\xbb\xbf")
    return independent.records(content, data.format.delimiter.encode(), data.format.quote.encode())


def test_an_open_quote_is_given_up_after_so_many_bytes(tmp_path, monkeypatch):
    """Memory is bounded by the longest record: a quote that is open so long does not close, and costs its line."""
    monkeypatch.setattr(csv_records, "LONGEST", 5_000)
    monkeypatch.setattr(csv_blocks, "LONGEST", 5_000)
    monkeypatch.setattr(csv_blocks, "BLOCK", 1_000)
    lines = ["a,b"] + [f"{n},x" for n in range(3_000)]
    lines[11] = '10,"x'
    lines.append('9,"y"')
    found = outcome(written(tmp_path / "a.csv", "\n".join(lines)), dataset({"a": "int", "b": "string"}))
    assert found.reasons == {11: "malformed"}
    assert (found.rows.read, found.rows.accepted) == (3_001, 3_000)
