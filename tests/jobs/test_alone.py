"""ride_counts.py alone: no AWS, output that is replaced as a whole, equal files for equal input."""

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import ride_counts

HEADER = "Dispatching_base_num,Pickup_date,locationID\n"


def put(folder, month: str, *lines: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / f"fhv_tripdata_2015-{month}.csv").write_text(HEADER + "".join(f"{line}\n" for line in lines))


def test_it_needs_neither_boto3_nor_pyiceberg(tmp_path):
    """With both made impossible to import, the job runs."""
    put(tmp_path / "in", "01", "B1,2015-01-01 00:00:00,")
    code = (
        "import sys; sys.modules.update(boto3=None, botocore=None, pyiceberg=None); "
        "sys.path.insert(0, sys.argv[1]); import ride_counts; ride_counts.main(sys.argv[2:])"
    )
    jobs = str(Path(ride_counts.__file__).parent)
    command = [sys.executable, "-c", code, jobs, "--input", str(tmp_path / "in"), "--output", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "X.parquet").num_rows == 1


def test_the_next_run_replaces_all_output(tmp_path, count_here):
    """Old rows, an old quarantine and nothing else of the folder go."""
    put(tmp_path / "in", "01", "B1,never,", "B1,2015-01-01 00:00:00,")
    done = count_here(tmp_path / "in")
    assert len(done.quarantine()) == 1
    (done.output / "notes.txt").write_text("mine")
    put(tmp_path / "in", "01", "B1,2015-01-01 10:00:00,")
    done = count_here(tmp_path / "in")
    assert [row["minutes"] for row in done.rows("X.parquet")] == [600]
    assert done.summary["quarantine"] is None
    assert sorted(path.name for path in done.output.iterdir()) == [
        "X.parquet",
        "bases.parquet",
        "notes.txt",
        "quarantine",
        "summary.json",
        "trip_counts.parquet",
        "weather.parquet",
        "zones.parquet",
    ]


def test_equal_input_makes_equal_files(tmp_path, count_here):
    """All files are the same, byte for byte, the second time, and the Parquet files in another folder too."""
    put(
        tmp_path / "in",
        "01",
        *(f"B1,2015-01-{day:02} 0{day % 10}:00:00," for day in range(1, 31)),
        "B1,never,",
    )
    names = (
        "X.parquet",
        "quarantine/dataset=trip_counts/fhv_tripdata_2015-01.csv.parquet",
        "summary.json",
    )
    first = [(count_here(tmp_path / "in").output / name).read_bytes() for name in names]
    assert first == [(count_here(tmp_path / "in").output / name).read_bytes() for name in names]
    ride_counts.main(["--input", str(tmp_path / "in"), "--output", str(tmp_path / "other")])
    assert first[:2] == [(tmp_path / "other" / name).read_bytes() for name in names[:2]]


def test_types_and_order_of_the_features(tmp_path, count_here):
    """X.parquet has the documented columns and types, in order of time, and its months in its metadata."""
    put(
        tmp_path / "in", "01", "B1,2015-03-01 23:59:00,", "B1,2015-01-01 00:00:00,", "B1,2016-12-31 12:00:00,"
    )
    done = count_here(tmp_path / "in", "--outside-month", "keep")
    schema = pq.read_schema(done.output / "X.parquet")
    assert [(field.name, str(field.type)) for field in schema] == [
        ("timestamp", "timestamp[us]"),
        ("num_rides", "int64"),
        ("minutes", "int32"),
        ("dow", "int32"),
        ("month", "int32"),
        ("doy", "int32"),
        ("yellow", "int64"),
        ("green", "int64"),
        ("fhv", "int64"),
        ("fhvhv", "int64"),
    ]
    rows = done.rows("X.parquet")
    assert [(row["minutes"], row["dow"], row["month"], row["doy"]) for row in rows] == [
        (0, 5, 1, 1),
        (1425, 1, 3, 60),
        (720, 7, 12, 366),
    ]
    assert schema.metadata[b"pipeline.covered-months"] == b"fhv 2015-01"


def test_an_input_that_is_not_there(tmp_path, count_alone):
    """A wrong folder is one line that names it, and status 1."""
    ended = count_alone(tmp_path / "nowhere")
    assert (ended.status, ended.stderr) == (1, f"error: {tmp_path}/nowhere: no such folder\n")


def test_a_place_of_another_kind(tmp_path, count_alone):
    """A URI that is neither S3 nor a path is refused by what it should be."""
    ended = count_alone("gs://bucket/in")
    assert ended.stderr == "error: gs://bucket/in: a place is s3://bucket/prefix or a local path\n"


def test_doubtful_times_are_said(tmp_path, count_here, capsys):
    """Times that a file marks with another zone than they are read in: the log says what the summary says."""
    (tmp_path / "in").mkdir()
    times = pa.array([datetime(2019, 1, 1, 5, 46, 40, tzinfo=UTC)], pa.timestamp("us", "America/New_York"))
    table = pa.table({"VendorID": [1], "tpep_pickup_datetime": times})
    pq.write_table(table, tmp_path / "in" / "yellow_tripdata_2019-01.parquet")
    count_here(tmp_path / "in")
    said = "warning: trip_counts: yellow_tripdata_2019-01.parquet: its column tpep_pickup_datetime is marked with"
    assert said in capsys.readouterr().out
