"""A damaged state: the start stops, nothing is overwritten, and what can be restored is."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from clients import client

from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.server import lifecycle, recovery

GOOD = json.dumps({recovery.FORMAT: 2, "payload": {"a": 1}})


@pytest.fixture
def state(tmp_path: Path) -> Iterator[Path]:
    """A state directory, whose server is gone afterwards."""
    directory = tmp_path / "aws"
    (directory / "services" / recovery.PREVIOUS).mkdir(parents=True)
    yield directory
    lifecycle.down(directory)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it is empty"),
        (GOOD[:-3], "Expecting"),
        ("[]", "it holds a list"),
        (json.dumps({recovery.FORMAT: 99, "payload": {}}), "its format 99 is that of a newer version"),
        ("\udcff", "utf-8"),
    ],
)
def test_damage_is_named_and_kept(state: Path, text: str, reason: str) -> None:
    """Each kind of damage stops the start; the copy before the last save takes its place when that is asked for."""
    path, previous = state / "services" / "glue.json", state / "services" / recovery.PREVIOUS / "glue.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(LocalError) as refused:
        recovery.check(state)
    assert f"{path}: is damaged" in str(refused.value)
    assert reason in str(refused.value)
    assert "starts with nothing of glue" in str(refused.value)
    previous.write_text(GOOD)
    with pytest.raises(LocalError, match="starts with the copy of the save before it, of 20"):
        recovery.check(state)
    (line,) = recovery.restore(state)
    assert line.startswith(f"{path} was damaged and is kept as {state}/damaged/")
    (aside,) = (state / "damaged").rglob("glue.json")
    assert aside.read_bytes() == text.encode("utf-8", "surrogateescape")
    assert path.read_text() == GOOD
    recovery.check(state)


@pytest.mark.parametrize("how", ["cut", "changed", "empty", "folder"])
def test_damaged_records_are_named_and_kept(state: Path, how: str) -> None:
    """The database of the online stores: it is whole, or is named and kept aside with what SQLite wrote beside it."""
    path = state / "services" / recovery.DATABASE
    with closing(sqlite3.connect(path)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE online (record TEXT)")
        file.executemany("INSERT INTO online VALUES (?)", [("r" * 100,)] * 200)
        file.commit()
    content = path.read_bytes()
    recovery.check(state)
    assert path.read_bytes() == content
    if how == "folder":
        path.unlink()
        path.mkdir()
    else:
        half = len(content) // 2
        damaged = {"cut": content[:half], "changed": content[:half] + b"?" * 2048 + content[half + 2048 :]}
        path.write_bytes(damaged.get(how, b""))
    path.with_name(f"{path.name}-wal").write_bytes(b"")
    with pytest.raises(LocalError, match=f"{recovery.DATABASE}: is damaged"):
        recovery.check(state)
    (line,) = recovery.restore(state)
    assert "restored: no record of the online stores" in line
    kept = {one.name for one in (state / "damaged").glob("*/services/*")}
    assert kept >= {recovery.DATABASE, f"{recovery.DATABASE}-wal"}
    assert not list((state / "services").glob(f"{recovery.DATABASE}*"))
    recovery.check(state)


def test_records_of_a_server_that_was_killed(state: Path, tmp_path: Path) -> None:
    """What it wrote is beside the database, not yet in it: it is whole, and is all there after the look."""
    path, running = state / "services" / recovery.DATABASE, tmp_path / "running"
    with closing(sqlite3.connect(running)) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("CREATE TABLE online (record TEXT)")
        file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file.execute("INSERT INTO online VALUES ('r')")
        file.commit()
        for end in ("", "-wal"):  # while it is open, as a kill leaves them
            shutil.copy(f"{running}{end}", f"{path}{end}")
    content = path.read_bytes()
    recovery.check(state)
    assert path.read_bytes() == content
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT * FROM online").fetchall() == [("r",)]


def test_a_folder_in_the_place_of_a_file(state: Path) -> None:
    """It is named and kept aside, too."""
    (state / "endpoint.json").mkdir()
    (state / "services" / "glue.json").mkdir()
    with pytest.raises(LocalError, match="it is a folder"):
        recovery.check(state)
    assert len(recovery.restore(state)) == 2
    recovery.check(state)


def test_nothing_is_damaged_in_nothing(tmp_path: Path) -> None:
    """A folder that holds no state yet is whole."""
    recovery.check(tmp_path)


def test_damaged_endpoint_is_in_nobody_s_way(state: Path) -> None:
    """With a damaged endpoint.json, the state can be looked at, restored and deleted."""
    path = state / "endpoint.json"
    path.write_text("{")
    assert lifecycle.status(state).running is False
    (line,) = lifecycle.restore(state)
    assert line.endswith("restored: a new credential and port")
    assert lifecycle.restore(state) == []
    path.write_text("{")
    assert lifecycle.reset(state) is True


def test_start_and_restore(state: Path) -> None:
    """The server does not start on a damaged table store; with what there is, it has all but the last change."""
    glue = client(lifecycle.ensure_up(state, 0), "glue")
    for name in ("one", "two"):
        glue.create_database(DatabaseInput={"Name": name})
    s3 = client(lifecycle.ensure_up(state), "s3")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"bytes")
    lifecycle.down(state)
    path, (sidecar,) = state / "services" / "glue.json", list((state / "s3").rglob("*.meta.json"))
    half = path.read_text()[:-20]
    path.write_text(half)
    sidecar.write_text("{")
    with pytest.raises(LocalError, match=r"is damaged .*, and 1 other files; nothing was started"):
        lifecycle.ensure_up(state)
    assert path.read_text() == half
    assert len(lifecycle.restore(state)) == 2
    endpoint = lifecycle.ensure_up(state)
    found = [one["Name"] for one in client(endpoint, "glue").get_databases()["DatabaseList"]]
    assert found in (["one"], ["one", "two"])
    assert client(endpoint, "s3").get_object(Bucket="bucket", Key="k")["Body"].read() == b"bytes"
