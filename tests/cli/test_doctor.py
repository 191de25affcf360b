"""`doctor`: its look-ups with given answers, and the whole command on an embedded AWS."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.stub import Stubber
from cli.deployed import BUCKET, Deployed, publishing
from cli.test_run_edges import stubbed
from paths import ROOT

from data_pipeline.aws import account, buckets, leftovers
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.cli.account_answers import look
from data_pipeline.cli.commands.doctor import doctor, print_assumptions
from data_pipeline.cli.main import status_of
from data_pipeline.core.assumptions import matters
from data_pipeline.core.deployment.simulation import Question
from data_pipeline.core.doctor.answers import Bucket, Key, Lake, Quota, Refusal, Unanswered
from data_pipeline.core.doctor.rules import examine
from data_pipeline.core.loading.load import load_environment

ME = "arn:aws:iam::123456789012:user/me"
Dev = Callable[[str], Stubber]


@pytest.fixture
def connection() -> Connection:
    """The environment dev, whose caller is the user ``me``."""
    made = connect(load_environment(ROOT, "dev"), None, {})
    made._clients["sts"], identity = stubbed("sts")
    identity.add_response("get_caller_identity", {"Account": "123456789012", "Arn": ME})
    return made


@pytest.fixture
def given(connection: Connection) -> Dev:
    """Gives the connection's client of a service its answers."""

    def client(service: str) -> Stubber:
        connection._clients[service], stub = stubbed(service)
        return stub

    return client


def test_quotas_are_the_defaults_under_what_applies(connection: Connection, given: Dev) -> None:
    """A quota that the account never changed is listed among the defaults only; pages are followed."""
    stub = given("service-quotas")
    raised = {"QuotaName": "ml.a for processing job usage", "QuotaCode": "L-1", "Value": 4.0}
    other = {"QuotaName": "Max task DPUs", "QuotaCode": "L-2", "Value": 0.0}
    service = {"ServiceCode": "sagemaker"}
    stub.add_response(
        "list_aws_default_service_quotas", {"Quotas": [{**raised, "Value": 0.0}], "NextToken": "t"}, service
    )
    stub.add_response("list_aws_default_service_quotas", {"Quotas": [other]}, {**service, "NextToken": "t"})
    stub.add_response("list_service_quotas", {"Quotas": [raised]}, service)
    assert account.quotas(connection, "sagemaker") == {
        "ml.a for processing job usage": Quota("ml.a for processing job usage", "L-1", 4.0),
        "max task dpus": Quota("Max task DPUs", "L-2", 0.0),
    }


@pytest.mark.parametrize("answer", ["opt-in-not-required", "not-opted-in"])
def test_region_opt_in(connection: Connection, given: Dev, answer: str) -> None:
    """Asked of all regions, so that one that is switched off is found too."""
    stub = given("ec2")
    expected = {"RegionNames": ["us-east-1"], "AllRegions": True}
    stub.add_response("describe_regions", {"Regions": [{"OptInStatus": answer}]}, expected)
    assert account.region_opt_in(connection) == answer


def test_what_may_not_be_looked_up_names_the_action(connection: Connection, given: Dev) -> None:
    """A denial is an answer of its own; another error is not swallowed."""
    said = f"User: {ME} is not authorized to perform: ec2:DescribeRegions"
    given("ec2").add_client_error("describe_regions", "UnauthorizedOperation", said, http_status_code=403)
    answer = account.answer_of(connection, lambda: account.region_opt_in(connection))
    assert isinstance(answer, Unanswered)
    assert answer.emulated
    assert "needs the action ec2:DescribeRegions" in answer.reason
    given("ec2").add_client_error("describe_regions", "NotImplemented", "no", http_status_code=501)
    with pytest.raises(Exception, match="NotImplemented"):
        account.answer_of(connection, lambda: account.region_opt_in(connection))


def test_definitions_are_validated_as_standard_machines(connection: Connection, given: Dev) -> None:
    """Each diagnostic with its place."""
    found = {"severity": "ERROR", "code": "C", "message": "no such state", "location": "/States/A/Next"}
    given("stepfunctions").add_response(
        "validate_state_machine_definition",
        {"result": "FAIL", "diagnostics": [found]},
        {"definition": "{}", "type": "STANDARD"},
    )
    assert account.definition_diagnostics(connection, "{}") == [("ERROR", "/States/A/Next no such state")]


OWNER = {"Bucket": "b", "ExpectedBucketOwner": "123456789012"}


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("404", 404, Bucket("b", exists=False)),
        ("403", 403, Bucket("b", hidden=True)),
        ("301", 301, Bucket("b", region="another region")),
    ],
)
def test_buckets_that_are_not_ours(
    connection: Connection, given: Dev, code: str, status: int, expected: Bucket
) -> None:
    """The owner is part of the question, so that somebody else's bucket is never taken for ours."""
    given("s3").add_client_error("head_bucket", code, "", http_status_code=status, expected_params=OWNER)
    assert buckets.bucket(connection, "b") == expected


ON = dict.fromkeys(
    ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"], True
)
ARN = "arn:aws:kms:us-east-1:210987654321:key/k"


def _settings(
    given: Dev, block: dict[str, bool] | str, ownership: str, encryption: dict[str, str] | str
) -> None:
    """The answers on a bucket's settings; a text that ends in Error, or AccessDenied, is refused so."""
    stub = given("s3")
    stub.add_response("head_bucket", {"BucketRegion": "us-east-1"}, OWNER)
    rules = [{"ApplyServerSideEncryptionByDefault": encryption}]
    owner = {"Rules": [{"ObjectOwnership": ownership}]}
    for call, value, answer in (
        ("get_public_access_block", block, {"PublicAccessBlockConfiguration": block}),
        ("get_bucket_ownership_controls", ownership, {"OwnershipControls": owner}),
        ("get_bucket_encryption", encryption, {"ServerSideEncryptionConfiguration": {"Rules": rules}}),
    ):
        if isinstance(value, str) and value.endswith(("Error", "Denied", "Configuration")):
            stub.add_client_error(call, value, "", expected_params={"Bucket": "b"})
        else:
            stub.add_response(call, answer, {"Bucket": "b"})


@pytest.mark.parametrize(
    ("block", "ownership", "encryption", "expected"),
    [
        (ON, "BucketOwnerEnforced", {"SSEAlgorithm": "AES256"}, (True, "BucketOwnerEnforced", "")),
        (
            {**ON, "IgnorePublicAcls": False},
            "ObjectWriter",
            {"SSEAlgorithm": "aws:kms"},
            (False, "ObjectWriter", ""),
        ),
        (
            "NoSuchPublicAccessBlockConfiguration",
            "OwnershipControlsNotFoundError",
            "ServerSideEncryptionConfigurationNotFoundError",
            (False, "ObjectWriter", ""),
        ),
        ("AccessDenied", "AccessDenied", "AccessDenied", (None, None, None)),
        (
            ON,
            "BucketOwnerEnforced",
            {"SSEAlgorithm": "aws:kms:dsse", "KMSMasterKeyID": ARN},
            (True, "BucketOwnerEnforced", ARN),
        ),
        (
            ON,
            "BucketOwnerEnforced",
            {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "arn:aws:kms:us-east-1:1:alias/aws/s3"},
            (True, "BucketOwnerEnforced", ""),
        ),
    ],
)
def test_the_settings_of_a_bucket(
    connection: Connection, given: Dev, block: Any, ownership: str, encryption: Any, expected: Any
) -> None:
    """What is not set means what it means on AWS; what may not be read is not known."""
    _settings(given, block, ownership, encryption)
    closed, owner, key = expected
    assert buckets.bucket(connection, "b") == Bucket(
        "b", region="us-east-1", public_access_blocked=closed, ownership=owner, key=key
    )


def test_a_bucket_s_key_by_its_alias_is_the_key_behind_it(connection: Connection, given: Dev) -> None:
    """Policies and the configuration know ARNs only."""
    _settings(given, ON, "BucketOwnerEnforced", {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "alias/trips"})
    described = {"KeyMetadata": {"KeyId": "k", "Arn": ARN}}
    given("kms").add_response("describe_key", described, {"KeyId": "alias/trips"})
    assert buckets.bucket(connection, "b").key == ARN


def test_the_policy_of_a_key_is_read_in_its_own_account_only(connection: Connection, given: Dev) -> None:
    """KMS answers GetKeyPolicy to nobody else; DescribeKey it does."""
    state = {"KeyMetadata": {"KeyId": "k", "KeyState": "Disabled"}}
    given("kms").add_response("describe_key", state, {"KeyId": ARN})
    assert buckets.key(connection, ARN) == Key("Disabled")
    own = ARN.replace("210987654321", "123456789012")
    stub = given("kms")
    stub.add_response("describe_key", state, {"KeyId": own})
    stub.add_response(
        "get_key_policy", {"Policy": '{"Statement": []}'}, {"KeyId": own, "PolicyName": "default"}
    )
    assert buckets.key(connection, own) == Key("Disabled", {"Statement": []})


def test_a_lake_is_open_if_both_defaults_are(connection: Connection, given: Dev) -> None:
    """Databases and tables have a default each."""
    everybody = [
        {"Principal": {"DataLakePrincipalIdentifier": "IAM_ALLOWED_PRINCIPALS"}, "Permissions": ["ALL"]}
    ]
    for tables, expected in ((everybody, True), ([], False)):
        settings = {
            "DataLakeAdmins": [{"DataLakePrincipalIdentifier": ME}],
            "CreateDatabaseDefaultPermissions": everybody,
            "CreateTableDefaultPermissions": tables,
        }
        given("lakeformation").add_response("get_data_lake_settings", {"DataLakeSettings": settings}, {})
        assert leftovers.lake(connection) == Lake(expected, (ME,))


def test_what_is_in_the_way_is_found_by_name(connection: Connection, given: Dev) -> None:
    """What is not there is no error; what has only a similar name is not taken for it."""
    glue = given("glue")
    glue.add_client_error("get_database", "EntityNotFoundException", expected_params={"Name": "a"})
    glue.add_response("get_database", {"Database": {"Name": "b"}}, {"Name": "b"})
    assert leftovers.database_names(connection, ["a", "b"]) == ["b"]
    given("sagemaker").add_client_error("describe_feature_group", "ResourceNotFound")
    assert leftovers.feature_group_names(connection, ["g"]) == []
    answer = {"Buckets": [{"Name": "p-databucket-1"}, {"Name": "another"}]}
    given("s3").add_response("list_buckets", answer, {"Prefix": "p-databucket-"})
    assert leftovers.bucket_names(connection, "p-databucket-") == ["p-databucket-1"]
    states = given("stepfunctions")
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:m"
    states.add_client_error(
        "describe_state_machine", "StateMachineDoesNotExist", expected_params={"stateMachineArn": arn}
    )
    assert leftovers.machine_states(connection, ["m"]) == {}
    given("scheduler").add_client_error("list_schedules", "ResourceNotFoundException")
    assert leftovers.schedule_states(connection, "g") == {}
    given("logs").add_response("describe_resource_policies", {"resourcePolicies": [{"policyName": "p"}]}, {})
    assert leftovers.log_policy_names(connection) == ["p"]


def test_simulation_asks_with_the_context_and_tells_who_refuses(connection: Connection, given: Dev) -> None:
    """One resource a request; what the organization refuses is said to be refused by it."""
    stub = given("iam")
    question = Question(("s3:PutObject",), ("arn:1", "arn:2"), (("aws:x", "string", "v"),))
    entry = {"ContextKeyName": "aws:x", "ContextKeyType": "string", "ContextKeyValues": ["v"]}
    for resource, decision in (("arn:1", "allowed"), ("arn:2", "implicitDeny")):
        result = {"EvalActionName": "s3:PutObject", "EvalResourceName": resource, "EvalDecision": decision}
        stub.add_response(
            "simulate_principal_policy",
            {
                "EvaluationResults": [
                    {**result, "OrganizationsDecisionDetail": {"AllowedByOrganizations": False}}
                ]
            },
            {
                "PolicySourceArn": ME,
                "ActionNames": ["s3:PutObject"],
                "ResourceArns": [resource],
                "ContextEntries": [entry],
            },
        )
    assert account.refused(connection, ME, [question]) == [
        Refusal("s3:PutObject on arn:2 (implicitDeny by the organization)", "organization")
    ]


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        (ME, ME),
        ("arn:aws:sts::123456789012:assumed-role/Admin/me", "arn:aws:iam::123456789012:role/path/Admin"),
        ("arn:aws:iam::123456789012:root", None),
        ("arn:aws:sts::123456789012:federated-user/me", None),
    ],
)
def test_the_principal_of_a_caller(
    given: Dev, connection: Connection, caller: str, expected: str | None
) -> None:
    """A session is simulated as its role, whose path only IAM knows."""
    connection._caller = {"Account": "123456789012", "Arn": caller}  # type: ignore[misc]
    role = {"Path": "/path/", "RoleName": "Admin", "RoleId": "A" * 16, "CreateDate": 0, "Arn": expected or ME}
    given("iam").add_response("get_role", {"Role": role}, {"RoleName": "Admin"})
    assert account.principal(connection) == expected


def test_on_the_embedded_aws(deployed: Deployed, capfd: pytest.CaptureFixture[str]) -> None:
    """What is not emulated is unchecked, never ok; what is emulated is really asked; nothing fails here."""
    assert status_of("doctor", ["local", "--json"], "doctor") == 0
    result = json.loads(capfd.readouterr().out)
    found = {finding["check"]: finding for finding in result["findings"]}
    assert result["account"] == "000000000000"
    for check in ("region", "glue: max concurrent job runs per account", "load: ml.m5.xlarge"):
        assert (found[check]["level"], found[check]["found"]) == ("unchecked", "not on the embedded AWS")
    for check in (
        "templates/local-storage.yaml",
        "templates/local-pipeline.yaml",
        "state machine nyc-tlc-local",
    ):
        assert found[check]["level"] == "ok"
    assert found["stack nyc-tlc-local-pipeline"]["found"] == "not deployed yet"


def test_problems_exit_1_and_the_table_says_what_to_do(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """A log group that is in the way of the deployment is found before it fails."""
    deployed.deploy(publishing())
    name = "/aws/vendedlogs/states/nyc-tlc-local"
    deployed.client("logs").create_log_group(logGroupName=name)
    try:
        assert status_of("doctor", ["local"], "doctor") == 1
    finally:
        deployed.client("logs").delete_log_group(logGroupName=name)
    out = capfd.readouterr().out
    assert f"problem    log group {name}" in out
    assert f"→ aws logs delete-log-group --log-group-name {name} --region us-east-1" in out
    assert "problem: 1, unchecked: " in out


def test_the_roles_of_a_deployed_stack_are_simulated(deployed: Deployed) -> None:
    """A role that is granted something is asked about it, by its real name."""
    deployed.deploy(publishing())
    iam = deployed.client("iam")
    (role,) = [
        r["RoleName"] for r in iam.list_roles()["Roles"] if r["RoleName"].startswith("nyc-tlc-local-pipeline")
    ]
    grant: dict[str, Any] = {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::{BUCKET}/*",
    }
    iam.put_role_policy(
        RoleName=role,
        PolicyName="p",
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [grant]}),
    )
    at = deployed.endpoint
    environment = load_environment(ROOT, "local")
    connection = connect(environment, EmbeddedCredentials(at.url, at.access_key, at.secret_key))
    found = {finding.check: finding.level for finding in examine(environment, look(environment, connection))}
    assert found[f"role {role}"] == "ok"
    answer_of = [Question(("s3:DeleteObject",), (f"arn:aws:s3:::{BUCKET}/x",))]
    refused = account.refused(connection, f"arn:aws:iam::000000000000:role/{role}", answer_of)
    assert refused == [Refusal(f"s3:DeleteObject on arn:aws:s3:::{BUCKET}/x (implicitDeny)")]


def test_help_says_that_it_only_looks() -> None:
    """The promise is part of the command's help."""
    assert "read-only" in (doctor.help or "")


def test_the_least_sure_assumptions_of_the_environment_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """A few, by the headings of docs/reference/on-aws.md; of the embedded AWS none is assumed."""
    found = matters(load_environment(ROOT, "dev"))
    print_assumptions(found)
    told = capsys.readouterr().out.strip().splitlines()
    assert (
        told[0]
        == "assumed of AWS and never observed; docs/reference/on-aws.md has the command that shows each:"
    )
    assert told[1:6] == [f"  {each.sure}: {each.title}" for each in found[:5]]
    assert told[6:] == [f"  and {len(found) - 5} more that concern this environment"]
    page = (ROOT / "docs" / "reference" / "on-aws.md").read_text(encoding="utf-8")
    assert all(f"### {each.title}\n" in page for each in found)
    print_assumptions(matters(load_environment(ROOT, "local")))
    assert capsys.readouterr().out == ""
