"""State machine versions and aliases in stacks: published anew with each revision, kept, and followed by the alias."""

from __future__ import annotations

import json
from typing import Any

from tests.embedded_aws.cloudformation.test_cloudformation import (
    Stack,
    create,
    delete,
    role,
    template,
    update,
)

__all__ = ["create", "delete", "update"]
ALIAS, VERSION = "AWS::StepFunctions::StateMachineAlias", "AWS::StepFunctions::StateMachineVersion"


def resources(name: str, output: str, **alias: Any) -> dict[str, Any]:
    """A machine that says ``output``, its version, and the alias ``live`` that goes with it."""
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "S",
        "States": {"S": {"Type": "Succeed", "Output": output}},
    }
    machine = {"StateMachineName": name, "RoleArn": {"Fn::GetAtt": ["R", "Arn"]}, "Definition": definition}
    revision = {"Fn::GetAtt": ["M", "StateMachineRevisionId"]}
    alias = alias or {"RoutingConfiguration": [{"StateMachineVersionArn": {"Ref": "V"}, "Weight": "100"}]}
    return {
        "R": role("states.amazonaws.com"),
        "M": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
        "V": {
            "Type": VERSION,
            "UpdateReplacePolicy": "Retain",
            "DeletionPolicy": "Delete",
            "Properties": {"StateMachineArn": {"Ref": "M"}, "StateMachineRevisionId": revision},
        },
        "A": {"Type": ALIAS, "Properties": {"Name": "live", **alias}},
    }


def numbers(states: Any, machine: str) -> list[str]:
    """The numbers of the versions that there are, the newest first."""
    found = states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    return [each["stateMachineVersionArn"].rpartition(":")[2] for each in found]


def routes(states: Any, machine: str) -> list[tuple[str, int]]:
    """(number of a version, weight) of the alias ``live``."""
    found = states.describe_state_machine_alias(stateMachineAliasArn=f"{machine}:live")
    return [
        (route["stateMachineVersionArn"].rpartition(":")[2], route["weight"])
        for route in found["routingConfiguration"]
    ]


def test_each_revision_is_a_version_and_the_alias_follows(
    aws: Any, create: Stack, update: Stack, delete: Any, name: str
) -> None:
    """The change set says so; a replaced version stays; what fails leaves neither a version nor another alias."""
    states, cloudformation = aws("stepfunctions"), aws("cloudformation")
    made = create(
        resources(name, "first"), Outputs={"A": {"Value": {"Ref": "A"}}, "V": {"Value": {"Ref": "V"}}}
    )
    assert made["StackStatus"] == "CREATE_COMPLETE", made["reasons"]
    machine = made["outputs"]["A"].removesuffix(":live")
    assert made["outputs"]["V"] == f"{machine}:1"
    body = template(resources(name, "second"))
    shown = cloudformation.create_change_set(
        StackName=name, ChangeSetName="c", TemplateBody=body, Capabilities=["CAPABILITY_IAM"]
    )
    changes = [
        each["ResourceChange"]
        for each in cloudformation.describe_change_set(ChangeSetName=shown["Id"])["Changes"]
    ]
    assert {each["LogicalResourceId"]: each["Replacement"] for each in changes} == {
        **{"M": "False", "V": "Conditional", "A": "False"}
    }
    assert update(resources(name, "second"))["StackStatus"] == "UPDATE_COMPLETE"
    assert (numbers(states, machine), routes(states, machine)) == (["2", "1"], [("2", 100)])
    wrong = resources(name, "third")
    wrong["X"] = {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "no/name"}, "DependsOn": "A"}
    assert update(wrong)["StackStatus"] == "UPDATE_ROLLBACK_COMPLETE"
    assert (numbers(states, machine), routes(states, machine)) == (["2", "1"], [("2", 100)])
    at_once = {"StateMachineVersionArn": {"Ref": "V"}, "Type": "ALL_AT_ONCE"}
    assert update(resources(name, "fourth", DeploymentPreference=at_once))["StackStatus"] == "UPDATE_COMPLETE"
    assert routes(states, machine) == [(numbers(states, machine)[0], 100)]
    assert delete()["StackStatus"] == "DELETE_COMPLETE"


def test_gradual_deployments_are_refused_by_name(create: Stack, name: str) -> None:
    """Alarms are not here, nor is what waits for them."""
    linear = {"StateMachineVersionArn": {"Ref": "V"}, "Type": "LINEAR", "Interval": 1, "Percentage": 50}
    made = create(resources(name, "first", DeploymentPreference=linear))
    assert "does not emulate a DeploymentPreference with LINEAR" in made["reasons"]["A"]


def test_an_alias_that_was_moved_by_hand_has_drifted(
    aws: Any, create: Stack, update: Stack, name: str
) -> None:
    """Its routing is told as it is; a version has not drifted, whatever the machine is since."""
    states, cloudformation = aws("stepfunctions"), aws("cloudformation")
    create(resources(name, "first"))
    update(resources(name, "second"))
    machine = next(
        each["PhysicalResourceId"]
        for each in cloudformation.describe_stack_resources(StackName=name)["StackResources"]
        if each["LogicalResourceId"] == "M"
    )
    first = {"stateMachineVersionArn": f"{machine}:1", "weight": 100}
    states.update_state_machine_alias(stateMachineAliasArn=f"{machine}:live", routingConfiguration=[first])
    other = resources(name, "by hand")["M"]["Properties"]["Definition"]
    states.update_state_machine(stateMachineArn=machine, definition=json.dumps(other))
    cloudformation.detect_stack_drift(StackName=name)
    found = cloudformation.describe_stack_resource_drifts(StackName=name)["StackResourceDrifts"]
    drifts = {each["LogicalResourceId"]: each["StackResourceDriftStatus"] for each in found}
    assert (drifts["A"], drifts["V"]) == ("MODIFIED", "IN_SYNC")
    (drift,) = [each for each in found if each["LogicalResourceId"] == "A"]
    assert f"{machine}:1" in drift["ActualProperties"]
