"""What is shown of an operation on a stack while it goes on."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from data_pipeline.core.deployment.changes import Change
from data_pipeline.core.deployment.folding import Folded, Group, groups
from data_pipeline.core.deployment.stack_events import Event

NOW = datetime(2026, 11, 30, tzinfo=UTC)
STACK = "shop-dev-pipeline"
OLD, NEW = "a" * 64, "b" * 64


def added(name: str, type_: str) -> Change:
    return Change("Add", name, type_)


def happened(seconds: int, told: str, reason: str = "") -> Event:
    """``Name=STATUS`` of a resource, ``STATUS`` of the stack."""
    name, _, status = told.rpartition("=")
    of_stack = not name
    kind = "AWS::CloudFormation::Stack" if of_stack else "AWS::IAM::Role"
    at = NOW + timedelta(seconds=seconds)
    return Event(f"{seconds}{told}", name or STACK, kind, status, reason, of_stack, at)


def shown(folded: Folded, events: Iterable[Event]) -> list[str]:
    lines = [line for event in events for line in folded.lines(event)]
    assert max(map(len, lines)) <= 80
    return [" ".join(line.split()) for line in lines]


def test_a_new_stack_is_a_line_for_each_type() -> None:
    """Once the last of the type is there, with the time since it began; what goes on stands in the moving line."""
    roles = [added(f"Role{n}", "AWS::IAM::Role") for n in range(3)]
    made = groups([*roles, added("Queue", "AWS::SQS::Queue")], {})
    assert [group.text for group in made] == ["3 × AWS::IAM::Role", "AWS::SQS::Queue"]
    folded = Folded(STACK, made)
    first = [
        "CREATE_IN_PROGRESS",
        "Role0=CREATE_IN_PROGRESS",
        "Queue=CREATE_IN_PROGRESS",
        "Role0=CREATE_COMPLETE",
    ]
    assert [*folded.lines(happened(0, first[0]))] == []
    for told in first[1:]:
        assert [*folded.lines(happened(1, told))] == []
    assert folded.now == "1 of 4 · Queue"
    rest = [
        happened(5, "Queue=CREATE_COMPLETE"),
        happened(7, "Role1=CREATE_COMPLETE"),
        happened(61, "Role2=CREATE_COMPLETE"),
        happened(75, "CREATE_COMPLETE"),
    ]
    assert shown(folded, rest) == [
        "+ AWS::SQS::Queue 0:05",
        "+ 3 × AWS::IAM::Role 1:01",
        f"{STACK}: created 1:15",
    ]


def modified(name: str, before: Any, after: Any, **more: Any) -> Change:
    return Change("Modify", name, "AWS::Glue::Job", before={"A": before}, after={"A": after}, **more)


def test_an_update_is_a_line_for_each_change_of_the_plan() -> None:
    """What only carries a new hash is one line; what AWS names besides is none; removals are done at the end."""
    changes = [
        modified("Load", OLD, NEW),
        modified("Prepare", OLD, NEW),
        modified("Size", 1, 2),
        modified("Other", 1, 2, replacement="True"),
        Change("Remove", "Old", "AWS::SQS::Queue"),
        *(Change("Modify", name, "AWS::SQS::Queue", because=("Tags",)) for name in ("One", "Two")),
    ]
    made = groups(changes, {OLD: NEW})
    assert [(group.sign, group.text) for group in made] == [
        ("~", "Size (AWS::Glue::Job)"),
        ("±", "Other (AWS::Glue::Job)"),
        ("-", "Old (AWS::SQS::Queue)"),
        ("~", "tags of 2 resources"),
        ("~", "2 resources with the new hash of code, packages or documents"),
    ]
    told = ["UPDATE_IN_PROGRESS", "Load=UPDATE_COMPLETE", "Unchanged=UPDATE_COMPLETE", "Size=UPDATE_COMPLETE"]
    told += ["Prepare=UPDATE_COMPLETE", "Other=UPDATE_COMPLETE", "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"]
    events = [happened(seconds, each) for seconds, each in enumerate([*told, "UPDATE_COMPLETE"])]
    assert shown(Folded(STACK, made), events) == [
        "~ Size (AWS::Glue::Job) 0:03",
        "~ 2 resources with the new hash of code, packages or documents 0:04",
        "± Other (AWS::Glue::Job) 0:05",
        f"{STACK}: deleting what is no longer needed 0:06",
        "- Old (AWS::SQS::Queue) 0:07",
        "~ tags of 2 resources 0:07",
        f"{STACK}: updated 0:07",
    ]


def test_a_failure_is_said_at_once_and_what_is_undone_is_not_said_to_be_done() -> None:
    """Its reason goes on below itself."""
    folded = Folded(STACK, groups([added("A", "T"), added("B", "AWS::IAM::Role")], {}))
    reason = "the policy is too large for a role, " * 4 + "as AWS says"
    lines = [
        line
        for event in (
            happened(0, "CREATE_IN_PROGRESS"),
            happened(2, "A=CREATE_FAILED", reason),
            happened(3, "ROLLBACK_IN_PROGRESS", "The following resource(s) failed to create: [A]."),
            happened(4, "B=DELETE_COMPLETE"),
            happened(9, "ROLLBACK_COMPLETE"),
        )
        for line in folded.lines(event)
    ]
    assert max(map(len, lines)) <= 80
    assert lines[0].startswith("  ! A (AWS::IAM::Role) failed: the policy is too large")
    assert lines[0].endswith("   0:02")
    assert lines[1].startswith("      ")
    assert [line for line in lines if "+" in line] == []
    assert lines[-1].split() == [f"{STACK}:", "rolled", "back", "0:09"]
    assert folded.now == "rolling back"


def test_an_end_that_has_no_name_of_ours_is_said_as_it_is() -> None:
    """With AWS's reason."""
    folded = Folded(STACK, (Group("~", "A", frozenset("A")),))
    end = happened(3, "UPDATE_ROLLBACK_FAILED", "The following resource(s) failed to update: [A].")
    assert " ".join(" ".join(folded.lines(end)).split()) == (
        f"{STACK}: UPDATE_ROLLBACK_FAILED: The following resource(s) 0:00 failed to update: [A]."
    )
