"""The command line against an embedded AWS, in this process."""

from __future__ import annotations

import pytest
from cli.deployed import DATABASE, Deployed, publish, publishing

from data_pipeline.embedded_aws.server.endpoint import Endpoint


@pytest.fixture
def deployed(embedded: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The environment `local`, its stack still to be deployed, on the session's embedded AWS."""
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_STATE", str(embedded.state))
    made = Deployed(embedded)
    made.delete()
    return made


@pytest.fixture
def published(deployed: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The stack, with ride_counts published by the run `first`."""
    deployed.deploy(publishing())
    at = deployed.endpoint
    for name, value in {
        "ENDPOINT_URL": at.url,
        "ACCESS_KEY_ID": at.access_key,
        "DEFAULT_REGION": at.region,
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", at.secret_key)
    deployed.client("glue").create_database(DatabaseInput={"Name": DATABASE})
    publish("first", 1)
    return deployed
