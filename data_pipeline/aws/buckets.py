"""Read-only look-ups of buckets that are there already, and of the keys that encrypt them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from data_pipeline.core.doctor.answers import Bucket, Key

from .account import NOT_EMULATED
from .errors import ACCESS_DENIED, error_code
from .session import Connection

Setting = TypeVar("Setting")


def bucket(connection: Connection, name: str) -> Bucket:
    """A bucket, its region, and how it is encrypted and closed."""
    client = connection.client("s3")
    try:
        head = client.head_bucket(Bucket=name, ExpectedBucketOwner=connection.account)
    except ClientError as error:
        code = error_code(error)
        if code in ("404", "NoSuchBucket"):
            return Bucket(name, exists=False)
        if code in ACCESS_DENIED:
            return Bucket(name, hidden=True)
        if code in ("400", "301", "PermanentRedirect"):
            headers = error.response.get("ResponseMetadata", {}).get("HTTPHeaders", {})
            return Bucket(name, region=headers.get("x-amz-bucket-region", "another region"))
        raise
    where = head.get("BucketRegion") or connection.region
    if where != connection.region:
        return Bucket(name, region=where)
    return Bucket(
        name,
        region=where,
        public_access_blocked=_setting(
            lambda: _closed(client, name), "NoSuchPublicAccessBlockConfiguration", False
        ),
        ownership=_setting(
            lambda: _ownership(client, name), "OwnershipControlsNotFoundError", "ObjectWriter"
        ),
        key=_setting(lambda: _key(connection, name), "ServerSideEncryptionConfigurationNotFoundError", ""),
    )


def key(connection: Connection, arn: str) -> Key:
    """The state of a key, and its policy where it is this account's and may be read."""
    client = connection.client("kms")
    state = client.describe_key(KeyId=arn)["KeyMetadata"]["KeyState"]
    if arn.split(":")[4] != connection.account:
        return Key(state)
    try:
        policy = client.get_key_policy(KeyId=arn, PolicyName="default")["Policy"]
    except ClientError as error:
        if error_code(error) in ACCESS_DENIED:
            return Key(state)
        raise
    return Key(state, json.loads(policy))


def _setting(look: Callable[[], Setting], absent: str, meaning: Setting) -> Setting | None:
    """A setting of a bucket, what it means that there is none, or None where it may not be read."""
    try:
        return look()
    except ClientError as error:
        if error_code(error) == absent:
            return meaning
        if error_code(error) in ACCESS_DENIED or error_code(error) in NOT_EMULATED:
            return None
        raise


def _closed(client: Any, name: str) -> bool:
    block = client.get_public_access_block(Bucket=name)["PublicAccessBlockConfiguration"]
    settings = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    return all(block.get(setting) for setting in settings)


def _ownership(client: Any, name: str) -> str:
    rules = client.get_bucket_ownership_controls(Bucket=name)["OwnershipControls"]["Rules"]
    return str(rules[0]["ObjectOwnership"])


def _key(connection: Connection, name: str) -> str:
    """The customer's key, empty for S3's own and for AWS's in the account, which needs no permission."""
    rules = connection.client("s3").get_bucket_encryption(Bucket=name)["ServerSideEncryptionConfiguration"][
        "Rules"
    ]
    default = rules[0].get("ApplyServerSideEncryptionByDefault", {})
    named = default.get("KMSMasterKeyID", "")
    if not default.get("SSEAlgorithm", "").startswith("aws:kms") or named.endswith("alias/aws/s3"):
        return ""
    if not named or ":key/" in named:
        return str(named)
    try:
        return str(connection.client("kms").describe_key(KeyId=named)["KeyMetadata"]["Arn"])
    except ClientError as error:
        if error_code(error) in ACCESS_DENIED or error_code(error) in NOT_EMULATED:
            return str(named)
        raise
