"""Spans of random files, read one by one, give what the whole file gives; what may not be cut, is not."""

from __future__ import annotations

import io
import random
from contextlib import suppress
from dataclasses import replace
from functools import reduce
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from etl.reading import test_csv_random, test_json_random
from etl.reading.outcomes import dataset, outcome, written
from randomness import SEED, times

from data_pipeline.etl.documents.datasets import Dataset
from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading import csv_blocks, json_files, spans
from data_pipeline.etl.reading.files import reader
from data_pipeline.etl.reading.protocol import SourceFile
from data_pipeline.etl.reading.quarantine import Quarantine
from data_pipeline.etl.reading.span import ReadAt, Span

AB = {"a": "int", "b": "string?"}


def spans_of(content: bytes, data: Dataset, most: int) -> list[Span] | None:
    """None if the content has to be read as a whole. All cuts are looked at, as executors do."""
    read = reader_of(content)
    found = []
    for cut in spans.cuts(len(content), most):
        with suppress(FileError):
            found.append(spans.looked_at(read, len(content), cut, data.format))
    return spans.joined(found) if len(found) == len(spans.cuts(len(content), most)) else None


def reader_of(content: bytes) -> ReadAt:
    def read(start: int, size: int) -> bytes:
        assert start >= 0
        assert size > 0, "S3 has no range of no bytes"
        return content[start : start + size]

    return read


def read_in_spans(folder: Path, content: bytes, data: Dataset, found: list[Span]):
    """Rows, table and refused rows of all spans."""
    counted, tables, refused = [], [], []
    own = reader(data)
    for at, span in enumerate(found):
        path, kept = folder / f"span-{at}", folder / f"refused-{at}"
        spans.copy(reader_of(content), len(content), span, path)
        with Quarantine(kept, "a", 1_000_000, data.private) as quarantine:
            file = SourceFile(path, folder, {}, before=span.before, groups=span.groups)
            rows = own.read(file, quarantine, tables.append)
        assert rows.read == span.records, (content, span)
        counted.append(rows)
        refused += pq.read_table(kept).to_pylist() if kept.exists() else []
        kept.unlink(missing_ok=True)
    return reduce(spans.added, counted), pa.concat_tables(tables) if tables else None, refused


def compare(folder: Path, content: bytes, data: Dataset, most: int) -> int:
    """How many spans were compared with the whole file, as which they are to be read; 0 if it may not be cut."""
    found = spans_of(content, data, most)
    if not found:
        return 0
    whole = outcome(written(folder / "a", content), data)
    rows, table, refused = read_in_spans(folder, content, data, found)
    assert [each["row"] for each in refused] == [each["row"] for each in whole.refused], content
    assert [{**each, "source": "a"} for each in whole.refused] == refused
    assert repr(table.to_pylist() if table else []) == repr(whole.table.to_pylist())  # NaN equals NaN so
    counts = [rows, whole.rows]
    if data.format.kind == "json":  # keys without a column are looked for in a sample of each block
        counts = [replace(each, columns_ignored=()) for each in counts]
    assert counts[0] == counts[1]
    return len(found)


@pytest.mark.parametrize("kind", ["csv", "json"])
@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("spans")))
def test_spans_of_random_files_give_what_the_file_gives(attempt, kind, tmp_path, monkeypatch):
    """Rows, their numbers, reasons, texts and counts, whatever is wrong with them, and wherever the file is cut."""
    chance = random.Random(f"{SEED}-spans-{kind}-{attempt}")
    made = test_csv_random if kind == "csv" else test_json_random
    compared, tries = 0, 0
    while compared < 30:
        tries += 1
        assert tries < 200, "hardly a file is cut"
        data = made.random_dataset(chance)
        content = made.random_file(chance, data)
        if (
            kind == "csv" and chance.random() < 0.6
        ):  # quotes that are no quotes are in nearly each of the others
            content = content.replace(b'"', b"").replace(b"'", b"")
        monkeypatch.setattr(csv_blocks, "BLOCK", chance.choice([7, 64, 1000, 1 << 20]))
        monkeypatch.setattr(json_files, "BLOCK", chance.choice([7, 64, 1000, 1 << 20]))
        monkeypatch.setattr(spans, "STEP", chance.choice([1, 50, 1 << 20]))
        compared += compare(tmp_path, content, data, chance.choice([50, 200, 1000]))


def lines(count: int, end: str = "\n") -> str:
    return "".join(f"{n},x{n % 7}{end}" for n in range(count))


@pytest.mark.parametrize(
    ("content", "cut"),
    [
        pytest.param("a,b\n" + lines(50), True, id="plain"),
        pytest.param(
            "\ufeff\n\r\na,b\r\n" + lines(50, "\r\n"), True, id="byte order mark, empty lines, CR LF"
        ),
        pytest.param('"a","b"\n' + '1,"x ""y"", z"\n2,""\n' * 20, True, id="quotes"),
        pytest.param('a,b\n1,"x\ny"\n' + lines(50), True, id="a line feed in quotes where no cut is"),
        pytest.param("a,b\n" + "\n" * 200 + lines(5), True, id="spans without a row"),
        pytest.param("a,b\n1," + "x" * 200 + "\n" + lines(15), True, id="spans within a line"),
        pytest.param(
            "a,b\n" + lines(20) + "\ufeff1,x\nBZh,y\n\r" * 20, True, id="lines like the beginning of a file"
        ),
        pytest.param("a,b\n" + lines(20) + "7", True, id="no line feed at the end"),
        pytest.param("\n" * 50 + "a,b\n" + lines(5), False, id="a header behind the first span"),
        pytest.param(
            "a,b\n" + '1,"x\ny ""z"", \n"\r\n2,"x"\n' * 20, True, id="line feeds in quotes everywhere"
        ),
        pytest.param("a,b\n" + '1,"' + "x\n" * 40 + 'y"\n' + lines(15), True, id="spans within quotes"),
        pytest.param(
            "a,b\n" + '1,"' + '"",""\n' * 40 + '"\n' + lines(5), False, id="quotes that look like others"
        ),
        pytest.param("a,b\n" + lines(20) + '1,x"y\n2,z" \n3,"a"b\n', False, id="quotes that are not plain"),
        pytest.param(
            "a,b\n" + lines(20) + '1",2,"' + "\n" * 99 + '",3\n', False, id="cuts that would change places"
        ),
        pytest.param("a,b\n" + lines(20) + '1,"x\n', False, id="a quote that does not close"),
    ],
)
def test_a_file_is_cut_where_records_begin(content, cut, tmp_path, monkeypatch):
    """Into parts of at most 40 bytes and a line here, or it has to be read as a whole. Blocks are of two bytes."""
    monkeypatch.setattr(csv_blocks, "BLOCK", 2)
    assert (compare(tmp_path, content.encode(), dataset(AB), 40) > 2) is cut


def parquet(groups: list[int], **options) -> bytes:
    """Row groups of so many rows, of which some are refused; a column is old times, one no column of the data set."""
    sink = io.BytesIO()
    columns = {
        "at": pa.array([0], pa.timestamp("ns")),
        "b": ["x"],
        "more": [1],
        "a": pa.array([1], pa.int64()),
    }
    schema = pa.table(columns).schema
    with pq.ParquetWriter(sink, schema, use_deprecated_int96_timestamps=True, **options) as writer:
        for at, count in enumerate(groups):
            table = {
                "at": pa.array([at * 10**9 + (n % 9 == 8) for n in range(count)], pa.timestamp("ns")),
                "b": [f"x{n % 3}" for n in range(count)],
                "more": [at] * count,
                "a": [2**40 if n % 11 == 10 else n for n in range(count)],
            }
            writer.write_table(pa.table(table, schema), row_group_size=max(count, 1))
    return sink.getvalue()


STORED = dataset({"a": "int", "b": "string", "at": "timestamp"}, "parquet")


@pytest.mark.parametrize(
    "options", [{}, {"use_dictionary": False, "compression": "none"}, {"version": "1.0"}]
)
@pytest.mark.parametrize("groups", [[20] * 10, [1, 300, 0, 2, 40], [50]])
def test_row_groups_of_parquet_are_read_apart(groups, options, tmp_path):
    """Wherever the file is cut: row groups are never divided. Rows keep their numbers, and refused ones their texts."""
    content = parquet(groups, **options)
    for most in (200, 1000, len(content)):
        found = spans_of(content, STORED, most)
        assert found
        assert [at for span in found for at in span.groups] == [at for at, n in enumerate(groups) if n]
        assert compare(tmp_path, content, STORED, most) == len(found)
    assert sum(span.records for span in found) == sum(groups)
    assert len(spans_of(content, STORED, 200)) > len(groups) // 2


def test_what_is_said_of_a_file_is_said_once(tmp_path):
    """Of its first row group, which the first span has; a damaged one makes the file unreadable."""
    columns = {"at": pa.array([0] * 40, pa.timestamp("us", "Asia/Tokyo")), "a": range(40), "b": ["x"] * 40}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns), sink, row_group_size=4, compression="none")
    data = dataset({"a": "int", "b": "string", "at": "timestamp"}, "parquet", timezone="Europe/Berlin")
    found = spans_of(sink.getvalue(), data, 100)
    whole = outcome(written(tmp_path / "a", sink.getvalue()), data)
    rows, _, _ = read_in_spans(tmp_path, sink.getvalue(), data, found)
    assert rows == whole.rows
    assert [len(rows.warnings), len(found)] == [1, 10]
    damaged = sink.getvalue()[:4] + bytes(found[0].end - 4) + sink.getvalue()[found[0].end :]
    with pytest.raises(FileError, match="cannot be read"):
        outcome(written(tmp_path / "a", damaged), data)


def test_damaged_row_groups_and_footers_are_not_read_for_others(tmp_path):
    """A span is read, or said to be unreadable, as its row groups are; a footer that makes no sense is not cut by."""
    content = bytearray(parquet([500] * 4, compression="none", write_page_checksum=True))
    found = spans_of(bytes(content), STORED, 5000)
    second = found[1]
    content[second.start + 200 : second.start + 300] = bytes(100)
    for at, span in enumerate(found):
        if at != 1:
            read_in_spans(tmp_path, bytes(content), STORED, [span])
    with pytest.raises(FileError, match="cannot be read"):
        read_in_spans(tmp_path, bytes(content), STORED, [second])
    assert spans_of(bytes(content[:-1]), STORED, 100) is None
    assert spans_of(bytes(content[:4] + content[1004:]), STORED, 100) is None, (
        "a row group would be in the footer"
    )
    assert spans_of(b"PARE" + bytes(content[4:]), STORED, 100) is None
    assert spans_of(bytes(content[:-8]) + b"\xff\xff\xff\xffPAR1", STORED, 100) is None


def test_what_is_not_sure_in_other_blocks_is_not_cut(monkeypatch):
    """Lines that a reader gives up, or not, as its blocks happen to end; those without line feeds; and UTF-16."""
    monkeypatch.setattr(spans, "LONGEST", 100)
    for content in ("a,b\n" + lines(50) + "1," + "x" * 101 + "\n" + lines(50), "a,b\r" + lines(100, "\r")):
        assert spans_of(content.encode(), dataset(AB), 80) is None
        assert spans_of(content.replace("x" * 101, "x" * 90).replace("\r", "\n").encode(), dataset(AB), 80)
    line = '{"a": 1}\n' * 20
    assert spans_of(line.encode(), dataset(AB, "json"), 80)
    assert spans_of(f'{line}{{"a":{" " * 100}1}}\n{line}'.encode(), dataset(AB, "json"), 80) is None
    assert spans_of(line.encode("utf-16"), dataset(AB, "json"), 80) is None


@pytest.mark.parametrize(
    ("path", "more", "expected"),
    [
        ("a.csv", {}, True),
        ("a.jsonl", {"kind": "json", "encoding": "UTF8"}, True),
        ("a.parquet", {"kind": "parquet"}, True),
        ("a.parquet", {"kind": "parquet", "sql": "SELECT 1"}, False),
        ("a.csv.GZ", {}, False),
        ("a.csv", {"encoding": "cp1252"}, False),
        ("a.csv", {"encoding": "none-such"}, False),
        ("a.csv", {"delimiter": "||"}, False),
        ("a.csv", {"sql": "SELECT 1"}, False),
        ("a.csv", {"transform": "orders:made"}, False),
        ("a.csv", {"reader": "orders:Reader"}, False),
    ],
)
def test_files_whose_rows_are_read_by_the_tool_may_be_cut(path, more, expected):
    assert spans.may_be_cut(dataset(AB, **more), path) is expected
