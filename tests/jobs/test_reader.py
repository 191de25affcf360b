"""The reader of the data set trip_counts: the same windows and the same refused rows as counting alone gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from independent_count import count_file
from taxi.reader import Reader
from taxi.sample.catalogue import PICKED
from taxi.sample.write import write_sample
from taxi.sources import as_trip_file

from data_pipeline.etl.documents import patterns
from data_pipeline.etl.documents.datasets import Column, Dataset, Format
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.reading.files import reader
from data_pipeline.etl.reading.protocol import SourceFile
from data_pipeline.etl.reading.quarantine import Quarantine

COLUMNS = (Column("month", "string"), Column("window_start", "timestamp"), Column("trips", "long"))
NAMES = tuple(
    f"{{dataset:yellow|green|fhv|fhvhv}}_tripdata_{{year}}-{{month:02}}.{form}"
    for form in ("csv", "csv.gz", "parquet")
)


def trip_counts(columns: tuple[Column, ...] = COLUMNS, limit: int = 100_000, **options: str) -> Dataset:
    format = Format("csv")
    return Dataset(
        "trip_counts",
        NAMES,
        format,
        columns,
        reader="taxi.reader:Reader",
        options=options,
        quarantine_limit=limit,
    )


def read(folder: Path, dataset: Dataset) -> Iterator[tuple[str, object, list[dict], list[dict]]]:
    """Of each trip file of ``folder``: its name, what became of it, its windows, and the refused rows that are kept."""
    texts = [patterns.parse(text) for text in NAMES]
    for path in sorted(folder.iterdir()):
        found = [match for text in texts if (match := text.match(path.name))]
        if not found:
            continue
        kept, windows = folder.parent / "kept.parquet", []
        with Quarantine(kept, path.name, dataset.quarantine_limit) as refused:
            try:
                source = SourceFile(path, folder.parent, found[0].parts, found[0].period)
                rows = reader(dataset).read(source, refused, windows.append)
            except FileError as error:
                rows = str(error)
        raw = pq.ParquetFile(kept).read().to_pylist() if kept.exists() else []
        kept.unlink(missing_ok=True)
        yield path.name, rows, pa.concat_tables(windows).to_pylist() if windows else [], raw


def test_its_windows_and_refused_rows_are_those_of_an_independent_count(tmp_path):
    """Of a sample of every layout, and of files that cannot be read: windows, counts, reasons and kept rows."""
    folder = tmp_path / "trips"
    write_sample(folder, [file for file in PICKED if file.rows <= 1300], seed=3)
    (folder / "fhv_tripdata_2031-01.csv").write_bytes(b"a,b\n1,2\n")
    (folder / "fhv_tripdata_2031-02.csv.gz").write_bytes(b"a,b\n1,2\n")
    (folder / "fhv_tripdata_2031-03.csv").write_text("Dispatching_base_num,Pickup_date\n")
    unreadable, reasons, seen = {}, set(), 0
    for name, rows, windows, raw in read(folder, trip_counts(limit=3)):
        seen += 1
        if isinstance(rows, str):
            unreadable[name] = rows
            continue
        truth = count_file(folder / name)
        assert (rows.read, rows.quarantined) == (truth.rows, len(truth.refused))
        assert rows.read == rows.accepted + rows.quarantined
        assert rows.reasons == truth.reasons
        assert [(row["window_start"], row["trips"]) for row in windows] == sorted(truth.windows.items())
        parts = {(row["dataset"], row["month"]) for row in windows}
        assert parts <= {(name.split("_")[0], name.split("_")[2][:7])}
        assert [row["_row"] for row in windows] == [*range(1, len(windows) + 1)]
        kept = [(row["row"], row["reason"]) for row in raw]
        assert kept == sorted(truth.refused.items())[:3]
        reasons |= {*rows.reasons}
    assert seen > 10
    assert len(reasons) > 3
    assert {name: text.split(":")[0] for name, text in unreadable.items()} == {
        "fhv_tripdata_2031-01.csv": "no known pickup column of fhv (Pickup_date, pickup_datetime) in its header",
        "fhv_tripdata_2031-02.csv.gz": "the gzip data is damaged",
    }


def test_trips_outside_the_month_are_kept_where_the_option_says_so(tmp_path):
    """One of another year."""
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "fhv_tripdata_2015-01.csv").write_text(
        "Dispatching_base_num,Pickup_date\nB1,2019-01-01 00:00:00\n"
    )
    found = {
        option: [*read(tmp_path / "in", trip_counts(**{"outside-month": option}))]
        for option in ("quarantine", "keep")
    }
    ((_, kept, windows, _),) = found["keep"]
    assert (kept.accepted, [row["trips"] for row in windows]) == (1, [1])
    ((_, refused, windows, raw),) = found["quarantine"]
    assert (refused.quarantined, windows, len(raw)) == (1, [], 1)


@pytest.mark.parametrize(
    ("dataset", "said"),
    [
        (trip_counts(**{"outside-months": "keep"}), "has no option outside-months, only outside-month and"),
        (trip_counts(**{"outside-month": "drop"}), "outside-month is 'drop', neither quarantine nor keep"),
        (trip_counts(**{"month-tolerance-days": "-1"}), "month-tolerance-days is '-1', no whole number"),
        (
            trip_counts((Column("trips", "long"),)),
            "has the columns month: string, window_start: timestamp, trips: long, not",
        ),
    ],
)
def test_what_it_does_not_know_it_refuses(dataset, said):
    """Before any file is read."""
    with pytest.raises(JobError, match=said):
        Reader(dataset)


def test_digits_that_are_not_ascii_are_none():
    """In a file's name."""
    with pytest.raises(FileError, match="not that of a trip file"):
        as_trip_file("fhv_tripdata_201\uff19-01.csv")
