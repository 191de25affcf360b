"""A pause outlives deployments, well ended or not; all with the deployer's policy alone."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from cli.test_schedule import schedule_resources
from deploy.test_deployment import PIPELINE, never, target  # noqa: F401 - a fixture

from data_pipeline.cli.commands.deploy import show_and_apply
from data_pipeline.cli.deploying import deployment
from data_pipeline.cli.deploying.deployment import carry_out, gather
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.config.environment import Schedule
from data_pipeline.core.errors import UserError
from data_pipeline.core.naming import DAILY
from data_pipeline.project import scheduling

NOW = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)


def _deploy(target: Target, **more: Any) -> None:  # noqa: F811
    """Deploy the queue and a schedule that is on, with these resources besides."""
    environment = target.environment
    resources = {**PIPELINE["Resources"], **schedule_resources(environment.names), **more}
    body = yaml.safe_dump({**PIPELINE, "Resources": resources})
    folder: Path = deployment.root() / "templates"
    (folder / f"{environment.name}-pipeline.yaml").write_text(body)
    plan = gather(target, create_bucket=True)
    try:
        carry_out(target, plan, never)
    finally:
        plan.discard(target.stacks)


def test_a_pause_outlives_deployments_and_roll_backs(target: Target) -> None:  # noqa: F811
    """One that changes the schedule, and one that fails; one that changes nothing, too; only resume ends it."""
    object.__setattr__(target.environment, "schedule", Schedule())
    _deploy(target)
    environment, connection = target.environment, target.connection
    stack = target.stacks.find(environment.names.pipeline_stack)
    assert stack is not None

    def daily() -> scheduling.Scheduled:
        (found,) = scheduling.schedules(environment, connection, stack)
        return found

    assert (daily().name, daily().state, len(daily().next(NOW, 2))) == (DAILY, "on", 2)
    noted = scheduling.pause(environment, connection, stack, NOW, "nonsense")
    assert (daily().schedule.enabled, daily().pause, daily().next(NOW, 2)) == (False, noted, [])
    assert scheduling.pause(environment, connection, stack, NOW.replace(hour=7), "later") == noted
    scheduling._switch(
        environment, connection, True
    )  # by a deployment that was killed before it could put it right
    show_and_apply(target, gather(target, create_bucket=False), yes=False, allowed=())
    assert not daily().schedule.enabled
    changed = schedule_resources(environment.names, "cron(30 7 * * ? *)")["Schedule"]
    _deploy(target, Schedule=changed)
    assert (daily().schedule.expression, daily().schedule.enabled) == ("cron(30 7 * * ? *)", False)
    unknown = {
        "Type": "AWS::SQS::QueuePolicy",
        "Properties": {"Queues": ["https://nowhere"], "PolicyDocument": {}},
    }
    with pytest.raises(UserError, match="the deployment failed"):
        _deploy(target, Broken={**unknown, "DependsOn": "Schedule"})
    assert (daily().schedule.enabled, daily().pause) == (False, noted)
    assert scheduling.resume(environment, connection, stack) == noted
    assert (daily().state, daily().pause) == ("on", None)
