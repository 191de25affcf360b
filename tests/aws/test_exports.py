"""Reading the published table: its bytes, or that there is none."""

from __future__ import annotations

import io

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.response import StreamingBody
from botocore.stub import Stubber

from data_pipeline.aws.exports import read_export

URI = "s3://data/output/export/X.parquet"
REQUEST = {"Bucket": "data", "Key": "output/export/X.parquet"}


@pytest.fixture
def stubbed() -> tuple[object, Stubber]:
    """A real S3 client that answers what it is told to."""
    client = boto3.client("s3", region_name="eu-west-1", aws_access_key_id="a", aws_secret_access_key="b")
    return client, Stubber(client)


def test_the_object_is_read_whole(stubbed: tuple[object, Stubber]) -> None:
    """Bucket and key come from the URI; the bytes are returned as they are."""
    client, stub = stubbed
    stub.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"PAR1"), 4)}, REQUEST)
    with stub:
        assert read_export(client, URI) == b"PAR1"


def test_nothing_published_is_none(stubbed: tuple[object, Stubber]) -> None:
    """A missing object is no error: the pipeline may not have run yet."""
    client, stub = stubbed
    stub.add_client_error("get_object", "NoSuchKey", http_status_code=404, expected_params=REQUEST)
    with stub:
        assert read_export(client, URI) is None


def test_any_other_error_is_not_hidden(stubbed: tuple[object, Stubber]) -> None:
    """A refusal is passed on to whoever explains it."""
    client, stub = stubbed
    stub.add_client_error("get_object", "AccessDenied", http_status_code=403, expected_params=REQUEST)
    with stub, pytest.raises(ClientError, match="AccessDenied"):
        read_export(client, URI)
