"""What one new file costs after many have been processed, against the same file after none.

Both runs (prepare, then load) are processes against an embedded AWS of their own, on two accounts'
worth of data: one empty, one with ``--history`` months that hold a row in every window, the last ten of them
published by a run each. They take turns; the quickest of each counts. Prints the seconds of both as JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
import uuid
from datetime import datetime, timedelta
from pathlib import Path

import boto3

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "jobs")]

import ride_counts  # noqa: E402 - these are found once the project is on the path

from data_pipeline.embedded_aws.server import lifecycle  # noqa: E402
from data_pipeline.etl.documents import datasets  # noqa: E402

DATASETS = {"yellow": "tpep_pickup_datetime", "green": "lpep_pickup_datetime", "fhv": "pickup_datetime"}
ONE_BY_ONE = 10


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--history", type=int, default=200, help="months processed before")
    parser.add_argument("--rows", type=int, default=120_000, help="rows of the new file")
    parser.add_argument("--repeat", type=int, default=3, help="how often each is measured")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        state = Path(scratch) / "aws"
        endpoint = lifecycle.ensure_up(state, 0)
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint.url,
            AWS_ACCESS_KEY_ID=endpoint.access_key,
            AWS_SECRET_ACCESS_KEY=endpoint.secret_key,
            AWS_DEFAULT_REGION=endpoint.region,
        )
        try:
            _compare(options.history, options.rows, options.repeat)
        finally:
            lifecycle.down(state)


def _compare(history: int, rows: int, repeat: int) -> None:
    months = [(d, m) for m in _months(2009, history) for d in DATASETS][:history]
    after = _account()
    for dataset, month in months[:-ONE_BY_ONE]:
        _put(after, dataset, month, 1, _windows(month))
    _run(after, "backfill")
    for n, (dataset, month) in enumerate(months[-ONE_BY_ONE:]):
        _put(after, dataset, month, 1, _windows(month))
        _run(after, f"day-{n}")
    best = {"empty": float("inf"), "history": float("inf")}
    for n in range(repeat):
        fresh, month = _account(), f"2026-{n + 1:02}"
        for name, account in zip(best, (fresh, after), strict=True):
            windows = _windows(month)
            _put(account, "yellow", month, -(-rows // len(windows)), windows)
            best[name] = min(best[name], _run(account, f"new-{n}"))
    print(json.dumps(best))


def _account() -> str:
    name = f"data-{uuid.uuid4().hex[:12]}"
    boto3.client("s3").create_bucket(Bucket=name)
    boto3.client("glue").create_database(DatabaseInput={"Name": name})
    content = datasets.write(ride_counts.definitions()).encode()
    boto3.client("s3").put_object(Bucket=name, Key="datasets.json", Body=content)
    return name


def _put(bucket: str, dataset: str, month: str, each: int, windows: list[str]) -> None:
    """A trip file with ``each`` trips in every window."""
    rest = ",2,1.5,1,N,41,24,1,10.5,0.5,0.5,2.36,0,0.3,14.16"
    lines = [f"1,{start},{start}{rest}\n" for start in windows for _ in range(each)]
    header = f"vendorid,{DATASETS[dataset]},dropoff,n,d,r,s,pu,do,p,fare,e,m,tip,toll,i,total\n"
    if dataset == "fhv":
        header = header.replace("vendorid,", "dispatching_base_num,")
    key = f"in/{dataset}_tripdata_{month}.csv"
    boto3.client("s3").put_object(Bucket=bucket, Key=key, Body=(header + "".join(lines)).encode())


def _run(bucket: str, run: str) -> float:
    """Seconds of a run's two jobs."""
    places = ["--input", f"s3://{bucket}/in", "--output", f"s3://{bucket}/out", "--run", run]
    places += ["--definitions", f"s3://{bucket}/datasets.json"]
    plan = ["--plan", f"s3://{bucket}/out/runs/{run}/plan.json", "--catalog", f"glue:{bucket}"]
    began = time.monotonic()
    for job, more in (("prepare_datasets", []), ("load", plan)):
        command = [sys.executable, "-m", f"data_pipeline.etl.jobs.{job}", *places, *more]
        env = {**os.environ, "PYTHONPATH": str(ROOT / "jobs")}
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT, env=env)
        if done.returncode != 0:
            sys.exit(done.stderr)
    return time.monotonic() - began


def _months(year: int, n: int) -> list[str]:
    return [f"{year + i // 12}-{i % 12 + 1:02}" for i in range(n)]


def _windows(month: str) -> list[str]:
    start = datetime.fromisoformat(f"{month}-01")
    days = ((start + timedelta(days=32)).replace(day=1) - start).days
    return [f"{start + timedelta(minutes=15 * i)}" for i in range(days * 96)]


if __name__ == "__main__":
    main()
