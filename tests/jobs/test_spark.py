"""The Spark engine on Spark: the same rows as the DuckDB engine's, on one machine, and on a cluster from S3."""

import json
import subprocess
import sys
import uuid
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from clients import client
from embedded_aws.jobs import support
from taxi import counting, reading, sources, spark_engine
from taxi.rules import Policy

from data_pipeline.cli import job_code
from data_pipeline.embedded_aws.jobs import spark as cluster
from data_pipeline.etl import spark_session
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.storage.scratch import GIB, Scratch

ROOT = Path(__file__).resolve().parents[2]
LIMITED = Policy(quarantine_limit=3)
NIGHT = "B1,2015-03-08 02:31:00,1\n"  # the clocks of New York go from 02:00 to 03:00


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """One Spark for the module, of two workers of this machine: it takes a quarter of a minute to start. Its job has
    a jmespath of its own.
    """
    packages = tmp_path_factory.mktemp("packages")
    (packages / "jmespath.py").write_text("NAME = 'of the job'\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", "--master local[2] pyspark-shell")
        patch.setenv("JOB_PACKAGES", str(packages))
        with spark_session.started(ROOT / "jobs") as started:
            yield started


@pytest.fixture(scope="module")
def trips(tmp_path_factory):
    """Files of every layout and form, and files that are trouble."""
    folder = tmp_path_factory.mktemp("trips")
    command = [sys.executable, "jobs/sample.py", str(folder), "--rows", "30000"]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    header = "Dispatching_base_num,Pickup_date,locationID"
    trouble = {
        "fhv_tripdata_2015-03.csv": f"{header}\r\n\r\n{NIGHT}B1,never,2\rB2\n{NIGHT * 300}B1,2015-03-0".encode(),
        "fhv_tripdata_2015-02.csv": b"",
        "fhv_tripdata_2015-06.csv": f"{header}\n".encode() + b"B1,\xff,1\n" * 40,
        "fhv_tripdata_2015-07.csv.gz": b"\x1f\x8b\x08 cut",
        "green_tripdata_2015-02.parquet": b"PAR1 and no more",
        "yellow_tripdata_2015-02.csv": f"{header}\nB1,2015-02-01 00:00:00,1\n".encode(),
        "fhvhv_tripdata_2020-01.parquet/part-0": b"x",
    }
    for name, content in trouble.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def read(folder, trips, read_all):
    """What an engine makes of all ``trips``: results, trip counts, and quarantine by source."""
    quarantine = folder / "quarantine"
    quarantine.mkdir(parents=True)
    found = sources.with_etags(sources.list_sources(str(trips)).sources)
    with counting.Engine(folder) as engine:
        results = read_all(engine, found, quarantine)
        counts = engine.db.execute("FROM trip_counts ORDER BY ALL").fetchall()
    paths = sorted(path.relative_to(quarantine) for path in quarantine.rglob("*.parquet"))
    tables = [pq.ParquetFile(quarantine / path).read() for path in paths]
    return (
        results,
        counts,
        [(str(path), table.schema, table.to_pylist()) for path, table in zip(paths, tables, strict=True)],
    )


def test_both_engines_make_the_same_of_every_era_and_of_every_trouble(tmp_path, trips, context):
    """Results with their errors, trip counts, and refused rows with number, reason and text are equal."""

    def spark(engine, found, quarantine):
        (quarantine / "stale.parquet").write_bytes(b"of an earlier run")
        return spark_engine.read_all(context, engine, found, str(quarantine), LIMITED, 2000)

    def duckdb(engine, found, quarantine):
        return reading.read_all(engine, found, quarantine, LIMITED, Scratch(GIB))

    mine, expected = (
        read(tmp_path / "spark", trips, spark),
        read(tmp_path / "duckdb", trips, duckdb),
    )
    assert [result.error for result in expected[0] if result.error]
    assert len(expected[2]) > 20
    assert mine[0] == expected[0]
    assert mine[1] == expected[1]
    assert mine[2] == expected[2]
    night = [row for row in mine[1] if row[1] == "fhv_tripdata_2015-03.csv"]
    assert [(str(row[4]), row[5]) for row in night] == [("2015-03-08 02:30:00", 301)]


def test_the_workers_import_the_job_s_packages_and_not_the_image_s(context):
    """Where Python has a package of the same name, too."""

    def imported(_):
        import jmespath

        return jmespath.NAME

    assert context.parallelize(range(4), 4).map(imported).collect() == ["of the job"] * 4


def test_an_input_of_which_nothing_can_be_read(tmp_path, context):
    """As with the DuckDB engine, that is an error, and what was in quarantine stays."""
    (tmp_path / "fhv_tripdata_2015-01.csv").write_bytes(b"")
    (tmp_path / "q").mkdir()
    (tmp_path / "q" / "kept").write_bytes(b"")
    found = sources.list_sources(str(tmp_path)).sources
    with counting.Engine(tmp_path) as engine, pytest.raises(JobError, match="none of the 1 trip files"):
        spark_engine.read_all(context, engine, found, str(tmp_path / "q"), Policy())
    assert (tmp_path / "q" / "kept").exists()


def test_the_job_on_a_cluster_reads_s3_and_publishes_what_duckdb_does(embedded, tmp_path):
    """The Spark image with two instances, as the state machine starts it: bootstrap, smspark-submit, two
    executors that read byte ranges of S3 under the job's role, quarantine, export. Nothing but the name of the
    engine differs from the DuckDB job's output.
    """
    s3, bucket = client(embedded, "s3"), f"b-{uuid.uuid4().hex[:10]}"
    s3.create_bucket(Bucket=bucket)
    rows = "".join(f"B1,2015-01-{1 + n % 28:02} {n % 24:02}:10:00,{n}\n" for n in range(2000))
    content = f"Dispatching_base_num,Pickup_date,locationID\n{rows}B1,never,1\n".encode()
    s3.put_object(Bucket=bucket, Key="in/fhv_tripdata_2015-01.csv", Body=content)
    for name, content in job_code.shipped(ROOT).items():
        s3.put_object(Bucket=bucket, Key=f"code/{name}", Body=content)
    results = {}
    for engine, instances in (("spark", 2), ("duckdb", 1)):
        described = run_on_cluster(embedded, bucket, engine, instances)
        assert described["ProcessingJobStatus"] == "Completed", described
        out = {}
        for item in s3.list_objects_v2(Bucket=bucket, Prefix=f"{engine} out/")["Contents"]:
            body = s3.get_object(Bucket=bucket, Key=item["Key"])["Body"].read()
            out[item["Key"].partition("/")[2]] = body
        summary = json.loads(out.pop("summary.json"))
        assert summary["engine"] == engine
        results[engine] = (out, summary["rows"], summary["files"])
    assert results["spark"] == results["duckdb"]
    assert results["spark"][1] == {"read": 2001, "counted": 2000, "quarantined": 1}


def run_on_cluster(embedded, bucket: str, engine: str, instances: int) -> dict:
    """The description of a processing job of the Spark image that has ended."""
    api = client(embedded, "sagemaker")
    actions = [*support.S3, "s3:DeleteObject"]
    role = support.role(
        embedded, "sagemaker.amazonaws.com", support.allow(support.LOGS), support.allow(actions)
    )
    local, name = "/opt/ml/processing/input/code", support.unique("job")
    places = ["--input", f"s3://{bucket}/in", "--output", f"s3://{bucket}/{engine} out"]
    api.create_processing_job(
        ProcessingJobName=name,
        RoleArn=role,
        AppSpecification={
            "ImageUri": f"1.dkr.ecr.us-east-1.amazonaws.com/{cluster.IMAGE}:3.5-cpu-py312-v1.0",
            "ContainerEntrypoint": ["python3", f"{local}/bootstrap.py", "ride_counts.py"],
            "ContainerArguments": [*places, "--engine", engine],
        },
        ProcessingInputs=[
            {
                "InputName": "code",
                "S3Input": {
                    "S3Uri": f"s3://{bucket}/code/",
                    "LocalPath": local,
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        ProcessingResources={
            "ClusterConfig": {"InstanceCount": instances, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 5}
        },
    )
    return support.until(
        lambda: api.describe_processing_job(ProcessingJobName=name),
        lambda job: job["ProcessingJobStatus"] != "InProgress",
        seconds=400,
    )
