"""Whom a role's trust policy lets in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data_pipeline.embedded_aws.identity import sessions

ROLE = "arn:aws:iam::000000000000:role/jobs"
GLUE = "glue.amazonaws.com"
ALLOW: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": GLUE}, "Action": "sts:AssumeRole"}
DENY = {**ALLOW, "Effect": "Deny"}
OTHERS = {**DENY, "Principal": {"Service": ["states.amazonaws.com"]}}
OTHER_CALL = {**DENY, "Action": "sts:TagSession"}
UNTIL = {**DENY, "Condition": {"StringNotEquals": {"aws:SourceAccount": "000000000000"}}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([ALLOW], True),
        (ALLOW, True),
        ([], False),
        ([ALLOW, DENY], False),
        ([DENY, ALLOW], False),
        ([OTHERS, ALLOW], True),
        ([OTHER_CALL, ALLOW], True),
        ([UNTIL, ALLOW], True),
    ],
)
def test_an_explicit_deny_wins(statements: Any, expected: bool) -> None:
    """Wherever it stands, if it is about this service, this call and a condition that holds."""
    document = {"Version": "2012-10-17", "Statement": statements}
    source = {"aws:SourceAccount": "000000000000"}
    assert sessions.trusts(document, GLUE, ROLE, source) is expected
    assert sessions.trusts(json.dumps(document), GLUE, ROLE, source) is expected
