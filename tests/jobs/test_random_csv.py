"""Random CSV files, quirks of every era and worse in them, counted as the csv module counts them."""

import csv
import gzip
import io
import random
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest
from independent_count import read, window
from randomness import SEED, times
from tlc import counting, csvfiles
from tlc.layouts import LAYOUTS
from tlc.sources import Source

ENDS = ["\n", "\r\n", "\r", "\n\r\n", "\r\n\r\n"]
ODD = [
    "",
    " ",
    '"',
    '""',
    '"a,b"',
    '"a""b"',
    'x"y',
    '"x"y',
    "é",
    "\x00",
    "x" * 300,
    "2015-01-01",
    '"2015-01-01 00:00:00',
]


def some_time(choice: random.Random) -> str:
    """A time as TLC writes it, or one digit away from that."""
    text = (
        f"20{choice.randrange(8, 26):02}-{choice.randrange(1, 13):02}-{choice.randrange(1, 32):02} "
        f"{choice.randrange(24):02}:{choice.randrange(60):02}:{choice.randrange(60):02}"
    )
    if choice.random() < 0.05:
        at = choice.randrange(len(text))
        text = text[:at] + choice.choice("0569-: x,") + text[at + choice.randrange(2) :]
    return f'"{text}"' if choice.random() < 0.2 else text


def some_file(choice: random.Random) -> tuple[bytes, str, int]:
    """A file's content, its data set, and the position of its pickup column."""
    layout = choice.choice([layout for layout in LAYOUTS if not layout.id.startswith("P")])
    position = layout.columns.index(layout.pickup)
    odd = choice.choice([0, 0.02, 0.3])
    quoted = choice.random() < 0.3
    ends = choice.choice([ENDS[:1], ENDS[1:2], ENDS[:2], ENDS])
    lines = [",".join(layout.columns)]
    for _ in range(choice.choice([0, 1, 5, 60, 200])):
        row = [choice.choice(ODD) if choice.random() < odd else "1.5" for _ in layout.columns]
        row[position] = choice.choice(ODD) if choice.random() < odd else some_time(choice)
        if choice.random() < odd:
            row = row[: choice.randrange(len(row))] or ["x"]
        if quoted:
            row = [field if field.startswith('"') else f'"{field}"' for field in row]
        lines.append(",".join(row + choice.choice([[], ["", ""]])))
    text = "".join(line + choice.choice(ends) for line in lines)
    if choice.random() < 0.3:
        text = text.rstrip("\r\n")
    return (b"\xef\xbb\xbf" * choice.randrange(2)) + text.encode(), layout.dataset, position


def expected(content: bytes, position: int) -> tuple[Counter, list[int], list[str]]:
    """What the csv module says of each line: trips by window, numbers and texts of the rows that cannot be
    read.
    """
    text = content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    windows, numbers, raws = Counter(), [], []
    rows = [line for line in text.split("\n") if line][1:]
    for number, line in enumerate(rows, 1):
        fields = next(csv.reader(io.StringIO(line, newline="")))
        time = read(fields[position].strip(" ")) if position < len(fields) else None
        if time is None:
            numbers.append(number)
            raws.append(line)
        else:
            windows[int((window(time) - window(time).min).total_seconds())] += 1
    return windows, numbers, raws


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("csv")))
def test_random_files_are_counted_as_the_csv_module_counts_them(tmp_path, monkeypatch, attempt):
    """Windows, rows and every refused row with its number and text agree, also across tiny chunks, and
    gzipped.
    """
    choice = random.Random(f"{SEED}-csv-{attempt}")
    with counting.Engine(tmp_path) as engine:
        for n in range(4):
            content, dataset, position = some_file(choice)
            gzipped = choice.random() < 0.3
            path = Path(tmp_path) / f"{n}.csv"
            path.write_bytes(gzip.compress(content) if gzipped else content)
            size = choice.choice([3000, 10_000, csvfiles.CHUNK_BYTES])
            monkeypatch.setattr(csvfiles.chunks, "__defaults__", (size,))
            source = Source(str(path), path.name, dataset, "2015-01", "csv.gz" if gzipped else "csv", "", 0)
            counted = counting.count(engine, source, path)
            bad = pa.Table.from_batches(counting.bad_rows(engine, source, path, counted), counting.BAD_ROW)
            windows, numbers, raws = expected(content, position)
            year_1 = 62_135_596_800
            assert {start // 10**6 + year_1: n for start, n in counted.windows.items()} == windows
            assert (bad["row"].to_pylist(), bad["raw"].to_pylist()) == (numbers, raws)
            assert counted.rows == sum(windows.values()) + len(numbers)
