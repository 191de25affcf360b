"""A plan that was reviewed: what it is for, and what makes it another one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from data_pipeline.core.deployment.changes import Change, StackChanges
from data_pipeline.core.deployment.page import reviewed
from data_pipeline.core.deployment.page.reviewed import Reviewed, fingerprint
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.core.errors import UserError

PLAN = Reviewed("plan.json", "dev", "123456789012", "eu-west-1", "artifacts", "f" * 64)


def _print(
    value: int = 1, parameter: str = "a", template: str = "t", status: Treatment = Treatment.UPDATE
) -> str:
    change = Change(
        "Modify", "Q", "AWS::SQS::Queue", before={"Properties": {"A": 0}}, after={"Properties": {"A": value}}
    )
    return fingerprint({"CodeVersion": parameter}, [template], [StackChanges("s", status, (change,))])


def test_whatever_is_applied_makes_another_plan() -> None:
    """Values, parameters, templates, the state of a stack; the same is the same."""
    assert _print() == _print()
    others = [_print(value=2), _print(parameter="b"), _print(template="u"), _print(status=Treatment.CREATE)]
    assert len({_print(), *others}) == 5


def test_a_file_is_read_and_what_is_no_plan_is_named() -> None:
    """With what to do."""
    whole = {
        name: getattr(PLAN, name) for name in ("environment", "account", "region", "bucket", "fingerprint")
    }
    assert reviewed.read(json.dumps({**whole, "sections": []}), "plan.json") == PLAN
    for content in ("", "[]", "{}", "no JSON"):
        with pytest.raises(UserError, match=r"plan.json: found no plan .* write it anew"):
            reviewed.read(content, "plan.json")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("prod", "123456789012", "eu-west-1"), "for the environment 'dev', and this is 'prod'"),
        (("dev", "999999999999", "eu-west-1"), "for the account '123456789012', and this is '999999999999'"),
        (("dev", "123456789012", "us-east-1"), "for the region 'eu-west-1', and this is 'us-east-1'"),
    ],
)
def test_a_plan_is_for_one_place(given: Any, said: str) -> None:
    """An account, a region and an environment."""
    reviewed.refuse_other_target(PLAN, "dev", "123456789012", "eu-west-1")
    with pytest.raises(UserError, match=said):
        reviewed.refuse_other_target(PLAN, *given)


def test_what_moved_is_refused() -> None:
    """And says how to plan again."""
    reviewed.refuse_what_moved(PLAN, "f" * 64)
    with pytest.raises(UserError, match=r"plan and review again: python -m data_pipeline plan dev --json"):
        reviewed.refuse_what_moved(PLAN, "e" * 64)
