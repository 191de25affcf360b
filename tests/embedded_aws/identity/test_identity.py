"""Who is let in, and what is allowed: signatures, roles, policies, iam:PassRole."""

from __future__ import annotations

import http.client
import json
from typing import Any

import botocore.exceptions
import pytest
from botocore.exceptions import ClientError

from data_pipeline.embedded_aws.server.endpoint import Endpoint
from tests.embedded_aws.conftest import allow

ACCOUNT = "000000000000"
PASS = json.dumps({"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": {"Type": "Succeed"}}})


def test_root_is_who_holds_the_secret(aws: Any) -> None:
    """Root's key with another secret is SignatureDoesNotMatch, also for what MiniStack allows everybody."""
    assert aws("sts").get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    for service, call in (("sts", "get_caller_identity"), ("s3", "list_buckets"), ("iam", "list_roles")):
        with pytest.raises(ClientError, match="SignatureDoesNotMatch"):
            getattr(aws(service, secret_key="wrong"), call)()


@pytest.mark.parametrize("key", ["test", "123456789012", ACCOUNT, "AKIAIOSFODNN7EXAMPLE"])
@pytest.mark.parametrize(
    ("service", "call"), [("s3", "list_buckets"), ("glue", "get_databases"), ("iam", "list_roles")]
)
def test_well_known_keys_open_nothing(aws: Any, service: str, call: str, key: str) -> None:
    """The keys that MiniStack takes for root are unknown here."""
    with pytest.raises(ClientError, match=r"InvalidAccessKeyId|UnrecognizedClient|InvalidClientTokenId"):
        getattr(aws(service, access_key=key, secret_key="test"), call)()


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("POST", "/_ministack/reset"), ("POST", "/_ministack/config"), ("GET", "/_ministack/health")),
        *(("GET", "/health"), ("GET", "/"), ("GET", "/bucket/key"), ("PUT", "/bucket"), ("POST", "/")),
        *(("GET", "/_local/health"), ("GET", "/_aws/sqs/messages"), ("GET", "/iceberg/v1/config")),
    ],
)
def test_unsigned_requests_are_refused(embedded: Endpoint, method: str, path: str) -> None:
    """Nothing is answered without a signature, MiniStack's administrative paths least of all."""
    connection = http.client.HTTPConnection("127.0.0.1", embedded.port, timeout=10)
    connection.request(method, path, body=b"{}" if method == "POST" else None)
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    assert response.status in (403, 404), body
    assert embedded.access_key not in body
    assert "pid" not in body


@pytest.mark.parametrize("path", ["/_ministack/reset", "/_ministack/config", "/health", "/iceberg/v1/config"])
def test_administrative_paths_are_closed_to_whoever_signs(
    embedded: Endpoint, aws: Any, name: str, path: str
) -> None:
    """A header that looks like a signature does not open MiniStack's administrative paths."""
    aws("s3").create_bucket(Bucket=name)
    credential = f"Credential={embedded.access_key}/20260101/us-east-1/s3/aws4_request"
    headers = {"authorization": f"AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00"}
    connection = http.client.HTTPConnection("127.0.0.1", embedded.port, timeout=10)
    connection.request("POST", path, body=b"{}", headers=headers)
    assert connection.getresponse().status in (400, 403, 404)
    connection.close()
    assert aws("s3").head_bucket(Bucket=name)


@pytest.mark.parametrize("service", ["dynamodb", "lambda", "ec2", "kms", "events"])
def test_unknown_service_is_refused_by_name(aws: Any, service: str) -> None:
    """A service that is not emulated is an error that names it and says what there is."""
    call = {
        "dynamodb": "list_tables",
        "lambda": "list_functions",
        "ec2": "describe_vpcs",
    }
    call |= {"kms": "list_keys", "events": "list_rules"}
    with pytest.raises(ClientError, match=rf"does not emulate the service '{service}'.*glue, iam"):
        getattr(aws(service), call[service])()


UNKNOWN = [
    ("athena", "list_engine_versions", {}),
    ("glue", "get_crawlers", {}),
    ("glue", "create_trigger", {"Name": "t", "Type": "ON_DEMAND", "Actions": []}),
    ("iam", "list_groups", {}),
    ("iam", "list_account_aliases", {}),
    ("logs", "describe_metric_filters", {}),
    (
        "logs",
        "start_query",
        {"logGroupName": "g", "startTime": 0, "endTime": 1, "queryString": "fields @message"},
    ),
    ("sqs", "add_permission", {"QueueUrl": "u", "Label": "l", "AWSAccountIds": [ACCOUNT], "Actions": ["*"]}),
    ("sts", "get_session_token", {}),
    ("cloudformation", "detect_stack_resource_drift", {"StackName": "s", "LogicalResourceId": "r"}),
    ("cloudformation", "set_stack_policy", {"StackName": "s"}),
    ("cloudformation", "list_exports", {}),
    ("sagemaker", "list_training_jobs", {}),
    ("sagemaker", "describe_feature_metadata", {"FeatureGroupName": "f", "FeatureName": "n"}),
]


@pytest.mark.parametrize(("service", "call", "arguments"), UNKNOWN)
def test_unknown_operation_is_refused_by_name(
    aws: Any, service: str, call: str, arguments: dict[str, Any]
) -> None:
    """An operation that is not emulated is an error that names it, never an empty success."""
    operation = "".join(part.title() for part in call.split("_"))
    with pytest.raises(ClientError, match=rf"does not emulate {service}:{operation}"):
        getattr(aws(service), call)(**arguments)


def test_subresources_without_effect_are_refused(aws: Any, name: str) -> None:
    """What S3 would act on and MiniStack only stores is refused by name."""
    aws("s3").create_bucket(Bucket=name)
    with pytest.raises(ClientError, match=r"does not emulate s3: PUT \?notification"):
        aws("s3").put_bucket_notification_configuration(Bucket=name, NotificationConfiguration={})


def test_users_are_held_to_their_policies(aws: Any, user: Any, name: str) -> None:
    """A user may do what his policy says, on the resources it names, and nothing else."""
    aws("s3").create_bucket(Bucket=name)
    credentials = user(allow("s3:PutObject", f"arn:aws:s3:::{name}/in/*"))
    s3 = aws("s3", **credentials)
    s3.put_object(Bucket=name, Key="in/k", Body=b"x")
    for call, arguments in (
        (s3.put_object, {"Bucket": name, "Key": "out/k", "Body": b"x"}),
        (s3.get_object, {"Bucket": name, "Key": "in/k"}),
        (s3.list_objects_v2, {"Bucket": name}),
        (aws("glue", **credentials).get_databases, {}),
        (aws("logs", **credentials).describe_log_groups, {}),
        (aws("stepfunctions", **credentials).list_state_machines, {}),
        (aws("cloudformation", **credentials).describe_stacks, {}),
        (aws("scheduler", **credentials).list_schedules, {}),
        (aws("sagemaker", **credentials).list_processing_jobs, {}),
        (aws("sqs", **credentials).list_queues, {}),
        (aws("iam", **credentials).list_roles, {}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            call(**arguments)


def test_deactivated_key_opens_nothing(aws: Any, user: Any, name: str) -> None:
    """A key that was deactivated, or deleted, is refused."""
    credentials = user(allow("*"))
    assert aws("iam", **credentials).get_user(UserName=name)["User"]["UserName"] == name
    key = {"UserName": name, "AccessKeyId": credentials["access_key"]}
    aws("iam").update_access_key(**key, Status="Inactive")
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        aws("iam", **credentials).get_user(UserName=name)
    aws("iam").delete_access_key(**key)
    with pytest.raises(ClientError, match="InvalidClientTokenId"):
        aws("iam", **credentials).get_user(UserName=name)


def test_assume_role_needs_trust_and_its_session_has_the_role_s_permissions(
    aws: Any, user: Any, name: str
) -> None:
    """A role is assumed by whom its trust policy names; the session is limited to the role, and needs its
    token.
    """
    credentials = user(allow("sts:AssumeRole"))
    arn = f"arn:aws:iam::{ACCOUNT}:user/{name}"
    iam = aws("iam")

    def trust(**principal: str) -> str:
        statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}
        return json.dumps({"Version": "2012-10-17", "Statement": [statement]})

    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=trust(Service="glue.amazonaws.com"))[
        "Role"
    ]["Arn"]
    with pytest.raises(ClientError, match="may not be assumed by root"):
        aws("sts").assume_role(RoleArn=role, RoleSessionName="session")
    sts = aws("sts", **credentials)
    with pytest.raises(ClientError, match="sts:AssumeRole"):
        sts.assume_role(RoleArn=role, RoleSessionName="session")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=trust(AWS=arn))
    given = sts.assume_role(RoleArn=role, RoleSessionName="session")["Credentials"]
    session = {"access_key": given["AccessKeyId"], "secret_key": given["SecretAccessKey"]}
    with pytest.raises(ClientError, match="AccessDenied"):
        aws("s3", **session, token=given["SessionToken"]).list_buckets()
    with pytest.raises(ClientError, match=r"InvalidToken|InvalidAccessKeyId|InvalidClientTokenId"):
        aws("sts", **session).get_caller_identity()
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allow("s3:ListAllMyBuckets")]})
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    assert "Buckets" in aws("s3", **session, token=given["SessionToken"]).list_buckets()


def test_simulation_agrees(aws: Any, role: Any, name: str) -> None:
    """SimulatePrincipalPolicy says what the role's policy says."""
    arn = role("glue.amazonaws.com", allow("s3:GetObject", f"arn:aws:s3:::{name}/*"))
    found = aws("iam").simulate_principal_policy(
        PolicySourceArn=arn,
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=[f"arn:aws:s3:::{name}/k"],
    )["EvaluationResults"]
    assert {item["EvalActionName"]: item["EvalDecision"] for item in found} == {
        "s3:GetObject": "allowed",
        "s3:PutObject": "implicitDeny",
    }


def test_pass_role_for_a_state_machine(aws: Any, role: Any, user: Any, name: str) -> None:
    """Making a machine needs iam:PassRole on its role for Step Functions; the permission for another
    service is none.
    """
    arn = role("states.amazonaws.com")
    credentials = user(
        allow("states:*"),
        allow("iam:PassRole", arn, StringEquals={"iam:PassedToService": "glue.amazonaws.com"}),
    )
    states = aws("stepfunctions", **credentials)
    with pytest.raises(ClientError, match=f"iam:PassRole on resource: {arn}"):
        states.create_state_machine(name=name, definition=PASS, roleArn=arn)
    right = allow("iam:PassRole", arn, StringEquals={"iam:PassedToService": "states.amazonaws.com"})
    document = json.dumps({"Version": "2012-10-17", "Statement": [allow("states:*"), right]})
    aws("iam").put_user_policy(UserName=name, PolicyName="test", PolicyDocument=document)
    assert states.create_state_machine(name=name, definition=PASS, roleArn=arn)["stateMachineArn"].endswith(
        name
    )


def test_pass_role_for_a_glue_job(aws: Any, role: Any, user: Any, name: str) -> None:
    """Making and changing a Glue job needs iam:PassRole on its role, by name or ARN."""
    arn = role("glue.amazonaws.com")
    glue = aws("glue", **user(allow("glue:*")))
    command = {"Name": "pythonshell", "PythonVersion": "3.9", "ScriptLocation": "s3://b/k.py"}
    for spelt in (arn, arn.rsplit("/", 1)[1]):
        with pytest.raises(ClientError, match=f"iam:PassRole on resource: {arn}"):
            glue.create_job(Name=name, Role=spelt, Command=command)
    aws("glue").create_job(Name=name, Role=arn, Command=command, MaxCapacity=0.0625)
    with pytest.raises(ClientError, match="iam:PassRole"):
        glue.update_job(JobName=name, JobUpdate={"Role": arn, "Command": command})


def test_a_table_needs_catalog_database_and_table(aws: Any, user: Any, name: str) -> None:
    """GetTable asks for the catalog, the database and the table: a policy without one of them is refused."""
    database = name.replace("-", "_")
    aws("glue").create_database(DatabaseInput={"Name": database})
    aws("glue").create_table(DatabaseName=database, TableInput={"Name": "t"})
    prefix = f"arn:aws:glue:us-east-1:{ACCOUNT}"
    parts = [f"{prefix}:catalog", f"{prefix}:database/{database}", f"{prefix}:table/{database}/t"]
    glue = aws("glue", **user(allow("glue:GetTable", parts)))
    assert glue.get_table(DatabaseName=database, Name="t")["Table"]["Name"] == "t"
    for missing in parts:
        rest = [part for part in parts if part != missing]
        document = json.dumps({"Version": "2012-10-17", "Statement": [allow("glue:GetTable", rest)]})
        aws("iam").put_user_policy(UserName=name, PolicyName="test", PolicyDocument=document)
        with pytest.raises(ClientError, match=f"glue:GetTable on resource: {missing}"):
            glue.get_table(DatabaseName=database, Name="t")


def test_log_streams_have_arns(aws: Any, user: Any, name: str) -> None:
    """Writing to a log stream is allowed by the stream's ARN, and not for a stream with another name."""
    aws("logs").create_log_group(logGroupName=name)
    arn = f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:{name}:log-stream:mine-*"
    logs = aws("logs", **user(allow(["logs:CreateLogStream", "logs:PutLogEvents"], arn)))
    logs.create_log_stream(logGroupName=name, logStreamName="mine-1")
    logs.put_log_events(
        logGroupName=name,
        logStreamName="mine-1",
        logEvents=[{"timestamp": 1_700_000_000_000, "message": "m"}],
    )
    with pytest.raises(ClientError, match="logs:CreateLogStream"):
        logs.create_log_stream(logGroupName=name, logStreamName="other")


def test_s3_conditions(aws: Any, user: Any, name: str) -> None:
    """Listing is limited by s3:prefix where the policy says so."""
    aws("s3").create_bucket(Bucket=name)
    s3 = aws("s3", **user(allow("s3:ListBucket", f"arn:aws:s3:::{name}", StringLike={"s3:prefix": "in/*"})))
    assert s3.list_objects_v2(Bucket=name, Prefix="in/a")["KeyCount"] == 0
    for arguments in ({}, {"Prefix": "out/"}):
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.list_objects_v2(Bucket=name, **arguments)


def test_conditional_writes(aws: Any, name: str) -> None:
    """If-None-Match and If-Match let exactly one of two writers win."""
    s3 = aws("s3")
    s3.create_bucket(Bucket=name)
    etag = s3.put_object(Bucket=name, Key="k", Body=b"1", IfNoneMatch="*")["ETag"]
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=name, Key="k", Body=b"2", IfNoneMatch="*")
    s3.put_object(Bucket=name, Key="k", Body=b"3", IfMatch=etag)
    with pytest.raises(ClientError, match="PreconditionFailed"):
        s3.put_object(Bucket=name, Key="k", Body=b"4", IfMatch=etag)
    assert s3.get_object(Bucket=name, Key="k")["Body"].read() == b"3"


def test_glue_tables_have_one_winner(aws: Any, name: str) -> None:
    """Two updates of the same table version have one winner: the other is ConcurrentModification or a
    conflict.
    """
    database = name.replace("-", "_")
    glue = aws("glue")
    glue.create_database(DatabaseInput={"Name": database})
    glue.create_table(DatabaseName=database, TableInput={"Name": "t"})
    version = glue.get_table(DatabaseName=database, Name="t")["Table"]["VersionId"]
    update = {
        "DatabaseName": database,
        "TableInput": {"Name": "t", "Description": "new"},
        "VersionId": version,
    }
    glue.update_table(**update)
    with pytest.raises(ClientError, match=r"ConcurrentModification|VersionMismatch"):
        glue.update_table(**update)


def test_secrets_are_not_in_the_log(embedded: Endpoint, aws: Any, user: Any) -> None:
    """The server's log has neither root's secret, nor that of a user who was made and refused."""
    credentials = user()
    with pytest.raises((ClientError, botocore.exceptions.BotoCoreError)):
        aws("s3", **credentials).list_buckets()
    log = (embedded.state / "server.log").read_text()
    assert log
    for secret in (embedded.secret_key, embedded.token, credentials["secret_key"]):
        assert secret not in log


@pytest.mark.parametrize("call", ["get_object", "head_object"])
@pytest.mark.parametrize(("lists", "status"), [(False, 403), (True, 404)])
def test_who_may_not_list_does_not_learn_that_an_object_is_missing(
    aws: Any, user: Any, name: str, call: str, lists: bool, status: int
) -> None:
    """S3 answers 404 to who may list alone: API_GetObject.html, "Permissions"."""
    aws("s3").create_bucket(Bucket=name)
    statements = [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{name}/*"}]
    if lists:
        statements.append({"Effect": "Allow", "Action": "s3:ListBucket", "Resource": f"arn:aws:s3:::{name}"})
    with pytest.raises(ClientError) as caught:
        getattr(aws("s3", **user(*statements)), call)(Bucket=name, Key="missing")
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
