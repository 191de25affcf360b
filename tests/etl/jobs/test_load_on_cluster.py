"""Data sets on Spark: what is published, refused and told is what one machine makes of the same files."""

import io
import json
import random
import uuid
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from clients import client
from embedded_aws.jobs import support
from etl.loading.test_cluster import Executors
from randomness import SOAK
from shop import COLUMNS, Shop

from data_pipeline.cli import job_code
from data_pipeline.embedded_aws.jobs import spark
from data_pipeline.etl.documents import erasures
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format
from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.loading.cluster import Cluster, Share
from data_pipeline.etl.storage.filesystem import files

WARN = {"unreadable-files": "warn 0", "quarantined-share": "off"}
ORDERS = Dataset(
    name="orders",
    patterns=("orders/{region}/{year}-{month}/*.jsonl",),
    format=Format("json", timezone="UTC"),
    columns=COLUMNS,
    replaces="period",
    checks={"negative-amount": "amount >= 0"},
    partition=("month(ordered_at)",),
    rules=WARN,
    quarantine_limit=20,
)
WEATHER = Dataset(
    name="weather",
    patterns=("weather.csv",),
    format=Format("csv"),
    columns=(
        Column("day", "date"),
        Column("note", "string", nullable=True),
        Column("rain", "double", nullable=True),
    ),
    replaces="all",
    rules=WARN,
)
SENSORS = Dataset(
    name="sensors",
    patterns=("sensors/{station}.parquet",),
    format=Format("parquet"),
    columns=(Column("at", "timestamp"), Column("value", "int")),
    rules=WARN,
    key=("station",),
    latest=("at",),
    history=True,
)
LEVELS = Dataset(
    name="levels",
    patterns=("levels.csv",),
    format=Format("csv"),
    columns=(Column("at", "date"), Column("metres", "decimal(5,2)")),
    reader="levels:Reader",
    rules=WARN,
)
READER = """
from data_pipeline.etl.reading.csv_files import CsvReader


class Reader(CsvReader):
    def __init__(self, dataset):
        super().__init__(dataset, 1)
"""
BY_STATUS = Dataset(
    name="by_status",
    patterns=("sales/{year}-{month}/*.csv",),
    format=Format("csv", timezone="UTC"),
    columns=COLUMNS,
    replaces="period",
    sql="SELECT status, sum(amount) AS total, count(*)::INTEGER AS n FROM by_status GROUP BY status ORDER BY ALL",
    rules=WARN,
)
LARGE = {
    ending: Dataset(
        name=f"large_{ending}",
        patterns=(f"large.{ending}",),
        format=Format(ending),
        columns=(Column("day", "date"), Column("value", "int")),
        rules=WARN,
        quarantine_limit=20,
    )
    for ending in ("csv", "json", "parquet")
}
LARGE_BYTES = 140_000_000
"""More than two spans of the smallest size."""


def order(n: int) -> str:
    return json.dumps(
        {
            "id": n,
            "ts": f"2024-0{n % 3 + 1}-03T10:00:00Z",
            "amount": f"{n % 90}.5",
            "status": "paid" if n % 2 else None,
        }
    )


def put_all(shop: Shop) -> None:
    """Files of each format, with faults, and two that cannot be used, of which one is of a unit with others."""
    lines = [
        *map(order, range(500)),
        "{not json",
        '{"id": "x"}',
        order(7).replace('"7.5"', '"-1"'),
        order(8)[:-9],
    ]
    shop.put_bytes("orders/north/2024-01/a.jsonl", "\n".join(lines).encode())
    shop.put_bytes(
        "orders/north/2024-01/b.jsonl", "\r\n".join([*map(order, range(30)), *["[]"] * 30]).encode()
    )
    shop.put_bytes("orders/south/2024-02/a.jsonl", order(1).encode())
    text = 'day,note,rain\n2024-01-01,"two\nlines",1.5\n2024-01-02,,x\n2024-02-30,,\n2024-01-03,a,b,c\n2024-01-04,é,\n'
    shop.put_bytes("weather.csv", text.encode())
    for station in ("harbour", "hill"):
        table = pa.table(
            {"at": pa.array(range(100), pa.timestamp("us")), "value": pa.array([2**33, *range(99)])}
        )
        sink = io.BytesIO()
        pq.write_table(table, sink)
        shop.put_bytes(f"sensors/{station}.parquet", sink.getvalue())
    shop.put_bytes("levels.csv", b"at,metres\n2024-01-01,1.25\n2024-01-02,1.255\n2024-01-03,2\n")
    shop.put_bytes("sensors/broken.parquet", b"PAR1 and no more")
    shop.put_bytes(
        "sales/2024-01/a.csv", b"id,ts,amount,status\n1,2024-01-01T00:00:00Z,1.5,paid\n2,never,1,\n"
    )
    shop.put_bytes("sales/2024-01/b.csv", b"id,ts,amount,status\n3,2024-01-01T00:00:00Z,2,paid\n")
    shop.put_bytes("sales/2024-02/a.csv", b"id,ts,amount,status\n3,2024-02-01T00:00:00Z,2,paid\n")
    shop.put_bytes("sales/2024-02/b.csv", b"nothing of this\n1\n")


@pytest.fixture
def project(tmp_path, monkeypatch) -> Path:
    """A project with a reader of its own, which is found here, too."""
    (tmp_path / "jobs").mkdir()
    (tmp_path / "jobs" / "levels.py").write_text(READER)
    monkeypatch.syspath_prepend(tmp_path / "jobs")
    return tmp_path


def put_large(shop: Shop) -> None:
    """A file of each format, of ``LARGE_BYTES`` in rows that are long by a column which no data set names. Every
    hundredth has no day.
    """
    noise = random.Random(5)
    rows = [
        (f"2024-01-{n % 28 + 1:02}" if n % 100 else "never", n, noise.randbytes(25_000).hex())
        for n in range(LARGE_BYTES // 50_000)
    ]
    lines = ["day,more,value", *(f'{day},"{more}",{value}' for day, value, more in rows)]
    shop.put_bytes("large.csv", "\r\n".join(lines).encode())
    objects = (json.dumps({"day": day, "more": more, "value": value}) for day, value, more in rows)
    shop.put_bytes("large.json", "\n\n".join(objects).encode())
    sink = io.BytesIO()
    table = pa.table(dict(zip(("day", "value", "more"), map(list, zip(*rows, strict=True)), strict=True)))
    pq.write_table(table, sink, row_group_size=200, compression="none", use_dictionary=False)
    shop.put_bytes("large.parquet", sink.getvalue())


@pytest.fixture
def shops(output, embedded):
    """What makes two with the same files, none of them loaded."""

    def made(datasets: Iterable[Dataset], put: Callable[[Shop], None]) -> tuple[Shop, Shop]:
        name = f"data{uuid.uuid4().hex[:12]}"
        client(embedded, "s3").create_bucket(Bucket=name)
        client(embedded, "glue").create_database(DatabaseInput={"Name": name})
        every = {each.name: each for each in datasets}
        found = Shop(output, Definitions(every)), Shop(f"s3://{name}/out", Definitions(every))
        for shop in found:
            put(shop)
            assert shop.prepare()["proceed"] is True
        return found

    return made


def outcome(shop: Shop) -> dict[str, object]:
    """All that tells one run from another, without times, snapshots and places."""
    rows = {
        name: sorted(
            (
                repr([value for key, value in row.items() if key != "_available_at"])
                for row in shop.rows(name)
            ),
        )
        for each in shop.definitions.datasets.values()
        for name in each.tables
    }
    folder = f"{shop.output}/quarantine/run=run-1"
    refused = {
        each.path: pq.read_table(io.BytesIO(files(each.uri).read(each.uri))).to_pylist()
        for each in files(folder).list(folder)
    }
    summary, verdict = shop.document("summary.json"), shop.document("verdict.json")
    told = [summary[name] for name in ("rows", "files", "datasets", "versions", "quality")]
    told += [verdict[name] for name in ("messages", "warnings", "published", "datasets")]
    return {"rows": rows, "refused": refused, "told": told}


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="starts Spark with two executors: `make soak` does")
def test_spark_publishes_what_one_machine_does(shops, project, embedded):
    """JSON lines, CSV, Parquet with a key and a history, and a reader of one's own, with faults, SQL over a unit of
    several files, and files that cannot be used: two executors of the Spark image read them from S3, and leave nothing
    in the folder of the run.
    """
    here, cluster = shops((ORDERS, WEATHER, SENSORS, LEVELS, BY_STATUS), put_all)
    here.load()
    described = run_on_cluster(embedded, cluster, job_code.shipped(project))
    assert described["ProcessingJobStatus"] == "Completed", described
    mine, expected = outcome(cluster), outcome(here)
    assert expected["told"][0] == {"read": 777, "counted": 736, "quarantined": 41}
    assert mine == expected
    assert [shop.document("summary.json")["engine"] for shop in (here, cluster)] == ["duckdb", "spark"]
    assert [*files(cluster.output).list(f"{cluster.output}/runs/run-1/parts")] == []


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="starts Spark with two executors: `make soak` does")
def test_spark_reads_spans_of_large_files(shops, project, embedded):
    """CSV in quotes, JSON lines and Parquet of 140 MB each, by the same permissions as other files. Each is cut, and is
    told, published and refused as one machine does it.
    """
    here, shop = shops(LARGE.values(), put_large)
    here.load()
    described = run_on_cluster(embedded, shop, job_code.shipped(project))
    assert described["ProcessingJobStatus"] == "Completed", described
    mine, expected = outcome(shop), outcome(here)
    assert expected["told"][0] == {"read": 8400, "counted": 8316, "quarantined": 84}
    assert [len(rows) for rows in expected["refused"].values()] == [20, 20, 20]
    assert mine == expected
    for name in LARGE:
        assert cuts(shop, LARGE[name]) > 2


HEAD = b"id,ts,amount,status\n"
SALES = replace(BY_STATUS, name="sales", sql="", key=("id",), latest=("ordered_at",), history=True)
STOCK = replace(SALES, name="stock", patterns=("stock/{year}-{month}.csv",), replaces="all")


def put_keyed(shop: Shop) -> None:
    """Changes by month, and a full list each month."""
    for month, ids in ((1, (1, 2, 3)), (2, (3, 5))):
        rows = b"".join(b"%d,2024-%02d-03T10:00:00Z,2.5,paid\n" % (id, month) for id in ids)
        shop.put_bytes(f"sales/2024-{month:02}/a.csv", HEAD + rows)
        shop.put_bytes(f"stock/2024-{month:02}.csv", HEAD + rows)


def erase(shop: Shop, name: str, key: str) -> None:
    """Put a key on record, as the command does."""
    place = erasures.place(shop.output, name)
    record = erasures.new().with_keys(("id",), [(key,)], "2024-03-01T00:00:00Z")
    files(place).write(place, erasures.write(record).encode())


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="starts Spark with two executors: `make soak` does")
def test_spark_erases_what_one_machine_does(shops, project, embedded):
    """A key of what is published, and of a file that is read in the same run: from each table and snapshot, with the
    permissions that such a step has. The tables of one data set are made where keys have changed, those of the other
    whole, by the executors.
    """
    pair = shops([SALES, STOCK], put_keyed)
    for shop in pair:
        shop.load()
        shop.put_bytes(
            "sales/2024-03/a.csv", HEAD + b"3,2024-03-01T00:00:00Z,7,\n4,2024-03-02T00:00:00Z,1,\n"
        )
        erase(shop, "sales", "3")
        erase(shop, "stock", "5")
        assert shop.prepare()["proceed"] is True
    here, cluster = pair
    here.load()
    gone = [f"arn:aws:s3:::{cluster.database}/out/{each}/*" for each in ("warehouse", "state/erased/files")]
    described = run_on_cluster(embedded, cluster, job_code.shipped(project), gone)
    assert described["ProcessingJobStatus"] == "Completed", described
    assert outcome(cluster) == outcome(here)
    told = [shop.document("summary.json")["erasures"] for shop in pair]
    assert told[0] == told[1]
    assert told[0]["sales"]["rows"] == {"sales": 1, "sales_versions": 2, "sales_history": 2}
    assert told[0]["stock"]["rows"] == {"stock": 1, "stock_versions": 1, "stock_history": 1}
    for name, key in [*((each, 3) for each in SALES.tables), *((each, 5) for each in STOCK.tables)]:
        table = cluster.at.find(name)
        for each in table.snapshots():
            assert key not in table.scan(snapshot_id=each.snapshot_id).to_arrow()["id"].to_pylist()
    assert [{row["id"] for row in cluster.rows(name)} for name in ("sales", "stock")] == [{1, 2, 4, 5}, {3}]
    assert cluster.prepare()["proceed"] is False


def cuts(shop: Shop, dataset: Dataset) -> int:
    """Into how many spans the file of a large data set can be read."""
    (file,) = [each for each in files(shop.input).list(shop.input) if each.path == dataset.patterns[0]]
    planned = PlannedFile(file.uri, file.path, file.etag, file.size, "", {})
    share = Share(0, 0, Unit("u", dataset.name, (planned,), "new"), ())
    return len(Cluster(Executors(), "")._cut(dataset, [share]))


def run_on_cluster(embedded, shop: Shop, code: dict[str, bytes], gone: Iterable[str] = ()) -> dict:
    """The description of the processing job, which has ended; it may do with data what the step's role may, and may
    delete the objects ``gone``.
    """
    for name, content in code.items():
        files(shop.output).write(f"{shop.input.removesuffix('/in')}/code/{name}", content)
    own = f"arn:aws:s3:::{shop.database}"
    role = support.role(
        embedded,
        "sagemaker.amazonaws.com",
        support.allow(support.LOGS),
        support.allow(support.S3, [own, f"{own}/*"]),
        support.allow(["s3:DeleteObject"], [f"{own}/out/quarantine/*", f"{own}/out/runs/*/parts/*"]),
        *([support.allow(["s3:DeleteObject"], [*gone])] if gone else []),
        support.allow(["glue:GetDatabase", "glue:GetTable", "glue:CreateTable", "glue:UpdateTable"]),
    )
    api, local, name = client(embedded, "sagemaker"), "/opt/ml/processing/input/code", support.unique("job")
    source = {
        "S3Uri": f"s3://{shop.database}/code/",
        "LocalPath": local,
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
    }
    api.create_processing_job(
        ProcessingJobName=name,
        RoleArn=role,
        AppSpecification={
            "ImageUri": f"1.dkr.ecr.us-east-1.amazonaws.com/{spark.IMAGE}:3.5-cpu-py312-v1.0",
            "ContainerEntrypoint": ["python3", f"{local}/bootstrap.py", "load.py"],
            "ContainerArguments": shop.load_arguments("--engine=spark"),
        },
        ProcessingInputs=[{"InputName": "code", "S3Input": source}],
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": 2, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 5}
        },
    )
    return support.until(
        lambda: api.describe_processing_job(ProcessingJobName=name),
        lambda job: job["ProcessingJobStatus"] != "InProgress",
        seconds=400,
    )
