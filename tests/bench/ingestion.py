"""The ingestion of feature records against the bare limit of the embedded service; run by ``make bench``.

The bare limit: requests that were made beforehand, sent as fast as the same number of threads can. The ingestion
does the whole of it: reads the table, finds what is new, makes the records, sends and notes them. Prints a table and
writes ``docs/records/ingestion-bench.md``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from measure import about_machine

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "jobs")]

from clients import client  # noqa: E402
from embedded_aws.featurestore.conftest import statements  # noqa: E402
from features.conftest import GROUP, rides  # noqa: E402
from published import TABLES  # noqa: E402

from data_pipeline.core.config.feature_document import document  # noqa: E402
from data_pipeline.core.naming import Names  # noqa: E402
from data_pipeline.embedded_aws.server import lifecycle  # noqa: E402
from data_pipeline.embedded_aws.server.endpoint import Endpoint  # noqa: E402
from data_pipeline.etl.ingestion.sending import ENTRIES, THREADS  # noqa: E402
from data_pipeline.etl.jobs import ingest  # noqa: E402 - found once the project is on the path
from data_pipeline.etl.publishing import tables  # noqa: E402

NAMES = Names("bench", "local")
STORED = GROUP.model_copy(update={"online": True, "offline": True})
COVERED = {"pipeline.covered-months": "fhv 2019-01..2022-12; green 2019-01..2022-12"}


def main() -> None:
    """Publish, measure, print, write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--records", type=int, default=100_000, help="records, three for each hour")
    parser.add_argument("--output", type=Path, default=ROOT / "docs" / "records" / "ingestion-bench.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="bench-") as scratch:
        state = Path(scratch) / "aws"
        at = lifecycle.ensure_up(state, 0)
        try:
            rows = _measured(at, options.records)
        finally:
            lifecycle.down(state)
    text = _report(rows, options.records, load)
    print(text)
    options.output.write_text(text, encoding="utf-8")


def _measured(at: Endpoint, records: int) -> list[tuple[str, int, float]]:
    """What was written, how many records, in how many seconds."""
    settings = {
        "AWS_ENDPOINT_URL": at.url,
        "AWS_ACCESS_KEY_ID": at.access_key,
        "AWS_SECRET_ACCESS_KEY": at.secret_key,
        "AWS_DEFAULT_REGION": at.region,
    }
    os.environ.update(settings)
    _deploy(at)
    number = 3 * (records // 3)
    tables.replace(
        tables.connect("glue:bench_local", "s3://bench/warehouse", TABLES).load("ride_counts"),
        [],
        [rides(1, hours=records // 3)],
        COVERED,
    )
    found = []
    for how in ("first ingestion", "the same again, every record"):
        began = time.monotonic()
        _ingest(how.split()[0])
        found.append((how, number, time.monotonic() - began))
        client(at, "s3").delete_object(Bucket="bench", Key="state/ingested.json")
    return [("bare requests", number, _bare(at, number)), *found]


def _deploy(at: Endpoint) -> None:
    client(at, "s3").create_bucket(Bucket="bench")
    client(at, "glue").create_database(DatabaseInput={"Name": "bench_local"})
    trust = {
        "Effect": "Allow",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }
    iam = client(at, "iam")
    text = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName="bench", AssumeRolePolicyDocument=text)["Role"]["Arn"]
    text = json.dumps({"Version": "2012-10-17", "Statement": statements("bench")})
    iam.put_role_policy(RoleName="bench", PolicyName="p", PolicyDocument=text)
    for name in (NAMES.feature_group("rides"), "bare"):
        client(at, "sagemaker").create_feature_group(
            FeatureGroupName=name,
            RecordIdentifierFeatureName="dataset",
            EventTimeFeatureName="window_end",
            FeatureDefinitions=[
                {"FeatureName": feature, "FeatureType": kind.capitalize()}
                for feature, kind in STORED.stored.items()
            ],
            OnlineStoreConfig={"EnableOnlineStore": True},
            OfflineStoreConfig={"S3StorageConfig": {"S3Uri": "s3://bench/offline"}, "TableFormat": "Iceberg"},
            RoleArn=role,
        )
    groups = document({"rides": STORED}, NAMES).encode()
    client(at, "s3").put_object(Bucket="bench", Key="groups.json", Body=groups)


def _ingest(run: str) -> None:
    words = ["--output", "s3://bench", "--catalog", "glue:bench_local", "--run", run]
    ingest.main([*words, "--features", "s3://bench/groups.json"])


def _bare(at: Endpoint, number: int) -> float:
    """Seconds for so many records of the same kind."""
    runtime = client(at, "sagemaker-featurestore-runtime")
    values = {
        "dataset": "green",
        "window_end": "2019-01-01T01:00:00Z",
        "rides": "7",
        "dow": "3",
        "available_at": "2019-05-12T00:00:00Z",
        "available_by": "lag",
    }
    record = [{"FeatureName": name, "ValueAsString": value} for name, value in values.items()]
    entry: dict[str, Any] = {"FeatureGroupName": "bare", "Record": record, "TargetStores": ["OfflineStore"]}
    began = time.monotonic()
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in pool.map(
            lambda _: runtime.batch_write_record(Entries=[entry] * ENTRIES), range(number // ENTRIES)
        ):
            pass
    return time.monotonic() - began


def _report(rows: list[tuple[str, int, float]], records: int, load: float) -> str:
    bare = rows[0][2]
    lines = [
        f"| {name} | {number:,} | {seconds:.1f} | {number / seconds:,.0f} | {seconds / bare:.2f} |"
        for name, number, seconds in rows
    ]
    return "\n".join(
        [
            "# Ingestion, measured",
            "",
            f"Written by `make bench`: {records:,} records of three identifiers into both stores of the embedded AWS, "
            f"{ENTRIES} in a request,",
            f"{THREADS} requests at a time, all on one machine.",
            "",
            "| | records | seconds | records/s | ratio |",
            "| --- | ---: | ---: | ---: | ---: |",
            *lines,
            "",
            *about_machine(load),
            "",
        ]
    )


if __name__ == "__main__":
    main()
