"""What it takes to load orders, against the least that DuckDB and Polars must do with the same files; run by
``make bench``.

Many small CSV files, one of a day each, and one large file as CSV, JSON lines and Parquet, without bad rows and with
one in a hundred; all sides write Parquet to the same disk and must publish the same rows. Then one new daily file
after few and after many, and what a commit takes with few and many snapshots. Quick: ``--rows 200000 --files 30 --large
20000000 --histories 10,50 --snapshots 10,30 --repeat 1``. Prints a table and writes ``docs/records/datasets-bench.md``.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import platform
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import duckdb
import pyarrow as pa
from bare_datasets import TYPES
from measure import CommandError, Measured, measure, options_of_files

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from data_pipeline.embedded_aws.server import lifecycle  # noqa: E402
from data_pipeline.etl.documents import datasets  # noqa: E402
from data_pipeline.etl.documents.datasets import UNIT, Column, Dataset, Definitions, Format  # noqa: E402
from data_pipeline.etl.publishing import table_columns, units  # noqa: E402
from data_pipeline.etl.publishing.definition import Definition  # noqa: E402
from data_pipeline.etl.publishing.parquet_parts import PartWriter  # noqa: E402
from data_pipeline.etl.rehearsal import catalog  # noqa: E402 - once the project is on the path

SMALL, LARGE = "many small CSV files", "one large file, "
BYTES_OF_A_ROW = 53
MOST = {"csv": 1.6, "json": 2.0, "parquet": 1.6}
"""The ratio to the quicker of the others that is allowed, beyond what any job takes."""
_BARE = {"DuckDB": "bare_datasets.py", "Polars": "bare_polars.py"}
_KINDS = {
    "BIGINT": "long",
    "TIMESTAMPTZ": "timestamptz",
    "VARCHAR": "string",
    "DECIMAL(12,2)": "decimal(12,2)",
}
_FIRST = date(2024, 1, 1)
DAILY = "orders-{year}-{month}-{day}.csv"


@dataclass(frozen=True)
class Row:
    """A line of the table: medians of ours and, by name, of the others. ``most``: the ratio that is allowed."""

    name: str
    ours: Measured
    others: Mapping[str, Measured] = field(default_factory=dict)
    most: float | None = None

    def cells(self, job: Measured) -> list[str]:
        """``job``: what one takes with hardly a row."""
        found = [self.name, *_seconds(self.ours)]
        for name in _BARE:
            found += _seconds(self.others[name]) if name in self.others else ["", ""]
        if not self.others:
            return [*found, "", "", f"{self.ours.bytes / 1e6:,.0f}" if self.ours.bytes else ""]
        clock = (self.ours.seconds - job.seconds) / min(each.seconds for each in self.others.values())
        processor = (self.ours.processor - job.processor) / min(
            each.processor for each in self.others.values()
        )
        return [*found, f"{clock:.2f} of {self.most}", f"{processor:.2f}", f"{self.ours.bytes / 1e6:,.0f}"]


def _seconds(measured: Measured) -> list[str]:
    return [f"{measured.seconds:.2f}", f"{measured.processor:.2f}" if measured.processor else ""]


def main() -> None:
    """Generate, measure, print, write."""
    options = _options()
    load = os.getloadavg()[0]
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.scratch) as scratch:
        for row in _rows(Path(scratch), options):
            rows.append(row)
            print(*row.cells(rows[0].ours), sep=" | ", file=sys.stderr, flush=True)
    text = _report(rows, options, load)
    print(text)
    options.output.write_text(text, encoding="utf-8")


def _rows(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """Each as soon as it is measured, since all take half an hour."""
    yield _least(scratch, options)
    for bad in (0, 1):
        yield _small(scratch, options, bad)
        yield from (_large(scratch, options, form, bad) for form in ("csv", "json", "parquet"))
    yield from (_commits(scratch, count) for count in _numbers(options.snapshots))
    yield from _increments(scratch, options)


def _options() -> argparse.Namespace:
    parser = options_of_files(__doc__ or "", ROOT / "docs" / "records" / "datasets-bench.md")
    parser.add_argument("--large", type=int, default=2_000_000_000, help="bytes of the large CSV file, about")
    parser.add_argument("--snapshots", default="10,100,300", help="snapshots before a commit")
    return parser.parse_args()


def _numbers(text: str) -> list[int]:
    return [int(each) for each in text.split(",")]


def _small(scratch: Path, options: argparse.Namespace, bad: int) -> Row:
    name = f"{SMALL}, {bad} % bad"
    with _folder(scratch) as folder:
        each = options.rows // options.files
        for n in range(options.files):
            day = _FIRST + timedelta(days=n)
            generate(folder / f"orders-{day}.csv", "csv", n * each, each, bad)
        return _against(name, folder, "csv", DAILY, options.repeat)


def _least(scratch: Path, options: argparse.Namespace) -> Row:
    """What a job takes with hardly a row."""
    with _folder(scratch) as folder:
        generate(folder / f"orders-{_FIRST}.csv", "csv", 0, 1, 0)
        command = _load(folder, "csv", DAILY)
        return Row("a job of one row", _median([measure(command, ROOT) for _ in range(options.repeat)]))


def _large(scratch: Path, options: argparse.Namespace, form: str, bad: int) -> Row:
    with _folder(scratch) as folder:
        generate(folder / f"orders.{form}", form, 0, options.large // BYTES_OF_A_ROW, bad)
        name = f"{LARGE}{form}, {bad} % bad"
        return _against(name, folder, form, f"orders.{form}", options.repeat)


@contextmanager
def _folder(scratch: Path) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        (Path(folder) / "in").mkdir()
        yield Path(folder) / "in"


def generate(path: Path, form: str, first: int, count: int, bad: int) -> None:
    """``count`` orders from the id ``first`` on, ``bad`` of a hundred without an amount that is one."""
    wrong = f"hash(i) % 100 < {bad}"
    amount = "(hash(i, 1) % 100000 / 100)::DECIMAL(12,2)"
    texts = {
        "csv": f"CASE WHEN {wrong} THEN 'x' ELSE {amount}::VARCHAR END AS amount",
        "json": f"CASE WHEN {wrong} THEN '\"x\"' ELSE {amount}::VARCHAR END AS amount",
        "parquet": f"CASE WHEN {wrong} THEN NULL ELSE {amount} END AS amount",
    }
    time_ = f"TIMESTAMPTZ '{_FIRST} 00:00:00Z' + INTERVAL (i) SECOND"
    stamp = time_ if form == "parquet" else f"strftime({time_}, '%Y-%m-%dT%H:%M:%SZ')"
    made = (
        f"SELECT i AS id, {stamp} AS ordered_at, 'customer-' || hash(i, 2) % 100000 AS customer, {texts[form]}, "
        f"['paid', 'open', 'sent'][1 + (hash(i, 3) % 3)::BIGINT] AS status FROM range({first}, {first + count}) AS t(i)"
    )
    how = {"csv": "FORMAT csv, HEADER", "parquet": "FORMAT parquet"}
    if form == "json":
        line = (
            """'{"id":' || id || ',"ordered_at":"' || ordered_at || '","customer":"' || customer || """
            """'","amount":' || amount || ',"status":"' || status || '"}'"""
        )
        made, how["json"] = (
            f"SELECT {line} FROM ({made})",
            "FORMAT csv, HEADER false, QUOTE '', DELIMITER '\t'",
        )
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        db.execute(f"COPY ({made}) TO '{path}' ({how[form]})")


def orders(pattern: str, form: str) -> Dataset:
    columns = tuple(Column(name, _KINDS[kind]) for name, kind in TYPES.items())
    return Dataset("orders", (pattern,), Format(form, timezone="UTC"), columns)


def _load(folder: Path, form: str, pattern: str) -> list[str]:
    """The job that loads ``folder`` into ``out`` beside it."""
    place = folder.parent / "datasets.json"
    place.write_text(datasets.write(Definitions({"orders": orders(pattern, form)})))
    where = [f"--input={folder}", f"--output={folder.parent / 'out'}", f"--definitions={place}"]
    return [sys.executable, "-m", "data_pipeline.etl.jobs.load", *where]


def _against(name: str, folder: Path, form: str, pattern: str, repeat: int) -> Row:
    """All in turns, each in a process of its own."""
    load, bare = _load(folder, form, pattern), folder.parent / "bare.parquet"
    mine: list[Measured] = []
    others: dict[str, list[Measured]] = {each: [] for each in _BARE}
    for _ in range(repeat):
        mine.append(measure(load, ROOT))
        for each, program in _BARE.items():
            command = [sys.executable, f"tests/bench/{program}", form, str(folder / f"*.{form}"), str(bare)]
            others[each].append(measure(command, ROOT))
            _expect_equal(name, folder.parent / "out" / "orders.parquet", each, bare)
    return Row(name, _median(mine), {each: _median(took) for each, took in others.items()}, MOST[form])


def _median(measured: Sequence[Measured]) -> Measured:
    """The median of the times, and the most memory that any of them held."""
    return Measured(
        statistics.median(each.seconds for each in measured),
        max(each.bytes for each in measured),
        "",
        statistics.median(each.processor for each in measured),
    )


def _expect_equal(name: str, ours: Path, other: str, bare: Path) -> None:
    """Who publishes other rows has no time worth saying."""
    names = ", ".join(TYPES)
    with duckdb.connect() as db:
        query = "SELECT count(*), bit_xor(hash({})), sum(id), sum(amount) FROM read_parquet('{}')"
        mine, least = (db.execute(query.format(names, each)).fetchone() for each in (ours, bare))
    if mine != least or not mine or not mine[0]:
        raise CommandError(f"{name}: published {mine}, bare {other} {least}")


def _commits(scratch: Path, snapshots: int) -> Row:
    """One unit of ten rows after so many commits of such; the median of five, in a folder instead of S3."""
    columns = pa.schema([("id", pa.int64()), (UNIT, pa.string()), ("_file", pa.string())])
    columns = columns.append(pa.field("_available_at", pa.timestamp("us", "UTC")))
    wanted = table_columns.Wanted(
        Definition(columns, "", {}, ()), (Column("id", "long", nullable=True),), False
    )
    taken: list[float] = []
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        at = catalog.connect(Path(folder))
        for n in range(snapshots + 5):
            unit = hashlib.sha256(str(n).encode()).hexdigest()  # so files that were put together may have any
            rows = [
                {"id": i, UNIT: unit, "_file": f"{n}.csv", "_available_at": datetime.now(UTC)}
                for i in range(10)
            ]
            layout = table_columns.layout(at, "orders", wanted)
            writer = PartWriter(Path(folder) / f"staged-{n}", layout.schema, layout.split)
            writer.write(pa.Table.from_pylist(rows, layout.schema))
            staged = units.Staged(wanted, writer.close(), frozenset([unit]), layout.spec)
            began = time.perf_counter()
            units.publish(at, "orders", staged, {"pipeline.run": str(n)}, Path(folder))
            taken.append(time.perf_counter() - began)
    return Row(f"a commit after {snapshots:,} snapshots", Measured(statistics.median(taken[-5:]), 0, ""))


def _increments(scratch: Path, options: argparse.Namespace) -> Iterator[Row]:
    """One new daily file after histories of several lengths, each loaded by one run: prepare and load, as processes,
    against an embedded AWS.
    """
    state = scratch / "aws"
    endpoint = lifecycle.ensure_up(state, 0)
    env = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
        "AWS_DEFAULT_REGION": endpoint.region,
    }
    try:
        for files in _numbers(options.histories):
            yield _increment(scratch, files, options.rows // options.files, options.repeat, env)
    finally:
        lifecycle.down(state)


def _increment(scratch: Path, files: int, rows: int, repeat: int, env: dict[str, str]) -> Row:
    import boto3

    access = {"endpoint_url": env["AWS_ENDPOINT_URL"], "region_name": env["AWS_DEFAULT_REGION"]}
    access["aws_access_key_id"], access["aws_secret_access_key"] = (
        env["AWS_ACCESS_KEY_ID"],
        env["AWS_SECRET_ACCESS_KEY"],
    )
    bucket, s3 = f"data-{uuid.uuid4().hex[:12]}", boto3.client("s3", **access)
    s3.create_bucket(Bucket=bucket)
    boto3.client("glue", **access).create_database(DatabaseInput={"Name": bucket})
    known = datasets.write(Definitions({"orders": orders(DAILY, "csv")}))
    s3.put_object(Bucket=bucket, Key="out/datasets.json", Body=known.encode())

    def put(n: int) -> None:
        path = scratch / "day.csv"
        generate(path, "csv", n * rows, rows, 0)
        s3.upload_file(str(path), bucket, f"in/orders-{_FIRST + timedelta(days=n)}.csv")

    def run(name: str) -> Measured:
        where = [f"--input=s3://{bucket}/in", f"--output=s3://{bucket}/out", f"--run={name}"]
        where.append(f"--definitions=s3://{bucket}/out/datasets.json")
        more = [f"--plan=s3://{bucket}/out/runs/{name}/plan.json", f"--catalog=glue:{bucket}"]
        took: list[Measured] = []
        for job, given in (("prepare_datasets", where), ("load", [*where, *more])):
            took.append(measure([sys.executable, "-m", f"data_pipeline.etl.jobs.{job}", *given], ROOT, env))
        seconds, processor = sum(each.seconds for each in took), sum(each.processor for each in took)
        return Measured(seconds, max(each.bytes for each in took), "", processor)

    for n in range(files):
        put(n)
    run("history")
    found = []
    for n in range(repeat):
        put(files + n)
        found.append(run(f"new-{n}"))
    return Row(f"one new daily file after {files:,}, on the embedded AWS", _median(found))


_ABOUT = """The others are bare DuckDB and bare
Polars, streaming, with explicit columns: they drop bad rows without a word, and write one Parquet file. All publish
the same rows. Each is a process, its start included: seconds on the clock and, behind them, of the processors. The
ratio is that of our seconds beyond the first line's to the quicker of the others, with the ratio that is allowed."""


def _report(rows: list[Row], options: argparse.Namespace, load: float) -> str:
    job = rows[0].ours
    lines = [f"| {' | '.join(row.cells(job))} |" for row in rows]
    return "\n".join(
        [
            "# Data sets, measured",
            "",
            f"Written by `make bench`: {options.rows:,} orders in {options.files:,} daily CSV files, and one file of",
            f"about {options.large / 1e6:,.0f} MB of CSV, the same as JSON lines and as Parquet. {_ABOUT}",
            f"Medians of {options.repeat}; the load before was {load:.1f}: a busy machine gives unreliable figures.",
            "",
            "| | seconds | | DuckDB | | Polars | | ratio | of processors | peak MB |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
            *lines,
            "",
            f"{datetime.now(UTC):%Y-%m-%d}, {platform.system()} on {platform.machine()}, "
            f"{os.cpu_count()} cores, Python {platform.python_version()}, DuckDB {version('duckdb')}, "
            f"Polars {version('polars')}.",
            "",
        ]
    )


if __name__ == "__main__":
    try:
        main()
    except CommandError as failed:
        sys.exit(f"error: {failed}")
