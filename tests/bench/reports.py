"""`make bench`: draw pages of made-up runs, and the index of many, from a folder."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

from measure import about_machine

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import duckdb  # noqa: E402
from core.report import made  # noqa: E402

from data_pipeline.core.loading.load import load_environment  # noqa: E402
from data_pipeline.core.report import page  # noqa: E402
from data_pipeline.etl.quality.profiling import profile  # noqa: E402
from data_pipeline.project.reports import Folder, Reports  # noqa: E402

CASES = ((1, 1), (40, 4), (500, 30), (500, 100))
RUNS = 200
ROWS = 5_000_000


def drawn(files: int, datasets: int) -> str:
    """A row for a run: its report and its page."""
    started = time.process_time()
    report = made.busy(files, datasets)
    put_together = time.process_time()
    size = len(page.draw(report).encode())
    took = time.process_time() - put_together
    kilobytes = len(json.dumps(report)) / 1e3
    numbers = (f"{kilobytes:,.0f}", f"{put_together - started:.1f}", f"{size / 1e3:,.0f}", f"{took:.1f}")
    return f"| {files:,} | {datasets:,} | {' | '.join(numbers)} |"


def indexed(runs: int) -> list[str]:
    """Rows for the index of so many runs: the first time, with each page, and again."""
    names = [f"{date(2024, 1, 1) + timedelta(days=n)}T06-00-00Z-c0ffee" for n in range(runs)]
    rows = []
    with tempfile.TemporaryDirectory() as place:
        for name in names:
            folder = Path(place) / name
            folder.mkdir()
            files = [made.file(f"{n}.csv", 1000, n % 5) for n in range(40)]
            tables = {f"table_{n}": made.table() for n in range(4)}
            left = {
                "summary": made.summary(files, [*tables]),
                "profile": {"version": 1, "tables": tables, "examples": {}},
            }
            for document, content in {**left, "verdict": made.verdict()}.items():
                (folder / f"{document}.json").write_text(json.dumps(content))
        for what in ("every page and the index", "the index again"):
            started = time.process_time()
            size = len(Reports(load_environment(ROOT, "dev"), Folder(Path(place))).index())
            rows.append(f"| {what} | {size / 1e3:,.0f} | {time.process_time() - started:.1f} |")
    return rows


def profiled() -> list[str]:
    """Rows for what a job does for a report, beside reading the same file once."""
    with tempfile.TemporaryDirectory() as place, duckdb.connect() as db:
        file = Path(place) / "rows.parquet"
        columns = (
            "range AS id, TIMESTAMP '2024-01-01' + INTERVAL 1 SECOND * range AS moment, random() * 100 AS amount, "
            "'status-' || (range % 7) AS status, 'a text of its own, number ' || range AS note, range % 3 = 0 AS paid"
        )
        db.execute(f"COPY (SELECT {columns} FROM range({ROWS})) TO '{file}'")
        db.execute(f"SET TimeZone = 'UTC'; CREATE VIEW rows AS FROM '{file}'")
        started = time.process_time()
        db.execute(
            "SELECT max(id), max(moment), max(amount), max(status), max(note), max(paid) FROM rows"
        ).fetchall()
        read = time.process_time()
        assert profile(db, "rows") is not None
        return [
            f"| read once | {read - started:.1f} |",
            f"| profile.json | {time.process_time() - read:.1f} |",
        ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "records" / "report-bench.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    text = [
        "# Pages about runs, measured",
        "",
        "Written by `make bench`: made-up runs, each table with 22 columns, three series of 150 days, and 12 runs",
        "before. A page may have 2 MB; of a busy run it shows less of each table. Seconds are of the processor.",
        "",
        "| files | data sets | kB of report.json | s | kB of the page | s |",
        "| ---: | ---: | ---: | ---: | ---: | ---: |",
        *(drawn(*case) for case in CASES),
        "",
        f"The index of {RUNS} runs of 40 files and 4 tables, from a folder:",
        "",
        "| | kB of index.html | s |",
        "| --- | ---: | ---: |",
        *indexed(RUNS),
        "",
        f"What the job does for it, of a Parquet file of {ROWS:,} rows and six columns:",
        "",
        "| | s |",
        "| --- | ---: |",
        *profiled(),
        "",
        *about_machine(load),
        "",
    ]
    options.output.write_text("\n".join(text), encoding="utf-8")
    print("\n".join(text))


if __name__ == "__main__":
    main()
