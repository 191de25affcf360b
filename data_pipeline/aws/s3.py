"""The artifact bucket: is it there and ours, what does it hold, put what is missing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from data_pipeline.core.deployment.page.files import Stored, stored
from data_pipeline.core.errors import UserError

from .errors import ACCESS_DENIED, error_code
from .session import Connection

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client


def find_bucket(connection: Connection, bucket: str) -> bool:
    """Whether the bucket exists. UserError when it is not ours, in another region, or hidden from us."""
    client = connection.client("s3")
    try:
        head = client.head_bucket(Bucket=bucket, ExpectedBucketOwner=connection.account)
    except ClientError as error:
        code = error_code(error)
        if code in ("404", "NoSuchBucket"):
            return False
        if code in ("400", "301", "PermanentRedirect"):
            raise _elsewhere(connection, bucket, _region_header(error)) from error
        if code in ACCESS_DENIED:
            raise UserError(
                f"bucket {bucket!r} is not in account {connection.account}, or these credentials lack "
                f"s3:ListBucket on it.\nBucket names are shared by all of AWS: name a bucket of your own, "
                f"or a new one with --create-bucket."
            ) from error
        raise
    region = head.get("BucketRegion") or connection.region
    if region != connection.region:
        raise _elsewhere(connection, bucket, region)
    return True


def create_bucket(connection: Connection, bucket: str) -> None:
    """Make the bucket: private, versioned, encrypted, TLS only. If a part fails, it is removed again."""
    client = connection.client("s3")
    arguments: dict[str, Any] = {"Bucket": bucket, "ObjectOwnership": "BucketOwnerEnforced"}
    if connection.region != "us-east-1":  # the one region that must not be named
        arguments["CreateBucketConfiguration"] = {"LocationConstraint": connection.region}
    try:
        client.create_bucket(**arguments)
    except ClientError as error:
        if error_code(error) == "BucketAlreadyExists":
            raise UserError(
                f"bucket {bucket!r} belongs to somebody else: names are shared by all of AWS. Choose "
                f"another one, for example {bucket}-{connection.account}."
            ) from error
        raise
    try:
        _secure(client, bucket, connection.account)
    except BaseException:
        client.delete_bucket(Bucket=bucket, ExpectedBucketOwner=connection.account)
        raise


def read_lines(client: S3Client, bucket: str, key: str) -> list[str]:
    """The lines of a text object."""
    content: bytes = client.get_object(Bucket=bucket, Key=key)["Body"].read()
    return content.decode().splitlines()


def find(connection: Connection, bucket: str, key: str) -> bytes | None:
    """The content of an object; None where there is none."""
    found = load(connection, bucket, key)
    return None if found is None else found[0]


def load(connection: Connection, bucket: str, key: str) -> tuple[bytes, str] | None:
    """The content of an object and its ETag; None where there is none."""
    try:
        found = connection.client("s3").get_object(
            Bucket=bucket, Key=key, ExpectedBucketOwner=connection.account
        )
    except ClientError as error:
        if error_code(error) in ("NoSuchKey", "404"):
            return None
        raise
    return found["Body"].read(), found["ETag"]


def stored_files(connection: Connection, bucket: str, prefix: str) -> dict[str, Stored]:
    """Name below the prefix → size and MD5 of every object."""
    pages = connection.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=connection.account)
    return {
        item["Key"].removeprefix(prefix): stored(item["Size"], item["ETag"])
        for page in found
        for item in page.get("Contents", [])
    }


def existing_sizes(connection: Connection, bucket: str, prefix: str) -> dict[str, int]:
    """Key → size of every object under the prefix."""
    pages = connection.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=bucket, Prefix=prefix, ExpectedBucketOwner=connection.account)
    return {item["Key"]: item["Size"] for page in found for item in page.get("Contents", [])}


def first_folders(connection: Connection, bucket: str) -> list[str]:
    """What the keys of a bucket begin with, up to and with their first ``/``."""
    pages = connection.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=bucket, Delimiter="/", ExpectedBucketOwner=connection.account)
    return [item["Prefix"] for page in found for item in page.get("CommonPrefixes", [])]


def put(connection: Connection, bucket: str, key: str, content: bytes) -> None:
    """Write an object, checked by its SHA-256 on arrival, encrypted as the bucket says."""
    connection.client("s3").put_object(
        Bucket=bucket,
        Key=key,
        Body=content,
        ChecksumAlgorithm="SHA256",
        ExpectedBucketOwner=connection.account,
    )


def template_url(connection: Connection, bucket: str, key: str) -> str:
    """The URL under which CloudFormation reads a template of this bucket."""
    if connection.endpoint:
        return f"{connection.endpoint}/{bucket}/{key}"
    partition = connection.session.get_partition_for_region(connection.region)
    suffix = "amazonaws.com.cn" if partition == "aws-cn" else "amazonaws.com"
    return f"https://{bucket}.s3.{connection.region}.{suffix}/{key}"


def _secure(client: S3Client, bucket: str, account: str) -> None:
    """The settings of a bucket that nobody else has set up."""
    client.put_public_access_block(
        Bucket=bucket,
        ExpectedBucketOwner=account,
        PublicAccessBlockConfiguration={
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
            "BlockPublicPolicy": True,
            "RestrictPublicBuckets": True,
        },
    )
    client.put_bucket_encryption(
        Bucket=bucket,
        ExpectedBucketOwner=account,
        ServerSideEncryptionConfiguration={
            "Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]
        },
    )
    client.put_bucket_versioning(
        Bucket=bucket, ExpectedBucketOwner=account, VersioningConfiguration={"Status": "Enabled"}
    )
    client.put_bucket_policy(
        Bucket=bucket, ExpectedBucketOwner=account, Policy=json.dumps(tls_only(client, bucket))
    )


def tls_only(client: S3Client, bucket: str) -> Mapping[str, Any]:
    """A bucket policy that refuses every request without TLS."""
    arn = f"arn:{client.meta.partition}:s3:::{bucket}"
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "TlsOnly",
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:*",
                "Resource": [arn, f"{arn}/*"],
                "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            }
        ],
    }


def _elsewhere(connection: Connection, bucket: str, region: str | None) -> UserError:
    return UserError(
        f"bucket {bucket!r} is in region {region or 'another one'}, but environment "
        f"{connection.environment!r} is in {connection.region}. Name a bucket of that region, or a new one "
        f"with --create-bucket."
    )


def _region_header(error: ClientError) -> str | None:
    headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
    return headers.get("x-amz-bucket-region")
