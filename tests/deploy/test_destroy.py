"""Taking an environment down, by the deployer's policy: with its data, and without, when nothing published changes."""

from __future__ import annotations

import json
import random
import uuid
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from botocore.exceptions import ClientError
from clients import client
from deploy.conftest import environment
from deploy.test_deployment import PIPELINE, never
from deploy.test_rollback import BROKEN, few_files  # noqa: F401 - a fixture
from deployer import deployer
from randomness import SEED, SOAK, times

from data_pipeline.aws import destruction
from data_pipeline.aws.cloudformation import Stack, Stacks
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.cli.deploying import deployment
from data_pipeline.cli.deploying.deployment import carry_out, gather, plan_stacks
from data_pipeline.cli.deploying.destroying import _own_bucket, destroy_all, gather_doomed, refuse_running
from data_pipeline.cli.deploying.recorded import recorded, recorded_target
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment.destruction import page
from data_pipeline.core.deployment.page import rendering
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint

PIPELINE_NAME = "destroyed"
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
)
#: what the deployer's page adds for ``destroy --with-data``.
ADDED = frozenset(["DestroyObjects", "ListVersions", "DestroyTables", "FeatureGroups", "OfflineStores"])
KEPT = {"DeletionPolicy": "Retain", "UpdateReplacePolicy": "Retain"}


def _storage(database: str) -> str:
    """A versioned bucket and a database, which outlive the stack."""
    given = {"CatalogId": {"Ref": "AWS::AccountId"}, "DatabaseInput": {"Name": database}}
    kept = {"Id": "older", "Status": "Enabled", "NoncurrentVersionExpiration": {"NoncurrentDays": 90}}
    versioned = {
        "VersioningConfiguration": {"Status": "Enabled"},
        "LifecycleConfiguration": {"Rules": [kept]},
    }
    resources = {
        "DataBucket": {"Type": "AWS::S3::Bucket", **KEPT, "Properties": versioned},
        "Database": {"Type": "AWS::Glue::Database", **KEPT, "Properties": given},
    }
    outputs = {name: {"Value": {"Ref": name}} for name in resources}
    return yaml.safe_dump({"Resources": resources, "Outputs": outputs})


@pytest.fixture(scope="module")
def owner(embedded: Endpoint) -> Connection:
    """The connection of a deployer who may destroy the data."""
    keys = deployer(embedded, PIPELINE_NAME, added=ADDED)
    return connect(environment(pipeline=PIPELINE_NAME), EmbeddedCredentials(embedded.url, **keys))


@pytest.fixture
def target(owner: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Target:
    """An environment of bucket, database and queue."""
    name = f"t{uuid.uuid4().hex[:8]}"
    monkeypatch.setattr(deployment, "root", lambda: tmp_path)
    for folder in ("templates", "jobs"):
        (tmp_path / folder).mkdir()
    (tmp_path / "templates" / f"{name}-storage.yaml").write_text(_storage(f"{PIPELINE_NAME}_{name}"))
    there = environment(endpoint="aws", name=name, pipeline=PIPELINE_NAME)
    made = Target(there, owner, f"artifacts-{name}", Stacks(owner.client("cloudformation"), pace=0.02))
    change(made, 30)
    return made


def change(target: Target, seconds: int) -> None:
    """The project with a queue of this visibility timeout."""
    queue = {"Type": "AWS::SQS::Queue", "Properties": {"VisibilityTimeout": seconds}}
    folder = deployment.root()
    body = yaml.safe_dump({**PIPELINE, "Resources": {"Queue": queue}})
    (folder / "templates" / f"{target.environment.name}-pipeline.yaml").write_text(body)
    (folder / "jobs" / "prepare.py").write_text(f"print({seconds})\n")


def deploy(target: Target) -> dict[str, str]:
    plan = gather(target, create_bucket=True)
    try:
        return carry_out(target, plan, never)
    finally:
        plan.discard(target.stacks)


def _roll_back(target: Target, number: int) -> None:
    chosen = target.record.read()[number]
    plan = plan_stacks(target, recorded(target, chosen), exists=True)
    try:
        carry_out(target, plan, never)
    finally:
        plan.discard(target.stacks)


def _destroy(target: Target, *, with_data: bool = False) -> None:
    destroy_all(target, gather_doomed(target, with_data))


def _publish(embedded: Endpoint, outputs: dict[str, str]) -> None:
    """Two versions of an object, and a table."""
    for body in (b"old", b"new"):
        client(embedded, "s3").put_object(Bucket=outputs["DataBucket"], Key="output/export/x", Body=body)
    table = {"Name": "orders", "Parameters": {"metadata_location": "s3://x/1.json"}}
    client(embedded, "glue").create_table(DatabaseName=outputs["Database"], TableInput=table)


def _published(embedded: Endpoint, outputs: dict[str, str]) -> Any:
    """All versions of all objects, and the tables."""
    found = client(embedded, "s3").list_object_versions(Bucket=outputs["DataBucket"])
    versions = [(each["Key"], each["VersionId"], each["ETag"]) for each in found["Versions"]]
    tables = client(embedded, "glue").get_tables(DatabaseName=outputs["Database"])["TableList"]
    return versions, [(table["Name"], table["Parameters"]) for table in tables]


def test_what_is_taken_down_is_gone_and_its_data_stay_until_they_are_asked_for(
    target: Target, embedded: Endpoint
) -> None:
    """The page names each; all can be repeated; a deployment in between takes the data up again. Without record and
    project, the storage stack itself says what its bucket is.
    """
    outputs = deploy(target)
    _publish(embedded, outputs)
    before = _published(embedded, outputs)
    doomed = gather_doomed(target, with_data=False)
    text = "\n".join(rendering.lines(page(doomed)))
    names = target.environment.names
    assert f"- stack {names.pipeline_stack}, 1 resource\n      - AWS::SQS::Queue, with what it holds" in text
    assert f"stack {names.storage_stack}, with its termination protection" in text.partition("Stays")[2]
    assert outputs["DataBucket"] in text.partition("Stays")[2]
    destroy_all(target, doomed)
    assert target.stacks.find(names.pipeline_stack) is None
    storage = target.stacks.find(names.storage_stack)
    assert storage is not None
    assert storage.protected
    assert not gather_doomed(target, with_data=False).anything
    assert _published(embedded, outputs) == before
    assert deploy(target) == outputs
    with pytest.raises(UserError, match=f"--bucket other: expected {target.bucket}, the artifact bucket"):
        recorded_target(target.environment, target.connection, "other")
    assert recorded_target(target.environment, target.connection, target.bucket)[0].bucket == target.bucket
    client(embedded, "s3").delete_object(Bucket=target.bucket, Key=target.record.key)
    project = deployment.root() / "templates" / f"{target.environment.name}-storage.yaml"
    storage_body = project.read_text()
    project.write_text("{}")
    _destroy(target, with_data=True)
    project.write_text(storage_body)
    assert target.stacks.find(names.storage_stack) is None
    buckets = [bucket["Name"] for bucket in client(embedded, "s3").list_buckets()["Buckets"]]
    assert outputs["DataBucket"] not in buckets
    databases = client(embedded, "glue").get_databases()["DatabaseList"]
    assert outputs["Database"] not in [each["Name"] for each in databases]
    left = client(embedded, "s3").list_object_versions(Bucket=target.bucket)
    assert (left.get("Versions", []), left.get("DeleteMarkers", [])) == ([], [])
    assert not gather_doomed(target, with_data=True).anything


@pytest.mark.parametrize(
    ("outputs", "resources", "own"),
    [
        ({"DataBucket": "theirs"}, {}, ("theirs",) * 2),
        ({"DataBucket": "made"}, {"DataBucket": {}}, (None,) * 2),
    ]
    + [(outputs, {}, ("mine", None)) for outputs in ({}, None)],
)
def test_whose_the_data_bucket_is_says_what_is_deployed(
    outputs: dict[str, str] | None,
    resources: dict[str, Any],
    own: tuple[str | None, str | None],
    target: Target,
) -> None:
    """Whatever the configuration has by now; that counts where nothing is deployed, but not for a former name."""
    env = target.environment
    data = env.data.model_copy(update={"bucket": "mine"})
    target = replace(target, environment=env.model_copy(update={"data": data}))
    storage = None if outputs is None else Stack("s", "s", "CREATE_COMPLETE", outputs=outputs)
    found = (
        _own_bucket(replace(target, former=former), storage, {"Resources": resources})
        for former in (False, True)
    )
    assert tuple(found) == own


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("deployments")))
def test_nothing_published_changes_by_deployments_and_their_end(
    attempt: int, target: Target, embedded: Endpoint
) -> None:
    """Random sequences of deploy, change, go back and destroy, without data: every version of every object is there."""
    chance = random.Random(f"{SEED}-deployments-{attempt}")
    outputs = deploy(target)
    _publish(embedded, outputs)
    before = _published(embedded, outputs)
    for _ in range(chance.randint(3, 8) if SOAK else 2):
        what = chance.choice(("change", "change", "back", "destroy"))
        if what == "change":
            change(target, chance.randint(1, 900))
            deploy(target)
        elif what == "back":
            _roll_back(target, chance.randrange(len(target.record.read())))
        else:
            _destroy(target)
        assert _published(embedded, outputs) == before, what
    numbers = [each.number for each in target.record.read()]
    assert numbers == [*range(1, len(numbers) + 1)]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="deploys several stacks")
def test_a_destruction_that_is_broken_off_is_done_again(
    target: Target, embedded: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each stack, and after the bucket; whatever has gone is no error."""

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for place in ("database", "bucket", "empty"):
        _publish(embedded, deploy(target))
        with monkeypatch.context() as patch:
            patch.setattr(destruction, place, killed)
            with pytest.raises(KeyboardInterrupt):
                _destroy(target, with_data=True)
        _destroy(target, with_data=True)
        assert not gather_doomed(target, with_data=True).anything


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="deploys several stacks")
def test_an_environment_in_a_bad_state_is_taken_down(target: Target, embedded: Endpoint) -> None:
    """An update that failed and was rolled back, and a creation that failed."""
    deploy(target)
    body = yaml.safe_dump({**PIPELINE, "Resources": {"Policy": BROKEN}})
    name = target.environment.names.pipeline_stack
    (deployment.root() / "templates" / f"{target.environment.name}-pipeline.yaml").write_text(body)
    with pytest.raises(UserError, match="the deployment failed"):
        deploy(target)
    _destroy(target)
    assert target.stacks.find(name) is None
    with pytest.raises(UserError, match="the deployment failed"):
        deploy(target)
    _destroy(target, with_data=True)
    stacks = client(embedded, "cloudformation")
    whole = yaml.safe_dump({"Resources": {"Policy": BROKEN}})
    stacks.create_stack(StackName=name, TemplateBody=whole, OnFailure="DO_NOTHING")
    destroy_all(target, gather_doomed(target, with_data=True))
    assert target.stacks.find(name) is None


@pytest.mark.parametrize(
    ("output", "what"), [("StateMachineArn", "run"), ("MaintenanceStateMachineArn", "maintenance")]
)
def test_nothing_is_taken_down_while_something_runs(
    output: str, what: str, target: Target, embedded: Endpoint
) -> None:
    """A machine that has gone runs nothing; one that may not be asked about is an error."""
    name, root = f"{PIPELINE_NAME}-{uuid.uuid4().hex[:8]}", client(embedded, "stepfunctions")
    trust = TRUST.replace("glue", "states")
    role = client(embedded, "iam").create_role(RoleName=name, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    wait = {"Type": "Wait", "Seconds": 600, "End": True}
    waits = {"QueryLanguage": "JSONata", "StartAt": "Wait", "States": {"Wait": wait}}
    machine = root.create_state_machine(name=name, roleArn=role, definition=json.dumps(waits))[
        "stateMachineArn"
    ]

    def with_machine(arn: str) -> Target:
        stack = Stack("s", "s", "CREATE_COMPLETE", outputs={output: arn})
        found = Stacks(target.stacks.client)
        found.find = lambda _: stack  # type: ignore[method-assign]
        return replace(target, stacks=found)

    refuse_running(with_machine(machine))
    execution = root.start_execution(stateMachineArn=machine, name="first")["executionArn"]
    with pytest.raises(UserError, match=f"the {what} first is under way"):
        refuse_running(with_machine(machine))
    with pytest.raises(ClientError, match="not authorized to perform: states:ListExecutions"):
        refuse_running(with_machine(machine.replace(PIPELINE_NAME, "other")))
    old = f"{target.environment.names.prefix}: the {what} first is under way"
    with pytest.raises(UserError, match=old):
        refuse_running(replace(with_machine(machine), former=True))
    root.stop_execution(executionArn=execution)
    refuse_running(with_machine(machine))
    root.delete_state_machine(stateMachineArn=machine)
    refuse_running(with_machine(machine))


def test_a_role_goes_with_its_policies_and_what_has_gone_is_no_error(
    target: Target, embedded: Endpoint
) -> None:
    iam, name = client(embedded, "iam"), f"{PIPELINE_NAME}-{uuid.uuid4().hex[:8]}"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    own = json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
    )
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=own)
    for _ in range(2):
        destruction.role(target.connection, name)
        destruction.feature_group(target.connection, name)
        destruction.database(target.connection, f"{PIPELINE_NAME}_gone")
        destruction.log_group(target.connection, f"/{PIPELINE_NAME}-gone")
        destruction.bucket(target.connection, f"{PIPELINE_NAME}-gone", lambda _: None)


def test_what_is_still_in_use_is_told(
    target: Target, embedded: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bucket is emptied again where something has written to it; a role with a policy of somebody else's stays."""
    name, root = f"{PIPELINE_NAME}-{uuid.uuid4().hex[:8]}", client(embedded, "s3")
    root.create_bucket(Bucket=name)
    emptied, last = destruction.empty, 3
    attempts: list[int] = []

    def written_to(*arguments: Any) -> None:
        emptied(*arguments)
        attempts.append(1)
        if len(attempts) <= last:
            root.put_object(Bucket=name, Key="output/state/x", Body=b"x")

    monkeypatch.setattr(destruction, "empty", written_to)
    with pytest.raises(UserError, match=f"bucket {name}: was emptied 3 times"):
        destruction.bucket(target.connection, name, lambda _: None)
    attempts.clear()
    last = 2
    destruction.bucket(target.connection, name, lambda _: None)
    assert len(attempts) == 3
    assert name not in [bucket["Name"] for bucket in root.list_buckets()["Buckets"]]
    iam = client(embedded, "iam")
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.attach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    with pytest.raises(UserError, match=f"role {name}: not deleted, as something is attached to it"):
        destruction.role(target.connection, name)
    iam.detach_role_policy(RoleName=name, PolicyArn="arn:aws:iam::aws:policy/ReadOnlyAccess")
    destruction.role(target.connection, name)
