"""Drift-aware change sets of the embedded AWS: what they show, apply and go back to."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clients import client

from data_pipeline.embedded_aws.server.endpoint import Endpoint

MODE = "REVERT_DRIFT"


def template(seconds: int, **more: Any) -> str:
    """A queue that is hidden for so many seconds, and others."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds, "DelaySeconds": 5}}
    return json.dumps({"Resources": {"Queue": queue, **more}})


@pytest.fixture
def stack(embedded: Endpoint) -> Iterator[str]:
    """A stack of one queue, which somebody has changed by hand."""
    cloudformation, sqs = client(embedded, "cloudformation"), client(embedded, "sqs")
    name = f"drifts-{uuid.uuid4().hex[:8]}"
    cloudformation.create_stack(StackName=name, TemplateBody=template(30))
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})
    url = _url(embedded, name)
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "90"})
    yield name
    cloudformation.delete_stack(StackName=name)
    cloudformation.get_waiter("stack_delete_complete").wait(StackName=name, WaiterConfig={"Delay": 0.1})


def _url(embedded: Endpoint, name: str) -> str:
    found = client(embedded, "cloudformation").describe_stack_resource(
        StackName=name, LogicalResourceId="Queue"
    )
    return str(found["StackResourceDetail"]["PhysicalResourceId"])


def _seconds(embedded: Endpoint, name: str) -> str:
    wanted = {"QueueUrl": _url(embedded, name), "AttributeNames": ["VisibilityTimeout"]}
    return str(client(embedded, "sqs").get_queue_attributes(**wanted)["Attributes"]["VisibilityTimeout"])


def _made(embedded: Endpoint, name: str, body: str, **more: Any) -> dict[str, Any]:
    """A change set, described with its values."""
    cloudformation = client(embedded, "cloudformation")
    given = {"StackName": name, "ChangeSetName": f"c{uuid.uuid4().hex}", "TemplateBody": body}
    made = cloudformation.create_change_set(**given, **more)
    found: dict[str, Any] = cloudformation.describe_change_set(
        ChangeSetName=made["Id"], IncludePropertyValues=True
    )
    return found


def _applied(embedded: Endpoint, name: str, change_set: dict[str, Any], waiter: str) -> None:
    cloudformation = client(embedded, "cloudformation")
    cloudformation.execute_change_set(ChangeSetName=change_set["ChangeSetId"])
    cloudformation.get_waiter(waiter).wait(StackName=name, WaiterConfig={"Delay": 0.1})


def test_what_was_changed_is_shown_from_what_is_there_and_brought_back(
    embedded: Endpoint, stack: str
) -> None:
    """Of an unchanged template there is nothing to do without the mode."""
    assert _made(embedded, stack, template(30))["Status"] == "FAILED"
    made = _made(embedded, stack, template(30), DeploymentMode=MODE)
    (change,) = (each["ResourceChange"] for each in made["Changes"])
    assert (made["Status"], change["Action"], change["Replacement"]) == ("CREATE_COMPLETE", "Modify", "False")
    before, after = (json.loads(change[side])["Properties"] for side in ("BeforeContext", "AfterContext"))
    assert (before, after["VisibilityTimeout"]) == ({"VisibilityTimeout": 90, "DelaySeconds": 5}, 30)
    assert _seconds(embedded, stack) == "90"
    _applied(embedded, stack, made, "stack_update_complete")
    assert _seconds(embedded, stack) == "30"
    assert _made(embedded, stack, template(30), DeploymentMode=MODE)["Status"] == "FAILED"


def test_a_change_of_the_template_goes_from_what_is_there(embedded: Endpoint, stack: str) -> None:
    """One change, not two."""
    made = _made(embedded, stack, template(60), DeploymentMode=MODE)
    (change,) = (each["ResourceChange"] for each in made["Changes"])
    assert json.loads(change["BeforeContext"])["Properties"]["VisibilityTimeout"] == 90
    _applied(embedded, stack, made, "stack_update_complete")
    assert _seconds(embedded, stack) == "60"


def test_a_failure_goes_back_to_what_was_there(embedded: Endpoint, stack: str) -> None:
    """Not to what was deployed."""
    broken = {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": ["no"], "PolicyDocument": {}}}
    body = template(60, Broken={**broken, "DependsOn": "Queue"})
    _applied(embedded, stack, _made(embedded, stack, body, DeploymentMode=MODE), "stack_rollback_complete")
    assert _seconds(embedded, stack) == "90"


def test_a_resource_that_has_gone_is_made_again(embedded: Endpoint, stack: str) -> None:
    """Shown as new, under a name of its own."""
    before = _url(embedded, stack)
    client(embedded, "sqs").delete_queue(QueueUrl=before)
    made = _made(embedded, stack, template(30), DeploymentMode=MODE)
    assert [each["ResourceChange"]["Action"] for each in made["Changes"]] == ["Add"]
    assert "BeforeContext" not in made["Changes"][0]["ResourceChange"]
    _applied(embedded, stack, made, "stack_update_complete")
    assert _seconds(embedded, stack) == "30"
    assert _url(embedded, stack) != before


@pytest.mark.parametrize(
    "given", [{"DeploymentMode": "OTHER"}, {"DeploymentMode": MODE, "ChangeSetType": "CREATE"}]
)
def test_the_mode_is_for_updates_alone(embedded: Endpoint, stack: str, given: dict[str, str]) -> None:
    """And there is one."""
    with pytest.raises(
        ClientError, match="DeploymentMode is REVERT_DRIFT, for a change set of the type UPDATE"
    ):
        _made(embedded, f"{stack}-new" if "ChangeSetType" in given else stack, template(30), **given)
