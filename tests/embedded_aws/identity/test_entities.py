"""What IAM refuses of roles, users, policies and sessions that it knows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from data_pipeline.embedded_aws.identity import sessions
from tests.embedded_aws.conftest import allow

ACCOUNT = "arn:aws:iam::000000000000"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
)


def test_policies_that_are_attached(aws: Any, name: str, role: Any) -> None:
    """Only those that there are, of AWS's own those whose statements are here, and ten of them."""
    iam, made = aws("iam"), role("glue.amazonaws.com").rpartition("/")[2]
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.attach_role_policy(RoleName=made, PolicyArn=f"{ACCOUNT}:policy/none")
    of_aws = "arn:aws:iam::aws:policy/service-role"
    with pytest.raises(ClientError, match=r"does not emulate iam:AttachRolePolicy with .*AWSGlueServiceRole"):
        iam.attach_role_policy(RoleName=made, PolicyArn=f"{of_aws}/AWSGlueServiceRole")
    lambda_s = f"{of_aws}/AWSLambdaBasicExecutionRole"
    iam.attach_role_policy(RoleName=made, PolicyArn=lambda_s)
    iam.detach_role_policy(RoleName=made, PolicyArn=lambda_s)
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    arns = [
        iam.create_policy(PolicyName=f"{name}-{n}", PolicyDocument=document)["Policy"]["Arn"]
        for n in range(11)
    ]
    for arn in arns[:10]:
        iam.attach_role_policy(RoleName=made, PolicyArn=arn)
    iam.attach_role_policy(RoleName=made, PolicyArn=arns[0])
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.attach_role_policy(RoleName=made, PolicyArn=arns[10])


def test_names_keys_and_tags(aws: Any, name: str) -> None:
    """Names differ by more than capitals; a user has two keys, and nobody the tags of AWS."""
    iam = aws("iam")
    iam.create_user(UserName=name)
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        iam.create_user(UserName=name.upper())
    for _ in range(2):
        iam.create_access_key(UserName=name)
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.create_access_key(UserName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        iam.create_role(RoleName=name.upper(), AssumeRolePolicyDocument=TRUST)
    with pytest.raises(ClientError, match="InvalidInput"):
        iam.tag_role(RoleName=name, Tags=[{"Key": "aws:a", "Value": "b"}])
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.tag_role(RoleName=name, Tags=[{"Key": f"k{number}", "Value": "v"} for number in range(51)])
    for first, most in ((0, 30), (20, 50)):
        tags = [{"Key": f"{'kK'[first > 0]}{number}", "Value": "v"} for number in range(first, most)]
        iam.tag_role(RoleName=name, Tags=tags)
    with pytest.raises(ClientError, match="LimitExceeded"):
        iam.tag_role(RoleName=name, Tags=[{"Key": "k50", "Value": "v"}])
    assert len(iam.list_role_tags(RoleName=name, MaxItems=100)["Tags"]) == 50


def test_sessions_end_when_the_role_says(aws: Any, user: Any, name: str) -> None:
    """No longer than the role's MaxSessionDuration, and an hour of a role that another one assumed; none of root's."""
    credentials = user(allow("sts:AssumeRole"))
    aws("iam").create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, MaxSessionDuration=7200)
    asked = {"RoleArn": f"{ACCOUNT}:role/{name}", "RoleSessionName": "session"}
    with pytest.raises(ClientError, match="Roles may not be assumed by root accounts"):
        aws("sts").assume_role(**asked)
    sts = aws("sts", **credentials)
    with pytest.raises(ClientError, match="MaxSessionDuration set for this role"):
        sts.assume_role(**asked, DurationSeconds=7201)
    session = sts.assume_role(**asked, DurationSeconds=7200)["Credentials"]
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("sts:AssumeRole")]})
    aws("iam").put_role_policy(RoleName=name, PolicyName="test", PolicyDocument=document)
    chained = aws(
        "sts",
        access_key=session["AccessKeyId"],
        secret_key=session["SecretAccessKey"],
        token=session["SessionToken"],
    )
    with pytest.raises(ClientError, match="role chaining"):
        chained.assume_role(**asked, DurationSeconds=3601)
    chained.assume_role(**asked, DurationSeconds=3600)


@pytest.mark.parametrize(
    ("denied", "action", "trusted"),
    [
        ("*", "sts:AssumeRole", False),
        ({"AWS": "*"}, "sts:*", False),
        ({"AWS": ["*"]}, "sts:AssumeRole", False),
        ({"Service": "glue.amazonaws.com"}, "sts:AssumeRole", False),
        ("*", "sts:TagSession", True),
        ({"AWS": f"{ACCOUNT}:root"}, "sts:AssumeRole", True),
        ({"Service": ["scheduler.amazonaws.com"]}, "sts:AssumeRole", True),
    ],
)
def test_trust_that_is_denied(denied: Any, action: str, trusted: bool) -> None:
    """To everybody, or to the service; an Allow for everybody names no service."""
    service = "glue.amazonaws.com"
    allowed = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    deny = {"Effect": "Deny", "Principal": denied, "Action": action}
    assert sessions.trusts({"Statement": [allowed, deny]}, service, f"{ACCOUNT}:role/r", {}) is trusted
    everybody = {"Statement": [{**allowed, "Principal": "*"}]}
    assert not sessions.trusts(everybody, service, f"{ACCOUNT}:role/r", {})
