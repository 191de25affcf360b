"""A bucket and a database of the embedded AWS, for tests that publish."""

import uuid

import pytest
from clients import client, settings

from data_pipeline.etl.publishing import tables
from data_pipeline.etl.storage import filesystem


@pytest.fixture
def output(embedded, monkeypatch) -> str:
    """An empty place on S3; its bucket is named as its Glue database is; AWS's settings are in the environment."""
    name = f"data{uuid.uuid4().hex[:12]}"
    client(embedded, "s3").create_bucket(Bucket=name)
    client(embedded, "glue").create_database(DatabaseInput={"Name": name})
    for variable, value in settings(embedded).items():
        monkeypatch.setenv(variable, value)
    filesystem._s3.cache_clear()  # clients of an earlier test's settings
    return f"s3://{name}/out"


@pytest.fixture
def at(output) -> tables.Tables:
    """The tables of that database."""
    return tables.connect(f"glue:{output.split('/')[2]}", f"{output}/warehouse")
