"""The page of a deployment on an embedded AWS, by the deployer's policy alone: before, applied, and after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from deploy.test_deployment import PIPELINE, STORAGE, never, target  # noqa: F401 - a fixture

from data_pipeline.cli.commands.deploy import show_and_apply
from data_pipeline.cli.deploying import deployment, plan_page
from data_pipeline.cli.deploying.deployment import carry_out, gather
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment.page import rendering
from data_pipeline.core.deployment.page.entries import Page

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}


#: the calls of a plan that finds no change, and of a deployment that does.
PLANNED = {
    **{"HeadBucket": 2, "GetPublicAccessBlock": 1, "GetBucketOwnershipControls": 1, "GetBucketEncryption": 1},
    **{"ListObjectsV2": 1, "GetObject": 1, "DescribeStacks": 4},
    **{"CreateChangeSet": 2, "DescribeChangeSet": 2, "DeleteChangeSet": 2},
}
#: the record of deployments, and whether the schedule is paused
DEPLOYED = {**PLANNED, "GetObject": 3}


def _role(*actions: str) -> dict[str, Any]:
    """A role that may do these on the queue, and says why."""
    statement = {
        "Sid": "Use",
        "Effect": "Allow",
        "Action": [*actions],
        "Resource": {"Fn::GetAtt": ["Queue", "Arn"]},
    }
    policy = {"PolicyName": "use", "PolicyDocument": {"Version": "2012-10-17", "Statement": [statement]}}
    return {
        "Type": "AWS::IAM::Role",
        "Metadata": {"Why": {"Use": "it tells others"}},
        "Properties": {"AssumeRolePolicyDocument": TRUST, "Policies": [policy]},
    }


def _queue(seconds: int) -> dict[str, Any]:
    return {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}}


def _write(target: Target, storage: Any = STORAGE, **resources: Any) -> None:  # noqa: F811
    """The templates of the project."""
    folder: Path = deployment.root() / "templates"
    name = target.environment.name
    body = {**PIPELINE, "Resources": resources}
    (folder / f"{name}-pipeline.yaml").write_text(yaml.safe_dump(body))
    (folder / f"{name}-storage.yaml").write_text(yaml.safe_dump(storage).replace("placed", name))


def _page(target: Target) -> Page:  # noqa: F811
    plan = gather(target, create_bucket=True)
    try:
        return plan_page.plan_page(target, plan)
    finally:
        plan.discard(target.stacks)


def _deploy(target: Target) -> None:  # noqa: F811
    plan = gather(target, create_bucket=True)
    try:
        carry_out(target, plan, never)
    finally:
        plan.discard(target.stacks)


@pytest.fixture
def deployed(target: Target, monkeypatch: pytest.MonkeyPatch) -> Target:  # noqa: F811
    """A role, a queue, and one that is kept."""
    monkeypatch.setattr(plan_page, "root", deployment.root)
    kept = {"Type": "AWS::SQS::Queue", "DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}
    _write(target, Queue=_queue(30), Role=_role("sqs:SendMessage"), Kept=kept)
    _deploy(target)
    return target


def test_each_change_is_shown_and_gone_once_it_is_applied(deployed: Target) -> None:
    """A permission, a property, a file, what is new, and what leaves the stack and is kept; the plan writes nothing but
    change sets that it deletes.
    """
    assert [*rendering.lines(_page(deployed))] == [
        f"no changes: {deployed.environment.name} is deployed as it stands here"
    ]
    (deployment.root() / "jobs" / "prepare.py").write_text("print(1)\n")
    new = {"Type": "AWS::SQS::Queue"}
    _write(deployed, Queue=_queue(60), Role=_role("sqs:SendMessage", "sqs:GetQueueUrl"), New=new)
    called: list[str] = []
    with _counted(deployed, called):
        page = _page(deployed)
    _writes_nothing_but_change_sets(called)
    text = "\n".join(rendering.lines(page))
    for piece in (
        "Permissions\n  ~ role Role\n      + may sqs:GetQueueUrl\n          + on",
        "            because it tells others\n",
        "Code\n  ~ jobs/prepare.py\n",
        "  + New (AWS::SQS::Queue)\n",
        "  - Kept (AWS::SQS::Queue)\n",
        "  ~ Queue (AWS::SQS::Queue)\n      ~ VisibilityTimeout: 30 → 60\n",
        "Stays as it is\n    Kept (AWS::SQS::Queue) leaves the stack and is kept, with what it holds\n",
    ):
        assert piece in text, text
    assert "sqs:SendMessage" not in text
    assert text.endswith("\n1 to add, 2 to modify, 1 to remove")
    assert _page(deployed) == page
    _deploy(deployed)
    _asks_no_more_than_it_has_to(deployed)


def _asks_no_more_than_it_has_to(deployed: Target) -> None:
    """A plan and a deployment without changes, call by call; of writes there are change sets, which are deleted."""
    called: list[str] = []
    with _counted(deployed, called):
        assert not _page(deployed).changes
    assert Counter(called) == PLANNED
    called.clear()
    with _counted(deployed, called):
        changed, _ = show_and_apply(deployed, gather(deployed, create_bucket=True), True, ())
    assert not changed
    assert Counter(called) == DEPLOYED


@contextmanager
def _counted(target: Target, called: list[str]) -> Iterator[None]:  # noqa: F811
    """Notes the name of each call to AWS."""
    clients = target.connection._clients.values()
    for client in clients:
        client.meta.events.register("before-call", lambda model, **_: called.append(model.name), "counting")
    try:
        yield
    finally:
        for client in clients:
            client.meta.events.unregister("before-call", unique_id="counting")


def _writes_nothing_but_change_sets(called: list[str]) -> None:
    """Which it deletes again; and it asks little."""
    reading = ("Describe", "Get", "List", "Head", "Validate")
    assert {name for name in called if not name.startswith(reading)} == {"CreateChangeSet", "DeleteChangeSet"}
    assert called.count("CreateChangeSet") == called.count("DeleteChangeSet") == 2
    assert len(called) <= 32, called
