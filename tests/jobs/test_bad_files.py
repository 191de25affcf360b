"""Files that cannot be read: each is named with its reason, none stops the others, none is counted."""

import gzip
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

GOOD = b"dispatching_base_num,pickup_datetime,dropoff_datetime,PULocationID,DOLocationID,SR_Flag\n"
ROW = b"B00001,2019-01-01 00:10:00,2019-01-01 00:20:00,1,2,\n"
HTML = b"<!DOCTYPE html>\n<html><body><h1>Access denied</h1></body></html>\n"


def cut_gzip() -> bytes:
    """Gzip data that ends half-way, as a broken download does."""
    whole = gzip.compress(GOOD + b"".join(ROW.replace(b"00:10", b"00:%02d" % (i % 60)) for i in range(5000)))
    return whole[: len(whole) // 2]


def damaged_gzip() -> bytes:
    """Gzip data whose checksum is wrong."""
    whole = bytearray(gzip.compress(GOOD + ROW))
    whole[-6] ^= 0xFF
    return bytes(whole)


BAD = {
    "cut": ("fhv_tripdata_2019-02.csv.gz", cut_gzip(), "the gzip data is cut off: the file is not complete"),
    "damaged": (
        "fhv_tripdata_2019-02.csv.gz",
        damaged_gzip(),
        "the gzip data is damaged: incorrect data check",
    ),
    "not gzip": (
        "fhv_tripdata_2019-02.csv.gz",
        GOOD + ROW,
        "the gzip data is damaged: it is not a gzip file",
    ),
    "more behind": (
        "fhv_tripdata_2019-02.csv.gz",
        gzip.compress(GOOD) + ROW,
        "the gzip data is damaged: behind its end is other data",
    ),
    "gzipped twice": (
        "fhv_tripdata_2019-02.csv.gz",
        gzip.compress(gzip.compress(GOOD + ROW)),
        "it is gzip data in gzip data: it was compressed twice; decompress it once",
    ),
    "html": ("fhv_tripdata_2019-02.csv", HTML, "it is a web page (HTML or XML), not a CSV file"),
    "html parquet": (
        "fhv_tripdata_2019-02.parquet",
        HTML,
        "it is not a Parquet file: it starts with b'<!DO'",
    ),
    "empty": ("fhv_tripdata_2019-02.csv", b"", "it is empty"),
    "blank": ("fhv_tripdata_2019-02.csv", b"\r\n\n\r\n", "it is empty"),
    "empty gzip": ("fhv_tripdata_2019-02.csv.gz", gzip.compress(b""), "it is empty"),
    "empty parquet": ("fhv_tripdata_2019-02.parquet", b"", "it is empty"),
    "header": ("fhv_tripdata_2019-02.csv", b"a,b,c\n1,2,3\n", "no known pickup column of fhv ("),
    "latin-1": ("fhv_tripdata_2019-02.csv", GOOD + ROW + "Café,\n".encode("latin-1"), "it is not UTF-8 text"),
    "latin-1 header": (
        "fhv_tripdata_2019-02.csv",
        "Café,b\n".encode("latin-1") + ROW,
        "its header cannot be read",
    ),
    "utf-16": ("fhv_tripdata_2019-02.csv", (GOOD + ROW).decode().encode("utf-16"), "it is UTF-16, not UTF-8"),
    "parquet as csv": (
        "fhv_tripdata_2019-02.csv",
        b"PAR1....PAR1",
        "it is a Parquet file with the name of a CSV",
    ),
    "gzip as csv": (
        "fhv_tripdata_2019-02.csv",
        gzip.compress(GOOD),
        "it is a gzip file with the name of a plain one",
    ),
    "one long line": (
        "fhv_tripdata_2019-02.csv",
        GOOD + b"x" * (18 << 20),
        "it has a line of more than 16 MiB",
    ),
}


@pytest.fixture
def folder(tmp_path):
    """An input folder with one good file of one row."""
    folder = tmp_path / "input"
    folder.mkdir()
    (folder / "fhv_tripdata_2019-01.csv").write_bytes(GOOD + ROW)
    return folder


@pytest.mark.parametrize("case", BAD)
def test_a_bad_file_is_named_with_its_reason(folder, count_here, case):
    """The job fails; the summary holds the bad file's reason and no rows of it; the good file is counted."""
    name, content, reason = BAD[case]
    (folder / name).write_bytes(content)
    done = count_here(folder)
    assert done.status == 1
    assert done.stderr.startswith(f"error: 1 of 2 files could not be read, the others are written: {name}: ")
    entry = done.file(name)
    assert entry["error"].startswith(reason)
    assert (entry["rows_read"], entry["rows_counted"], entry["rows_quarantined"]) == (0, 0, 0)
    assert done.summary["rows"] == {"read": 1, "counted": 1, "quarantined": 0}
    assert [row["num_rides"] for row in done.rows("X.parquet")] == [1]


@pytest.mark.parametrize("month", ["2024-04", "2024-08"])
def test_a_real_parquet_footer_without_data(shared_tlc, folder, count_here, month):
    """Real footers, whose data pages are missing, are refused though their number of rows could be read."""
    name = f"yellow_tripdata_{month}.parquet"
    shutil.copy(shared_tlc / "footers" / f"yellow_tripdata_{month}.footer.parquet", folder / name)
    done = count_here(folder)
    assert done.file(name)["error"].startswith("the Parquet data cannot be read: ")
    assert done.summary["rows"]["read"] == 1


def test_a_pickup_column_of_another_type(folder, count_here):
    """Numbers in the pickup column are no times: the file is refused, and says which type it found."""
    pq.write_table(pa.table({"pickup_datetime": [1, 2]}), folder / "fhv_tripdata_2019-02.parquet")
    error = count_here(folder).file("fhv_tripdata_2019-02.parquet")["error"]
    assert error == "its pickup column pickup_datetime holds int64, neither text nor timestamps"


def test_a_folder_with_the_name_of_a_trip_file(folder, count_here):
    """Nobody claims the parts in it, so they are not read."""
    part = folder / "green_tripdata_2020-01.parquet"
    part.mkdir()
    (part / "part-00000.parquet").write_bytes(b"")
    (part / "part-00001.parquet").write_bytes(b"")
    done = count_here(folder)
    assert len(done.summary["files"]) == 1


def test_only_bad_files_fail_the_job_by_name(tmp_path, count_alone):
    """If nothing could be read the job ends with 1, names the first files and leaves old output alone."""
    folder, output = tmp_path / "input", tmp_path / "output"
    folder.mkdir()
    output.mkdir()
    (output / "X.parquet").write_bytes(b"old")
    for month in range(1, 6):
        (folder / f"fhv_tripdata_2019-0{month}.csv").write_bytes(b"")
    ended = count_alone(folder)
    assert ended.status == 1
    named = "; ".join(f"fhv_tripdata_2019-0{month}.csv: it is empty" for month in (1, 2, 3))
    assert ended.stderr.splitlines() == [
        f"error: none of the 5 files could be read: {named}; and 2 more like this"
    ]
    assert (output / "X.parquet").read_bytes() == b"old"


def test_a_file_with_only_a_header_is_good_and_empty(folder, count_here):
    """A header alone is a file of 0 rows, not a bad file."""
    (folder / "fhv_tripdata_2019-02.csv").write_bytes(GOOD.rstrip())
    entry = count_here(folder).file("fhv_tripdata_2019-02.csv")
    assert (entry["error"], entry["rows_read"]) == (None, 0)
