"""What whoever deploys does, one call or one resource at a time: the deployer's scenarios."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any
from uuid import uuid4

from botocore.exceptions import ClientError
from deploy.conftest import environment
from removal.cases import Case
from removal.world import BUCKET, World
from waiting import until

from data_pipeline.aws import buckets, records, s3, states
from data_pipeline.aws.session import EmbeddedCredentials, connect

STACK = "nyc-tlc-removal"
TAGS = [{"Key": "team", "Value": "data"}, {"Key": "stage", "Value": "trial"}]
FEWER = TAGS[:1]
ROLE = "nyc-tlc-removal-role"
#: state machines without and with a version
VERSIONED, PUBLISHED = f"{STACK}-versioned", f"{STACK}-published"
NOTHING = {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}}
MORE = {**NOTHING, "Comment": "changed"}


def trust(*services: str) -> dict[str, Any]:
    """A trust policy for services."""
    named = {"Service": [f"{service}.amazonaws.com" for service in services]}
    statement = {"Effect": "Allow", "Principal": named, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


def resources(world: World, kind: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The properties of a resource of a type when it is made, and after a change."""
    role = f"arn:aws:iam::{world.endpoint.account}:role/{ROLE}"
    denial = {"Effect": "Deny", "Principal": "*", "Action": "s3:DeleteBucket", "Resource": "*"}
    closed = {"BlockPublicAcls": True, "IgnorePublicAcls": True}
    encrypted = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    job = {
        "Name": f"{STACK}-job",
        "Role": role,
        "Command": {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://b/s.py"},
    }
    machine = {"StateMachineName": f"{STACK}-machine", "RoleArn": role}
    schedule = {
        "Name": "daily",
        "GroupName": STACK,
        "ScheduleExpression": "rate(1 day)",
        "State": "DISABLED",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": world.machine, "RoleArn": role},
    }
    version = {"StateMachineArn": _machine(world, VERSIONED)}
    routes = [{"StateMachineVersionArn": f"{_machine(world, PUBLISHED)}:1", "Weight": 100}]
    alias = {"Name": "removal", "RoutingConfiguration": routes}
    database = {"CatalogId": world.endpoint.account, "DatabaseInput": {"Name": "nyc_tlc_removal"}}
    group_of_queries = {"Name": f"{STACK}-queries", "RecursiveDeleteOption": True}
    query = {"Database": "nyc_tlc_removal", "QueryString": "SELECT 1", "WorkGroup": f"{STACK}-queries"}
    policy = {"Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    inline = {"Policies": [{"PolicyName": "p", "PolicyDocument": policy}]}
    group = {"LogGroupName": f"/{STACK}/log"}
    found: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "AWS::S3::Bucket": (
            {
                "VersioningConfiguration": {"Status": "Enabled"},
                "BucketEncryption": {"ServerSideEncryptionConfiguration": [encrypted]},
                "PublicAccessBlockConfiguration": closed,
                "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
                "LifecycleConfiguration": {"Rules": [{"Status": "Enabled", "ExpirationInDays": 9}]},
            },
            {"VersioningConfiguration": {"Status": "Suspended"}},
        ),
        "AWS::S3::BucketPolicy": (
            {"Bucket": f"{STACK}-policy", "PolicyDocument": {"Statement": [denial]}},
            {"Bucket": f"{STACK}-policy", "PolicyDocument": {"Statement": [{**denial, "Sid": "Changed"}]}},
        ),
        "AWS::Glue::Database": (
            database,
            {**database, "DatabaseInput": {**database["DatabaseInput"], "Description": "changed"}},
        ),
        "AWS::Athena::WorkGroup": (group_of_queries, {**group_of_queries, "Description": "changed"}),
        "AWS::Athena::NamedQuery": (query, {**query, "Description": "changed"}),
        "AWS::Glue::Job": (job, {**job, "Description": "changed"}),
        "AWS::IAM::Role": (
            {"AssumeRolePolicyDocument": trust("glue"), "Description": "made", **inline},
            {"AssumeRolePolicyDocument": trust("states"), "Description": "changed"},
        ),
        "AWS::StepFunctions::StateMachine": (
            {**machine, "Definition": NOTHING},
            {**machine, "Definition": MORE},
        ),
        "AWS::StepFunctions::StateMachineVersion": (version, version),
        "AWS::StepFunctions::StateMachineAlias": (alias, {**alias, "Description": "changed"}),
        "AWS::Scheduler::ScheduleGroup": ({"Name": f"{STACK}-group"}, {"Name": f"{STACK}-group"}),
        "AWS::Scheduler::Schedule": (schedule, {**schedule, "ScheduleExpression": "rate(2 days)"}),
        "AWS::SQS::Queue": ({"MessageRetentionPeriod": 60}, {"MessageRetentionPeriod": 70}),
        "AWS::Logs::LogGroup": ({**group, "RetentionInDays": 1}, group),
    }
    return found[kind]


def resource(world: World, case: Case, moment: str) -> None:
    """One resource is made, changed or deleted by the deployer; all that comes before and after is root's."""
    kind, step = moment.split(" ")
    first, second = resources(world, kind)
    _surroundings(world)
    root, ours = world.client("cloudformation"), world.as_deployer("cloudformation")
    try:
        change(ours if step in ("create", "read") else root, kind, first, TAGS, "CREATE")
        if step in ("update", "untag"):
            change(ours, kind, second, FEWER, "UPDATE")
        if step == "delete":
            ours.delete_stack(StackName=STACK)
            wait_until_stable(root)
    finally:
        _gone(world)


def change(client: Any, kind: str, properties: dict[str, Any], tags: list[Any], how: str) -> None:
    """One change set of a stack of one resource, made and executed; how it ends shows in its stack."""
    template = {"Resources": {"It": {"Type": kind, "Properties": properties}}}
    made = client.create_change_set(
        StackName=STACK,
        ChangeSetName=f"c{uuid4().hex}",
        ChangeSetType=how,
        TemplateBody=json.dumps(template),
        Capabilities=["CAPABILITY_IAM"],
        Tags=tags,
    )
    named = {"ChangeSetName": made["Id"]}
    until(lambda: client.describe_change_set(**named)["Status"] in ("CREATE_COMPLETE", "FAILED"))
    client.execute_change_set(**named)
    wait_until_stable(client)


def wait_until_stable(client: Any) -> None:
    """Wait until the stack is not being changed any more."""

    def ready() -> bool:
        try:
            status = client.describe_stacks(StackName=STACK)["Stacks"][0]["StackStatus"]
        except ClientError as error:
            if "does not exist" not in str(error):
                raise
            return True
        return status == "REVIEW_IN_PROGRESS" or not status.endswith("_IN_PROGRESS")

    until(ready)


def changing_a_stack(world: World, case: Case) -> None:
    """Change sets are made and executed, with a tag less the second time; the stack is watched and protected."""
    ours = world.as_deployer("cloudformation")
    kind = "AWS::SQS::Queue"
    try:
        change(ours, kind, {"MessageRetentionPeriod": 60}, TAGS, "CREATE")
        ours.describe_stack_events(StackName=STACK)
        ours.get_template(StackName=STACK)
        for change_set in ours.list_change_sets(StackName=STACK)["Summaries"]:
            ours.describe_events(ChangeSetName=change_set["ChangeSetId"])
        ours.update_termination_protection(StackName=STACK, EnableTerminationProtection=False)
        change(ours, kind, {"MessageRetentionPeriod": 70}, FEWER, "UPDATE")
    finally:
        _gone(world)


def clearing_up(world: World, case: Case) -> None:
    """Every call that stops, frees or removes a stack, which is not in a state for most of them."""
    ours = world.as_deployer("cloudformation")
    change(world.client("cloudformation"), "AWS::SQS::Queue", {}, TAGS, "CREATE")
    named = {"StackName": STACK}
    for call, more in (
        (ours.cancel_update_stack, {}),
        (ours.rollback_stack, {}),
        (ours.continue_update_rollback, {}),
        (ours.delete_change_set, {"ChangeSetName": "none"}),
        (ours.delete_stack, {}),
    ):
        with suppress(ClientError):
            call(**named, **more)
    wait_until_stable(world.client("cloudformation"))
    _gone(world)


def validating_a_template(world: World, case: Case) -> None:
    """A template is validated."""
    template = json.dumps({"Resources": {"It": {"Type": "AWS::SQS::Queue"}}})
    world.as_deployer("cloudformation").validate_template(TemplateBody=template)


def template_by_url(world: World, case: Case) -> None:
    """A change set of a template that is an object of the artifact bucket."""
    template = json.dumps({"Resources": {"It": {"Type": "AWS::SQS::Queue"}}})
    _artifact_bucket(world)
    key = "nyc-tlc/templates/removal.json"
    world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=template.encode())
    try:
        world.as_deployer("cloudformation").create_change_set(
            StackName=STACK,
            ChangeSetName="by-url",
            ChangeSetType="CREATE",
            TemplateURL=f"{world.endpoint.url}/{BUCKET}/{key}",
        )
    finally:
        _gone(world)


def looking_at_a_bucket(world: World, _: Case) -> None:
    """How the artifact bucket is encrypted and closed, before a deployment."""
    _artifact_bucket(world)
    buckets.bucket(_connection(world), BUCKET)


def uploading_artifacts(world: World, case: Case) -> None:
    """The artifact bucket is looked for and listed, and an object is put."""
    _artifact_bucket(world)
    connection = _connection(world)
    assert s3.find_bucket(connection, BUCKET)
    s3.existing_sizes(connection, BUCKET, "nyc-tlc/")
    s3.put(connection, BUCKET, "nyc-tlc/removal", b"x")


def deleting_unused_artifacts(world: World, case: Case) -> None:
    """Objects of the artifact bucket are deleted, as a deployment deletes those that none needs."""
    _artifact_bucket(world)
    keys = [f"nyc-tlc/dev/{folder}/removal" for folder in ("code", "wheels", "templates")]
    for key in keys:
        world.client("s3").put_object(Bucket=BUCKET, Key=key, Body=b"x")
    records.remove(_connection(world), BUCKET, keys)


def looking_for_runs(world: World, case: Case) -> None:
    """An execution that is under way is looked for, as ``destroy`` does."""
    states.running(world.as_deployer("stepfunctions"), world.machine)


def making_the_artifact_bucket(world: World, case: Case) -> None:
    """The artifact bucket is made as deploy makes it, and removed as deploy removes a half made one."""
    root = world.client("s3")
    with suppress(root.exceptions.NoSuchBucket):
        found = root.list_object_versions(Bucket=BUCKET)
        for item in [*found.get("Versions", []), *found.get("DeleteMarkers", [])]:
            root.delete_object(Bucket=BUCKET, Key=item["Key"], VersionId=item["VersionId"])
        root.delete_bucket(Bucket=BUCKET)
    connection = _connection(world)
    s3.create_bucket(connection, BUCKET)
    connection.client("s3").delete_bucket(Bucket=BUCKET)


#: moment of required_actions.yaml → what is done then; those of a resource type are all done by ``resource``.
SCENARIOS = {
    "changing a stack": changing_a_stack,
    "clearing up": clearing_up,
    "validating a template": validating_a_template,
    "template by URL": template_by_url,
    "uploading artifacts": uploading_artifacts,
    "looking at a bucket": looking_at_a_bucket,
    "deleting unused artifacts": deleting_unused_artifacts,
    "looking for runs": looking_for_runs,
    "making the artifact bucket": making_the_artifact_bucket,
}
STEPS = ("create", "read", "update", "untag", "delete")


def _connection(world: World) -> Any:
    return connect(environment(), EmbeddedCredentials(world.endpoint.url, **world.deployer))


def _artifact_bucket(world: World) -> None:
    with suppress(world.client("s3").exceptions.BucketAlreadyOwnedByYou):
        world.client("s3").create_bucket(Bucket=BUCKET)


def _machine(world: World, name: str) -> str:
    return world.machine.rpartition(":")[0] + f":{name}"


def _surroundings(world: World) -> None:
    """What the resources refer to."""
    iam, scheduler, root = (world.client(service) for service in ("iam", "scheduler", "s3"))
    with suppress(iam.exceptions.EntityAlreadyExistsException):
        document = json.dumps(trust("glue", "states", "scheduler"))
        iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=document)
    role = f"arn:aws:iam::{world.endpoint.account}:role/{ROLE}"
    for name in (VERSIONED, PUBLISHED):  # the same again is no error
        given = {"definition": json.dumps(NOTHING), "roleArn": role, "publish": name == PUBLISHED}
        world.client("stepfunctions").create_state_machine(name=name, **given)
    with suppress(scheduler.exceptions.ConflictException):
        scheduler.create_schedule_group(Name=STACK)
    with suppress(root.exceptions.BucketAlreadyOwnedByYou):
        root.create_bucket(Bucket=f"{STACK}-policy")


def _gone(world: World) -> None:
    """No stack is left."""
    root = world.client("cloudformation")
    wait_until_stable(root)
    with suppress(ClientError):
        root.delete_stack(StackName=STACK)
    wait_until_stable(root)
