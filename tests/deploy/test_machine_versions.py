"""Each deployment publishes a version of the state machine: runs under way keep theirs, the next ones take the new."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from clients import client
from deploy.test_deployment import PIPELINE, never, target  # noqa: F401 - a fixture
from deploy.test_rollback import few_files  # noqa: F401 - a fixture
from waiting import until

from data_pipeline.cli.deploying import deployment, plan_page, recording
from data_pipeline.cli.deploying.deployment import Plan, carry_out, gather, plan_stacks
from data_pipeline.cli.deploying.recorded import recorded
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment import deployment_text
from data_pipeline.core.deployment.page import rendering
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.project import runs
from data_pipeline.stacks.pipeline import published

OUTPUTS = {
    "StateMachineArn": {"Value": {"Ref": "StateMachine"}},
    "StateMachineAliasArn": {"Value": {"Ref": "StateMachineAlias"}},
    "StateMachineVersionArn": {"Value": {"Ref": "StateMachineVersion"}},
}


def _write(target: Target, says: str, *, versions: bool = True) -> None:  # noqa: F811
    """The project with a state machine that waits for an object ``go`` of the artifact bucket and then says a word."""
    look = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Arguments": {"Bucket": target.bucket, "Key": "go"},
        "Retry": [
            {
                "ErrorEquals": ["S3.NoSuchKeyException"],
                "IntervalSeconds": 1,
                "MaxAttempts": 99,
                "BackoffRate": 1,
            }
        ],
        "Output": says,
        "End": True,
    }
    trust = {"Effect": "Allow", "Principal": {"Service": "states.amazonaws.com"}, "Action": "sts:AssumeRole"}
    reads = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}
    role = {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [
            {"PolicyName": "reads", "PolicyDocument": {"Version": "2012-10-17", "Statement": [reads]}}
        ],
    }
    machine = {
        "StateMachineName": target.environment.names.state_machine,
        "RoleArn": {"Fn::GetAtt": ["StateMachineRole", "Arn"]},
        "Definition": {"QueryLanguage": "JSONata", "StartAt": "Look", "States": {"Look": look}},
    }
    resources: dict[str, Any] = {
        "StateMachineRole": {"Type": "AWS::IAM::Role", "Properties": role},
        "StateMachine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
    }
    if versions:
        resources |= {each.title: each.to_dict() for each in published()}
    outputs = OUTPUTS if versions else {"StateMachineArn": OUTPUTS["StateMachineArn"]}
    body = json.loads(json.dumps({**PIPELINE, "Resources": resources, "Outputs": outputs}))
    folder: Path = deployment.root()
    (folder / "templates" / f"{target.environment.name}-pipeline.yaml").write_text(yaml.safe_dump(body))


def _carry_out(target: Target, plan: Plan) -> tuple[str, dict[str, str]]:  # noqa: F811
    """The page of a plan, and the outputs once it is carried out."""
    page = "\n".join(rendering.lines(plan_page.plan_page(target, plan)))
    try:
        return page, carry_out(target, plan, never)
    finally:
        plan.discard(target.stacks)


def _deploy(target: Target, says: str, **more: bool) -> tuple[str, dict[str, str]]:  # noqa: F811
    _write(target, says, **more)
    return _carry_out(target, gather(target, create_bucket=True))


def test_a_run_finishes_on_its_version_and_the_next_one_takes_the_new(
    target: Target,  # noqa: F811
    embedded: Endpoint,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A deployment of before gets versions; roll back brings its definition back as a version more; old ones go with
    the record of their deployments. All with the deployer's policy alone.
    """
    monkeypatch.setattr(plan_page, "root", deployment.root)
    states = client(embedded, "stepfunctions")

    def start(outputs: dict[str, str]) -> str:
        return str(states.start_execution(stateMachineArn=runs.starting(outputs))["executionArn"])

    def ended(arn: str) -> tuple[str, str]:
        found = until(lambda: (d := states.describe_execution(executionArn=arn))["status"] != "RUNNING" and d)
        return json.loads(found["output"]), str(found["stateMachineVersionArn"]).rpartition(":")[2]

    _, before = _deploy(target, "first", versions=False)
    assert runs.starting(before) == before["StateMachineArn"]
    page, first = _deploy(target, "first")
    assert "+ StateMachine gets versions; its alias live starts runs from then on" in page
    running = start(first)
    page, second = _deploy(target, "second")
    assert "~ StateMachine is published as a new version, to which the alias live goes" in page
    assert "StateMachineVersion" not in page
    assert "StateMachineAlias" not in page
    client(embedded, "s3").put_object(Bucket=target.bucket, Key="go", Body=b"")
    assert ended(start(second)) == ("second", "2")
    assert ended(running) == ("first", "1")
    assert runs.starting(second) == f"{before['StateMachineArn']}:live"
    plan = plan_stacks(target, recorded(target, target.record.read()[1]), exists=True)
    _, third = _carry_out(target, plan)
    assert ended(start(third)) == ("first", "3")
    record = target.record.read()
    assert [each.machine_version for each in record] == ["", "1", "2", "3"]
    assert deployment_text.table(record, record[-1])[1][-1] == "version 3, back to 2"
    assert ("state machine", "version 3") in deployment_text.rows(record[-1], deployed=True)
    state = {"S": {"Type": "Succeed"}}
    by_hand = {"Comment": runs.STARTED_BY, "QueryLanguage": "JSONata", "StartAt": "S", "States": state}
    states.update_state_machine(stateMachineArn=before["StateMachineArn"], definition=json.dumps(by_hand))
    assert runs.signed(target.connection, runs.version(third), {}) == {}
    assert runs.STARTED_BY in runs.signed(target.connection, before["StateMachineArn"], {})
    monkeypatch.setattr(recording, "unused_versions", lambda *_: {first["StateMachineVersionArn"]})
    target.record.tidy(30)
    left = states.list_state_machine_versions(stateMachineArn=before["StateMachineArn"])[
        "stateMachineVersions"
    ]
    assert [each["stateMachineVersionArn"][-2:] for each in left] == [":3", ":2"]
    assert len(states.list_executions(stateMachineArn=before["StateMachineArn"])["executions"]) == 3
