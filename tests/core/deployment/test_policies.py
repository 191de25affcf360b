"""Policies as they are read from templates: every part of a statement, and what lacks its reason."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.policies import policies, text, unexplained

TEMPLATE = """\
Resources:
  Guard:
    Type: AWS::S3::BucketPolicy
    Metadata: {Why: {Tls: because}}
    Properties:
      Bucket: !Ref Data
      PolicyDocument:
        Statement:
          - {Sid: Tls, Effect: Deny, Principal: '*', Action: 's3:*', Resource: !Sub 'arn:x:${Data}/*'}
  JobRole:
    Type: AWS::IAM::Role
    Metadata:
      Why: {Read: a step reads, Measure: a service measures}
      ReasonForWildcard: {Measure: a metric is no resource}
    Properties:
      Description: Jobs
      PermissionsBoundary: !Sub arn:x:policy/limit
      AssumeRolePolicyDocument:
        Statement:
          - Effect: Allow
            Principal: {Service: glue.amazonaws.com}
            Action: [sts:AssumeRole]
            Condition: {StringEquals: {aws:SourceAccount: !Ref AWS::AccountId}}
      Policies:
        - PolicyDocument:
            Statement:
              - Sid: Read
                Effect: Allow
                Action: [s3:GetObject]
                Resource: [!Sub 'arn:x:${Data}/a/*', !GetAtt Other.Arn]
                Condition: {StringLike: {s3:prefix: [a/*, b/*]}}
              - {Sid: Measure, Effect: Allow, Action: [cloudwatch:PutMetricData], Resource: ['*']}
"""


def _found(body: str = TEMPLATE) -> Any:
    return policies({"t.yaml": templates.read(body)})


def test_a_role_is_read_whole() -> None:
    """Who takes it, within what, and of each statement actions, resources, conditions and reasons."""
    role, guard = _found()
    assert (role.name, role.kind, role.description) == ("JobRole", "role", "Jobs")
    assert role.boundary == "arn:x:policy/limit"
    (trust,) = role.trusts
    assert trust.principals == ("glue.amazonaws.com",)
    assert trust.conditions == ("aws:SourceAccount StringEquals ${AWS::AccountId}",)
    read, measure = role.statements
    assert (read.sid, read.effect, read.actions) == ("Read", "Allow", ("s3:GetObject",))
    assert read.resources == ("arn:x:${Data}/a/*", "${Other.Arn}")
    assert read.conditions == ("s3:prefix StringLike a/*, b/*",)
    assert (read.why, read.why_everything) == ("a step reads", "")
    assert measure.why_everything == "a metric is no resource"
    assert (guard.name, guard.kind, guard.description) == ("Guard", "resource", "${Data}")
    assert guard.statements[0].principals == ("*",)
    assert (guard.statements[0].effect, guard.statements[0].why) == ("Deny", "because")


@pytest.mark.parametrize(
    ("removed", "named"),
    [
        ("Read: a step reads, ", "JobRole.Read"),
        ("{Measure: a metric is no resource}", "JobRole.Measure"),
        ("    Metadata: {Why: {Tls: because}}\n", "Guard.Tls"),
    ],
)
def test_what_lacks_its_reason_is_named(removed: str, named: str) -> None:
    """A statement of a role or of a resource's policy, and a * of a role."""
    assert unexplained(_found()) == []
    empty = "{}" if removed.startswith("{") else ""
    assert unexplained(_found(TEMPLATE.replace(removed, empty))) == [named]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"Fn::Sub": ["a${B}", {"B": {"Ref": "C"}}]}, "a${B}"),
        ({"Fn::GetAtt": ["Queue", "Arn"]}, "${Queue.Arn}"),
        ({"GetAtt": "Queue.Arn"}, "${Queue.Arn}"),
        ({"Ref": "Bucket"}, "${Bucket}"),
        ({"ImportValue": "x"}, "ImportValue(x)"),
        (7, "7"),
    ],
)
def test_functions_become_text(value: Any, expected: str) -> None:
    """In both spellings of a template."""
    assert text(value) == expected
