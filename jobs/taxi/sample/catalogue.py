"""Which files a sample holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from taxi.sample.errors import SampleError
from taxi.sample.layouts import CsvLayout, Month, csv_layout
from taxi.sample.parquet_layouts import ParquetLayout, parquet_layout

DATASETS = ("yellow", "green", "fhv", "fhvhv")
FORMATS = ("csv", "csv.gz", "parquet")

FIRST: Month = (2009, 1)
LAST: Month = (2025, 11)


@dataclass(frozen=True)
class File:
    """A file to write: ``format`` is its name's ending, ``unreadable`` and ``wide`` are numbers of rows;
    ``cut_off`` ends it within its last row.
    """

    dataset: str
    month: Month
    format: str
    rows: int
    unreadable: int = 0
    wide: int = 0
    cut_off: bool = False

    @property
    def name(self) -> str:
        return f"{self.dataset}_tripdata_{self.month[0]}-{self.month[1]:02d}.{self.format}"

    @property
    def layout(self) -> CsvLayout | ParquetLayout:
        """The layout of the file's month in its format."""
        found = (parquet_layout if self.format == "parquet" else csv_layout)(self.dataset, self.month)
        if found is None:
            raise SampleError(f"{self.name}: a month that was never published as {self.format}.")
        return found


# Every layout and every quirk at least once, no month of a data set twice. In June 2019 all four data sets
# stand side by side in numbers that make a picture; the other files are small.
PICKED = (
    File("yellow", (2009, 1), "csv", 600, unreadable=3),
    File("yellow", (2009, 6), "parquet", 1300, unreadable=4),
    File("yellow", (2010, 2), "csv", 600, unreadable=2, wide=5),
    File("yellow", (2010, 3), "parquet", 1300, unreadable=2),
    File("yellow", (2010, 9), "parquet", 1200),
    File("yellow", (2011, 5), "parquet", 1300),
    File("yellow", (2012, 3), "csv.gz", 2400, unreadable=3),
    File("yellow", (2014, 1), "csv", 600, unreadable=3, cut_off=True),
    File("yellow", (2015, 3), "csv.gz", 2400),
    File("yellow", (2015, 11), "csv", 600, unreadable=2),
    File("yellow", (2016, 7), "csv", 600, unreadable=3),
    File("yellow", (2017, 11), "csv", 700, unreadable=2),
    File("yellow", (2019, 6), "csv.gz", 26_000, unreadable=4),
    File("yellow", (2020, 7), "csv", 600, unreadable=1),
    File("yellow", (2022, 11), "parquet", 1300, unreadable=2),
    File("yellow", (2023, 2), "parquet", 1300),
    File("yellow", (2024, 4), "parquet", 2400, unreadable=3),
    File("green", (2013, 11), "csv", 600, unreadable=2),
    File("green", (2014, 2), "csv", 600, unreadable=3),
    File("green", (2014, 5), "parquet", 1500),
    File("green", (2015, 1), "csv.gz", 1800),
    File("green", (2015, 7), "csv", 600, unreadable=2),
    File("green", (2016, 1), "csv", 600),
    File("green", (2016, 7), "csv", 600, unreadable=2),
    File("green", (2017, 10), "csv", 600, unreadable=1),
    File("green", (2019, 6), "csv.gz", 6000, unreadable=3),
    File("green", (2022, 1), "parquet", 1300, unreadable=3),
    File("green", (2023, 3), "parquet", 1300),
    File("green", (2024, 1), "parquet", 1300, unreadable=2),
    File("green", (2025, 11), "parquet", 1300),
    File("fhv", (2015, 1), "csv", 2000, unreadable=2),
    File("fhv", (2015, 5), "parquet", 2000),
    File("fhv", (2017, 1), "csv", 1600, unreadable=2),
    File("fhv", (2017, 7), "csv", 1200, unreadable=3),
    File("fhv", (2018, 1), "csv", 1200, unreadable=3),
    File("fhv", (2019, 6), "csv.gz", 8000),
    File("fhv", (2020, 1), "csv", 1200, unreadable=2),
    File("fhv", (2024, 1), "parquet", 1300, unreadable=1),
    File("fhvhv", (2019, 6), "csv.gz", 24_000, unreadable=3),
    File("fhvhv", (2024, 1), "parquet", 3000, unreadable=2),
)

_ROWS_OF_A_MONTH = 2000


def chosen(
    datasets: Sequence[str] = (),
    months: tuple[Month, Month] | None = None,
    format: str | None = None,
    rows: int | None = None,
) -> list[File]:
    """The files of a sample: the picked ones, or every month from ``months[0]`` to ``months[1]``.

    ``format`` asks for one format only, else a month of its CSV era is CSV. ``rows`` is the total over all
    files. Raises ``SampleError`` where nothing is left or a file would have no row.
    """
    files = list(PICKED) if months is None else _every_month(months, format)
    files = [f for f in files if (not datasets or f.dataset in datasets) and format in (None, f.format)]
    if not files:
        raise SampleError(
            "No file is left. Published were yellow from 2009-01, green from 2013-08 (Parquet from 2014-01),"
            " fhv from 2015-01 and fhvhv from 2019-02; CSV is known to 2021-10, Parquet to 2025-11."
        )
    return files if rows is None else _scaled(files, rows)


def _every_month(months: tuple[Month, Month], format: str | None) -> list[File]:
    first, last = months
    if first > last or first < FIRST or last > LAST:
        raise SampleError(
            f"--months {_text(first)}..{_text(last)}: expected a range within {_text(FIRST)}..{_text(LAST)}."
        )
    files = []
    for dataset in DATASETS:
        for year, number in _range(first, last):
            month = (year, number)
            kind = format or ("csv" if csv_layout(dataset, month) else "parquet")
            exists = parquet_layout(dataset, month) if kind == "parquet" else csv_layout(dataset, month)
            if exists:
                files.append(File(dataset, month, kind, _ROWS_OF_A_MONTH, unreadable=2))
    return files


def _range(first: Month, last: Month) -> list[Month]:
    """Every month of a closed range."""
    numbers = range(first[0] * 12 + first[1] - 1, last[0] * 12 + last[1])
    return [(number // 12, number % 12 + 1) for number in numbers]


def _scaled(files: list[File], rows: int) -> list[File]:
    """The files with their rows in proportion, ``rows`` in all; oddities keep their number."""
    total = sum(file.rows for file in files)
    scaled, passed, done = [], 0, 0
    for file in files:
        passed += file.rows
        share = passed * rows // total - done
        done += share
        if share < 10:
            raise SampleError(
                f"--rows {rows}: too few for {len(files)} files; at least {total // 60} give each some."
            )
        scaled.append(replace(file, rows=share))
    return scaled


def _text(month: Month) -> str:
    return f"{month[0]}-{month[1]:02d}"
