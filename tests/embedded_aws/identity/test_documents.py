"""Policy documents that IAM refuses, case by case, and the requests that they come with.

Sources: "Grammar of the IAM JSON policy language" (G), "IAM JSON policy elements reference" (E) and "IAM and AWS
STS quotas" (Q) of the IAM User Guide; the service model's shapes (M).
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from randomness import SEED, times

from data_pipeline.embedded_aws.identity import documents
from data_pipeline.embedded_aws.identity.documents import (
    BUCKET,
    INLINE_ROLE,
    MANAGED,
    QUEUE,
    TOPIC,
    TRUST,
    Kind,
)

ROLE, GONE = "arn:aws:iam::000000000000:role/there", "arn:aws:iam::000000000000:role/gone"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
ASSUME: dict[str, Any] = {
    "Effect": "Allow",
    "Action": "sts:AssumeRole",
    "Principal": {"Service": "glue.amazonaws.com"},
}
ANYBODY: dict[str, Any] = {**ALLOW, "Principal": "*"}
OWN = replace(BUCKET, within="b")


def document(*statements: Any, **more: Any) -> str:
    """A policy of these statements."""
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements), **more})


def without(statement: dict[str, Any], *names: str) -> dict[str, Any]:
    """The statement without some elements."""
    return {key: value for key, value in statement.items() if key not in names}


def condition(value: Any) -> str:
    """A policy with a condition."""
    return document({**ALLOW, "Condition": value})


#: (source, kind, document, words of the refusal)
REFUSED: list[tuple[str, Kind, str, str]] = [
    ("G", MANAGED, "{", "invalid Json"),
    ("G", MANAGED, "[]", "Syntax errors in policy"),
    ("G", MANAGED, '{"Statement": [], "Statement": []}', "stands twice"),
    ("G", MANAGED, '{"Version": "2012-10-17"}', "Syntax errors in policy"),
    ("G", MANAGED, document(), "at least one Statement"),
    ("G", MANAGED, document(ALLOW, Nope=1), "Syntax errors in policy"),
    ("E: Version", MANAGED, document(ALLOW, Version="2012-10-18"), "The Version is one of"),
    ("G", MANAGED, document("text"), "Unknown in a statement: text"),
    ("G", MANAGED, document({**ALLOW, "Nope": 1}), "Unknown in a statement: Nope"),
    ("E: Effect", MANAGED, document({**ALLOW, "Effect": "allow"}), "Effect is Allow or Deny"),
    ("E: Effect", MANAGED, document(without(ALLOW, "Effect")), "Effect is Allow or Deny"),
    ("E: Action", MANAGED, document(without(ALLOW, "Action")), "must contain actions"),
    ("E: Action", MANAGED, document({**ALLOW, "NotAction": "s3:*"}), "one of Action and NotAction"),
    ("E: Action", MANAGED, document({**ALLOW, "Action": []}), "one of Action and NotAction"),
    ("E: Action", MANAGED, document({**ALLOW, "Action": "GetObject"}), "prefaced by a vendor"),
    ("E: Action", MANAGED, document({**ALLOW, "Action": ["s3:Get Object"]}), "prefaced by a vendor"),
    ("E: Action", MANAGED, document({**ALLOW, "Action": 1}), "one of Action and NotAction"),
    ("E: Resource", MANAGED, document(without(ALLOW, "Resource")), "must contain resources"),
    ("E: Resource", MANAGED, document({**ALLOW, "Resource": "bucket/key"}), "must be in ARN format"),
    ("E: Resource", MANAGED, document({**ALLOW, "Resource": "arn:aws:s3"}), "must be in ARN format"),
    (
        "E: Resource",
        MANAGED,
        document({**ALLOW, "Resource": "arn:awz:s3:::b"}),
        'Partition "awz" is not valid',
    ),
    ("E: Resource", MANAGED, document({**ALLOW, "Resource": "arn:aws::::b"}), 'Vendor "" is not valid'),
    ("E: Resource", MANAGED, document({**ALLOW, "Resource": "arn:aws:sqs:r:1:"}), "must name a resource"),
    (
        "E: Resource",
        MANAGED,
        document({**ALLOW, "Resource": "arn:aws:s3:us-east-1::b"}),
        "region information",
    ),
    ("E: Principal", MANAGED, document(ANYBODY), "should not specify a principal"),
    ("E: Sid", MANAGED, document({**ALLOW, "Sid": "a b"}), "must be alpha-numeric"),
    ("E: Sid", MANAGED, document({**ALLOW, "Sid": "a"}, {**ALLOW, "Sid": "a"}), "must be unique"),
    ("E: Condition", MANAGED, condition("text"), "A Condition is an object"),
    (
        "E: Condition operators",
        MANAGED,
        condition({"StringEqual": {"aws:x": "a"}}),
        "Invalid Condition type : StringEqual",
    ),
    (
        "E: Condition operators",
        MANAGED,
        condition({"NullIfExists": {"aws:x": "true"}}),
        "Invalid Condition type",
    ),
    ("E: Condition", MANAGED, condition({"StringEquals": "aws:x"}), "has an object of keys"),
    ("E: Condition", MANAGED, condition({"StringEquals": {"x": "a"}}), "prefaced by a vendor"),
    (
        "E: Condition",
        MANAGED,
        condition({"StringEquals": {"aws:x": {"a": 1}}}),
        "are text, numbers or truth values",
    ),
    (
        "Q",
        MANAGED,
        document({**ALLOW, "Resource": [f"arn:aws:s3:::b/{'k' * 600}{n}" for n in range(10)]}),
        "Cannot exceed quota",
    ),
    (
        "Q",
        INLINE_ROLE,
        document({**ALLOW, "Resource": [f"arn:aws:s3:::b/{'k' * 600}{n}" for n in range(17)]}),
        "10240",
    ),
    ("E: Principal", TRUST, document(without(ASSUME, "Principal")), "Missing required field Principal"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {}}), "A Principal is"),
    (
        "E: Principal",
        TRUST,
        document({**ASSUME, "Principal": {"Service": "glue"}}),
        'Invalid principal in policy: "Service":"glue"',
    ),
    (
        "E: Principal",
        TRUST,
        document({**ASSUME, "Principal": {"AWS": "me"}}),
        'Invalid principal in policy: "AWS":"me"',
    ),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"AWS": [ROLE, GONE]}}), f'"AWS":"{GONE}"'),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"AWS": f"{ROLE[:-5]}*"}}), "Invalid principal"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"Nope": "a"}}), "Invalid principal"),
    (
        "E: NotPrincipal",
        TRUST,
        document({**without(ASSUME, "Principal"), "NotPrincipal": "*"}),
        "must not contain NotPrincipal",
    ),
    ("Trust policies", TRUST, document({**ASSUME, "Resource": "*"}), "prohibited field Resource"),
    (
        "Trust policies",
        TRUST,
        document({**ASSUME, "Action": "s3:GetObject"}),
        "only specify STS AssumeRole actions",
    ),
    ("Bucket policies", BUCKET, document(ALLOW), "Missing required field Principal"),
    ("Bucket policies", BUCKET, document({**ANYBODY, "Action": "sqs:SendMessage"}), "out of service scope"),
    (
        "Bucket policies",
        BUCKET,
        document({**ANYBODY, "Resource": "arn:aws:sqs:r:000000000000:q"}),
        "invalid resource",
    ),
    *(
        ("Bucket policies", BUCKET, document({**ANYBODY, "Action": action}), "invalid action")
        for action in ("s3:GetObjekt", "s3:ListAllMyBuckets", "s3:Foo*")
    ),
    *(
        (
            "Bucket policies",
            BUCKET,
            document({**ANYBODY, "Action": action, "Resource": f"arn:aws:s3:::{where}"}),
            "does not apply to any resource",
        )
        for action, where in (
            *(("s3:GetObject", "b"), ("s3:ListBucket", "b/*"), (["s3:GetObject", "s3:ListBucket"], "b/*")),
            ("s3:PutBucket*", "b/key"),
        )
    ),
    (
        "Topic policies",
        TOPIC,
        document({**ANYBODY, "Action": "s3:*", "Resource": "*"}),
        "out of service scope",
    ),
]

REFUSED += [
    ("E: Sid", MANAGED, document({**ALLOW, "Sid": value}), "must be alpha-numeric")
    for value in (0, None, {}, [], False)
]
REFUSED += [
    ("E: Id", MANAGED, document(ALLOW, Id=5), "The Id is a string"),
    ("E: Version", MANAGED, document(ALLOW, Version=None), "The Version is one of"),
    ("JSON", MANAGED, document({**ALLOW, "Condition": {"NumericEquals": {"s3:x": float("nan")}}}), "NaN"),
    ("JSON", MANAGED, document(ALLOW) + "x", "invalid Json"),
    ("JSON", MANAGED, "", "invalid Json"),
    ("E: Action", MANAGED, document({**ALLOW, "Action": "s3:"}), "prefaced by a vendor"),
    ("E: Action", MANAGED, document({**ALLOW, "Action": "s3:Get:Object"}), "prefaced by a vendor"),
    ("E: Action", MANAGED, document({**ALLOW, "Action": ["s3:*", None]}), "one of Action and NotAction"),
    ("E: Effect", MANAGED, document({**ALLOW, "Effect": ["Allow"]}), "Effect is Allow or Deny"),
    ("G", MANAGED, json.dumps({"version": "2012-10-17", "Statement": [ALLOW]}), "A policy has"),
    ("G", MANAGED, json.dumps({"Statement": [[ALLOW]]}), "Unknown in a statement"),
    ("E: Resource, no wildcard for a service", MANAGED, document({**ALLOW, "Resource": "arn:aws:*:::b"}), 'Vendor "*"'),
    ("E: Resource", MANAGED, document({**ALLOW, "Resource": "**"}), "must be in ARN format"),
    ("E: Resource", MANAGED, document({**ALLOW, "Resource": {"a": "b"}}), "one of Resource and NotResource"),
    ("E: Condition", MANAGED, condition({"StringEquals": {"aws:x": [["a"]]}}), "text, numbers or truth values"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"AWS": []}}), "at least one principal"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": ["*"]}), "A Principal is"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"Service": "*"}}), "Invalid principal"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"Federated": "."}}), "Invalid principal"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"AWS": "12345678901"}}), "Invalid principal"),
    ("E: Principal", TRUST, document({**ASSUME, "Principal": {"AWS": ROLE.replace("role", "group")}}),
     "Invalid principal"),
    ("Trust policies", TRUST, document({**ASSUME, "Action": "sts:GetCallerIdentity"}), "only specify STS AssumeRole"),
    ("Trust policies", TRUST, document({**ASSUME, "Action": ["sts:AssumeRole", "sts:Nope"]}),
     "only specify STS AssumeRole"),
    ("Bucket policies", OWN, document({**ANYBODY, "Resource": "arn:aws:s3:::other/*"}), "expected b and what is in it"),
    ("Bucket policies", OWN, document({**ANYBODY, "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::bb/*"]}),
     "invalid resource"),
    ("Queue policies", QUEUE, document({**ANYBODY, "Action": "sqs:Nope", "Resource": "*"}), "invalid action: sqs:Nope"),
    ("Topic policies", TOPIC, document({**ANYBODY, "Action": "SNS:Nope*", "Resource": "*"}),
     "invalid action: SNS:Nope*"),
]  # fmt: skip

TAKEN: list[tuple[Kind, str]] = [
    (OWN, document({**ANYBODY, "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]})),
    (QUEUE, document({**ANYBODY, "Action": ["SQS:SendMessage", "sqs:Get*"], "Resource": "*"})),
    (TRUST, document({**ASSUME, "Action": "sts:AssumeRole*"})),
    (TRUST, document({**ASSUME, "Principal": {"Federated": "accounts.google.com"}})),
    (MANAGED, document(ALLOW, Id="any id")),
    (MANAGED, json.dumps({"Statement": ALLOW})),
    (MANAGED, document({**ALLOW, "Action": "*", "Resource": "*"})),
    (MANAGED, document({**without(ALLOW, "Action"), "NotAction": ["s3:Get*", "glue:?et*"]})),
    (
        MANAGED,
        document(
            {**ALLOW, "Resource": ["arn:*:s3:::b", "arn:aws:s3:::${aws:username}", "arn:aws:iam::1:role/r"]}
        ),
    ),
    (
        MANAGED,
        condition(
            {"ForAllValues:StringLikeIfExists": {"aws:TagKeys": ["a", "b"]}, "Null": {"aws:x": "true"}}
        ),
    ),
    (MANAGED, condition({"bool": {"aws:SecureTransport": False}, "NumericLessThan": {"s3:max-keys": 10}})),
    (MANAGED, document({**ALLOW, "Sid": ""}, {**ALLOW, "Sid": ""}, {**ALLOW, "Sid": "A1"})),
    (
        TRUST,
        document(
            ASSUME,
            {**ASSUME, "Principal": {"AWS": [ROLE, "000000000000", "arn:aws:iam::000000000000:root", "*"]}},
        ),
    ),
    (TRUST, document({**ASSUME, "Action": ["sts:AssumeRole", "sts:TagSession"]})),
    (BUCKET, document({**ANYBODY, "Sid": "with spaces"})),
    *(
        (BUCKET, document({**ANYBODY, "Action": action, "Resource": where}))
        for action, where in (
            ("s3:*", "arn:aws:s3:::b"),
            ("*", "arn:aws:s3:::b/*"),
            ("s3:getobject", "arn:aws:s3:::b/*"),
            ("s3:Get*", "arn:aws:s3:::b"),
            (["s3:GetObject", "s3:ListBucket"], ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]),
            (["s3:GetObject", "s3:ListBucket"], "*"),
        )
    ),
    (BUCKET, document({**without(ANYBODY, "Action"), "NotAction": "s3:ListBucket"})),
    (BUCKET, document({**without(ANYBODY, "Resource"), "NotResource": "arn:aws:s3:::b/*"})),
    (TOPIC, document({**ANYBODY, "Action": "sns:Publish", "Resource": "*"})),
]


@pytest.mark.parametrize(("source", "kind", "text", "words"), REFUSED)
def test_refused(source: str, kind: Kind, text: str, words: str) -> None:
    """Each is refused with its reason, in one line."""
    with pytest.raises(documents.Malformed) as refused:
        documents.check(text, kind, lambda arn: arn == ROLE)
    assert words in str(refused.value), source
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("kind", "text"), TAKEN)
def test_taken(kind: Kind, text: str) -> None:
    """What the grammar allows is taken."""
    documents.check(text, kind, lambda arn: arn == ROLE)


def any_statement(chance: random.Random) -> dict[str, Any]:
    """A statement that IAM would take of an identity's policy."""
    actions = chance.sample(["s3:GetObject", "s3:*", "glue:Get?ob", "*", "sts:AssumeRole", "logs:Put*"], 2)
    arns = ["*", "arn:aws:s3:::b/*", "arn:*:glue:*:*:job/*", "arn:aws:iam::000000000000:role/${aws:username}"]
    statement: dict[str, Any] = {
        "Effect": chance.choice(["Allow", "Deny"]),
        chance.choice(["Action", "NotAction"]): chance.choice([actions, actions[0]]),
        chance.choice(["Resource", "NotResource"]): chance.choice([arns, chance.choice(arns)]),
    }
    if chance.random() < 0.5:
        operator = chance.choice(sorted(documents.OPERATORS))
        statement["Condition"] = {operator: {"aws:RequestTag/a": chance.choice(["a", ["a", "b"], True, 3])}}
    return statement


#: A change that makes any such statement one that IAM refuses.
CHANGES: list[Callable[[dict[str, Any]], Any]] = [
    lambda statement: statement.update(Effect="Perhaps"),
    lambda statement: statement.pop("Effect"),
    lambda statement: statement.update(Nope="a"),
    lambda statement: statement.update(Principal="*"),
    lambda statement: statement.update(Action="s3:*", NotAction="s3:*"),
    lambda statement: statement.update(Resource="*", NotResource="*"),
    lambda statement: [statement.pop(name, None) for name in ("Action", "NotAction")],
    lambda statement: [statement.pop(name, None) for name in ("Resource", "NotResource")],
    lambda statement: statement.update(
        {name: "b/*" for name in ("Resource", "NotResource") if name in statement}
    ),
    lambda statement: statement.update(
        {name: ["Get"] for name in ("Action", "NotAction") if name in statement}
    ),
    lambda statement: statement.update(Condition={"StringIs": {"aws:a": "b"}}),
    lambda statement: statement.update(Condition={"StringLike": {"a": "b"}}),
    lambda statement: statement.update(Sid="a-b"),
]


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("policies")))
def test_any_document(attempt: int) -> None:
    """A document by the grammar is taken; with any one statement changed, it is refused."""
    chance = random.Random(f"{SEED}-policies-{attempt}")
    statements = [any_statement(chance) for _ in range(chance.randint(1, 4))]
    documents.check(document(*statements), MANAGED, lambda _: False)
    chance.choice(CHANGES)(chance.choice(statements))
    with pytest.raises(documents.Malformed):
        documents.check(document(*statements), MANAGED, lambda _: False)


def refusals(aws: Any, name: str) -> dict[str, tuple[str, Callable[[], Any]]]:
    """Request → its error code, and a call that gives it a document, or a name, that is none."""
    iam, wrong = aws("iam"), document({**ALLOW, "Resource": "not-an-arn"})
    topic = f"arn:aws:sns:us-east-1:000000000000:{name}"
    queue = document({**ANYBODY, "Action": "sqs:Nope", "Effect": "Maybe"})
    trust = document(ASSUME)
    return {
        "CreateRole": (
            "MalformedPolicyDocument",
            lambda: iam.create_role(RoleName="x", AssumeRolePolicyDocument="{}"),
        ),
        "role's name": (
            "ValidationError",
            lambda: iam.create_role(RoleName="a b", AssumeRolePolicyDocument=trust),
        ),
        "role's length": (
            "ValidationError",
            lambda: iam.create_role(RoleName="r" * 65, AssumeRolePolicyDocument=trust),
        ),
        "path": (
            "ValidationError",
            lambda: iam.create_role(RoleName="r", Path="p", AssumeRolePolicyDocument=trust),
        ),
        "UpdateAssumeRolePolicy": (
            "MalformedPolicyDocument",
            lambda: iam.update_assume_role_policy(RoleName=name, PolicyDocument=document(ALLOW)),
        ),
        "PutRolePolicy": (
            "MalformedPolicyDocument",
            lambda: iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=wrong),
        ),
        "PutUserPolicy": (
            "MalformedPolicyDocument",
            lambda: iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=wrong),
        ),
        "CreatePolicy": (
            "MalformedPolicyDocument",
            lambda: iam.create_policy(PolicyName=name, PolicyDocument=wrong),
        ),
        "policy's name": (
            "ValidationError",
            lambda: iam.create_policy(PolicyName="a/b", PolicyDocument=document(ALLOW)),
        ),
        "policy's size": (
            "LimitExceeded",
            lambda: iam.create_policy(PolicyName=name, PolicyDocument=REFUSED[33][2]),
        ),
        "SimulateCustomPolicy": (
            "MalformedPolicyDocument",
            lambda: iam.simulate_custom_policy(PolicyInputList=[wrong], ActionNames=["s3:GetObject"]),
        ),
        "PutBucketPolicy": (
            "MalformedPolicy",
            lambda: aws("s3").put_bucket_policy(Bucket=name, Policy=document(ALLOW)),
        ),
        "CreateQueue": (
            "InvalidAttributeValue",
            lambda: aws("sqs").create_queue(QueueName=name, Attributes={"Policy": queue}),
        ),
        "SetTopicAttributes": (
            "InvalidParameter",
            lambda: aws("sns").set_topic_attributes(
                TopicArn=topic, AttributeName="Policy", AttributeValue="{"
            ),
        ),
        "queue's name": ("InvalidParameterValue", lambda: aws("sqs").create_queue(QueueName="a b")),
        "queue's length": ("InvalidParameterValue", lambda: aws("sqs").create_queue(QueueName="q" * 81)),
        "topic's name": ("InvalidParameter", lambda: aws("sns").create_topic(Name="a.b")),
        "topic's length": ("InvalidParameter", lambda: aws("sns").create_topic(Name="t" * 257)),
        "CreateTopic": (
            "InvalidParameter",
            lambda: aws("sns").create_topic(Name=name + "2", Attributes={"Policy": "{"}),
        ),
    }


def test_requests(aws: Any, role: Any, name: str) -> None:
    """Every request that is given a document, or a name, refuses one that is none, with its service's code."""
    iam = aws("iam")
    iam.create_user(UserName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document(ASSUME))
    aws("s3").create_bucket(Bucket=name)
    aws("sns").create_topic(Name=name)
    for what, (code, call) in refusals(aws, name).items():
        with pytest.raises(ClientError) as refused:
            call()
        assert refused.value.response["Error"]["Code"] == code, what
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == []
    with pytest.raises(ClientError, match="NoSuchBucketPolicy"):
        aws("s3").get_bucket_policy(Bucket=name)


def decisions(answer: Any) -> list[tuple[str, str, str]]:
    """Action, resource and decision of each result."""
    found = answer["EvaluationResults"]
    return [(one["EvalActionName"], one["EvalResourceName"], one["EvalDecision"]) for one in found]


def test_simulation(aws: Any, name: str) -> None:
    """A simulation works out every resource, conditions from the keys that are given, and names those that are not;
    what it does not work out is refused.
    """
    simulate = aws("iam").simulate_custom_policy
    policy = condition(
        {"StringLike": {"aws:RequestTag/team": "a*"}, "IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}
    )
    arns = ["arn:aws:s3:::b/k", "arn:aws:s3:::other/k"]
    given: dict[str, Any] = {
        "PolicyInputList": [policy],
        "ActionNames": ["s3:GetObject"],
        "ResourceArns": arns,
    }
    found = simulate(**given)
    assert [decision for *_, decision in decisions(found)] == ["implicitDeny", "implicitDeny"]
    assert found["EvaluationResults"][0]["MissingContextValues"] == ["aws:RequestTag/team", "aws:SourceIp"]
    entries = [
        {"ContextKeyName": key, "ContextKeyValues": [value], "ContextKeyType": kind}
        for key, value, kind in (("aws:RequestTag/team", "ab", "string"), ("aws:SourceIp", "10.1.2.3", "ip"))
    ]
    allowed = [("s3:GetObject", arns[0], "allowed"), ("s3:GetObject", arns[1], "implicitDeny")]
    assert decisions(simulate(**given, ContextEntries=entries)) == allowed
    entries[1]["ContextKeyValues"] = ["11.1.2.3"]
    assert decisions(simulate(**given, ContextEntries=entries))[0][2] == "implicitDeny"
    for refused in (
        {"PolicyInputList": [condition({"DateLessThan": {"aws:CurrentTime": "2030-01-01"}})]},
        {"PolicyInputList": [condition({"Bool": {"aws:SecureTransport": "true"}})]},
        {"ResourcePolicy": document(ANYBODY)},
        {"PermissionsBoundaryPolicyInputList": [document(ALLOW)]},
    ):
        with pytest.raises(ClientError, match="does not emulate iam:SimulateCustomPolicy"):
            simulate(**{**given, **refused})
    with pytest.raises(ClientError, match="NoSuchEntity"):
        aws("iam").simulate_principal_policy(PolicySourceArn=GONE, ActionNames=["s3:GetObject"])
