"""Local files: names that are not UTF-8, and parts of files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format
from data_pipeline.etl.errors import FileError, JobError
from data_pipeline.etl.jobs import load
from data_pipeline.etl.storage.filesystem import LOCAL
from data_pipeline.etl.storage.objects import FILE_CHANGED, FILE_GONE, MissingError

NAMES = {
    rb"caf\xe9/a_2019-01.csv": b"caf\xe9/a_2019-01.csv",
    rb"de/b\xff_2019-01.csv": b"de/b\xff_2019-01.csv",
    "fr/é_2019-01.csv".encode(): "fr/é_2019-01.csv".encode(),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three files, two of which have a byte in their path that is no UTF-8."""
    for name in NAMES.values():
        path = tmp_path / "in" / os.fsdecode(name)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("id,note\n1,x\n")
        except OSError:
            pytest.skip("this file system takes no such names")
    return tmp_path / "in"


def test_bytes_are_of_the_file_that_was_asked_for(tmp_path):
    """Not of another that has taken its place."""
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")
    etag = LOCAL.fingerprint(str(path))
    assert [LOCAL.read_at(str(path), etag, start, 4) for start in (0, 8, 10)] == [b"0123", b"89", b""]
    path.write_bytes(b"other")
    assert LOCAL.read_at(str(path), "", 0, 4) == b"othe"
    with pytest.raises(MissingError, match=f"^{FILE_CHANGED}$"):
        LOCAL.read_at(str(path), etag, 0, 4)
    path.unlink()
    with pytest.raises(MissingError, match=f"^{FILE_GONE}$"):
        LOCAL.read_at(str(path), etag, 0, 4)


def test_every_file_is_listed_by_a_path_that_is_text(folder):
    """And the others can be opened."""
    paths = [each.path for each in LOCAL.list(str(folder))]
    assert sorted(paths) == sorted(name.decode() for name in NAMES)
    for path in paths:
        if "\\" in path:
            with (
                pytest.raises(FileError, match="its name is not UTF-8"),
                LOCAL.fetched(f"{folder}/{path}", "", folder),
            ):
                pass
        else:
            with LOCAL.fetched(f"{folder}/{path}", "", folder) as found:
                assert found.read_text().startswith("id")


def test_a_run_refuses_such_a_file_alone(folder, tmp_path, capfd):
    """The others are written, and the file is named."""
    columns = (Column("id", "int"), Column("note", "string"))
    orders = Dataset("orders", ("{shop}/{name}_{year}-{month:02}.csv",), Format("csv"), columns)
    (tmp_path / "d.json").write_text(datasets.write(Definitions({"orders": orders}, {})))
    places = [
        "--input",
        str(folder),
        "--output",
        str(tmp_path / "out"),
        "--definitions",
        str(tmp_path / "d.json"),
    ]
    with pytest.raises(
        JobError, match=r"2 of 3 files could not be read, the others are written: caf\\xe9/a_2019-01"
    ) as ended:
        load.main([*places, "--engine", "duckdb"])
    assert str(ended.value).count("its name is not UTF-8") == 2
    assert "orders: 1 rows read, 1 accepted" in "".join(capfd.readouterr())
