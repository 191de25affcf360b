"""Objects on disk: whole after a kill at any point of a write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from clients import client

from data_pipeline.embedded_aws.objectstore import disk
from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint

SIDECAR, DRAFT = disk.SIDECAR, disk.DRAFT


class Killed(BaseException):
    """The process ends here."""


def meta(data: bytes) -> dict[str, object]:
    """A sidecar that describes a body."""
    return {"size": len(data), "etag": data.decode()}


@pytest.mark.parametrize("steps", range(5))
def test_kill_at_any_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int) -> None:
    """Whatever step a write came to, body and sidecar afterwards are both the old ones or both the new
    ones.
    """
    body = tmp_path / "bucket" / "key"
    body.parent.mkdir()
    disk.put(body, b"old", meta(b"old"))
    done = 0

    def step() -> None:
        nonlocal done
        if done == steps:
            raise Killed
        done += 1

    write, replace = disk._write, Path.replace

    def write_or_die(path: Path, data: bytes) -> None:
        step()
        write(path, data)

    def replace_or_die(path: Path, target: Path) -> Path:
        step()
        return replace(path, target)

    with monkeypatch.context() as patch:
        patch.setattr(disk, "_write", write_or_die)
        patch.setattr(Path, "replace", replace_or_die)
        if steps < 4:
            with pytest.raises(Killed):
                disk.put(body, b"newer", meta(b"newer"))
        else:
            disk.put(body, b"newer", meta(b"newer"))
    disk.repair(tmp_path)
    data = body.read_bytes()
    assert data == (b"old" if steps < 3 else b"newer")
    assert json.loads(body.with_name("key" + SIDECAR).read_text())["etag"] == data.decode()
    assert sorted(path.name for path in body.parent.iterdir()) == ["key", "key" + SIDECAR]


def test_half_written_draft_is_dropped(tmp_path: Path) -> None:
    """A draft that is no JSON yet, or has no body, is nothing."""
    (tmp_path / ("a" + SIDECAR + DRAFT)).write_text('{"size": 1')
    (tmp_path / ("b" + SIDECAR + DRAFT)).write_text(json.dumps(meta(b"x")))
    disk.repair(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_server_repairs_at_its_start(tmp_path: Path) -> None:
    """A new body whose sidecar a kill left as a draft is served with its own size and ETag."""
    state = tmp_path / "aws"
    endpoint: Endpoint = lifecycle.ensure_up(state, 0)
    try:
        s3 = client(endpoint, "s3")
        s3.create_bucket(Bucket="bucket")
        for key in ("k.tmp", "k.meta.json", "plain/k"):
            s3.put_object(Bucket="bucket", Key=key, Body=b"old")
        lifecycle.down(state)
        body = next(path for path in (state / "s3").rglob("plain/k"))
        sidecar = body.with_name("k" + SIDECAR)
        body.write_bytes(b"newer")
        described = {**json.loads(sidecar.read_text()), "size": 5, "etag": '"new"', "checksums": {}}
        described["inode"] = body.stat().st_ino
        body.with_name("k" + SIDECAR + DRAFT).write_text(json.dumps(described))
        after = client(lifecycle.ensure_up(state, 0), "s3")
        found = after.get_object(Bucket="bucket", Key="plain/k")
        assert (found["Body"].read(), found["ETag"], found["ContentLength"]) == (b"newer", '"new"', 5)
        for key in ("k.tmp", "k.meta.json"):
            assert after.get_object(Bucket="bucket", Key=key)["Body"].read() == b"old"
    finally:
        lifecycle.down(state)
