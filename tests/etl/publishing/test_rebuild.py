"""What a rebuild keeps of units that it has read, on S3."""

from dataclasses import replace

import pytest

from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing.rebuild import Rebuild, version
from data_pipeline.etl.storage.filesystem import files

FILE = PlannedFile("s3://b/in/a.csv", "a.csv", "e1", 7, "2024-01", {})
UNIT = Unit("0123456789abcdef", "orders", (FILE,), "again")
TIME = "2024-02-01T00:00:00Z"


def test_only_the_same_versions_are_the_same():
    """Another ETag, size, unit, list of files or time of availability is another version."""
    others = [
        version(replace(UNIT, files=(replace(FILE, etag="e2"),)), [TIME]),
        version(replace(UNIT, files=(replace(FILE, size=8),)), [TIME]),
        version(replace(UNIT, key="f" * 16), [TIME]),
        version(replace(UNIT, files=()), []),
        version(UNIT, ["2024-02-02T00:00:00Z"]),
    ]
    assert len({version(UNIT, [TIME]), *others}) == 6
    assert version(UNIT, [TIME]) == version(replace(UNIT, because="new"), [TIME])


def test_a_piece_that_was_read_comes_back(output, tmp_path):
    """With its files in their folders; by another definition nothing is kept; finishing leaves nothing."""
    rebuild = Rebuild(output, "orders", "d1")
    assert rebuild.kept() == []
    (tmp_path / "one").write_bytes(b"rows")
    (tmp_path / "two").write_bytes(b"refused")
    made = {"rows/r.parquet": tmp_path / "one", "quarantine/a/b.csv.parquet": tmp_path / "two"}
    rebuild.keep({"v1": [{"rows": [3, 2, 1]}]}, made)
    (piece,) = rebuild.kept()
    assert piece.units == {"v1": [{"rows": [3, 2, 1]}]}
    assert Rebuild(output, "orders", "d2").kept() == []
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    rebuild.fetch(piece, fetched)
    found = {
        path.relative_to(fetched).as_posix(): path.read_bytes()
        for path in fetched.rglob("*")
        if path.is_file()
    }
    assert found == {"rows/r.parquet": b"rows", "quarantine/a/b.csv.parquet": b"refused"}
    Rebuild(output, "orders", "d2").finish()
    assert list(files(output).list(f"{output}/state")) == []
    with pytest.raises(JobError, match="this part of a rebuild is no longer there; run again"):
        rebuild.fetch(piece, tmp_path / "fetched")


def test_a_piece_without_one_of_its_files_is_none(output, tmp_path):
    """Its older files expire first."""
    rebuild = Rebuild(output, "orders", "d1")
    (tmp_path / "one").write_bytes(b"rows")
    rebuild.keep({"v1": []}, {"rows/r.parquet": tmp_path / "one"})
    (rows,) = [each for each in files(output).list(rebuild.folder) if each.path.endswith(".parquet")]
    files(rows.uri).delete(rows.uri)
    assert rebuild.kept() == []


def test_a_piece_is_kept_once_it_is_whole(output, tmp_path, monkeypatch):
    """A run that was killed in between has left files, and no piece."""
    rebuild = Rebuild(output, "orders", "d1")
    (tmp_path / "rows.parquet").write_bytes(b"rows")

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("data_pipeline.etl.storage.s3.S3Files.write", killed)
    with pytest.raises(KeyboardInterrupt):
        rebuild.keep({"v1": []}, {"rows.parquet": tmp_path / "rows.parquet"})
    assert len(list(files(output).list(rebuild.folder))) == 1
    assert rebuild.kept() == []
