"""Each writer and reader of what a customer's key encrypts may use the key; take one word away, and he is found."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from environments import ALL_ON_GLUE, BROUGHT_KEYS, CLUSTER, KMS, STORES, SWAPPED, environment

import templates
from data_pipeline.core import bucket_keys
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
        ("s3:GetObject on DataBucket", "LoadJobRole"),
        ("s3:PutObject on DataBucket", "LoadJobRole"),
        ("s3:GetObject on DataBucket", "StateMachineRole"),
        ("s3:GetObject on DataBucket", "MaintenanceJobRole"),
        ("s3:PutObject on DataBucket", "MaintenanceJobRole"),
        ("s3:GetObject on DataBucket", "MaintenanceStateMachineRole"),
        ("sqs:SendMessage on DeadLetters", "ScheduleRole"),
        ("CloudWatch Logs for StateMachineLogs", ""),
        ("CloudWatch Logs for MaintenanceStateMachineLogs", ""),
        ("MaintenanceJobRole for its disks", "MaintenanceJobRole"),
        ("LoadJobRole for its disks", "LoadJobRole"),
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
        ("LoadJobRole", "UseDataKey", "kms:GenerateDataKey"),
        ("LoadJobRole", "LendDataKey", "kms:CreateGrant"),
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
            ("LoadJobRole for", "MaintenanceJobRole for"),
        ),
        (
            _set(["arn:x"], "EncryptLogs", "Condition", "ArnLike", "kms:EncryptionContext:aws:logs:arn"),
            ("CloudWatch Logs for StateMachineLogs", "CloudWatch Logs for MaintenanceStateMachineLogs"),
        ),
        (_set({"Service": "logs.amazonaws.com"}, "EncryptLogs", "Principal"), "CloudWatch Logs"),
        (_set({"AWS": "arn:aws:iam::1:role/somebody"}, "UseThroughServices", "Principal"), "s"),
        (_set({"StringNotLike": {"kms:ViaService": "x"}}, "UseThroughServices", "Condition"), "s"),
        (_set("Deny", "LendToDisks", "Effect"), ("LoadJobRole for", "MaintenanceJobRole for")),
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


#: whoever touches a bucket that the user brings: role → the statements for its keys.
USERS = {
    "PrepareJobRole": ("UseDataBucketKey", "UseArtifactBucketKey"),
    "LoadJobRole": ("UseDataBucketKey", "UseArtifactBucketKey"),
    "IngestJobRole": ("UseDataBucketKey", "UseArtifactBucketKey"),
    "MaintenanceJobRole": ("UseDataBucketKey", "UseArtifactBucketKey"),
    "StateMachineRole": ("UseDataBucketKey",),
    "MaintenanceStateMachineRole": ("UseDataBucketKey",),
    "RidesFeatureGroupRole": ("UseDataBucketKey",),
}


def _brought(changes: dict[str, Any]) -> tuple[dict[str, Any], dict[str, keys.Brought]]:
    env = environment({**STORES, **BROUGHT_KEYS, **changes})
    rendered = [templates.parse(text)["Resources"] for text in render(env).values()]
    return {name: r for resources in rendered for name, r in resources.items()}, bucket_keys.brought(env)


def _own(resources: dict[str, Any], role: str) -> list[Any]:
    statements: list[Any] = resources[role]["Properties"]["Policies"][0]["PolicyDocument"]["Statement"]
    return statements


@pytest.mark.parametrize("changes", [{}, SWAPPED, ALL_ON_GLUE, CLUSTER, KMS, {"mirror": {"on_run": True}}])
def test_everybody_may_use_the_keys_of_buckets_that_are_brought(changes: dict[str, Any]) -> None:
    """With the one statement that the keys' owner adds, and a key of the stack's own beside them or not."""
    resources, brought = _brought(changes)
    assert brought.keys() == {"DataBucketKey", "ArtifactBucketKey"}
    assert keys.check(resources, brought) == []


@pytest.mark.parametrize("role", USERS)
def test_each_action_on_a_brought_key_is_needed(role: str) -> None:
    """Take it away, and this role is found, and nobody else; nobody has more statements than these."""
    resources, brought = _brought({"mirror": {"on_run": True}})
    found = tuple(s["Sid"] for s in _own(resources, role) if str(s["Action"]).find("kms:") >= 0)
    assert found == USERS[role]
    for sid in USERS[role]:
        (whole,) = (s for s in _own(resources, role) if s["Sid"] == sid)
        for action in list(whole["Action"]):
            whole["Action"].remove(action)
            findings = {str(finding) for finding in keys.check(resources, brought)}
            assert findings
            assert all(f"{action} of the key" in f and f"the policy of {role} does" in f for f in findings)
            whole["Action"].append(action)


def test_a_key_whose_owner_has_not_added_the_statement_is_found() -> None:
    """Nobody of the account gets in."""
    resources, brought = _brought({})
    closed = {name: keys.Brought(one.bucket, ()) for name, one in brought.items()}
    found = [str(finding) for finding in keys.check(resources, closed)]
    assert {name for name in USERS if any(f"Resources.{name}" in f for f in found)} == USERS.keys()
    assert all("which the key's policy does not allow" in f for f in found)


def test_nothing_is_named_in_a_template_but_by_a_parameter() -> None:
    """A key's ARN holds an account: deploy fills it in."""
    env = environment({**STORES, **BROUGHT_KEYS})
    rendered = {name: templates.parse(text) for name, text in render(env).items()}
    assert not any("210987654321" in str(template) for template in rendered.values())
    asked = [name for t in rendered.values() for name in t.get("Parameters", {}) if name.endswith("Key")]
    assert sorted(asked) == ["ArtifactBucketKey", "DataBucketKey", "DataBucketKey"]
    assert bucket_keys.parameters(env) == {
        "DataBucketKey": BROUGHT_KEYS["data"]["kms_key"],
        "ArtifactBucketKey": BROUGHT_KEYS["artifacts"]["kms_key"],
    }
    (workgroup,) = templates.of_type(rendered["dev-pipeline.yaml"], "AWS::Athena::WorkGroup").values()
    encryption = workgroup["WorkGroupConfiguration"]["ResultConfiguration"]["EncryptionConfiguration"]
    assert encryption == {"EncryptionOption": "SSE_KMS", "KmsKey": {"Ref": "DataBucketKey"}}


def test_each_use_of_a_brought_key_goes_through_s3() -> None:
    """With the key's own ARN as resource, and no other service."""
    resources, _ = _brought({})
    for role, sids in USERS.items():
        for statement in (s for s in _own(resources, role) if s["Sid"] in sids):
            assert statement["Resource"] == [{"Ref": statement["Sid"].removeprefix("Use")}]
            via = statement["Condition"]["StringEquals"]["kms:ViaService"]
            assert via == {"Fn::Sub": "s3.${AWS::Region}.${AWS::URLSuffix}"}
