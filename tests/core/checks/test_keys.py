"""Each writer and reader of what a customer's key encrypts may use the key; take one word away, and he is found."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from environments import ALL_ON_GLUE, CLUSTER, KMS, SWAPPED, environment

import templates
from data_pipeline.core.checks import keys
from data_pipeline.stacks import render

VARIANTS: dict[str, dict[str, Any]] = {
    "as configured": {},
    "swapped": SWAPPED,
    "all on glue": ALL_ON_GLUE,
    "with a cluster": CLUSTER,
    "a bucket of the user's": {"data": {"bucket": "my-trips"}},
}


def _resources(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    rendered = render(environment({**(changes or {}), **KMS}))
    return {name: r for text in rendered.values() for name, r in templates.parse(text)["Resources"].items()}


def _key_policy(resources: dict[str, Any]) -> list[Any]:
    statements: list[Any] = resources["DataKey"]["Properties"]["KeyPolicy"]["Statement"]
    return statements


def _findings(resources: dict[str, Any]) -> set[str]:
    return {str(finding).removesuffix(" [key-use]") for finding in keys.check(resources)}


@pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
def test_everybody_may_use_the_key(changes: dict[str, Any]) -> None:
    """Whatever the steps run on, and whoever's bucket it is."""
    assert _findings(_resources(changes)) == set()


def test_every_encrypted_resource_has_its_users() -> None:
    """Bucket, queue, log groups and disks: the check looks at each of them."""
    resources = _resources(CLUSTER)
    roles = {
        name: [s for p in r["Properties"]["Policies"] for s in p["PolicyDocument"]["Statement"]]
        for name, r in resources.items()
        if r["Type"] == "AWS::IAM::Role"
    }
    found = {(use.what, use.role) for use in keys.uses(keys.Stack(resources, roles), "DataKey")}
    assert found == {
        ("s3:GetObject on DataBucket", "PrepareJobRole"),
        ("s3:PutObject on DataBucket", "PrepareJobRole"),
        ("s3:GetObject on DataBucket", "RideCountsJobRole"),
        ("s3:PutObject on DataBucket", "RideCountsJobRole"),
        ("s3:GetObject on DataBucket", "StateMachineRole"),
        ("s3:GetObject on DataBucket", "MaintenanceJobRole"),
        ("s3:PutObject on DataBucket", "MaintenanceJobRole"),
        ("s3:GetObject on DataBucket", "MaintenanceStateMachineRole"),
        ("sqs:SendMessage on DeadLetters", "ScheduleRole"),
        ("CloudWatch Logs for StateMachineLogs", ""),
        ("CloudWatch Logs for MaintenanceStateMachineLogs", ""),
        ("MaintenanceJobRole for its disks", "MaintenanceJobRole"),
        ("RideCountsJobRole for its disks", "RideCountsJobRole"),
    }


@pytest.mark.parametrize(
    ("sid", "action"),
    [
        ("UseThroughServices", "kms:Decrypt"),
        ("UseThroughServices", "kms:GenerateDataKey"),
        ("LendToDisks", "kms:CreateGrant"),
        *(
            ("EncryptLogs", f"kms:{action}")
            for action in ("Encrypt", "Decrypt", "ReEncryptFrom", "ReEncryptTo", "GenerateDataKey")
        ),
    ],
)
def test_an_action_less_in_the_key_s_policy_is_found(sid: str, action: str) -> None:
    """Each action of each statement that encrypts or decrypts is somebody's."""
    resources = _resources(SWAPPED)
    (statement,) = (s for s in _key_policy(resources) if s["Sid"] == sid)
    statement["Action"].remove(action)
    found = _findings(resources)
    assert found
    assert all(
        f"needs {action} of the key DataKey, which the key's policy does not allow" in f for f in found
    )


@pytest.mark.parametrize(
    ("role", "sid", "action"),
    [
        ("PrepareJobRole", "UseDataKey", "kms:Decrypt"),
        ("PrepareJobRole", "UseDataKey", "kms:GenerateDataKey"),
        ("RideCountsJobRole", "UseDataKey", "kms:GenerateDataKey"),
        ("RideCountsJobRole", "LendDataKey", "kms:CreateGrant"),
        ("StateMachineRole", "UseDataKey", "kms:Decrypt"),
        ("ScheduleRole", "UseDataKey", "kms:Decrypt"),
        ("ScheduleRole", "UseDataKey", "kms:GenerateDataKey"),
    ],
)
def test_an_action_less_in_a_role_s_policy_is_found(role: str, sid: str, action: str) -> None:
    """No role has an action of the key that it does not need."""
    resources = _resources()
    (statement,) = (
        s
        for s in resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
        if s["Sid"] == sid
    )
    statement["Action"].remove(action)
    found = _findings(resources)
    assert found
    assert all(
        f"needs {action} of the key DataKey, which the policy of {role} does not allow" in f for f in found
    )


def _set(value: Any, *path: Any) -> Any:
    def change(resources: dict[str, Any]) -> None:
        (statement,) = (s for s in _key_policy(resources) if s["Sid"] == path[0])
        place = statement
        for key in path[1:-1]:
            place = place[key]
        place[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "users"),
    [
        (
            _set(
                "sqs.${AWS::Region}.amazonaws.com",
                "UseThroughServices",
                "Condition",
                "StringEquals",
                "kms:ViaService",
            ),
            "s3:",
        ),
        (
            _set(
                "s3.${AWS::Region}.amazonaws.com",
                "UseThroughServices",
                "Condition",
                "StringEquals",
                "kms:ViaService",
            ),
            "sqs:",
        ),
        (
            _set("false", "LendToDisks", "Condition", "Bool", "kms:GrantIsForAWSResource"),
            ("RideCountsJobRole for", "MaintenanceJobRole for"),
        ),
        (
            _set(["arn:x"], "EncryptLogs", "Condition", "ArnLike", "kms:EncryptionContext:aws:logs:arn"),
            ("CloudWatch Logs for StateMachineLogs", "CloudWatch Logs for MaintenanceStateMachineLogs"),
        ),
        (_set({"Service": "logs.amazonaws.com"}, "EncryptLogs", "Principal"), "CloudWatch Logs"),
        (_set({"AWS": "arn:aws:iam::1:role/somebody"}, "UseThroughServices", "Principal"), "s"),
        (_set({"StringNotLike": {"kms:ViaService": "x"}}, "UseThroughServices", "Condition"), "s"),
        (_set("Deny", "LendToDisks", "Effect"), ("RideCountsJobRole for", "MaintenanceJobRole for")),
    ],
)
def test_a_condition_that_does_not_fit_is_found(change: Any, users: str | tuple[str, ...]) -> None:
    """Of a service, of a purpose, of a log group, of somebody else; an operator that is not known holds never."""
    resources = _resources()
    change(resources)
    found = _findings(resources)
    assert found
    assert all(f.partition(": ")[2].startswith(users) for f in found)


def test_a_denial_outweighs_what_is_allowed() -> None:
    """As KMS decides."""
    resources = _resources()
    denial = copy.deepcopy(next(s for s in _key_policy(resources) if s["Sid"] == "UseThroughServices"))
    _key_policy(resources).append({**denial, "Sid": "No", "Effect": "Deny", "Action": ["kms:Decrypt"]})
    assert any("which the key's policy denies" in f for f in _findings(resources))
