"""The keys of buckets that the user brings: the stacks' parameters for them, and what their owner allows; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .config.environment import Environment

if TYPE_CHECKING:
    from .checks.keys import Brought

#: parameters of the stacks: a template names no account of the user's.
DATA, ARTIFACTS = "DataBucketKey", "ArtifactBucketKey"


def parameters(env: Environment) -> dict[str, str]:
    """What deploy fills the parameters of both stacks with."""
    keys = {DATA: env.data.kms_key, ARTIFACTS: env.artifacts.kms_key}
    return {name: key for name, key in keys.items() if key}


def owners_statement(account: str, region: str, partition: str, suffix: str) -> dict[str, Any]:
    """The statement of a key's policy that lets an account's roles use the key through S3; nothing else.

    A key's own account often has it already: the policy that KMS gives a new key leaves the key to the account's
    own policies. A key of another account always needs it.
    """
    return {
        "Sid": f"UseThroughS3By{account}" if account.isdigit() else "UseThroughS3",
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:{partition}:iam::{account}:root"},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey"],
        "Resource": "*",
        "Condition": {
            "StringEquals": {"kms:CallerAccount": account, "kms:ViaService": f"s3.{region}.{suffix}"}
        },
    }


def brought(env: Environment) -> dict[str, Brought]:
    """The keys by their parameters, as the check of keys takes them: with the statement that their owner adds."""
    from .checks.keys import Brought  # templates are rendered without any check

    allowed = owners_statement(
        "${AWS::AccountId}", "${AWS::Region}", "${AWS::Partition}", "${AWS::URLSuffix}"
    )
    buckets = {DATA: ("${DataBucket}", f":::{env.data.bucket}"), ARTIFACTS: ("${ArtifactBucket}",)}
    return {name: Brought(buckets[name], (allowed,)) for name in parameters(env)}
