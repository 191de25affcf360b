"""What a rebuild keeps of units that it has read, on S3."""

from dataclasses import replace

import pytest

from data_pipeline.etl.documents.load_plan import PlannedFile, Unit
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.publishing.rebuild import Rebuild, version
from data_pipeline.etl.storage.filesystem import files

FILE = PlannedFile("s3://b/in/a.csv", "a.csv", "e1", 7, "2024-01", {})
UNIT = Unit("0123456789abcdef", "orders", (FILE,), "again")


def test_a_unit_that_was_read_comes_back_and_only_that_version(output, tmp_path):
    """With its files in their folders; another ETag, unit or definition is not kept; finishing leaves nothing."""
    rebuild = Rebuild(output, "orders", "d1")
    assert rebuild.kept() == frozenset()
    made = tmp_path / "made"
    (made / "quarantine").mkdir(parents=True)
    (made / "rows.parquet").write_bytes(b"rows")
    (made / "quarantine" / "a.csv.parquet").write_bytes(b"refused")
    rebuild.keep(UNIT, made, {"read": 3})
    assert rebuild.kept() == {version(UNIT)}
    others = [
        replace(UNIT, files=(replace(FILE, etag="e2"),)),
        replace(UNIT, key="f" * 16),
        replace(UNIT, files=()),
    ]
    assert len({version(UNIT), *map(version, others)}) == 4
    assert Rebuild(output, "orders", "d2").kept() == frozenset()
    fetched = tmp_path / "fetched"
    fetched.mkdir()
    assert rebuild.fetch(UNIT, fetched) == {"read": 3}
    found = {
        path.relative_to(fetched).as_posix(): path.read_bytes()
        for path in fetched.rglob("*")
        if path.is_file()
    }
    assert found == {"rows.parquet": b"rows", "quarantine/a.csv.parquet": b"refused"}
    with pytest.raises(JobError, match="this part of a rebuild is no longer there; run again"):
        rebuild.fetch(others[0], fetched)
    Rebuild(output, "orders", "d2").finish()
    assert list(files(output).list(f"{output}/state")) == []


def test_a_unit_is_kept_once_it_is_whole(output, tmp_path, monkeypatch):
    """A run that was killed in between has left files, and no unit."""
    rebuild = Rebuild(output, "orders", "d1")
    (tmp_path / "rows.parquet").write_bytes(b"rows")

    def killed(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr("data_pipeline.etl.storage.s3.S3Files.write", killed)
    with pytest.raises(KeyboardInterrupt):
        rebuild.keep(UNIT, tmp_path, {})
    assert len(list(files(output).list(rebuild.folder))) == 1
    assert rebuild.kept() == frozenset()
