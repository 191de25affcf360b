"""What a deployment may not replace or delete unless it is named."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.deployment import losses
from data_pipeline.core.deployment.changes import HOLDS_DATA, Change, StackChanges
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.core.errors import UserError


def plan(*changes: Change) -> StackChanges:
    return StackChanges("shop-dev-storage", Treatment.UPDATE, changes)


def change(type_: str = "AWS::S3::Bucket", **more: Any) -> Change:
    given = {"action": "Modify", "logical_id": "DataBucket", "type": type_, **more}
    return Change(**given)


REPLACED = {"replacement": "True", "forced_by": ("BucketName",)}


@pytest.mark.parametrize("type_", sorted(HOLDS_DATA))
@pytest.mark.parametrize(
    "lost",
    [
        {**REPLACED, "policy": "ReplaceAndDelete"},
        {**REPLACED, "policy": "ReplaceAndRetain"},
        {"replacement": "Conditional"},
        {"action": "Remove", "policy": "Delete"},
    ],
    ids=["replaced", "kept", "perhaps", "deleted"],
)
def test_what_holds_data_is_neither_replaced_nor_deleted_unnamed(type_: str, lost: dict[str, Any]) -> None:
    """Also where the old one is kept: what reads it would find an empty one."""
    plans = [plan(), plan(change(type_, **lost))]
    with pytest.raises(UserError, match=f"DataBucket \\({type_}\\)"):
        losses.refuse(plans, ())
    with pytest.raises(UserError, match=r"--allow-replace DataBucket$"):
        losses.refuse(plans, ["Other"])
    losses.refuse(plans, ["DataBucket"])
    assert losses.names(plans) == ["DataBucket"]


@pytest.mark.parametrize(
    "harmless",
    [
        change("AWS::IAM::Role", **REPLACED),
        change("AWS::Glue::Job", action="Remove"),
        change(action="Remove", policy="Retain"),
        change(action="Add"),
        change(),
    ],
    ids=["role", "job", "retained", "new", "in place"],
)
def test_what_can_be_made_again_or_stays_is_not_refused(harmless: Change) -> None:
    """Roles and jobs, what is retained, and what changes in its place."""
    losses.refuse([plan(harmless)], ())


def test_the_refusal_says_what_why_and_both_ways_out() -> None:
    """All at once, in the words of the plan."""
    group = Change("Remove", "Logs", "AWS::Logs::LogGroup", policy="Delete")
    with pytest.raises(UserError) as found:
        losses.refuse([plan(change(**REPLACED, policy="ReplaceAndRetain"), group)], ())
    assert str(found.value).splitlines() == [
        "this would replace or delete 2 resources that hold data; nothing was changed:",
        "  DataBucket (AWS::S3::Bucket) is replaced, since BucketName cannot change in place; the old one is kept",
        "  Logs (AWS::Logs::LogGroup) is removed; DATA LOSS: what it holds is deleted",
        "To keep what is there, write the configuration as it is deployed, render, and deploy again.",
        "To go ahead, copy what you need of it, then add: --allow-replace DataBucket --allow-replace Logs",
    ]
