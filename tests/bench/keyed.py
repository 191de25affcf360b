"""What it takes to load orders that change, with a key, against the least that DuckDB and Polars must do with the same
files; run by ``make bench``.

Daily files of new orders and of some that are updated late: all of them once, and then one more day after few and after
many, whose updates are of the last week or of any order, and these files issued again. Quick: ``--rows 100000
--files 30 --histories 10,30 --repeat 1``. Prints a table and writes ``docs/records/keyed-bench.md``.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
from measure import CommandError, Measured, measure, options_of_files

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from data_pipeline.embedded_aws.server import lifecycle  # noqa: E402
from data_pipeline.etl.documents import datasets  # noqa: E402
from data_pipeline.etl.documents.datasets import (  # noqa: E402 - once the project is on the path
    Column,
    Dataset,
    Definitions,
    Format,
)
from data_pipeline.etl.publishing import tables  # noqa: E402

TYPES = {
    "id": "long",
    "updated_at": "timestamptz",
    "customer": "string",
    "amount": "decimal(12,2)",
    "status": "string",
}
PATTERN = "orders-{year}-{month}-{day}.csv"
_FIRST = date(2024, 1, 1)
_BARE = {"DuckDB": "bare_keyed.py", "Polars": "bare_keyed_polars.py"}
DAY_ROWS = 3_000
"""New orders of a day in the histories: three million keys after a thousand days."""
#: which orders a day updates → the number of the first one, in SQL, of those before the day.
RECENT, UNIFORM = "of the last week", "of any day"


def orders(key: bool) -> Dataset:
    columns = tuple(Column(name, kind) for name, kind in TYPES.items())
    more: dict[str, Any] = (
        {"key": ("id",), "latest": ("updated_at",), "deleted": "status = 'gone'"} if key else {}
    )
    return Dataset("orders", (PATTERN,), Format("csv", timezone="UTC"), columns, **more)


def generate(path: Path, day: int, rows: int, share: float, spread: str) -> None:
    """A day of new orders, with late updates of a ``share`` of as many."""
    first, late = day * rows, int(rows * share)
    back = f"greatest({first - 7 * rows}, 0)" if spread == RECENT else "0"
    at = f"strftime(TIMESTAMP '{_FIRST + timedelta(days=day)}' + to_seconds(i % 86400), '%Y-%m-%dT%H:%M:%SZ')"
    customer = (
        "'customer-' || hash(i, 2) % 100000 AS customer, (hash(i, 1) % 100000 / 100)::DECIMAL(12,2) AS amount"
    )
    made = (
        f"SELECT {first} + i AS id, {at} AS updated_at, {customer}, 'open' AS status FROM range({rows}) t(i)"
    )
    if first and late:
        number = f"{back} + hash(i, {day + 7}) % ({first} - {back})"
        made += f" UNION ALL SELECT {number}, {at}, {customer}, 'paid' FROM range({late}) t(i)"
    with duckdb.connect() as db:
        db.execute(f"COPY ({made}) TO '{path}' (FORMAT csv, HEADER)")


@dataclass(frozen=True)
class TableRow:
    """A line of the table. ``others``: by name."""

    name: str
    ours: Measured
    others: Mapping[str, Measured]

    def __str__(self) -> str:
        found = [
            self.name,
            f"{self.ours.seconds:.2f} {self.ours.processor:.2f}",
            f"{self.ours.bytes / 1e6:,.0f}",
        ]
        found += [f"{each.seconds:.2f} {each.processor:.2f}" for each in self.others.values()] or ["", ""]
        return f"| {' | '.join(found)} |"


def main() -> None:
    """Generate, measure, print, write."""
    options = _options()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-", dir=options.scratch) as scratch:
        lines = [_whole(Path(scratch), options), *_increments(Path(scratch), options)]
    text = _report(lines, options, load)
    print(text)
    options.output.write_text(text, encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = options_of_files(__doc__ or "", ROOT / "docs" / "records" / "keyed-bench.md")
    parser.add_argument("--late", type=float, default=0.05, help="the share of orders that are updated later")
    return parser.parse_args()


def _whole(scratch: Path, options: argparse.Namespace) -> TableRow:
    """All files at once, without AWS; the others keep the latest row of each key and write one file."""
    folder, bare = scratch / "in", scratch / "bare.parquet"
    folder.mkdir()
    for day in range(options.files):
        name = f"orders-{_FIRST + timedelta(days=day)}.csv"
        generate(folder / name, day, options.rows // options.files, options.late, RECENT)
    place = scratch / "datasets.json"
    place.write_text(datasets.write(Definitions({"orders": orders(True)})))
    where = [f"--input={folder}", f"--output={scratch / 'out'}", f"--definitions={place}"]
    mine: list[Measured] = []
    others: dict[str, list[Measured]] = {name: [] for name in _BARE}
    for _ in range(options.repeat):
        mine.append(measure([sys.executable, "-m", "data_pipeline.etl.jobs.load", *where], ROOT))
        for name, program in _BARE.items():
            command = [sys.executable, f"tests/bench/{program}", str(folder / "*.csv"), str(bare)]
            others[name].append(measure(command, ROOT))
            _expect_equal(name, scratch / "out" / "orders.parquet", bare)
    name = f"{options.files:,} files at once, both tables"
    return TableRow(name, _median(mine), {each: _median(took) for each, took in others.items()})


def _median(measured: list[Measured]) -> Measured:
    seconds, processor = ([getattr(each, name) for each in measured] for name in ("seconds", "processor"))
    return Measured(
        statistics.median(seconds), max(each.bytes for each in measured), "", statistics.median(processor)
    )


def _expect_equal(other: str, ours: Path, bare: Path) -> None:
    """Who publishes other rows has no time worth saying."""
    with duckdb.connect() as db:
        query = "SELECT count(*), bit_xor(hash(id, updated_at, status)), sum(amount) FROM read_parquet('{}')"
        mine, least = (db.execute(query.format(each)).fetchone() for each in (ours, bare))
    if mine != least or not mine or not mine[0]:
        raise CommandError(f"published {mine}, bare {other} {least}")


def _increments(scratch: Path, options: argparse.Namespace) -> list[TableRow]:
    """One more day, as prepare and load, as processes, against an embedded AWS; unkeyed ones to compare with."""
    state = scratch / "aws"
    endpoint = lifecycle.ensure_up(state, 0)
    env = {
        **os.environ,
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret_key,
        "AWS_DEFAULT_REGION": endpoint.region,
    }
    found = []
    os.environ.update({name: value for name, value in env.items() if name.startswith("AWS_")})
    try:
        for days in map(int, options.histories.split(",")):
            for key in (False, True):
                found += _Lake(scratch, days, options, env, key).lines()
    finally:
        lifecycle.down(state)
    return found


class _Lake:
    """A bucket with so many days."""

    def __init__(
        self, scratch: Path, days: int, options: argparse.Namespace, env: Mapping[str, str], key: bool
    ) -> None:
        import boto3

        access = {"endpoint_url": env["AWS_ENDPOINT_URL"], "region_name": env["AWS_DEFAULT_REGION"]}
        access["aws_access_key_id"] = env["AWS_ACCESS_KEY_ID"]
        access["aws_secret_access_key"] = env["AWS_SECRET_ACCESS_KEY"]
        self.scratch, self.days, self.options, self.env, self.key = scratch, days, options, env, key
        self.bucket, self.s3 = f"data-{uuid.uuid4().hex[:12]}", boto3.client("s3", **access)
        self.s3.create_bucket(Bucket=self.bucket)
        boto3.client("glue", **access).create_database(DatabaseInput={"Name": self.bucket})
        known = datasets.write(Definitions({"orders": orders(key)}))
        self.s3.put_object(Bucket=self.bucket, Key="out/datasets.json", Body=known.encode())

    def lines(self) -> list[TableRow]:
        for day in range(self.days):
            self._put(day, RECENT)
        self._run("history")
        day, found = self.days, []
        for what in (RECENT, UNIFORM) if self.key else (RECENT,):
            new, again = [], []
            for _ in range(self.options.repeat):
                self._put(day, what)
                new.append(self._run(f"day-{day}"))
                if self.key:
                    self._put(day, what, 0.04)
                    again.append(self._run(f"again-{day}"))
                day += 1
            found.append(self._line(f"a new one, updates {what}", new))
            found += [self._line(f"it is issued again, updates {what}", again)] if again else []
        return [*found, self._read()]

    def _read(self) -> TableRow:
        """What it takes to read the table of now, whose data files are on this machine."""
        at = tables.connect(f"glue:{self.bucket}", f"s3://{self.bucket}/out/warehouse")
        table = at.find("orders")
        assert table is not None
        live = tables.files_in(table, table.current_snapshot())
        with tempfile.TemporaryDirectory(dir=self.scratch) as folder:
            for number, file in enumerate(live):
                key = file.file_path.partition(f"{self.bucket}/")[2]
                self.s3.download_file(self.bucket, key, f"{folder}/{number}.parquet")
            query = f"SELECT count(*), sum(amount), max(updated_at), max(customer) FROM '{folder}/*.parquet'"
            took = [
                measure([sys.executable, "-c", f'import duckdb; print(duckdb.sql("{query}"))'], ROOT)
                for _ in range(3)
            ]
        return self._line(f"the table is read, {len(live)} files", took)

    def _line(self, what: str, took: list[Measured]) -> TableRow:
        return TableRow(
            f"after {self.days:,} days, {'with' if self.key else 'no'} key: {what}", _median(took), {}
        )

    def _put(self, day: int, spread: str, share: float | None = None) -> None:
        path = self.scratch / "day.csv"
        generate(path, day, DAY_ROWS, self.options.late if share is None else share, spread)
        self.s3.upload_file(str(path), self.bucket, f"in/orders-{_FIRST + timedelta(days=day)}.csv")

    def _run(self, name: str) -> Measured:
        out = f"s3://{self.bucket}/out"
        where = [f"--input=s3://{self.bucket}/in", f"--output={out}", f"--run={name}"]
        where.append(f"--definitions={out}/datasets.json")
        more = [f"--plan={out}/runs/{name}/plan.json", f"--catalog=glue:{self.bucket}"]
        took: list[Measured] = []
        for job, given in (("prepare_datasets", where), ("load", [*where, *more])):
            took.append(
                measure([sys.executable, "-m", f"data_pipeline.etl.jobs.{job}", *given], ROOT, self.env)
            )
        seconds, processor = sum(each.seconds for each in took), sum(each.processor for each in took)
        return Measured(seconds, max(each.bytes for each in took), "", processor)


def _report(lines: list[TableRow], options: argparse.Namespace, load: float) -> str:
    head = "| | ours: s, of processors | MB | bare DuckDB | bare Polars |\n| --- | --- | --- | --- | --- |"
    return "\n".join(
        [
            "# Data sets with a key, measured",
            "",
            f"Written by `make bench`: {options.rows:,} orders in {options.files:,} daily CSV files, of which "
            f"{options.late:.0%} are updated later. The others are bare DuckDB and bare Polars, which keep the latest "
            "row of each key and write one file; ours also has all versions, their accounting and what was refused. "
            f"The other lines are prepare and load, as processes, on the embedded AWS, {DAY_ROWS:,} orders a day. "
            f"Medians of {options.repeat}; the load before was {load:.1f}: a busy machine gives unreliable figures.",
            "",
            head,
            *map(str, lines),
            "",
        ]
    )


if __name__ == "__main__":
    main()
