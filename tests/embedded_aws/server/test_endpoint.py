"""The variables by which clients find the embedded AWS."""

from __future__ import annotations

import subprocess

import pytest
from click.testing import CliRunner

from data_pipeline.cli.commands import local
from data_pipeline.embedded_aws.server.endpoint import Endpoint


def test_variables_of_clients(embedded: Endpoint) -> None:
    """Those of every SDK, and those that PyIceberg and DuckDB read; the root's secret stands in the SDK's alone."""
    found = embedded.client_environment()
    assert found.items() >= embedded.environment().items()
    assert found["PYICEBERG_CATALOG__DEFAULT__S3__ENDPOINT"] == embedded.url
    assert found["DUCKDB_S3_ENDPOINT"] == f"127.0.0.1:{embedded.port}"
    assert [name for name, value in found.items() if value == embedded.secret_key] == [
        "AWS_SECRET_ACCESS_KEY"
    ]


def test_a_shell_forgets_what_leads_elsewhere(embedded: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `local env` prints, read by a shell with a profile, a token and the endpoint of one service."""
    monkeypatch.setattr(local.lifecycle, "running", lambda _state: embedded)
    other = ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS")
    for name in other:
        monkeypatch.setenv(name, "other")
    printed = CliRunner().invoke(local.env)
    assert printed.exit_code == 0, printed.output
    command = ["sh", "-euc", 'eval "$1"; env', "sh", printed.output]
    found = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert [line for line in found if line.endswith("=other")] == []
    assert f"AWS_ENDPOINT_URL={embedded.url}" in found
