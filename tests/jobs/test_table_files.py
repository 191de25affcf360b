"""The files of tables: whose credentials they are read with, and where."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import boto3
import pytest
from pyarrow.fs import S3FileSystem

from data_pipeline.etl.publishing import table_files, tables

#: a process that gives boto3 other credentials each time, which end so soon that boto3 asks again at once.
PROCESS = """\
import datetime, json, pathlib, sys
count = pathlib.Path(sys.argv[1])
number = int(count.read_text() or 0) + 1 if count.exists() else 1
count.write_text(str(number))
soon = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(minutes=5)
keys = {"AccessKeyId": f"AKIA{number}", "SecretAccessKey": "example", "SessionToken": f"token{number}"}
print(json.dumps({"Version": 1, "Expiration": soon.isoformat(), **keys}))
"""


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Nothing of AWS is configured but a region; boto3 has no session yet."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    return config


def made_with(system: S3FileSystem) -> dict[str, Any]:
    """What a file system was made with, as it says when it is copied to another process."""
    _, (arguments,) = system.__reduce__()
    found: dict[str, Any] = dict(arguments)
    return found


def test_credentials_are_those_that_boto3_has_at_the_time(alone: Path, tmp_path: Path) -> None:
    """From wherever boto3 has them; when it renews them, the next file is read with the new ones."""
    script = tmp_path / "keys.py"
    script.write_text(PROCESS)
    alone.write_text(f"[default]\ncredential_process = {sys.executable} {script} {tmp_path / 'count'}\n")
    files = table_files.FileIO({"s3.region": "eu-west-1"})
    first, later = (made_with(files.fs_by_scheme("s3", "bucket")) for _ in range(2))
    assert first["access_key"].startswith("AKIA")
    assert first["session_token"] == first["access_key"].replace("AKIA", "token")
    assert int(later["access_key"].removeprefix("AKIA")) > int(first["access_key"].removeprefix("AKIA"))


def test_a_file_system_is_kept_while_its_credentials_are(
    alone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds connections, which many small files share."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    files = table_files.FileIO({"s3.region": "eu-west-1"})
    assert files.fs_by_scheme("s3", "bucket") is files.fs_by_scheme("s3", "bucket")
    assert made_with(files.fs_by_scheme("s3", "bucket"))["access_key"] == "AKIAX"


def test_no_endpoint_is_named_where_none_is_set(alone: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So PyArrow speaks to S3 by the bucket's own name; on an endpoint that is set, by the path."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAX")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "example")
    io = tables.connect("glue:db", "s3://bucket/out").catalog._load_file_io(location="s3://bucket/out")
    assert isinstance(io, table_files.FileIO)
    made = made_with(io.fs_by_scheme("s3", "bucket"))
    assert not made["endpoint_override"]
    assert (made["region"], made["access_key"]) == ("eu-west-1", "AKIAX")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    io = tables.connect("glue:db", "s3://bucket/out").catalog._load_file_io(location="s3://bucket/out")
    assert made_with(io.fs_by_scheme("s3", "bucket"))["endpoint_override"] == "http://127.0.0.1:9"
