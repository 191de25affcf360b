"""The artifact bucket: found, made, refused."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.stub import ANY, Stubber
from clients import client

from data_pipeline.aws import s3
from data_pipeline.aws.session import Connection
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint


@pytest.fixture
def bucket() -> str:
    """A name that no other test has."""
    return f"artifacts-{uuid.uuid4().hex[:12]}"


@pytest.fixture
def stub(connection: Connection) -> Iterator[Stubber]:
    """S3 as AWS answers and the emulator does not."""
    with Stubber(connection.client("s3")) as stub:
        yield stub
        stub.assert_no_pending_responses()


def test_a_bucket_is_made_private_versioned_encrypted_and_tls_only(
    connection: Connection, bucket: str, embedded: Endpoint
) -> None:
    """Each setting is read back from the embedded AWS, as root; the deployer needs no right to read them."""
    assert s3.find_bucket(connection, bucket) is False
    s3.create_bucket(connection, bucket)
    assert s3.find_bucket(connection, bucket) is True
    root = client(embedded, "s3")
    block = root.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert block == dict.fromkeys(
        ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True
    )
    rules = root.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rules[0]["ApplyServerSideEncryptionByDefault"]["SSEAlgorithm"] == "AES256"
    assert root.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    policy = json.loads(root.get_bucket_policy(Bucket=bucket)["Policy"])
    assert policy["Statement"][0]["Effect"] == "Deny"
    assert policy["Statement"][0]["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_objects_are_listed_by_key_and_size(connection: Connection, bucket: str, embedded: Endpoint) -> None:
    """What was put is found under its prefix and nowhere else, more than one page of it too."""
    client(embedded, "s3").create_bucket(Bucket=bucket)
    for number in range(3):
        s3.put(connection, bucket, f"nyc-tlc/code/a/{number}", b"x" * number)
    s3.put(connection, bucket, "nyc-tlc/code/b/0", b"other")
    found = s3.existing_sizes(connection, bucket, "nyc-tlc/code/a/")
    assert found == {f"nyc-tlc/code/a/{number}": number for number in range(3)}


@pytest.mark.parametrize(
    ("code", "status", "headers", "words"),
    [
        ("403", 403, {}, "is not in account 000000000000, or these credentials lack s3:ListBucket"),
        ("301", 301, {"x-amz-bucket-region": "eu-west-1"}, "is in region eu-west-1, but environment 'test'"),
        ("400", 400, {}, "is in region another one"),
    ],
)
def test_a_bucket_that_cannot_be_used_is_refused(
    connection: Connection, stub: Stubber, code: str, status: int, headers: dict[str, str], words: str
) -> None:
    """Somebody else's, or another region's: each says what to name instead."""
    stub.add_client_error(
        "head_bucket", code, http_status_code=status, response_meta={"HTTPHeaders": headers}
    )
    with pytest.raises(UserError, match="--create-bucket") as found:
        s3.find_bucket(connection, "taken")
    assert words in str(found.value)


def test_a_bucket_of_another_region_is_refused_even_when_it_answers(
    connection: Connection, stub: Stubber
) -> None:
    """botocore follows S3's redirection, so that only the region in the answer tells."""
    expected = {"Bucket": "far", "ExpectedBucketOwner": "000000000000"}
    stub.add_response("head_bucket", {"BucketRegion": "eu-west-1"}, expected)
    with pytest.raises(UserError, match="is in region eu-west-1"):
        s3.find_bucket(connection, "far")


def test_a_name_that_somebody_has_is_said_to_be_taken(connection: Connection, stub: Stubber) -> None:
    """Bucket names are shared by all of AWS."""
    stub.add_client_error("create_bucket", "BucketAlreadyExists")
    with pytest.raises(UserError, match=r"belongs to somebody else.*taken-000000000000"):
        s3.create_bucket(connection, "taken")


def test_a_bucket_that_cannot_be_secured_is_removed_again(connection: Connection, stub: Stubber) -> None:
    """No half-made bucket stays that the next deployment would take for the user's own."""
    stub.add_response("create_bucket", {}, {"Bucket": "half", "ObjectOwnership": "BucketOwnerEnforced"})
    stub.add_client_error("put_public_access_block", "AccessDenied")
    stub.add_response("delete_bucket", {}, {"Bucket": "half", "ExpectedBucketOwner": ANY})
    with pytest.raises(connection.client("s3").exceptions.ClientError, match="AccessDenied"):
        s3.create_bucket(connection, "half")


@pytest.mark.parametrize(
    ("region", "url"),
    [
        ("eu-west-1", "https://b.s3.eu-west-1.amazonaws.com/k.yaml"),
        ("us-gov-west-1", "https://b.s3.us-gov-west-1.amazonaws.com/k.yaml"),
        ("cn-north-1", "https://b.s3.cn-north-1.amazonaws.com.cn/k.yaml"),
    ],
)
def test_a_large_template_has_a_url_in_its_partition(region: str, url: str) -> None:
    """CloudFormation reads it over S3's own endpoint."""
    from deploy.conftest import environment

    from data_pipeline.aws.session import connect

    made: Any = connect(environment(endpoint="aws", region=region), None, {})
    assert s3.template_url(made, "b", "k.yaml") == url
