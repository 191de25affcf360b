"""Policies of keys as they are found in accounts, and whether they let a role in through S3."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.bucket_keys import owners_statement
from data_pipeline.core.doctor.key_policy import Request, decide

REQUEST = Request("123456789012", "aws", "s3.us-east-1.amazonaws.com", "kms:Decrypt")
ROOT: dict[str, Any] = {
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::123456789012:root"},
    "Action": "kms:*",
    "Resource": "*",
}
DENY: dict[str, Any] = {"Effect": "Deny", "Principal": "*", "Action": "kms:*", "Resource": "*"}


def where(operator: str, key: str, value: Any) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    ("statements", "decision"),
    [
        ([], "refused"),
        ([ROOT], "allowed"),
        ([{**ROOT, "Principal": {"AWS": "123456789012"}}], "allowed"),
        ([{**ROOT, "Principal": "*"}], "allowed"),
        ([{**ROOT, "Action": ["kms:Describe*", "KMS:decrypt"]}], "allowed"),
        ([{**ROOT, "Action": ["kms:Describe*"]}], "refused"),
        ([{**ROOT, "NotAction": "kms:Delete*", "Action": []}], "allowed"),
        ([{**ROOT, "Principal": {"AWS": "arn:aws:iam::210987654321:root"}}], "refused"),
        ([{**ROOT, "Principal": {"Service": "s3.amazonaws.com"}}], "refused"),
        # a role of the account: whether it is ours is not known
        ([{**ROOT, "Principal": {"AWS": ["arn:aws:iam::123456789012:role/r"]}}], "unsure"),
        ([{**ROOT, **where("StringEquals", "kms:ViaService", "s3.us-east-1.amazonaws.com")}], "allowed"),
        ([{**ROOT, **where("StringLike", "kms:ViaService", ["sqs.*", "s3.*"])}], "allowed"),
        ([{**ROOT, **where("StringEquals", "kms:ViaService", "sqs.us-east-1.amazonaws.com")}], "refused"),
        ([{**ROOT, **where("StringEquals", "aws:PrincipalOrgID", "o-1")}], "unsure"),
        ([{**ROOT, **where("ArnLike", "aws:PrincipalArn", "arn:aws:iam::*:role/x*")}], "unsure"),
        ([ROOT, DENY], "denied"),
        ([ROOT, {**DENY, **where("Bool", "aws:SecureTransport", "false")}], "allowed"),
        ([ROOT, {**DENY, **where("StringNotEquals", "kms:CallerAccount", "123456789012")}], "allowed"),
        ([ROOT, {**DENY, **where("StringNotEquals", "kms:CallerAccount", "210987654321")}], "denied"),
        ([ROOT, {**DENY, **where("StringNotEquals", "aws:PrincipalOrgID", "o-1")}], "unsure"),
        ([ROOT, {**DENY, "Action": "kms:GenerateDataKey"}], "allowed"),
        ([ROOT, {**DENY, "NotPrincipal": {"AWS": "arn:aws:iam::123456789012:user/u"}}], "unsure"),
        ([owners_statement("123456789012", "us-east-1", "aws", "amazonaws.com")], "allowed"),
        ([owners_statement("123456789012", "eu-west-1", "aws", "amazonaws.com")], "refused"),
        ([owners_statement("210987654321", "us-east-1", "aws", "amazonaws.com")], "refused"),
    ],
)
def test_decisions(statements: list[dict[str, Any]], decision: str) -> None:
    """A denial wins; what cannot be judged is never taken for an answer."""
    assert decide({"Statement": statements}, REQUEST) == decision
