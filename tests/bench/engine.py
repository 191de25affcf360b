"""The speed and memory of ride_counts.py on generated files of all eras, against a C scan and the plain job.

Prints a table and writes it to ``docs/performance.md``. Everything is measured in one run, one after the other,
on the same files, which are read once before, so that the first to run does not pay for the disk. CPU seconds are
told of our job and the scan alone: Spark's Java process is not the bench's child. The data are generated once into
``--data`` and used again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import shutil
import sys
import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from importlib.metadata import version
from pathlib import Path

from measure import CommandError, expect, measure

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "jobs"))

from tlc import csvfiles, layouts  # noqa: E402 - only where the pickup field is, for the scan


@dataclass(frozen=True)
class Row:
    """One measured command: seconds on the clock, seconds of CPU where they are all known, MB resident at once."""

    name: str
    seconds: float
    cpu: float | None
    megabytes: float


def main() -> None:
    """Generate, measure, print, write."""
    options = _options()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        rows = [row for form in ("csv", "parquet") for row in _measured(form, options, Path(scratch))]
    text = _report(rows, options.rows, before)
    print(text)
    options.output.write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=23_084_000, help="rows of generated data, per format")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".local" / "bench", help="where the data are kept"
    )
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "performance.md")
    return parser.parse_args()


def _measured(form: str, options: argparse.Namespace, scratch: Path) -> list[Row]:
    data = options.data / form
    truth = _data(data, form, options.rows)
    _read_once(data)
    found = []
    if form == "csv" and (compiler := shutil.which("cc")):
        scan = str(scratch / "scan")
        measure([compiler, "-O3", "-pthread", "-o", scan, "tests/bench/scan.c"], ROOT)
        files = [
            text for path in sorted(data.glob("*_tripdata_*.csv")) for text in (_position(path), str(path))
        ]
        found.append(_run("C scan, csv", [scan, str(os.cpu_count() or 1), *files])[0])
    output = scratch / "output"
    command = [sys.executable, "jobs/ride_counts.py", "--input", str(data), "--output", str(output)]
    row, _ = _run(f"`jobs/ride_counts.py`, {form}", command)
    expect(
        "ride_counts.py",
        json.loads((output / "summary.json").read_text())["rows"]["counted"],
        truth["counted"],
    )
    plain = [
        sys.executable,
        "tests/bench/plain_spark_eras.py",
        str(data),
        str(scratch / "plain"),
    ]
    baseline, said = _run(f"plain Spark job, {form}", plain)
    expect(
        "plain job",
        int(said.split()[-1]),
        truth["counted"] + sum(len(f["outside"]) for f in truth["files"].values()),
    )
    return [*found, row, replace(baseline, cpu=None)]


def _read_once(folder: Path) -> None:
    """Have the files in the system's cache, as far as it is large enough."""
    for path in sorted(folder.glob("*_tripdata_*")):
        with path.open("rb") as file:
            while file.read(1 << 24):
                pass


def _data(folder: Path, form: str, rows: int) -> dict:
    """The truth of the data, which are generated unless they are there."""
    path = folder / "truth.json"
    if not path.exists() or json.loads(path.read_text())["rows"] != rows:
        chosen = ["--months", "2009-01..2021-10", "--format", form, "--rows", str(rows)]
        measure([sys.executable, "-m", "data_pipeline", "sample", str(folder), *chosen], ROOT)
    truth: dict = json.loads(path.read_text())
    return truth


def _position(path: Path) -> str:
    names = csvfiles.header(path, gzipped=False)
    return str(layouts.match(names, path.name.split("_")[0]).position)


def _run(name: str, command: list[str]) -> tuple[Row, str]:
    print(name, file=sys.stderr, flush=True)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = measure(command, ROOT)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Row(name, measured.seconds, cpu, measured.bytes / 1e6), measured.output


def _report(rows: list[Row], data_rows: int, load: float) -> str:
    by_name = {row.name: row for row in rows}
    lines = [
        "# Performance of the engine",
        "",
        "Written by `python tests/bench/engine.py`: one run of each, one after the other, on the same files. The",
        "plain job is Spark with an inferred schema; the C scan finds lines and the pickup field and counts nothing.",
        "",
        "| | seconds | CPU seconds | peak MB |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {row.name} | {row.seconds:.1f} | {_told(row.cpu)} | {row.megabytes:,.0f} |" for row in rows),
        "",
        "| ratio | seconds | CPU seconds | at least | aim |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    ours = "`jobs/ride_counts.py`, "
    wanted = [
        ("csv: plain job / ours", "plain Spark job, csv", ours + "csv", "15", "40"),
        ("csv: ours / C scan", ours + "csv", "C scan, csv", "within 6", "within 3"),
        ("parquet: plain job / ours", "plain Spark job, parquet", ours + "parquet", "20", "40"),
    ]
    for name, over, under, least, aim in wanted:
        if over in by_name and under in by_name:
            a, b = by_name[over], by_name[under]
            cpu = _told(a.cpu / b.cpu if a.cpu and b.cpu else None)
            lines.append(f"| {name} | {a.seconds / b.seconds:.1f} | {cpu} | {least} | {aim} |")
    memory = by_name[ours + "csv"].megabytes
    lines += [
        f"| csv: peak memory, MB | {memory:,.0f} | | 700 | 400 |",
        "",
        f"{datetime.now(timezone.utc).date()}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}, DuckDB {version('duckdb')}, PyArrow {version('pyarrow')}.",
        f"{data_rows:,} generated rows of 2009-01 to 2021-10 per format. The machine's load was {load:.1f} before and",
        f"{os.getloadavg()[0]:.1f} after: on a busy machine the clock says little, and all CPU seconds are too many.",
        "",
    ]
    return "\n".join(lines)


def _told(number: float | None) -> str:
    return "" if number is None else f"{number:.1f}"


if __name__ == "__main__":
    try:
        main()
    except CommandError as failed:
        sys.exit(f"error: {failed}")
