"""The speed and memory of ride_counts.py on generated files of all eras, against bare reading and the plain job.

Prints a table and writes it to ``docs/explanation/performance.md``. All is measured in one run, one by one,
on the same files, which are read once before, so that the first to run does not pay for the disk; of ``--repeat``
runs of each the quickest counts, since a machine is disturbed now and then. CPU seconds are told of our job and bare
reading alone: Spark's Java process is not the bench's child. The data are generated once into ``--data`` and used
again.
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
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from measure import CommandError, expect, measure

ROOT = Path(__file__).resolve().parents[2]
LARGE = 2_400_000_000
BARE = "bare DuckDB, parquet"
FRESH, GROWN = "one new file, after none", "one new file, after 200"
sys.path.insert(0, str(ROOT / "jobs"))

from taxi import csvfiles, layouts  # noqa: E402 - only where the pickup field is, for the scan


@dataclass(frozen=True)
class Row:
    """One measured command: seconds on the clock, seconds of CPU where they are all known, MB resident at once."""

    name: str
    seconds: float
    cpu: float | None
    megabytes: float | None


def main() -> None:
    """Generate, measure, print, write."""
    options = _options()
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        rows = [row for form in ("csv", "parquet") for row in _measured(form, options, Path(scratch))]
        rows += _of_one_file(options.data / "csv", Path(scratch), options.repeat)
    rows += _increments()
    text = _report(rows, options, before)
    print(text)
    options.output.write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=23_084_000, help="rows of generated data, per format")
    parser.add_argument(
        "--data", type=Path, default=ROOT / ".local" / "bench", help="where the data are kept"
    )
    parser.add_argument("--repeat", type=int, default=3, help="how often each is measured")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "explanation" / "performance.md")
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
        found.append(_run("C scan, csv", [scan, str(os.cpu_count() or 1), *files], options.repeat)[0])
    if form == "parquet":
        bare = [sys.executable, "tests/bench/bare_duckdb.py", str(data)]
        found.append(_run(BARE, bare, options.repeat)[0])
    for engine in ("", " --engine spark") if form == "csv" else ("",):
        name = f"`jobs/ride_counts.py{engine}`, {form}"
        row, counted = _counted(name, data, scratch, options.repeat, engine.split())
        expect(row.name, counted, truth["counted"])
        # The processor time of Spark's Java process is not known: it is not the bench's child.
        found.append(replace(row, cpu=None) if engine else row)
    plain = [
        sys.executable,
        "tests/bench/plain_spark_eras.py",
        str(data),
        str(scratch / "plain"),
    ]
    baseline, said = _run(f"plain Spark job, {form}", plain, options.repeat)
    expect(
        "plain job",
        int(said.split()[-1]),
        truth["counted"] + sum(len(f["outside"]) for f in truth["files"].values()),
    )
    return [*found, replace(baseline, cpu=None)]


def _counted(name: str, data: Path, scratch: Path, repeat: int, more: Sequence[str] = ()) -> tuple[Row, int]:
    """Our job on a folder, with no tables before it, and the rows that it counted."""
    output = scratch / "output"
    command = [sys.executable, "jobs/ride_counts.py", "--input", str(data), "--output", str(output), *more]
    row, _ = _run(name, command, repeat, output)
    counted: int = json.loads((output / "summary.json").read_text())["rows"]["counted"]
    return row, counted


def _of_one_file(data: Path, scratch: Path, repeat: int) -> list[Row]:
    """Our job on one file of 2.4 GB: the rows of a month, again and again."""
    source = data / "yellow_tripdata_2014-01.csv"
    folder = scratch / "large"
    folder.mkdir()
    content = source.read_bytes()
    head = content.index(_names(source)[-1].encode())
    rows = content.index(b"\n", head) + 1
    with (folder / source.name).open("wb") as file:
        file.write(content[:rows])
        while file.tell() < LARGE:
            file.write(content[rows:])
    row, _ = _counted("`jobs/ride_counts.py`, one file of 2.4 GB", folder, scratch, repeat)
    shutil.rmtree(folder)
    return [row]


def _increments() -> list[Row]:
    """Prepare and our job on one new file, through the embedded AWS: seconds alone."""
    done = measure([sys.executable, "tests/bench/increments.py"], ROOT)
    seconds = json.loads(done.output.splitlines()[-1])
    names = {"empty": FRESH, "history": GROWN}
    return [Row(names[kind], value, None, None) for kind, value in seconds.items()]


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
        measure([sys.executable, "jobs/sample.py", str(folder), *chosen], ROOT)
    truth: dict = json.loads(path.read_text())
    return truth


def _position(path: Path) -> str:
    return str(layouts.match(_names(path), path.name.split("_")[0]).position)


def _names(path: Path) -> list[str]:
    with csvfiles.opened(path, gzipped=False) as csv:
        return csv.names


def _run(name: str, command: list[str], repeat: int, output: Path | None = None) -> tuple[Row, str]:
    """The quickest of so many runs, each without the folder ``output``, and what the command said."""
    print(name, file=sys.stderr, flush=True)
    rows = []
    for _ in range(repeat):
        if output:
            shutil.rmtree(output, ignore_errors=True)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        measured = measure(command, ROOT)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        rows.append(Row(name, measured.seconds, cpu, measured.bytes / 1e6))
    return min(rows, key=lambda row: row.seconds), measured.output


def _report(rows: list[Row], options: argparse.Namespace, load: float) -> str:
    by_name = {row.name: row for row in rows}
    lines = [
        "# Performance of the engine",
        "",
        f"Written by `python tests/bench/engine.py`: the quickest of {options.repeat} runs of each, on the same files.",
        "The plain job is Spark with an inferred schema; the C scan finds lines and the pickup field and counts",
        "nothing; bare DuckDB counts the windows of a Parquet file's pickup column, reads the rows outside the month",
        "whole, and writes nothing.",
        "",
        "| | seconds | CPU seconds | peak MB |",
        "| --- | ---: | ---: | ---: |",
        *(
            f"| {row.name} | {row.seconds:.1f} | {_figure(row.cpu)} | {_figure(row.megabytes, 0)} |"
            for row in rows
        ),
        "",
        "| ratio | seconds | CPU seconds | at least | aim |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    ours = "`jobs/ride_counts.py`, "
    wanted = [
        ("csv: plain job / ours", "plain Spark job, csv", ours + "csv", "15", "40"),
        (
            "csv: plain job / ours on Spark",
            "plain Spark job, csv",
            "`jobs/ride_counts.py --engine spark`, csv",
            "2",
            "3",
        ),
        ("csv: ours / C scan", ours + "csv", "C scan, csv", "within 6", "within 3"),
        ("parquet: plain job / ours", "plain Spark job, parquet", ours + "parquet", "20", "40"),
        ("parquet: ours / bare DuckDB", ours + "parquet", BARE, "", ""),
        (f"{GROWN} / after none", GROWN, FRESH, "within 1.3", "within 1.05"),
    ]
    for name, over, under, least, aim in wanted:
        if over in by_name and under in by_name:
            a, b = by_name[over], by_name[under]
            cpu = _figure(a.cpu / b.cpu if a.cpu and b.cpu else None)
            lines.append(f"| {name} | {a.seconds / b.seconds:.2f} | {cpu} | {least} | {aim} |")
    for name, limits in (("csv", "700 | 400"), ("one file of 2.4 GB", "1,000 | ")):
        lines.append(
            f"| {name}: peak memory, MB | {_figure(by_name[ours + name].megabytes, 0)} | | {limits} |"
        )
    lines += [
        "",
        f"{datetime.now(UTC).date()}, {platform.system()} on {platform.machine()}, {os.cpu_count()} cores,"
        f" Python {platform.python_version()}, DuckDB {version('duckdb')}, PyArrow {version('pyarrow')}.",
        f"{options.rows:,} generated rows of 2009-01 to 2021-10 per format. The machine's load was {load:.1f} before",
        f"and {os.getloadavg()[0]:.1f} after: times of a busy machine are unreliable, and its CPU seconds too high.",
        "",
    ]
    return "\n".join(lines)


def _figure(number: float | None, digits: int = 1) -> str:
    return "" if number is None else f"{number:,.{digits}f}"


if __name__ == "__main__":
    try:
        main()
    except CommandError as failed:
        sys.exit(f"error: {failed}")
