"""What was changed by hand is planned, brought back, and gone; a pause of the schedule is none of it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from cli.test_schedule import schedule_resources
from clients import client
from deploy.test_deployment import never, target  # noqa: F401 - a fixture
from deploy.test_plan_page import _queue, _role, _write, deployed  # noqa: F401 - a fixture

from data_pipeline.cli.deploying import plan_page
from data_pipeline.cli.deploying.deployment import carry_out, gather
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.config.environment import Schedule
from data_pipeline.core.deployment.page import rendering
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.project import drifting, scheduling

NOW = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


def _planned(target: Target, revert_drift: bool, apply: bool = False) -> str:  # noqa: F811
    """The page, which is applied where that is asked for."""
    plan = gather(target, create_bucket=True, revert_drift=revert_drift)
    try:
        page = plan_page.plan_page(target, plan)
        if apply:
            carry_out(target, plan, never)
    finally:
        plan.discard(target.stacks)
    return "\n".join(rendering.lines(page))


def _physical(embedded: Endpoint, target: Target, name: str) -> str:  # noqa: F811
    found = client(embedded, "cloudformation").describe_stack_resource(
        StackName=target.environment.names.pipeline_stack, LogicalResourceId=name
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _by_hand(embedded: Endpoint, target: Target) -> None:  # noqa: F811
    """A setting, a permission, and a resource that goes."""
    sqs, iam = client(embedded, "sqs"), client(embedded, "iam")
    queue, role = (_physical(embedded, target, name) for name in ("Queue", "Role"))
    sqs.set_queue_attributes(QueueUrl=queue, Attributes={"VisibilityTimeout": "90"})
    document: Any = iam.get_role_policy(RoleName=role, PolicyName="use")["PolicyDocument"]
    document["Statement"][0]["Action"] = ["sqs:PurgeQueue"]
    iam.put_role_policy(RoleName=role, PolicyName="use", PolicyDocument=json.dumps(document))
    sqs.delete_queue(QueueUrl=_physical(embedded, target, "Gone"))


def test_what_was_changed_by_hand_is_planned_and_brought_back(
    deployed: Target,  # noqa: F811
    embedded: Endpoint,
) -> None:
    """Without the option no change is seen; with it each is, from what is there to what the template says."""
    object.__setattr__(deployed.environment, "schedule", Schedule())
    schedule = schedule_resources(deployed.environment.names)
    _write(deployed, Queue=_queue(30), Role=_role("sqs:SendMessage"), Gone=_queue(1), **schedule)
    _planned(deployed, revert_drift=False, apply=True)
    stack = deployed.stacks.find(deployed.environment.names.pipeline_stack)
    assert stack is not None
    scheduling.pause(deployed.environment, deployed.connection, stack, NOW, "")
    assert "no changes" in _planned(deployed, revert_drift=True), "a pause is no drift"

    _by_hand(embedded, deployed)
    assert "no changes" in _planned(deployed, revert_drift=False)
    page = _planned(deployed, revert_drift=True, apply=True)
    for piece in (
        "      + may sqs:SendMessage\n",
        "      - may no longer sqs:PurgeQueue\n",
        "      ~ VisibilityTimeout: 90 → 30\n",
        "  + Gone (AWS::SQS::Queue)\n",
    ):
        assert piece in page, page
    assert page.endswith("\n1 to add, 2 to modify")
    assert "  ~ Schedule" not in page
    assert "no changes" in _planned(deployed, revert_drift=True)
    admin = client(embedded, "cloudformation")
    name = deployed.environment.names.pipeline_stack
    drifting.drift.detect(admin, name, 0.1)
    drifted = [each.logical_id for each in drifting.drift.last(admin, name).resources]
    assert drifted == ["Schedule"], "which is paused"
