"""Who is at a stack, as a token says it."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from data_pipeline.core.deployment.operators import Underway, token, who

ARNS = {
    "arn:aws:iam::123456789012:user/ann": "user-ann",
    "arn:aws:sts::123456789012:assumed-role/Deployer/ann@example.com": "assumed-role-Deployer-ann-example-com",
    "arn:aws:iam::123456789012:root": "root",
    "arn:aws:iam::123456789012:user/" + "a" * 200: "user-" + "a" * 75,
    "arn:aws:iam::123456789012:user/--ü--": "user",
}


@pytest.mark.parametrize(("arn", "name"), ARNS.items())
def test_a_token_says_who_in_letters_that_cloudformation_takes(arn: str, name: str) -> None:
    """There and back."""
    made = token(arn, "0123abcd")
    assert re.fullmatch("[a-zA-Z0-9][-a-zA-Z0-9]{0,127}", made)
    assert who(made) == name


@pytest.mark.parametrize("other", [None, "", "Console-ExecuteChangeSet-1234", "deploy--ann"])
def test_a_token_of_another_tool_says_nobody(other: str | None) -> None:
    """The console's, or none."""
    assert who(other) == ""


def test_an_operation_says_what_who_and_since_when() -> None:
    """As much as is known."""
    since = datetime(2026, 11, 30, 14, 2, 11, tzinfo=UTC)
    assert str(Underway("UPDATE_IN_PROGRESS", "1", since, "user-ann")) == (
        "UPDATE_IN_PROGRESS, by user-ann since 2026-11-30 14:02:11 UTC"
    )
    assert str(Underway("DELETE_IN_PROGRESS", "1", since)) == (
        "DELETE_IN_PROGRESS, not by data-pipeline, or by an older one, since 2026-11-30 14:02:11 UTC"
    )
    assert (
        str(Underway("DELETE_IN_PROGRESS")) == "DELETE_IN_PROGRESS, not by data-pipeline, or by an older one"
    )
