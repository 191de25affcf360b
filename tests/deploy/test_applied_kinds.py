"""Ten kinds of change, each planned and applied to a deployment: it is then what a fresh deployment of the same is."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from clients import client
from deploy import weather
from deploy.test_faults import World
from randomness import SOAK

from data_pipeline.cli.deploying import deployment, package
from data_pipeline.cli.deploying.target import Target
from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint

pytestmark = [pytest.mark.soak, pytest.mark.skipif(not SOAK, reason="only in the soak")]
MAINTENANCE = {"maintenance": {"schedule": {"enabled": True}}}
#: kind → settings of the environment before and after, and an edit of a file of the project (file, old, new).
KINDS: dict[str, tuple[dict[str, Any], dict[str, Any], tuple[str, str, str] | None]] = {
    "size": ({}, {"steps": {"load": {"timeout_minutes": 90}}}, None),
    "schedule": ({}, {"schedule": {"expression": "cron(30 7 * * ? *)"}}, None),
    "schedule off": ({}, {"schedule": {"enabled": False}}, None),
    "tag": ({"tags": {"team": "sky", "cost": "1"}}, {"tags": {"team": "sea"}}, None),
    "comment in SQL": ({}, {}, ("jobs/station_days.sql", "SELECT", "-- by day\nSELECT")),
    "column": ({}, {}, ("config/pipeline.yaml", 'rain_mm: "', 'wind: "double?", rain_mm: "')),
    "rule": ({}, {}, ("config/pipeline.yaml", "missing-windows: warn 0.1", "missing-windows: warn 0.2")),
    "maintenance added": ({}, MAINTENANCE, None),
    "maintenance removed": (MAINTENANCE, {}, None),
    "logs kept for longer": ({"log_retention_days": 30}, {"log_retention_days": 90}, None),
}
#: members that are new each time.
_NEW = re.compile(
    r"date$|time$|timestamp|createdon|modifiedon|roleid|revision|responsemetadata|approximate", re.IGNORECASE
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Its state and the project are in a temporary folder."""
    folder = tmp_path_factory.mktemp("kinds")
    root = weather.project(folder / "project")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deployment, "root", lambda: root)
        patch.setattr(package, "shipped", weather.own_code)
        endpoint = lifecycle.ensure_up(folder / "aws", 0)
        yield World(endpoint, folder / "fault", root)
    lifecycle.down(folder / "aws")


def _target(world: World, name: str, settings: dict[str, Any]) -> Target:
    return weather.target(world.root, world.endpoint, name, settings)


@pytest.mark.parametrize("kind", KINDS)
def test_what_was_changed_is_as_a_fresh_deployment(world: World, kind: str) -> None:
    """Resource by resource, but for names and times; and then there is nothing left to do."""
    before, after, edit = KINDS[kind]
    changed, fresh = (f"{prefix}{[*KINDS].index(kind)}env" for prefix in ("changed", "fresh"))
    weather.deploy(_target(world, changed, before))
    first = _state(world.endpoint, changed)
    text = _edited(world.root, edit)
    try:
        for name in (changed, fresh):
            target = _target(world, name, after)
            weather.deploy(target)
            assert weather.planned(target).nothing
        now = _state(world.endpoint, changed)
        assert now == _state(world.endpoint, fresh)
        assert now != first
    finally:
        if edit:
            (world.root / edit[0]).write_text(text)


def _edited(root: Path, edit: tuple[str, str, str] | None) -> str:
    """Change a file of the project; its text before."""
    if edit is None:
        return ""
    file, old, new = edit
    text = (root / file).read_text()
    assert old in text
    (root / file).write_text(text.replace(old, new, 1))
    return text


def _state(endpoint: Endpoint, name: str) -> dict[str, Any]:
    """Logical id → what its service says of it, under names that environments share."""
    cloudformation = client(endpoint, "cloudformation")
    found, physical = {}, {}
    for stack in ("storage", "pipeline"):
        resources = cloudformation.describe_stack_resources(StackName=f"weather-{name}-{stack}")[
            "StackResources"
        ]
        for each in resources:
            name_in_arns = each["PhysicalResourceId"].rpartition("/")[2].rpartition(":")[2]
            if re.search("StateMachine(Alias|Version)$", each["ResourceType"]):
                name_in_arns = each["PhysicalResourceId"]  # a number, or a word
            for known in (each["PhysicalResourceId"], name_in_arns):
                physical[known] = each["LogicalResourceId"]
            found[each["LogicalResourceId"]] = _described(
                endpoint, name, each["ResourceType"], each["PhysicalResourceId"]
            )
    text = json.dumps(_lasting(found), sort_keys=True, default=str)
    for known in sorted(physical, key=len, reverse=True):
        text = text.replace(known, physical[known])
    state: dict[str, Any] = json.loads(text.replace(name, "ENV"))
    return state


def _described(endpoint: Endpoint, environment: str, type_: str, name: str) -> Any:
    """What the service of a resource says of it; its type alone, of those that say nothing by themselves."""
    of = partial(client, endpoint)
    iam = of("iam")
    if type_ == "AWS::IAM::Role":
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        policies = {
            each: iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in names
        }
        return iam.get_role(RoleName=name)["Role"], policies
    asked: dict[str, Any] = {
        "AWS::Glue::Job": lambda: of("glue").get_job(JobName=name)["Job"],
        "AWS::StepFunctions::StateMachine": lambda: of("stepfunctions").describe_state_machine(
            stateMachineArn=name
        ),
        "AWS::Scheduler::Schedule": lambda: _schedule(endpoint, environment, name),
        "AWS::SQS::Queue": lambda: of("sqs").get_queue_attributes(QueueUrl=name, AttributeNames=["All"])[
            "Attributes"
        ],
        "AWS::Logs::LogGroup": lambda: of("logs").describe_log_groups(logGroupNamePrefix=name)["logGroups"][
            0
        ],
        "AWS::S3::Bucket": lambda: of("s3").get_bucket_tagging(Bucket=name)["TagSet"],
        "AWS::Athena::WorkGroup": lambda: of("athena").get_work_group(WorkGroup=name)["WorkGroup"],
    }
    return asked.get(type_, lambda: type_)()


def _schedule(endpoint: Endpoint, environment: str, name: str) -> Any:
    scheduler = client(endpoint, "scheduler")
    groups = {each["GroupName"] for each in scheduler.list_schedules()["Schedules"]}
    (group,) = (each for each in groups if environment in each)
    return scheduler.get_schedule(Name=name, GroupName=group)


def _lasting(value: Any) -> Any:
    """The value without what is new each time, and tags of CloudFormation in one order."""
    if isinstance(value, dict):
        return {key: _lasting(each) for key, each in value.items() if not _NEW.search(key)}
    if isinstance(value, (list, tuple)):
        return sorted(
            (_lasting(each) for each in value), key=lambda each: json.dumps(each, default=str, sort_keys=True)
        )
    return value
