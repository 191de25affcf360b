"""The example on Spark: what its executors make of trip files, with the packages of the job."""

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from configured import definitions
from paths import ROOT
from taxi.sample.catalogue import PICKED
from taxi.sample.write import write_sample

from data_pipeline.etl import spark_session
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.jobs import load
from data_pipeline.etl.loading.cluster import Cluster
from data_pipeline.etl.loading.reading import on_this_machine
from data_pipeline.etl.loading.target import Runner, Target
from data_pipeline.etl.planning import comparing
from data_pipeline.etl.planning.selection import Selection
from data_pipeline.etl.storage.filesystem import files
from data_pipeline.etl.storage.scratch import GIB, Scratch

HEADER = "Dispatching_base_num,Pickup_date,locationID"


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """One Spark for the module, of two workers of this machine: it takes a quarter of a minute to start. Its job has
    a jmespath of its own.
    """
    definitions()  # the project is found beside the script, which Spark imports from an archive
    packages = tmp_path_factory.mktemp("packages")
    (packages / "jmespath.py").write_text("NAME = 'of the job'\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYSPARK_SUBMIT_ARGS", "--master local[2] pyspark-shell")
        patch.setenv("JOB_PACKAGES", str(packages))
        with spark_session.started(ROOT / "jobs") as started:
            yield started


def loaded(runner: Runner, engine: str, trips: Path, output: Path) -> dict:
    """What a run alone leaves in ``output``: rows of each file, quarantine and the summary's facts; its error."""
    work = output.parent / f"work-{engine}"
    work.mkdir()
    known = Definitions({"trip_counts": definitions("--quarantine-limit", "3").datasets["trip_counts"]}, {})
    listing = files(str(trips)).list(str(trips))
    plan = comparing.compare(
        listing, known, load._Nothing(), Selection(), lambda path: str(trips / path)
    ).plan
    at = datetime(2026, 1, 1, tzinfo=UTC)
    target = Target(str(output), "alone", "", at, work, Scratch(GIB), None, runner, engine)
    with pytest.raises(JobError) as caught:
        load.run_alone(known, plan, target)
    found = {
        str(path.relative_to(output)): pq.ParquetFile(path).read().to_pylist()
        for path in sorted(output.rglob("*.parquet"))
    }
    return {"error": str(caught.value), **found}


def test_its_executors_count_every_era_and_every_trouble_as_this_machine_does(tmp_path, context):
    """Windows, refused rows with number, reason and text, and errors are equal."""
    trips = tmp_path / "trips"
    write_sample(trips, [file for file in PICKED if file.rows <= 1300], seed=3)
    rows = "B1,2015-03-08 02:31:00,1\n" * 300
    trouble = {
        "fhv_tripdata_2015-03.csv": f"{HEADER}\r\n\r\n{rows}B1,never,2\rB2\n{rows}B1,2015-03-0".encode(),
        "fhv_tripdata_2015-02.csv": b"",
        "fhv_tripdata_2015-07.csv.gz": b"\x1f\x8b\x08 cut",
        "green_tripdata_2015-02.parquet": b"PAR1 and no more",
    }
    for name, content in trouble.items():
        (trips / name).write_bytes(content)
    (tmp_path / "spark").mkdir()
    mine = loaded(Cluster(context, str(tmp_path / "spark" / load.PARTS)), "spark", trips, tmp_path / "spark")
    expected = loaded(on_this_machine, "duckdb", trips, tmp_path / "duckdb")
    assert expected["error"].startswith("3 of ")
    assert len(expected["trip_counts.parquet"]) > 1000
    assert mine == expected


def test_the_workers_import_the_job_s_packages_and_not_the_image_s(context):
    """Where Python has a package of the same name, too."""

    def imported(_):
        import jmespath

        return jmespath.NAME

    assert context.parallelize(range(4), 4).map(imported).collect() == ["of the job"] * 4
