"""Policies → what IAM's simulator is asked."""

from __future__ import annotations

import json
from fnmatch import fnmatchcase
from pathlib import Path

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.simulation import Question, deployer_policy, questions
from data_pipeline.core.loading.load import load_environment

ROOT = Path(__file__).resolve().parents[3]
DEV = load_environment(ROOT, "dev")
POLICY = json.loads((ROOT / "docs" / "reference" / "deployer-policy.json").read_text())


def every_question(env: Environment = DEV, artifacts: str | None = "my-artifacts") -> list[Question]:
    return list(deployer_policy(POLICY, env, "123456789012", "aws", artifacts))


def test_the_deployers_policy_answers_its_own_questions() -> None:
    """Filled in as its page says, the policy allows every question made of it."""
    filled = json.dumps(POLICY)
    for placeholder, value in {
        "ACCOUNT_ID": "123456789012",
        "REGION": "us-east-1",
        "DATABASE_PREFIX": "nyc_tlc",
        "ARTIFACT_BUCKET": "my-artifacts",
        "PIPELINE": "nyc-tlc",
    }.items():
        filled = filled.replace(placeholder, value)
    statements = json.loads(filled)["Statement"]

    def some(value: str | list[str], found: str) -> bool:
        return any(fnmatchcase(found, one) for one in ([value] if isinstance(value, str) else value))

    for question in every_question():
        for action in question.actions:
            for resource in question.resources:
                allowed = [
                    s for s in statements if some(s["Action"], action) and some(s["Resource"], resource)
                ]
                assert allowed or resource == "*", (action, resource)


def test_no_question_holds_a_placeholder_or_a_pattern() -> None:
    """The simulator takes neither; the environment's own names are asked about."""
    text = "".join(part for q in every_question() for part in (*q.actions, *q.resources) if part != "*")
    assert not [
        word for word in ("PIPELINE", "REGION", "ACCOUNT_ID", "PREFIX", "BUCKET", "*") if word in text
    ]
    resources = {resource for question in every_question() for resource in question.resources}
    assert "arn:aws:states:us-east-1:123456789012:stateMachine:nyc-tlc-dev" in resources
    assert "arn:aws:glue:us-east-1:123456789012:database/nyc_tlc_dev" in resources
    assert "arn:aws:s3:::my-artifacts/nyc-tlc/x" in resources


def test_every_service_that_roles_are_handed_to_is_asked_about() -> None:
    """A condition with three values is three questions."""
    passed = [q.context for q in every_question() if q.actions == ("iam:PassRole",)]
    assert {context[0][2] for context in passed} == {
        "glue.amazonaws.com",
        "scheduler.amazonaws.com",
        "states.amazonaws.com",
    }
    assert all(context[0][:2] == ("iam:PassedToService", "string") for context in passed)


def test_what_this_deployment_does_not_need_is_not_asked() -> None:
    """No artifact bucket is known before the first deployment; a user's own data bucket is not made."""
    assert not any("s3:::my-artifacts" in r for q in every_question(artifacts=None) for r in q.resources)
    own = DEV.model_copy(update={"data": DEV.data.model_copy(update={"bucket": "mine-1"})})
    assert not any("s3:CreateBucket" in question.actions for question in every_question(own))
    assert any("s3:CreateBucket" in question.actions for question in every_question())


def test_questions_of_a_role() -> None:
    """Single values are lists of one; Deny statements are not asked; every value of a condition is, once."""
    assert list(questions({"Effect": "Deny", "Action": "s3:*", "Resource": "*"})) == []
    statement = {
        "Effect": "Allow",
        "Action": "s3:ListBucket",
        "Resource": ["arn:aws:s3:::b", "arn:aws:s3:::b/input/*"],
        "Condition": {
            "StringLike": {"s3:prefix": ["input/*", "runs/*"]},
            "Bool": {"aws:SecureTransport": "true"},
        },
    }
    resources = ("arn:aws:s3:::b", "arn:aws:s3:::b/input/x")
    secure = ("aws:SecureTransport", "boolean", "true")
    assert list(questions(statement)) == [
        Question(("s3:ListBucket",), resources, (("s3:prefix", "string", "input/x"), secure)),
        Question(("s3:ListBucket",), resources, (("s3:prefix", "string", "runs/x"), secure)),
    ]
