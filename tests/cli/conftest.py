"""The command line against an embedded AWS, in this process."""

from __future__ import annotations

import pytest
from cli.deployed import Deployed

from data_pipeline.local.endpoint import Endpoint


@pytest.fixture
def deployed(embedded: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The environment `local`, its stack still to be deployed, on the session's embedded AWS."""
    monkeypatch.setenv("DATA_PIPELINE_LOCAL_STATE", str(embedded.state))
    made = Deployed(embedded)
    made.delete()
    return made
