"""What the user reads before a deployment."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.deployment.changes import (
    Change,
    StackChanges,
    describe,
    from_change_set,
    from_template,
    summary,
    without_pause,
)
from data_pipeline.core.deployment.stack_states import Treatment

PIPELINE = "nyc-tlc-dev-pipeline"


def entry(action: str, name: str, kind: str, *details: dict[str, Any], **more: str) -> dict[str, Any]:
    """One entry of DescribeChangeSet's Changes."""
    change = {"Action": action, "LogicalResourceId": name, "ResourceType": kind, "Details": list(details)}
    return {"Type": "Resource", "ResourceChange": {**change, **more}}


def test_a_change_set_reads_as_a_list_of_changes() -> None:
    """Actions in order, replacements by name, changed properties, and lost data at the end in capitals."""
    changes = from_change_set(
        [
            entry("Remove", "Old", "AWS::Logs::LogGroup", PolicyAction="Delete"),
            entry(
                "Modify",
                "Job",
                "AWS::Glue::Job",
                {"Target": {"Attribute": "Properties", "Name": "Role"}},
                {"Target": {"Attribute": "Tags"}},
                {"Target": {"Attribute": "Properties", "Name": "Role"}},
                Replacement="Conditional",
            ),
            entry("Add", "Role", "AWS::IAM::Role"),
            {"Type": "Hook"},
        ]
    )
    assert describe(StackChanges(PIPELINE, Treatment.UPDATE, changes)) == [
        "nyc-tlc-dev-pipeline: update it",
        "  + Add      AWS::IAM::Role       Role",
        "  ~ Modify   AWS::Glue::Job       Job (Role, Tags) · MAY BE REPLACED",
        "  - Remove   AWS::Logs::LogGroup  Old",
        "  ! DATA LOSS: AWS::Logs::LogGroup Old is removed, and what it holds is deleted",
    ]
    assert (
        summary([StackChanges(PIPELINE, Treatment.UPDATE, changes)]) == "1 to add, 1 to replace, 1 to remove"
    )
    later = StackChanges(PIPELINE, Treatment.CONTINUE_ROLLBACK, unknown="later")
    assert summary([later]) == f"{PIPELINE}: not known yet"
    assert summary([]) == "no resource changes"


@pytest.mark.parametrize(
    ("change", "loses"),
    [
        (Change("Remove", "B", "AWS::S3::Bucket"), True),
        (Change("Remove", "B", "AWS::S3::Bucket", policy="Retain"), False),
        (Change("Modify", "B", "AWS::S3::Bucket", "True", policy="ReplaceAndDelete"), True),
        (Change("Modify", "B", "AWS::S3::Bucket", "True", policy="ReplaceAndRetain"), False),
        (Change("Modify", "B", "AWS::S3::Bucket", "Conditional"), True),
        (Change("Modify", "B", "AWS::S3::Bucket", "False"), False),
        (Change("Add", "B", "AWS::S3::Bucket"), False),
        (Change("Remove", "R", "AWS::IAM::Role"), False),
        (Change("Modify", "F", "AWS::SageMaker::FeatureGroup", "True"), True),
    ],
)
def test_lost_data_is_flagged_where_it_is_lost(change: Change, loses: bool) -> None:
    """Only what holds data, goes, and is not retained."""
    lines = describe(StackChanges("s", Treatment.UPDATE, (change,)))
    assert any("DATA LOSS" in line for line in lines) is loses


def test_a_new_stack_reads_as_its_template() -> None:
    """Before there can be a change set, every resource of the template will be added."""
    template = {"Resources": {"B": {"Type": "AWS::S3::Bucket"}, "A": {"Type": "AWS::IAM::Role"}}}
    plan = StackChanges("s", Treatment.CREATE, from_template(template), protect=True)
    assert describe(plan) == [
        "s: create it",
        "  + Add      AWS::IAM::Role   A",
        "  + Add      AWS::S3::Bucket  B",
        "  + termination protection",
    ]


@pytest.mark.parametrize(
    ("plan", "line"),
    [
        (StackChanges("s", Treatment.UPDATE, any=False), "s: no changes"),
        (StackChanges("s", Treatment.UPDATE), "  ~ Modify   outputs, tags or parameters only; no resource"),
        (StackChanges("s", Treatment.CONTINUE_ROLLBACK, unknown="later"), "  ? later"),
        (StackChanges("s", Treatment.UPDATE, any=False, protect=True), "  + termination protection"),
    ],
)
def test_what_is_not_a_resource_is_said_too(plan: StackChanges, line: str) -> None:
    """No changes, changes of outputs alone, changes not known yet, protection alone: each has its line."""
    assert describe(plan)[-1] == line


def test_what_was_shown_need_not_be_asked_again() -> None:
    """The final change set is agreed to when it holds nothing but what was shown; properties may come later."""
    shown = StackChanges("s", Treatment.CREATE, (Change("Add", "A", "T"), Change("Add", "B", "T")))
    fewer = StackChanges("s", Treatment.CREATE, (Change("Add", "A", "T", because=("X",)),))
    other = StackChanges("s", Treatment.CREATE, (Change("Add", "A", "T"), Change("Remove", "C", "T")))
    replaced = StackChanges("s", Treatment.UPDATE, (Change("Modify", "A", "T", "True"),))
    kept = StackChanges("s", Treatment.UPDATE, (Change("Modify", "A", "T", "False"),))
    assert fewer.agrees_with(shown)
    assert not other.agrees_with(shown)
    assert not replaced.agrees_with(kept)
    assert not kept.agrees_with(StackChanges("s", Treatment.CONTINUE_ROLLBACK, unknown="later"))


def test_of_drift_only_what_is_changed_is_a_change() -> None:
    """What is merely noted to be as it is leaves no line."""
    described = [
        entry("SyncWithActual", "Queue", "AWS::SQS::Queue"),
        entry("Modify", "Job", "AWS::Glue::Job"),
    ]
    assert [change.logical_id for change in from_change_set(described)] == ["Job"]


def test_a_schedule_that_is_only_switched_on_is_no_change_while_it_is_paused() -> None:
    """Another property of it is, and so is any other resource."""

    def schedule(name: str = "Schedule", **after: Any) -> Change:
        off, on = (
            {"State": "DISABLED", "ScheduleExpression": "a"},
            {"State": "ENABLED", "ScheduleExpression": "a"},
        )
        sides = {"before": {"Properties": off}, "after": {"Properties": {**on, **after}}}
        return Change("Modify", name, "AWS::Scheduler::Schedule", **sides)

    assert without_pause([schedule()], "Schedule") == ()
    assert without_pause([schedule()], "") == (schedule(),)
    others = [
        schedule(ScheduleExpression="b"),
        schedule("MaintenanceSchedule"),
        Change("Modify", "Schedule", "T"),
    ]
    assert without_pause(others, "Schedule") == tuple(others)
