"""What the tests of the mirror share: a source, and a bucket that keeps versions."""

import sys
import uuid
from pathlib import Path

import pytest
from clients import client, settings

sys.path.insert(0, str(Path(__file__).parent))

from mirrored import Mirror
from source_server import SourceServer


@pytest.fixture(scope="session")
def s3(embedded):
    """A client, made once: to make one takes longer than most tests here."""
    return client(embedded, "s3")


@pytest.fixture
def mirror(embedded, s3, monkeypatch) -> Mirror:
    """A fresh bucket that keeps versions; AWS's settings are in the environment."""
    name = f"data-{uuid.uuid4().hex[:12]}"
    for key, value in settings(embedded).items():
        monkeypatch.setenv(key, value)
    from data_pipeline.etl.storage import filesystem

    filesystem._s3.cache_clear()  # clients of an earlier test's settings
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    return Mirror(s3, name)


@pytest.fixture
def source():
    """A source without faults."""
    with SourceServer() as server:
        yield server
