"""Whose credentials, which region and which endpoint a connection has."""

from __future__ import annotations

import inspect
from pathlib import Path

import pytest
from deploy.conftest import environment

from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint

HOSTILE = {
    "AWS_PROFILE": "nobody",
    "AWS_ENDPOINT_URL": "http://192.0.2.1",
    "AWS_ENDPOINT_URL_STS": "http://192.0.2.1",
    "AWS_REGION": "eu-north-1",
    "AWS_DEFAULT_REGION": "eu-north-1",
    "AWS_ACCESS_KEY_ID": "AKIAOTHER",
    "AWS_SECRET_ACCESS_KEY": "other",
    "AWS_SESSION_TOKEN": "other",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_CA_BUNDLE": "/nonexistent",
    "AWS_RETRY_MODE": "nonsense",
    "AWS_MAX_ATTEMPTS": "none",
    "AWS_DEFAULTS_MODE": "nonsense",
    "AWS_DATA_PATH": "/nonexistent",
    "HTTP_PROXY": "http://192.0.2.1:9",
    "http_proxy": "http://192.0.2.1:9",
}


def test_the_embedded_aws_is_closed_off_from_the_machine_s_settings(
    embedded: Endpoint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Profiles, variables, configuration files and proxies of every kind: none reaches the clients."""
    config = tmp_path / "config"
    config.write_text("[default]\nendpoint_url = http://192.0.2.1\nregion = eu-north-1\ns3 =\n  bad\n")
    for name, value in {**HOSTILE, "AWS_CONFIG_FILE": str(config), "NO_PROXY": "", "no_proxy": ""}.items():
        monkeypatch.setenv(name, value)
    credentials = EmbeddedCredentials(embedded.url, embedded.access_key, embedded.secret_key)
    made = connect(environment(region="eu-west-1"), credentials)
    assert made.account == embedded.account
    assert made.identity == f"arn:aws:iam::{embedded.account}:root"
    client = made.client("s3")
    assert (client.meta.endpoint_url, client.meta.region_name) == (embedded.url, "eu-west-1")
    assert client.list_buckets()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert made.client("s3") is client


@pytest.mark.parametrize(
    ("variables", "named"),
    [
        ({"AWS_ENDPOINT_URL": "http://localhost:4566"}, "AWS_ENDPOINT_URL"),
        (
            {"AWS_ENDPOINT_URL_S3": "http://x", "AWS_ENDPOINT_URL": "http://y"},
            "AWS_ENDPOINT_URL AWS_ENDPOINT_URL_S3",
        ),
    ],
)
def test_on_aws_no_variable_may_name_an_endpoint(variables: dict[str, str], named: str) -> None:
    """The message holds the unset that mends it."""
    with pytest.raises(UserError, match=f"Run: unset {named}$"):
        connect(environment(endpoint="aws"), None, variables)


def test_an_empty_variable_is_none() -> None:
    """AWS_ENDPOINT_URL= is how a shell switches it off for one command."""
    made = connect(environment(endpoint="aws", region="eu-west-3"), None, {"AWS_ENDPOINT_URL": ""})
    assert made.client("s3").meta.endpoint_url == "https://s3.eu-west-3.amazonaws.com"


@pytest.mark.parametrize(
    "text",
    [
        "[profile lab]\nendpoint_url = http://lab\n",
        "[profile lab]\nservices = lab\n[services lab]\ns3 =\n  endpoint_url = http://lab\n",
    ],
)
def test_on_aws_no_profile_may_name_an_endpoint(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither for all services nor for one."""
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_PROFILE", "lab")
    with pytest.raises(UserError, match="profile 'lab' says endpoint_url = http://lab"):
        connect(environment(endpoint="aws"), None, {})


def test_on_aws_the_region_is_the_configuration_s(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the machine's default is."""
    monkeypatch.setenv("AWS_REGION", "eu-north-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-north-1")
    made = connect(environment(endpoint="aws", region="ap-southeast-2"), None, {})
    assert made.client("cloudformation").meta.region_name == "ap-southeast-2"
    assert (
        made.client("cloudformation").meta.endpoint_url
        == "https://cloudformation.ap-southeast-2.amazonaws.com"
    )


def test_another_account_is_refused(connection: Connection) -> None:
    """The environment's file names an account; these credentials are of another."""
    wrong = connect(
        environment(account="999999999999"),
        EmbeddedCredentials(str(connection.endpoint), *_keys(connection)),
    )
    with pytest.raises(
        UserError, match=r"config/test.yaml says account 999999999999, but .* account 000000000000"
    ):
        _ = wrong.account
    right = connect(
        environment(account="000000000000"),
        EmbeddedCredentials(str(connection.endpoint), *_keys(connection)),
    )
    assert right.account == "000000000000"


def test_no_credentials_are_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' environment has none."""
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    with pytest.raises(UserError, match=r"no AWS credentials found\. Sign in"), explained():
        _ = connect(environment(endpoint="aws"), None, {}).account


def test_secrets_are_not_in_what_is_printed(connection: Connection) -> None:
    """A traceback with local variables shows no secret key."""
    secret = _keys(connection)[1]
    assert secret not in repr(connection)
    assert secret not in repr(EmbeddedCredentials("http://x", "key", secret))


def test_every_client_of_the_product_is_one_that_connections_offer() -> None:
    """The overloads of ``client`` name services that boto3 has."""
    import boto3

    from data_pipeline.aws import session

    services = {
        line.split('"')[1]
        for line in inspect.getsource(session).splitlines()
        if "Literal[" in line and '"' in line
    }
    assert services <= set(boto3.session.Session().get_available_services())
    assert {"cloudformation", "s3", "stepfunctions", "logs", "sts"} <= services


def _keys(connection: Connection) -> tuple[str, str]:
    credentials = connection.session.get_credentials()
    assert credentials is not None
    return credentials.access_key, credentials.secret_key
