"""Same arguments, same bytes; and nothing of anybody else's is touched."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from taxi.sample.catalogue import PICKED, chosen
from taxi.sample.errors import SampleError
from taxi.sample.write import write_sample

ROOT = Path(__file__).parents[3]
FEW = [file for file in PICKED if file.rows <= 1300 and file.dataset != "yellow"]


def digests(directory: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in directory.iterdir()}


def test_bytes_do_not_depend_on_the_surroundings(tmp_path: Path) -> None:
    """Another working directory, time zone, locale and hash seed write the same files, byte for byte."""
    surroundings = [
        {"TZ": "Asia/Kathmandu", "LC_ALL": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"},
        {"TZ": "America/New_York", "LC_ALL": "C", "PYTHONHASHSEED": "0"},
    ]
    found = []
    for number, extra in enumerate(surroundings):
        target, elsewhere = tmp_path / str(number), tmp_path / f"cwd{number}"
        elsewhere.mkdir()
        command = [sys.executable, str(ROOT / "jobs" / "sample.py"), str(target), "--rows", "20000"]
        environment = {**os.environ, **extra, "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=elsewhere, env=environment, check=True, capture_output=True)
        found.append(digests(target))
    assert found[0] == found[1]
    assert len(found[0]) == len(PICKED) + 2


def test_the_content_is_the_one_that_was_agreed(tmp_path: Path) -> None:
    """A Python, or a change of the generator, that draws other trips is noticed: the digest is pinned."""
    write_sample(tmp_path, [file for file in FEW if file.format == "csv"], seed=1)
    names = sorted(path.name for path in tmp_path.iterdir() if path.name != "truth.json")
    together = b"".join((tmp_path / name).read_bytes() for name in names)
    assert (
        hashlib.sha256(together).hexdigest()
        == "f47acaa24debc76e50caea025a14e40d2e617b33d0873a2ae2285edd070d768d"
    )


def test_another_seed_gives_other_trips_of_the_same_shape(tmp_path: Path) -> None:
    """The seed changes every file and no number of rows."""
    first = write_sample(tmp_path / "1", FEW, seed=1)
    second = write_sample(tmp_path / "2", FEW, seed=2)
    assert (first.rows, first.refused) == (second.rows, second.refused)
    for name, digest in digests(tmp_path / "1").items():
        assert digests(tmp_path / "2")[name] != digest


def test_writing_over_its_own_output(tmp_path: Path) -> None:
    """A second call gives the same bytes; a smaller one leaves nothing of the larger behind."""
    write_sample(tmp_path, FEW, seed=1)
    before = digests(tmp_path)
    write_sample(tmp_path, FEW, seed=1)
    assert digests(tmp_path) == before
    write_sample(tmp_path, FEW[:2], seed=1)
    assert set(digests(tmp_path)) == {FEW[0].name, FEW[1].name, "truth.csv", "truth.json"}


def test_an_interrupted_call_can_be_repeated(tmp_path: Path) -> None:
    """Files of a call that was killed, some whole and some not, are known for its own and replaced."""
    write_sample(tmp_path, FEW, seed=1)
    before = digests(tmp_path)
    truth = json.loads((tmp_path / "truth.json").read_text())
    truth["files"] = dict.fromkeys(truth["files"])
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    (tmp_path / "truth.csv").unlink()
    (tmp_path / FEW[0].name).write_bytes(b"half a fi")
    write_sample(tmp_path, FEW, seed=1)
    assert digests(tmp_path) == before


@pytest.mark.parametrize("name", ["notes.txt", "yellow_tripdata_2009-02.csv", "truth.json", "truth.csv"])
def test_a_directory_of_somebody_elses(tmp_path: Path, name: str) -> None:
    """A directory that holds anything before the first call is refused by name and left as it is."""
    (tmp_path / name).write_text("{}")
    with pytest.raises(
        SampleError, match=rf"not an earlier sample \(it holds {name}\)\. Nothing was changed"
    ):
        write_sample(tmp_path, FEW, seed=1)
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_a_foreign_file_among_its_own(tmp_path: Path) -> None:
    """A file that was added to a sample is refused by name, and the sample stays."""
    write_sample(tmp_path, FEW[:1], seed=1)
    (tmp_path / "yellow_tripdata_2009-02.csv").write_text("mine")
    before = digests(tmp_path)
    with pytest.raises(
        SampleError, match=r"holds what this command did not write: yellow_tripdata_2009-02\.csv\. N"
    ):
        write_sample(tmp_path, FEW[:1], seed=1)
    assert digests(tmp_path) == before


def test_one_of_its_own_that_was_changed(tmp_path: Path) -> None:
    """A file of the sample that somebody replaced is somebody's, and refused."""
    write_sample(tmp_path, FEW[:1], seed=1)
    (tmp_path / FEW[0].name).write_text("real trips")
    with pytest.raises(SampleError, match=f"did not write: {FEW[0].name}"):
        write_sample(tmp_path, FEW[:1], seed=1)
    assert (tmp_path / FEW[0].name).read_text() == "real trips"


def test_a_file_in_place_of_the_directory(tmp_path: Path) -> None:
    """A path that is a file is refused."""
    (tmp_path / "file").write_text("")
    with pytest.raises(SampleError, match="is a file; name a directory"):
        write_sample(tmp_path / "file", FEW, seed=1)


def test_rows_are_shared_out_exactly() -> None:
    """--rows is the number of rows over all files, in proportion, whatever the remainder."""
    for rows in (20_001, 1_000_003):
        files = chosen(rows=rows)
        assert sum(file.rows for file in files) == rows
    assert {file.name for file in files} == {file.name for file in PICKED}


def test_months_and_formats() -> None:
    """--months takes every month of the range that was published, in its own format or the one asked for."""
    names = [file.name for file in chosen(["green", "fhvhv"], ((2021, 9), (2021, 12)))]
    assert names == [
        "green_tripdata_2021-09.csv",
        "green_tripdata_2021-10.csv",
        "green_tripdata_2021-11.parquet",
        "green_tripdata_2021-12.parquet",
        "fhvhv_tripdata_2021-09.csv",
        "fhvhv_tripdata_2021-10.csv",
        "fhvhv_tripdata_2021-11.parquet",
        "fhvhv_tripdata_2021-12.parquet",
    ]
    (file,) = chosen(["yellow"], ((2019, 1), (2019, 1)), "csv.gz", rows=77)
    assert (file.name, file.rows) == ("yellow_tripdata_2019-01.csv.gz", 77)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rows": 30}, "--rows 30: too few for 40 files; at least"),
        (
            {"months": ((2008, 12), (2009, 1))},
            "--months 2008-12..2009-01: expected a range within 2009-01..2025-11",
        ),
        ({"months": ((2019, 2), (2019, 1))}, "--months 2019-02..2019-01: expected a range"),
        (
            {"datasets": ["fhvhv"], "months": ((2018, 1), (2018, 2))},
            "No file is left. Published were yellow from",
        ),
    ],
)
def test_requests_that_cannot_be_met(arguments: dict[str, object], message: str) -> None:
    """Each says what was asked, and what there is."""
    with pytest.raises(SampleError, match=message.replace(".", r"\.")):
        chosen(**arguments)  # type: ignore[arg-type]
