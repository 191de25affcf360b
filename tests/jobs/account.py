"""A bucket and a database of the embedded AWS with trip files, and the jobs as they run there."""

import io
import json
import uuid
from collections import Counter, defaultdict
from dataclasses import dataclass

import pyarrow.parquet as pq
from clients import client, settings
from independent_count import count_csv, features

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.state.ledger import Ledger

DATASETS = ("yellow", "green", "fhv", "fhvhv")
HEADER = "Dispatching_base_num,Pickup_date,locationID\r\n"


def trips(month: str, *minutes: int) -> bytes:
    """A trip file with one trip at each of these minutes of its month."""
    rows = (f"B1,{month}-{1 + m // 1440:02} {m // 60 % 24:02}:{m % 60:02}:00,\r\n" for m in minutes)
    return (HEADER + "".join(rows)).encode()


@dataclass
class Account:
    """A bucket and a database of the embedded AWS, and the job as it runs there."""

    s3: object
    bucket: str
    database: str
    env: dict

    def put(self, name: str, content: bytes) -> None:
        self.s3.put_object(Bucket=self.bucket, Key=f"in/{name}", Body=content)

    def delete(self, name: str) -> None:
        self.s3.delete_object(Bucket=self.bucket, Key=f"in/{name}")

    def get(self, key: str) -> bytes:
        return self.s3.get_object(Bucket=self.bucket, Key=f"out/{key}")["Body"].read()

    def prepare(self, run: str, *changes: str, **options: bool) -> dict:
        """Write the plan of ``run`` with the data sets as configured but for ``changes``; its decision."""
        from data_pipeline.etl.jobs import prepare_datasets

        self.get_ready(*changes)
        out = f"s3://{self.bucket}/out"
        places = [
            "--input",
            f"s3://{self.bucket}/in",
            "--output",
            out,
            "--definitions",
            f"{out}/datasets.json",
        ]
        switches = [text for name, on in options.items() for text in (f"--{name}", "true" if on else "false")]
        prepare_datasets.main([*places, "--run", run, *switches])
        return json.loads(self.get(f"runs/{run}/decision.json"))

    def get_ready(self, *changes: str) -> None:
        from configured import definitions

        content = datasets.write(definitions(*changes)).encode()
        self.s3.put_object(Bucket=self.bucket, Key="out/datasets.json", Body=content)

    def arguments(self, run: str) -> list[str]:
        out = f"s3://{self.bucket}/out"
        places = [
            "--input",
            f"s3://{self.bucket}/in",
            "--output",
            out,
            "--plan",
            f"{out}/runs/{run}/plan.json",
        ]
        known = ["--definitions", f"{out}/datasets.json", "--catalog", f"glue:{self.database}"]
        return [*places, *known, "--run", run, "--code-version", "c0de"]

    def count(self, run: str, *changes: str, accept: str = "none") -> dict:
        """Load the plan of ``run`` and return its summary."""
        from data_pipeline.etl.jobs import load

        self.get_ready(*changes)
        load.main([*self.arguments(run), "--accept", accept])
        return json.loads(self.get(f"runs/{run}/summary.json"))

    def run(self, run: str, *changes: str, accept: str = "none", **options: bool) -> dict:
        self.prepare(run, *changes, **options)
        return self.count(run, *changes, accept=accept)

    def verdict(self, run: str) -> dict:
        return json.loads(self.get(f"runs/{run}/verdict.json"))

    def modified(self, key: str) -> object:
        return self.s3.head_object(Bucket=self.bucket, Key=f"out/{key}")["LastModified"]

    def processed(self) -> dict:
        """Path → entry of the ledger."""
        known = Ledger(f"s3://{self.bucket}/out")
        return {p: e for shard in known.shards("trip_counts") for p, e in known.entries("trip_counts", shard)}

    def tables(self):
        from data_pipeline.etl.publishing import tables

        return tables.connect(f"glue:{self.database}", f"s3://{self.bucket}/out/warehouse")

    def expected(self) -> list[dict]:
        """The features of what lies in the input now, counted by the csv module."""
        listed = self.s3.list_objects_v2(Bucket=self.bucket, Prefix="in/").get("Contents", [])
        read = (self.s3.get_object(Bucket=self.bucket, Key=entry["Key"])["Body"].read() for entry in listed)
        names = [entry["Key"].removeprefix("in/") for entry in listed]
        parts = [name.rsplit("/", 1)[-1].removesuffix(".csv").split("_tripdata_") for name in names]
        counts = [count_csv(content, *part) for content, part in zip(read, parts, strict=True)]
        return features(dict(zip(names, counts, strict=True)))

    def rides(self) -> list[dict]:
        rows = self.tables().find("ride_counts").scan().to_arrow().sort_by("timestamp")
        return rows.to_pylist()

    def check_whole(self) -> None:
        """ride_counts and X.parquet are functions of the tables' newest snapshots, which they name."""
        trips, rides = (self.tables().find(name) for name in ("trip_counts", "ride_counts"))
        named = rides.current_snapshot().summary.additional_properties["pipeline.trip-counts-snapshot"]
        assert named == str(trips.current_snapshot().snapshot_id)
        counts = defaultdict(Counter)
        for row in trips.scan().to_arrow().to_pylist():
            counts[row["window_start"]][row["dataset"]] += row["trips"]
        found = {row["timestamp"]: Counter({d: row[d] for d in DATASETS if row[d]}) for row in self.rides()}
        assert found == dict(counts)
        head = self.s3.head_object(Bucket=self.bucket, Key="out/export/X.parquet")["Metadata"]
        assert head["ride-counts-snapshot"] == str(rides.current_snapshot().snapshot_id)
        assert self.exported() == self.rides()

    def exported(self) -> list[dict]:
        return pq.read_table(io.BytesIO(self.get("export/X.parquet"))).to_pylist()

    def snapshots(self) -> dict:
        found = {name: self.tables().find(name) for name in ("trip_counts", "ride_counts")}
        return {name: len(table.snapshots()) if table else 0 for name, table in found.items()}


def made(embedded) -> Account:
    """A fresh bucket and database, with two trip files in the input."""
    name = f"data-{uuid.uuid4().hex[:12]}"
    s3 = client(embedded, "s3")
    s3.create_bucket(Bucket=name)
    client(embedded, "glue").create_database(DatabaseInput={"Name": name.replace("-", "_")})
    account = Account(s3, name, name.replace("-", "_"), settings(embedded))
    account.put("fhv_tripdata_2015-01.csv", trips("2015-01", 0, 1, 15, 60))
    account.put("fhv_tripdata_2015-02.csv", trips("2015-02", 5, 5, 5))
    return account
