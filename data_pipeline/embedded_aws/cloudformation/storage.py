"""AWS::S3::Bucket and AWS::S3::BucketPolicy."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region

from .kinds import Kind, Properties, Resource, call


def _encryption(value: dict[str, Any]) -> dict[str, Any]:
    rules = []
    for rule in value["ServerSideEncryptionConfiguration"]:
        made = {key: item for key, item in rule.items() if key != "ServerSideEncryptionByDefault"}
        algorithm = rule.get("ServerSideEncryptionByDefault", {}).get("SSEAlgorithm", "AES256")
        if algorithm != "AES256":
            raise ValueError(
                f"The embedded AWS does not encrypt: it does not emulate {algorithm}, only AES256. Leave the key out "
                "here by a condition on a parameter."
            )
        if "ServerSideEncryptionByDefault" in rule:
            made["ApplyServerSideEncryptionByDefault"] = rule["ServerSideEncryptionByDefault"]
        rules.append(made)
    return {"ServerSideEncryptionConfiguration": {"Rules": rules}}


#: CloudFormation's name of a lifecycle rule's member → the API's, where a rule is emulated with it at all.
_LIFECYCLE: dict[str, Callable[[Any], dict[str, Any]]] = {
    "Id": lambda value: {"ID": value},
    "Status": lambda value: {"Status": value},
    "Prefix": lambda value: {"Filter": {"Prefix": value}},
    "AbortIncompleteMultipartUpload": lambda value: {"AbortIncompleteMultipartUpload": value},
    "ExpirationInDays": lambda value: {"Expiration": {"Days": value}},
    "ExpiredObjectDeleteMarker": lambda value: {"Expiration": {"ExpiredObjectDeleteMarker": value}},
    "NoncurrentVersionExpiration": lambda value: {"NoncurrentVersionExpiration": value},
}


def _lifecycle(value: dict[str, Any]) -> dict[str, Any]:
    rules = []
    for rule in value["Rules"]:
        unknown = sorted(set(rule) - set(_LIFECYCLE))
        if unknown:
            raise ValueError(f"The embedded AWS does not emulate lifecycle rules with {', '.join(unknown)}.")
        made: dict[str, Any] = {"Filter": {"Prefix": ""}}
        for key, item in rule.items():
            made.update(_LIFECYCLE[key](item))
        rules.append(made)
    return {"LifecycleConfiguration": {"Rules": rules}}


#: Property → (operation that puts it, its arguments, operation that deletes it; None: it cannot be taken
#: away).
_CONFIGURED: dict[str, tuple[str, Callable[[Any], dict[str, Any]], str | None]] = {
    "VersioningConfiguration": (
        "PutBucketVersioning",
        lambda value: {"VersioningConfiguration": value},
        None,
    ),
    "BucketEncryption": ("PutBucketEncryption", _encryption, "DeleteBucketEncryption"),
    "PublicAccessBlockConfiguration": (
        "PutPublicAccessBlock",
        lambda value: {"PublicAccessBlockConfiguration": value},
        "DeletePublicAccessBlock",
    ),
    "OwnershipControls": (
        "PutBucketOwnershipControls",
        lambda value: {"OwnershipControls": value},
        "DeleteBucketOwnershipControls",
    ),
    "LifecycleConfiguration": ("PutBucketLifecycleConfiguration", _lifecycle, "DeleteBucketLifecycle"),
}


def _make_bucket(resource: Resource) -> str:
    name = resource.name("BucketName", 63, lowercase=True)
    region = get_region()
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    call("s3", "CreateBucket", {"Bucket": name, **where})
    return name


def _configure_bucket(name: str, resource: Resource, old: Resource | None) -> None:
    before = old.properties if old else {}
    for field, (put, arguments, delete) in _CONFIGURED.items():
        value = resource.properties.get(field)
        if value == before.get(field):
            continue
        if value is not None:
            call("s3", put, {"Bucket": name, **arguments(value)})
        elif delete is not None:
            call("s3", delete, {"Bucket": name})
        else:
            call("s3", put, {"Bucket": name, **arguments({"Status": "Suspended"})})
    tags = resource.tags()
    if tags and tags != (old.tags() if old else {}):
        pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
        call("s3", "PutBucketTagging", {"Bucket": name, "Tagging": {"TagSet": pairs}})


def bucket_attributes(name: str, _properties: Properties) -> dict[str, Any]:
    """What GetAtt knows of a bucket."""
    return {
        "Arn": f"arn:aws:s3:::{name}",
        "DomainName": f"{name}.s3.amazonaws.com",
        "RegionalDomainName": f"{name}.s3.{get_region()}.amazonaws.com",
    }


def _put_policy(bucket: str, resource: Resource, old: Resource | None) -> None:
    if old is not None:
        policy = json.dumps(resource.properties["PolicyDocument"])
        call("s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": policy})


def _make_policy(resource: Resource) -> str:
    bucket = str(resource.properties["Bucket"])
    policy = json.dumps(resource.properties["PolicyDocument"])
    call("s3", "PutBucketPolicy", {"Bucket": bucket, "Policy": policy})
    return bucket


BUCKET = Kind(
    "AWS::S3::Bucket",
    frozenset({"BucketName", *_CONFIGURED}),
    _make_bucket,
    _configure_bucket,
    bucket_attributes,
    lambda name, _: call("s3", "DeleteBucket", {"Bucket": name}),
    create_only=("BucketName",),
    arn=lambda name, _: f"arn:aws:s3:::{name}",
    returns=frozenset({"Arn", "DomainName", "RegionalDomainName"}),
)
BUCKET_POLICY = Kind(
    "AWS::S3::BucketPolicy",
    frozenset({"Bucket", "PolicyDocument"}),
    _make_policy,
    _put_policy,
    lambda *_: {},
    lambda bucket, _: call("s3", "DeleteBucketPolicy", {"Bucket": bucket}),
    tags=None,
    create_only=("Bucket",),
    arn=lambda bucket, _: f"arn:aws:s3:::{bucket}",
)
KINDS = (BUCKET, BUCKET_POLICY)
