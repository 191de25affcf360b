"""The first thing that every command which talks to AWS does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from clients import client
from system.project import ROOT

from data_pipeline.cli.connect import open_environment
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.project.local_state import local_port


@pytest.fixture
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A state directory in which no embedded AWS runs yet; it is stopped at the end."""
    state = tmp_path / "aws"
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_STATE", str(state))
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_PORT", "0")
    yield state
    lifecycle.down(state)


def test_the_embedded_aws_is_started_once_and_said_to_be(
    own_state: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The first line is the environment's; the second says that a server was started and how to stop it."""
    environment, connection = open_environment("local", ROOT)
    first = capsys.readouterr()
    where = f"environment local · account 000000000000 · {environment.region} · {connection.endpoint}"
    assert len(where) <= 80
    assert first.err.splitlines() == [
        where,
        "started the embedded AWS; stop it with: python -m data_pipeline local down",
    ]
    assert first.out == ""
    again = open_environment("local", ROOT)[1]
    assert capsys.readouterr().err.splitlines() == [where]
    assert again.endpoint == connection.endpoint


def test_a_file_of_credentials_replaces_root(
    embedded: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The connection is the IAM user's whose key the file holds."""
    iam = client(embedded, "iam")
    iam.create_user(UserName="somebody")
    key = iam.create_access_key(UserName="somebody")["AccessKey"]
    path = tmp_path / "key.json"
    path.write_text(json.dumps({"access_key": key["AccessKeyId"], "secret_key": key["SecretAccessKey"]}))
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_STATE", str(embedded.state))
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_CREDENTIALS", str(path))
    assert open_environment("local", ROOT)[1].identity == "arn:aws:iam::000000000000:user/somebody"


@pytest.mark.parametrize("text", [None, "", "{}", "[]", '{"access_key": "a"}'])
def test_a_file_of_credentials_that_cannot_be_read_is_an_error(
    embedded: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str | None
) -> None:
    """Missing, empty or something else: what was expected, and how to do without."""
    path = tmp_path / "key.json"
    if text is not None:
        path.write_text(text)
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_STATE", str(embedded.state))
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_CREDENTIALS", str(path))
    with pytest.raises(UserError, match=r'Expected a JSON file \{"access_key".*unset the variable'):
        open_environment("local", ROOT)


@pytest.mark.parametrize(("text", "port"), [("", None), ("0", 0), ("4577", 4577)])
def test_the_port_is_the_variable_s(monkeypatch: pytest.MonkeyPatch, text: str, port: int | None) -> None:
    """Empty is the default port."""
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_PORT", text)
    assert local_port() == port


@pytest.mark.parametrize("text", ["http", "-1", "65536", "4566.0"])
def test_a_port_that_is_none_is_an_error(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """With what was expected."""
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_PORT", text)
    with pytest.raises(UserError, match=f"DATA_PIPELINE_LOCAL_PORT={text}: expected a port number"):
        local_port()


def test_an_environment_on_aws_starts_nothing(own_state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without credentials it says so, and no embedded AWS was made."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UserError, match="no AWS credentials found"):
        open_environment("dev", ROOT)
    assert not own_state.exists()
