"""One stack from what it is to what its template says, on the embedded AWS."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
import yaml
from clients import client

from data_pipeline.aws.change_set_request import Request
from data_pipeline.aws.cloudformation import Stack, Stacks
from data_pipeline.cli.deploying.stack_apply import Prepared, apply, prepare
from data_pipeline.core.deployment.changes import Change, StackChanges
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint

TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
#: the deployer may not attach managed policies, so that this role cannot be made.
BEYOND = {"AssumeRolePolicyDocument": TRUST, "ManagedPolicyArns": ["arn:aws:iam::aws:policy/PowerUserAccess"]}
DENIED = r"\(AWS::IAM::Role\): .*not authorized to perform: iam:AttachRolePolicy"


def template(name: str, delay: int = 0, broken: bool = False, **more: Any) -> str:
    """A retained database of a fixed name, a queue, and a role that cannot be made where ``broken``."""
    role = BEYOND if broken else {"AssumeRolePolicyDocument": TRUST, "Description": "a role"}
    resources = {
        "Database": {
            "Type": "AWS::Glue::Database",
            "DeletionPolicy": "Retain",
            "Properties": {
                "CatalogId": {"Ref": "AWS::AccountId"},
                "DatabaseInput": {"Name": name.replace("-", "_")},
            },
        },
        "Queue": {"Type": "AWS::SQS::Queue", "Properties": {"DelaySeconds": delay}},
        "Role": {"Type": "AWS::IAM::Role", "DependsOn": ["Database", "Queue"], "Properties": role},
        **more,
    }
    outputs = {"Text": {"Value": {"Ref": "Text"}}}
    parameters = {"Text": {"Type": "String"}}
    return yaml.safe_dump({"Parameters": parameters, "Resources": resources, "Outputs": outputs})


def wanted(name: str, body: str, text: str = "one") -> Request:
    return Request(name, True, {"Text": text}, {"pipeline": "nyc-tlc", "environment": "test"}, body=body)


def ready(stacks: Stacks, name: str, body: str, **options: Any) -> Prepared:
    return prepare(stacks, wanted(name, body), body, **{"ready": True, **options})


def never(plan: StackChanges) -> bool:
    """Asked only when something is different from what was shown."""
    raise AssertionError(f"a second question: {plan}")


def deployed(stacks: Stacks, name: str, body: str) -> Stack:
    return apply(stacks, ready(stacks, name, body), wanted(name, body), never)


def actions(prepared: Prepared) -> set[tuple[str, str]]:
    return {(change.action, change.logical_id) for change in prepared.plan.changes}


def tags(embedded: Endpoint, name: str) -> Mapping[str, str]:
    stack = client(embedded, "cloudformation").describe_stacks(StackName=name)["Stacks"][0]
    return {tag["Key"]: tag["Value"] for tag in stack["Tags"]}


ALL = {("Add", "Database"), ("Add", "Queue"), ("Add", "Role")}


def test_a_stack_is_made_left_alone_and_changed(stacks: Stacks, name: str, embedded: Endpoint) -> None:
    """Create, no change, update: each prepared change set says what its application then does."""
    prepared = ready(stacks, name, template(name))
    assert (prepared.plan.treatment, actions(prepared)) == (Treatment.CREATE, ALL)
    stack = apply(stacks, prepared, wanted(name, template(name)), never)
    assert (stack.status, stack.outputs) == ("CREATE_COMPLETE", {"Text": "one"})
    assert tags(embedded, name) == {"pipeline": "nyc-tlc", "environment": "test"}

    again = ready(stacks, name, template(name))
    assert again.plan.nothing
    assert apply(stacks, again, wanted(name, template(name)), never) == stack

    changed = ready(stacks, name, template(name, delay=7))
    assert changed.plan.changes == (Change("Modify", "Queue", "AWS::SQS::Queue", because=("DelaySeconds",)),)
    after = apply(stacks, changed, wanted(name, template(name, delay=7)), never)
    assert after.status == "UPDATE_COMPLETE"


def test_what_is_not_applied_leaves_nothing(stacks: Stacks, name: str) -> None:
    """A declined create takes its change set and the stack in review along, a declined update its own."""
    declined = ready(stacks, name, template(name))
    assert declined.change_set is not None
    found = stacks.find(name)
    assert found is not None
    assert found.status == "REVIEW_IN_PROGRESS"
    declined.discard(stacks)
    assert stacks.find(name) is None
    declined.discard(stacks)

    stack = deployed(stacks, name, template(name))
    update = ready(stacks, name, template(name, delay=3))
    update.discard(stacks)
    assert stacks.find(name) == stack
    sets = stacks.client.list_change_sets(StackName=name)["Summaries"]
    assert [each for each in sets if each["ExecutionStatus"] == "AVAILABLE"] == []


def test_a_first_deployment_that_fails_leaves_nothing_behind(
    stacks: Stacks, name: str, embedded: Endpoint
) -> None:
    """The resource and AWS's reason are named; not even what is retained stays: the next one succeeds."""
    body = template(name, broken=True)
    with pytest.raises(UserError, match=rf"DELETE_COMPLETE.\n  first failure: Role {DENIED}"):
        apply(stacks, ready(stacks, name, body), wanted(name, body), never)
    assert stacks.find(name) is None
    databases = client(embedded, "glue").get_databases()["DatabaseList"]
    assert name.replace("-", "_") not in {database["Name"] for database in databases}
    assert deployed(stacks, name, template(name)).status == "CREATE_COMPLETE"


def test_an_update_that_fails_is_undone_and_the_next_succeeds(stacks: Stacks, name: str) -> None:
    """Rolled back by CloudFormation; the state that it leaves is one to deploy on."""
    deployed(stacks, name, template(name))
    late = {"Type": "AWS::IAM::Role", "DependsOn": "Role", "Properties": BEYOND}
    body = template(name, delay=4, Late=late)
    with pytest.raises(UserError, match=rf"UPDATE_ROLLBACK_COMPLETE.\n  first failure: Late {DENIED}"):
        apply(stacks, ready(stacks, name, body), wanted(name, body), never)
    assert deployed(stacks, name, template(name, delay=4)).status == "UPDATE_COMPLETE"


def test_what_a_failed_creation_left_is_deleted_first(stacks: Stacks, name: str, embedded: Endpoint) -> None:
    """ROLLBACK_COMPLETE, as other tools leave it: shown as such, nothing is deleted before it is applied."""
    root = client(embedded, "cloudformation")
    parameters = [{"ParameterKey": "Text", "ParameterValue": "one"}]
    twin = yaml.safe_load(template(name))["Resources"]["Database"] | {"DependsOn": "Role"}
    body = template(name, Twin=twin).replace("DeletionPolicy: Retain", "DeletionPolicy: Delete")
    root.create_stack(
        StackName=name, TemplateBody=body, Parameters=parameters, Capabilities=["CAPABILITY_IAM"]
    )
    prepared = ready(stacks, name, template(name))
    assert prepared.stack is not None
    assert prepared.stack.status == "ROLLBACK_COMPLETE"
    assert (prepared.plan.treatment, actions(prepared)) == (Treatment.DELETE, ALL)
    assert stacks.find(name) == prepared.stack
    stack = apply(stacks, prepared, wanted(name, template(name)), never)
    assert stack.status == "CREATE_COMPLETE"
    assert stack.id != prepared.stack.id


def test_a_stack_that_was_never_created_is_created(stacks: Stacks, name: str, embedded: Endpoint) -> None:
    """REVIEW_IN_PROGRESS with somebody's change set is no existing stack."""
    root = client(embedded, "cloudformation")
    parameters = [{"ParameterKey": "Text", "ParameterValue": "other"}]
    root.create_change_set(
        StackName=name,
        ChangeSetName="forgotten",
        ChangeSetType="CREATE",
        TemplateBody=template(name),
        Parameters=parameters,
        Capabilities=["CAPABILITY_IAM"],
    )
    declined = ready(stacks, name, template(name))
    declined.discard(stacks)
    found = stacks.find(name)
    assert found is not None, "the stack in review is not ours to delete while it has another change set"
    assert deployed(stacks, name, template(name)).status == "CREATE_COMPLETE"


def test_before_there_can_be_a_change_set_the_template_tells(stacks: Stacks, name: str) -> None:
    """The plan of a stack whose parameters are not known yet agrees with the change set made in the end."""
    prepared = ready(stacks, name, template(name), ready=False, protect=True)
    assert actions(prepared) == ALL
    assert prepared.plan.protect
    assert stacks.find(name) is None
    stack = apply(stacks, prepared, wanted(name, template(name), "late"), never)
    assert stack.outputs == {"Text": "late"}


def test_parameters_that_turn_out_differently_make_a_new_change_set(stacks: Stacks, name: str) -> None:
    """What then differs from what was shown is asked about, and a "no" leaves everything as it was."""
    body = template(name).replace("DelaySeconds: 0", "DelaySeconds: !Ref Text")
    first = apply(
        stacks, prepare(stacks, wanted(name, body, "1"), body, True), wanted(name, body, "1"), never
    )
    asked: list[StackChanges] = []

    def refuse(plan: StackChanges) -> bool:
        asked.append(plan)
        return False

    prepared = prepare(stacks, wanted(name, body, "1"), body, ready=True)
    assert prepared.plan.nothing
    with pytest.raises(UserError, match="not changed"):
        apply(stacks, prepared, wanted(name, body, "2"), refuse)
    prepared.discard(stacks)
    assert [change.logical_id for change in asked[0].changes] == ["Queue"]
    assert stacks.find(name) == first
    prepared = prepare(stacks, wanted(name, body, "3"), body, ready=True)
    assert apply(stacks, prepared, wanted(name, body, "4"), never).outputs == {"Text": "4"}


def test_a_change_set_that_is_overtaken_is_refused(stacks: Stacks, name: str) -> None:
    """Two deployments at once: the second to apply is told to look again."""
    deployed(stacks, name, template(name))
    slow, fast = (ready(stacks, name, template(name, delay=delay)) for delay in (1, 2))
    apply(stacks, fast, wanted(name, template(name, delay=2)), never)
    with pytest.raises(UserError, match="in the meantime"):
        apply(stacks, slow, wanted(name, template(name, delay=1)), never)


def test_a_template_that_aws_refuses_is_an_error_of_one_line(stacks: Stacks, name: str) -> None:
    """AWS's own reason, and no stack in review left behind."""
    body = template(name).replace("AWS::SQS::Queue", "AWS::SQS::Nothing")
    with pytest.raises(
        UserError, match=rf"{name}: AWS refuses the (template|change set): .*AWS::SQS::Nothing"
    ):
        ready(stacks, name, body)
    assert stacks.find(name) is None


def test_termination_protection_is_planned_until_it_is_on(
    stacks: Stacks, name: str, embedded: Endpoint
) -> None:
    """An existing stack without it is not "no changes"; with it, it is."""
    stack = deployed(stacks, name, template(name))
    assert ready(stacks, name, template(name), protect=True).plan.protect
    stacks.protect(stack.id)
    assert ready(stacks, name, template(name), protect=True).plan.nothing
    root = client(embedded, "cloudformation")
    with pytest.raises(root.exceptions.ClientError, match="TerminationProtection"):
        root.delete_stack(StackName=name)
    root.update_termination_protection(StackName=name, EnableTerminationProtection=False)
