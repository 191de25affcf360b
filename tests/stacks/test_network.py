"""Jobs in a VPC, and the limits of roles: where they are rendered, and what the jobs' roles may do for them."""

from __future__ import annotations

from typing import Any

import pytest
from environments import ALL_ON_SAGEMAKER, CLUSTER, IAM, SWAPPED, VPC, environment

import templates
from data_pipeline.core.deployment.simulation import deployer_policy
from data_pipeline.stacks import render

SUBNETS = ["arn:p:ec2:r:a:subnet/subnet-0a1b2c3d", "arn:p:ec2:r:a:subnet/subnet-1a2b3c4d"]
GROUP = "arn:p:ec2:r:a:security-group/sg-0a1b2c3d"
INTERFACES = "arn:p:ec2:r:a:network-interface/*"
GLUE, SAGEMAKER = "PrepareJobRole", "LoadJobRole"


def _pipeline(*changes: dict[str, Any]) -> dict[str, Any]:
    merged = {key: value for change in changes for key, value in change.items()}
    return templates.parse(render(environment(merged))["dev-pipeline.yaml"])


def _states(template: dict[str, Any]) -> dict[str, Any]:
    machine = templates.of_type(template, "AWS::StepFunctions::StateMachine")["StateMachine"]
    states: dict[str, Any] = machine["Definition"]["States"]
    return states


def _network(template: dict[str, Any], role: str) -> dict[str, tuple[set[str], list[str]]]:
    """Sid → actions and resources of what a role may do beyond the role of a job outside a VPC."""
    usual = templates.statements(_pipeline(), role).keys()
    return {
        sid: ({*statement["Action"]}, [templates.text(r) for r in statement["Resource"]])
        for sid, statement in templates.statements(template, role).items()
        if sid not in usual
    }


def test_sagemaker_s_machines_are_in_the_subnets() -> None:
    """Every subnet, not isolated (jobs call AWS), and a cluster's traffic encrypted."""
    states = _states(_pipeline(VPC, CLUSTER))
    vpc = {"SecurityGroupIds": ["sg-0a1b2c3d"], "Subnets": ["subnet-0a1b2c3d", "subnet-1a2b3c4d"]}
    assert states["Load"]["Arguments"]["NetworkConfig"] == {"VpcConfig": vpc}
    assert states["LoadOnCluster"]["Arguments"]["NetworkConfig"] == {
        "EnableInterContainerTrafficEncryption": True,
        "VpcConfig": vpc,
    }
    assert "NetworkConfig" not in _states(_pipeline(CLUSTER))["Load"]["Arguments"]


def test_glue_s_workers_are_in_the_first_subnet() -> None:
    """By one connection, of which the template names the zone without the region."""
    template = _pipeline(VPC)
    (connection,) = templates.of_type(template, "AWS::Glue::Connection").values()
    assert connection["ConnectionInput"] == {
        "Name": "nyc-tlc-dev-network",
        "Description": "The network of the jobs of nyc-tlc in dev",
        "ConnectionType": "NETWORK",
        "PhysicalConnectionRequirements": {
            "SubnetId": "subnet-0a1b2c3d",
            "SecurityGroupIdList": ["sg-0a1b2c3d"],
            "AvailabilityZone": {"Fn::Sub": "${AWS::Region}a"},
        },
    }
    job = template["Resources"]["PrepareJob"]["Properties"]
    assert job["Connections"] == {"Connections": [{"Ref": "Network"}]}


def test_without_a_vpc_or_glue_there_is_no_connection() -> None:
    """Nothing of the network is rendered that nothing uses."""
    for template in (_pipeline(), _pipeline(VPC, ALL_ON_SAGEMAKER)):
        assert not templates.of_type(template, "AWS::Glue::Connection")
    assert "Connections" not in _pipeline()["Resources"]["PrepareJob"]["Properties"]
    assert "ec2:" not in str(_pipeline())


def test_what_a_role_may_do_in_the_network_of_sagemaker() -> None:
    """Interfaces in these subnets with these groups, lent to the service; the rest only looks."""
    assert _network(_pipeline(VPC), SAGEMAKER) == {
        "FindNetwork": (
            {
                f"ec2:Describe{what}"
                for what in ("NetworkInterfaces", "Subnets", "SecurityGroups", "Vpcs", "DhcpOptions")
            },
            ["*"],
        ),
        "MakeInterfaces": ({"ec2:CreateNetworkInterface"}, [INTERFACES, *SUBNETS, GROUP]),
        "UseInterfaces": (
            {
                "ec2:CreateNetworkInterfacePermission",
                "ec2:DeleteNetworkInterfacePermission",
                "ec2:DeleteNetworkInterface",
            },
            [INTERFACES],
        ),
    }


def test_what_a_role_may_do_in_the_network_of_glue() -> None:
    """Interfaces in the first subnet, with Glue's own tag and no other."""
    assert _network(_pipeline(VPC), GLUE) == {
        "ReadConnection": (
            {"glue:GetConnection"},
            ["arn:p:glue:r:a:catalog", "arn:p:glue:r:a:connection/nyc-tlc-dev-network"],
        ),
        "FindNetwork": (
            {
                f"ec2:Describe{what}"
                for what in ("NetworkInterfaces", "Subnets", "SecurityGroups", "VpcEndpoints", "RouteTables")
            },
            ["*"],
        ),
        "MakeInterfaces": ({"ec2:CreateNetworkInterface"}, [INTERFACES, SUBNETS[0], GROUP]),
        "UseInterfaces": ({"ec2:DeleteNetworkInterface"}, [INTERFACES]),
        "FindVpc": ({"ec2:DescribeVpcAttribute"}, ["arn:p:ec2:r:a:vpc/*"]),
        "TagInterfaces": ({"ec2:CreateTags", "ec2:DeleteTags"}, [INTERFACES]),
    }
    tags = templates.statements(_pipeline(VPC), GLUE)["TagInterfaces"]["Condition"]
    assert tags == {"ForAllValues:StringEquals": {"aws:TagKeys": ["aws-glue-service-resource"]}}


@pytest.mark.parametrize(
    ("changes", "role", "subnets"),
    [({}, SAGEMAKER, SUBNETS), ({}, GLUE, SUBNETS[:1]), (SWAPPED, SAGEMAKER, SUBNETS[:1])],
)
def test_interfaces_of_other_subnets_are_out_of_reach(
    changes: dict[str, Any], role: str, subnets: list[str]
) -> None:
    """A condition on the subnet, because an interface has no name of ours."""
    condition = templates.statements(_pipeline(changes, VPC), role)["UseInterfaces"]["Condition"]
    assert [templates.text(arn) for arn in condition["ArnEquals"]["ec2:Subnet"]] == subnets


def test_every_role_has_the_path_and_the_boundary() -> None:
    """In the stack's own account, whose number no template holds."""
    roles = templates.of_type(_pipeline(IAM), "AWS::IAM::Role")
    assert roles.keys() == {
        GLUE,
        SAGEMAKER,
        "MaintenanceJobRole",
        "StateMachineRole",
        "MaintenanceStateMachineRole",
        "ScheduleRole",
    }
    for role in roles.values():
        assert role["Path"] == "/data/"
        boundary = "arn:${AWS::Partition}:iam::${AWS::AccountId}:policy/boundaries/pipelines"
        assert role["PermissionsBoundary"] == {"Fn::Sub": boundary}
    assert not any(
        {"Path", "PermissionsBoundary"} & role.keys()
        for role in templates.of_type(_pipeline(), "AWS::IAM::Role").values()
    )


def test_the_deployer_is_asked_about_roles_under_their_path() -> None:
    """As docs/reference/deployer-policy.md tells to write it."""
    policy = {
        "Statement": [
            {
                "Sid": "R",
                "Effect": "Allow",
                "Action": "iam:GetRole",
                "Resource": "arn:aws:iam::ACCOUNT_ID:role/PIPELINE-*",
            }
        ]
    }
    asked = [
        next(deployer_policy(policy, environment(changes), "1", "aws", None)).resources
        for changes in ({}, IAM)
    ]
    assert asked == [("arn:aws:iam::1:role/nyc-tlc-dev-x",), ("arn:aws:iam::1:role/data/nyc-tlc-dev-x",)]
