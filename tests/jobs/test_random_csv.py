"""Random CSV files, quirks of every era and worse in them, counted as the csv module counts them."""

import gzip
import io
import random
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from independent_count import judge_line, lines_of, window
from randomness import SEED, times
from taxi import counting, csvfiles, csvrows
from taxi.layouts import LAYOUTS
from taxi.rules import Policy
from taxi.sources import TripFile

from data_pipeline.etl.errors import FileError
from data_pipeline.etl.reading.quarantine import Quarantine

MONTH = "2015-01"
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
    year, month = (
        (2015, 1) if choice.random() < 0.8 else (choice.randrange(2008, 2026), choice.randrange(1, 13))
    )
    day, hour, minute, second = (
        choice.randrange(first, end)
        if choice.random() < 0.98
        else choice.choice([0, end, choice.randrange(100)])
        for first, end in ((1, 32), (0, 24), (0, 60), (0, 60))
    )
    text = f"{year}-{month:02}-{day:02}{choice.choice('     T')}{hour:02}:{minute:02}:{second:02}"
    if choice.random() < 0.05:
        at = choice.randrange(len(text))
        text = text[:at] + choice.choice("0569-: x,") + text[at + choice.randrange(2) :]
    if choice.random() < 0.1:
        text += choice.choice([".5", ".000000", ".1234567891", " ", "Z", "\u00a0"])
    return f'"{text}"' if choice.random() < 0.2 else text


def some_file(choice: random.Random) -> tuple[bytes, str, int]:
    """A file's content, its data set, and the position of its pickup column."""
    layout = choice.choice([layout for layout in LAYOUTS if not layout.id.startswith("P")])
    position = layout.columns.index(layout.pickup)
    odd = choice.choice([0, 0.02, 0.3])
    quoted = choice.random() < 0.3
    ends = choice.choice([ENDS[:1], ENDS[1:2], ENDS[:2], ENDS])
    lines = [",".join(layout.columns)]
    spare = choice.choice([1, 4, 6])
    for _ in range(choice.choice([0, 1, 5, 60, 200])):
        row = [choice.choice(ODD) if choice.random() < odd else "1.5" for _ in layout.columns]
        row[position] = choice.choice(ODD) if choice.random() < odd else some_time(choice)
        if choice.random() < odd:
            row = row[: choice.randrange(len(row))] or ["x"]
        if quoted:
            row = [field if field.startswith('"') else f'"{field}"' for field in row]
        lines.append(",".join(row + choice.choice([[], [], [""], ["", ""], ["x"], ["", "", ""]][:spare])))
    text = "".join(line + choice.choice(ends) for line in lines)
    if choice.random() < 0.3:
        text = text.rstrip("\r\n")
    return (b"\xef\xbb\xbf" * choice.randrange(2)) + text.encode(), layout.dataset, position


def expected(content: bytes, position: int) -> tuple[Counter, list[tuple]]:
    """What the csv module says of each line: trips by window, and (number, reason, text) of the others."""
    header, *lines = lines_of(content)
    open_end = not content.endswith((b"\n", b"\r"))
    windows, refused = Counter(), []
    for number, line in enumerate(lines, 1):
        cut_off = open_end and number == len(lines)
        found = judge_line(line, header.count(",") + 1, position, MONTH, cut_off)
        if isinstance(found, str):
            refused.append((number, found, line))
        else:
            windows[window(found)] += 1
    return windows, refused


@pytest.fixture(autouse=True)
def _compiled(monkeypatch):
    """Few bytes are enough to be read by compiled code."""
    monkeypatch.setattr(csvrows.slow_path_budget, "left", 0)


def counted_by_us(
    counters: counting.Counters, path: Path, dataset: str, form: str, sizes: counting.Sizes | None = None
) -> tuple:
    """Rows, windows, reasons and quarantine of the job."""
    source = TripFile(path.name, dataset, MONTH, form)
    target = path.with_suffix(".parquet")
    with Quarantine(target, path.name, 10**6) as quarantine:
        counted = counting.count(counters, source, path, Policy(), quarantine, sizes or counting.Sizes())
    kept = pq.read_table(target).to_pylist() if target.exists() else []
    target.unlink(missing_ok=True)
    refused = [(row["row"], row["reason"], row["raw"]) for row in kept]
    epoch = datetime(1970, 1, 1)  # noqa: DTZ001 - the times of the trips have no zone
    windows = {
        epoch + timedelta(microseconds=int(start)): trips
        for start, trips in zip(*counted.windows, strict=True)
    }
    return counted.rows, windows, counted.reasons, refused


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("csv")))
def test_random_files_are_counted_as_the_csv_module_counts_them(tmp_path, monkeypatch, attempt):
    """Windows, rows and every refused row with its number, reason and text agree, also across tiny chunks, with
    few doubtful rows or little of their text at once, and gzipped.
    """
    choice = random.Random(f"{SEED}-csv-{attempt}")
    counters = counting.Counters()
    for n in range(4):
        content, dataset, position = some_file(choice)
        gzipped = choice.random() < 0.3
        path = Path(tmp_path) / f"{n}.csv"
        path.write_bytes(gzip.compress(content) if gzipped else content)
        chunk = choice.choice([3000, 10_000, csvfiles.CHUNK_BYTES])
        monkeypatch.setattr(csvrows, "DOUBTFUL_ROWS", choice.choice([1, 3, csvrows.DOUBTFUL_ROWS]))
        monkeypatch.setattr(csvrows, "DOUBTFUL_BYTES", choice.choice([5000, csvrows.DOUBTFUL_BYTES]))
        sizes = counting.Sizes(chunk, choice.choice([700, 20_000, csvfiles.SPAN_BYTES]))
        form = "csv.gz" if gzipped else "csv"
        rows, found, reasons, kept = counted_by_us(counters, path, dataset, form, sizes)
        windows, refused = expected(content, position)
        assert found == windows
        assert kept == refused
        assert reasons == Counter(reason for _, reason, _ in refused)
        assert rows == sum(windows.values()) + len(refused)


def mutated(content: bytes, choice: random.Random) -> bytes:
    """``content`` with a few bytes of its rows taken away, doubled or replaced by telling ones, or cut off."""
    header = content.index(b"\n") + 1
    found = bytearray(content)
    for _ in range(choice.randrange(1, 12)):
        at = choice.randrange(header, len(found) + 1)
        piece = choice.choice(
            [b'"', b",", b"\n", b"\r", b"\r\n", b'""', b",,", b"\xe9", b"\xc3\xa9", b"\0", b" ", b"T"]
        )
        found[at : at + choice.choice([0, 0, 1, 30])] = piece * choice.choice([0, 1, 1, 2])
    return bytes(found[: choice.randrange(header, len(found) + 1)] if choice.random() < 0.3 else found)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("mutated")))
def test_mutated_files_of_every_layout_add_up(tmp_path, monkeypatch, attempt, record_property):
    """25 tries each: a file of clean rows with some bytes changed is counted as the csv module counts it, or
    refused as a whole where it is not UTF-8 any more. No other error, and no row is lost.
    """
    record_property("mutated files", 25)
    choice = random.Random(f"{SEED}-mutated-{attempt}")
    layouts = [layout for layout in LAYOUTS if not layout.id.startswith("P")]
    path = Path(tmp_path) / "file.csv"
    counters = counting.Counters()
    for _ in range(25):
        layout = choice.choice(layouts)
        position = layout.columns.index(layout.pickup)
        row = ["1"] * len(layout.columns)
        quote = choice.choice(["", "", '"'])
        lines = [",".join(layout.columns)]
        spare = choice.choice(["", "", ",,"])
        for _ in range(choice.choice([3, 40, 200])):
            row[position] = f"2015-01-{choice.randrange(1, 32):02} 0{choice.randrange(10)}:10:00"
            lines.append(",".join(f"{quote}{text}{quote}" for text in row) + spare)
        content = mutated(choice.choice(["\n", "\r\n"]).join([*lines, ""]).encode(), choice)
        path.write_bytes(content)
        sizes = counting.Sizes(choice.choice([1000, 1 << 20]), choice.choice([500, 1 << 20]))
        try:
            windows, refused = expected(content, position)
        except UnicodeDecodeError:
            with pytest.raises(FileError, match="not UTF-8"):
                counted_by_us(counters, path, layout.dataset, "csv", sizes)
            continue
        rows, found, _, kept = counted_by_us(counters, path, layout.dataset, "csv", sizes)
        assert (found, kept) == (windows, refused), content
        assert rows == sum(windows.values()) + len(refused)


def some_parquet(choice: random.Random) -> bytes:
    """A Parquet file of clean and odd times, as text or as timestamps, beside another column."""
    times = [some_time(choice).strip('"') if choice.random() < 0.9 else None for _ in range(60)]
    if choice.random() < 0.5:
        column = pa.array([choice.randrange(-(2**53), 2**53) if time else None for time in times])
        column = column.cast(pa.timestamp(choice.choice(["s", "ms", "us", "ns"])))
    else:
        column = pa.array(times, choice.choice([pa.string(), pa.large_string()]))
    target = io.BytesIO()
    table = pa.table({"pickup_datetime": column, "note": [str(n) * 20 for n in range(60)]})
    pq.write_table(table, target, row_group_size=25, compression=choice.choice(["none", "snappy", "zstd"]))
    return target.getvalue()


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("mutated-parquet")))
def test_mutated_parquet_files_are_counted_or_refused(tmp_path, attempt, record_property):
    """25 tries each: with some bytes changed or cut off, a file adds up or is refused as one that cannot be
    read; there is no other error.
    """
    record_property("mutated files", 25)
    choice = random.Random(f"{SEED}-mutated-parquet-{attempt}")
    path = Path(tmp_path) / "file.parquet"
    counters = counting.Counters()
    for _ in range(25):
        content = bytearray(some_parquet(choice))
        for _ in range(choice.choice([0, 1, 1, 4])):
            content[choice.randrange(len(content))] = choice.randrange(256)
        cut = choice.randrange(len(content)) if choice.random() < 0.1 else len(content)
        path.write_bytes(content[:cut])
        try:
            rows, windows, reasons, kept = counted_by_us(counters, path, "fhv", "parquet")
        except FileError:
            continue
        assert rows == sum(windows.values()) + sum(reasons.values())
        assert Counter(reason for _, reason, _ in kept) == reasons
