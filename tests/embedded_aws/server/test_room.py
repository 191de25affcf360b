"""A machine without room: said in one line, nothing lost, and it goes on when there is room again."""

from __future__ import annotations

import errno
import json
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clients import client
from waiting import until

from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.identity.signing.request import Refused
from data_pipeline.embedded_aws.server import endpoint as endpoints
from data_pipeline.embedded_aws.server import lifecycle, persistence, room
from data_pipeline.embedded_aws.server.endpoint import Endpoint

ROOT = Path(__file__).resolve().parents[3]
MB = 1 << 20


def disk(free: int, flag: int = 0) -> Any:
    """What statvfs says of a disk."""
    return SimpleNamespace(f_bavail=free // 4096, f_frsize=4096, f_flag=flag)


@pytest.mark.parametrize(
    ("found", "writable", "frees", "said"),
    [
        (disk(room.MARGIN), True, False, None),
        (disk(room.MARGIN - 4096), True, False, "17 MB left, and 17 are kept free"),
        (disk(0), True, False, "has 0 MB left"),
        (disk(0), True, True, None),
        (disk(room.MARGIN, os.ST_RDONLY), True, True, "cannot be written (Read-only file system)"),
        (disk(room.MARGIN), False, True, "cannot be written (Permission denied)"),
    ],
)
def test_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, found: Any, writable: bool, frees: bool, said: str | None
) -> None:
    """Writing needs room and permission, deleting permission alone; the answer is one that no client repeats."""
    monkeypatch.setattr(os, "statvfs", lambda _: found)
    monkeypatch.setattr(os, "access", lambda *_: writable)
    if said is None:
        room.check(tmp_path, frees=frees)
        return
    with pytest.raises(Refused) as refused:
        room.check(tmp_path, frees=frees)
    assert said in str(refused.value)
    assert str(refused.value).count("\n") == 0
    assert refused.value.status == 507


def test_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """The limit of open files is raised as far as it goes; where that is not enough, the shell's command is said."""
    limits = {"now": (64, 4096)}
    monkeypatch.setattr(resource, "getrlimit", lambda _: limits["now"])
    monkeypatch.setattr(resource, "setrlimit", lambda _, limit: limits.update(now=limit))
    room.raise_file_limit()
    assert limits["now"] == (4096, 4096)
    limits["now"] = (64, 100)
    with pytest.raises(LocalError, match=r"lets a process open 100 files; .*\n.*`ulimit -Hn 4096`"):
        room.raise_file_limit()
    busy = room.refusal(OSError(errno.EMFILE, "Too many open files"), Path("state"))
    assert (busy.code, busy.status) == ("SlowDown", 503)


def test_too_many_connections(tmp_path: Path) -> None:
    """With as few open files as are allowed, more connections than that: it goes on as soon as they end."""
    state = tmp_path / "aws"
    command = [
        sys.executable,
        "-m",
        "data_pipeline.embedded_aws.server.main",
        "--port",
        "0",
        "--state",
        str(state),
    ]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(
            ["sh", "-c", f'ulimit -n {room.FEWEST_FILES}; exec "$@"', "sh", *command],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdout=log,
            stderr=log,
        )
    try:
        endpoint = answering(state)
        connections = [socket.create_connection(("127.0.0.1", endpoint.port)) for _ in range(140)]
        until(
            lambda: b"no connection is taken: Too many open files" in (tmp_path / "log").read_bytes(),
            seconds=10,
        )
        for connection in connections:
            connection.close()
        until(lambda: lifecycle.answers(endpoint), seconds=10)
        assert b"Traceback" not in (tmp_path / "log").read_bytes()
    finally:
        process.terminate()
        process.wait()


def test_save_that_fails_leaves_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A state file that cannot be written whole stays as it was, without a draft beside it."""
    monkeypatch.setattr(persistence.files, "STATE_DIR", str(tmp_path))
    persistence.write("glue", '{"a": 1}')
    whole = Path.write_text

    def half(path: Path, text: str, **named: Any) -> int:
        whole(path, text[:5], **named)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", half)
    with pytest.raises(OSError, match="No space left"):
        persistence.write("glue", '{"a": 2}')
    assert json.loads((tmp_path / "glue.json").read_text())["payload"] == {"a": 1}
    assert [path.name for path in tmp_path.glob("*.tmp")] == []


def answering(state: Path) -> Endpoint:
    """The server of a state directory, once it answers."""

    def answers() -> bool:
        found = endpoints.read(state) if state.exists() else None
        return found is not None and lifecycle.answers(found)

    until(answers, seconds=60)
    found = endpoints.read(state)
    assert found is not None
    return found


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Endpoint]:
    """A server whose state is on a disk of 40 MB, which the kernel lets this user mount; skipped where not."""
    state = tmp_path / "aws"
    state.mkdir()
    module = "data_pipeline.embedded_aws.server.main"
    script = f'mount -t tmpfs -o size=40m none "$1" && exec "$2" -m {module} --port 0 --state "$1"'
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-rm", "true"], check=False).returncode:
        pytest.skip("this kernel does not let a user mount")
    process = subprocess.Popen(
        ["unshare", "-rm", "sh", "-c", script, "sh", str(state), sys.executable],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    seen = Path(f"/proc/{process.pid}/root{state}")
    try:
        yield replace(answering(seen), state=seen)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def filled(s3: Any, prefix: str, size: int) -> int:
    """How many objects of this size were taken until one was refused, for want of room."""
    for number in range(100):
        try:
            s3.put_object(Bucket="bucket", Key=f"{prefix}/{number}", Body=bytes([number]) * size)
        except ClientError as error:
            said = error.response["Error"]
            assert said["Code"] == "InsufficientStorage"
            assert said["Message"].endswith("nothing was changed. Delete something, then try again.")
            return number
    raise AssertionError("the disk is larger than it should be")


def test_full_disk(small: Endpoint) -> None:
    """Objects in one piece and in parts, and tables: each is refused in one line; what was taken is there; after a
    deletion it goes on.
    """
    s3, glue = client(small, "s3"), client(small, "glue")
    s3.create_bucket(Bucket="bucket")
    s3.put_object(Bucket="bucket", Key="k", Body=b"old")
    taken = filled(s3, "large", 3 * MB)
    assert 4 < taken < 12
    assert 0 < filled(s3, "small", MB // 4) < 13
    for body in (b"new", b"new" * 20 * MB):
        with pytest.raises(ClientError, match="InsufficientStorage"):
            s3.put_object(Bucket="bucket", Key="k", Body=body)
    with pytest.raises(ClientError, match="InsufficientStorage"):
        glue.create_database(DatabaseInput={"Name": "d"})
    assert glue.get_databases()["DatabaseList"] == []
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"old"
    for number in range(taken):
        found = s3.get_object(Bucket="bucket", Key=f"large/{number}")["Body"].read()
        assert found == bytes([number]) * (3 * MB)
    assert list((small.state / "spool").iterdir()) == []
    s3.delete_objects(
        Bucket="bucket", Delete={"Objects": [{"Key": f"large/{number}"} for number in (0, 1, 2)]}
    )
    s3.put_object(Bucket="bucket", Key="k", Body=b"new")
    glue.create_database(DatabaseInput={"Name": "d"})
    assert [one["Name"] for one in glue.get_databases()["DatabaseList"]] == ["d"]


def test_parts_survive_a_completion_without_room(small: Endpoint) -> None:
    """A completion for which there is no room leaves the parts; with room, it goes on."""
    s3 = client(small, "s3")
    s3.create_bucket(Bucket="bucket")
    upload = s3.create_multipart_upload(Bucket="bucket", Key="k")["UploadId"]
    parts = [
        {
            "PartNumber": number,
            "ETag": s3.upload_part(
                Bucket="bucket", Key="k", UploadId=upload, PartNumber=number, Body=bytes([number]) * (6 * MB)
            )["ETag"],
        }
        for number in (1, 2, 3)
    ]
    filler = small.state / "filler"
    filler.write_bytes(bytes(15 * MB))
    done = {"Bucket": "bucket", "Key": "k", "UploadId": upload, "MultipartUpload": {"Parts": parts}}
    with pytest.raises(ClientError, match="InsufficientStorage"):
        s3.complete_multipart_upload(**done)
    assert len(s3.list_parts(Bucket="bucket", Key="k", UploadId=upload)["Parts"]) == 3
    filler.unlink()
    s3.complete_multipart_upload(**done)
    assert s3.get_object(Bucket="bucket", Key="k")["Body"].read() == b"".join(
        bytes([n]) * (6 * MB) for n in (1, 2, 3)
    )
