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


def _states(bucket: str, job: str, script: str, says: str) -> dict[str, Any]:
    """Wait for an object ``go`` of the artifact bucket, run a job on Glue with a word, and then say it."""
    retry = {
        "ErrorEquals": ["S3.NoSuchKeyException"],
        "IntervalSeconds": 1,
        "MaxAttempts": 99,
        "BackoffRate": 1,
    }
    look = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:getObject",
        "Arguments": {"Bucket": bucket, "Key": "go"},
        "Retry": [retry],
        "Next": "Prepare",
    }
    prepare = {
        "Type": "Task",
        "Resource": "arn:aws:states:::glue:startJobRun.sync",
        "Arguments": {"JobName": job, "Arguments": {"--scriptLocation": script, "--word": says}},
        "Output": says,
        "End": True,
    }
    return {"Look": look, "Prepare": prepare}


def _role() -> dict[str, Any]:
    """The role of the state machine and of its job."""
    services = {"Service": ["states.amazonaws.com", "glue.amazonaws.com"]}
    trust = {"Effect": "Allow", "Principal": services, "Action": "sts:AssumeRole"}
    actions = ["s3:GetObject", "s3:ListBucket", "glue:*", "logs:*"]
    may = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}
    return {
        "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
        "Policies": [{"PolicyName": "may", "PolicyDocument": may}],
    }


def _write(target: Target, says: str, *, versions: bool = True) -> None:  # noqa: F811
    """The project with a state machine that says a word, and a job on Glue whose script takes that word only."""
    folder: Path = deployment.root()
    (folder / "jobs" / "prepare.py").write_text(f"import sys\nassert {says!r} in sys.argv, sys.argv\n")
    names, role = target.environment.names, {"Fn::GetAtt": ["StateMachineRole", "Arn"]}
    code = f"s3://${{ArtifactBucket}}/{names.artifacts}/code/${{CodeVersion}}/prepare.py"
    script = code.replace("ArtifactBucket", "Bucket").replace("CodeVersion", "Hash")
    states = _states(target.bucket, names.job("prepare"), script, says)
    machine = {
        "StateMachineName": names.state_machine,
        "RoleArn": role,
        "Definition": {"QueryLanguage": "JSONata", "StartAt": "Look", "States": states},
        "DefinitionSubstitutions": {"Bucket": {"Ref": "ArtifactBucket"}, "Hash": {"Ref": "CodeVersion"}},
    }
    job = {
        "Name": names.job("prepare"),
        "Role": role,
        "GlueVersion": "3.0",
        "Command": {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": {"Fn::Sub": code}},
        "MaxCapacity": 0.0625,
        "ExecutionProperty": {"MaxConcurrentRuns": 2},
    }
    resources: dict[str, Any] = {
        "StateMachineRole": {"Type": "AWS::IAM::Role", "Properties": _role()},
        "StateMachine": {"Type": "AWS::StepFunctions::StateMachine", "Properties": machine},
        "PrepareJob": {"Type": "AWS::Glue::Job", "Properties": job},
    }
    if versions:
        resources |= {each.title: each.to_dict() for each in published()}
    outputs = OUTPUTS if versions else {"StateMachineArn": OUTPUTS["StateMachineArn"]}
    body = json.loads(json.dumps({**PIPELINE, "Resources": resources, "Outputs": outputs}))
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
    """A deployment of before gets versions; each runs its own code on Glue, whose job is one for all; roll back brings
    a definition back as a version more; old ones go with the record of their deployments. All with the deployer's
    policy alone.
    """
    monkeypatch.setattr(plan_page, "root", deployment.root)
    states = client(embedded, "stepfunctions")

    def start(outputs: dict[str, str]) -> str:
        return str(states.start_execution(stateMachineArn=runs.starting(outputs))["executionArn"])

    def ended(arn: str) -> tuple[str, str]:
        found = until(lambda: (d := states.describe_execution(executionArn=arn))["status"] != "RUNNING" and d)
        assert found["status"] == "SUCCEEDED", found["cause"]
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
