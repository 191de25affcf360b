"""Both stacks of every environment: the committed templates, and what changes when the configuration does."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cfnlint import api as cfnlint
from cfnlint.config import ManualArgs
from environments import (
    ALL_ON_GLUE,
    ALL_ON_SAGEMAKER,
    CLUSTER,
    CLUSTER_ON_GLUE,
    IAM,
    KMS,
    MIXES,
    ROOT,
    SECURITY_WITH_KEY,
    SWAPPED,
    VPC,
    environment,
)
from randomness import SOAK

import templates
from data_pipeline.core.deployment.policies import policies, unexplained
from data_pipeline.core.errors import UserError
from data_pipeline.stacks import documents, render
from data_pipeline.stacks.render import compact

ENVIRONMENTS = ("dev", "local", "prod")
VARIANTS: dict[str, dict[str, Any]] = {
    **MIXES,
    "prepare on spark": {"steps": {"prepare": {"glue": {"runtime": "glue-spark", "workers": 3}}}},
    "with a cluster": CLUSTER,
    "with a cluster on glue": CLUSTER_ON_GLUE,
    "limited roles": IAM,
    "in a VPC": VPC,
    "swapped in a VPC": {**SWAPPED, **VPC},
    "a cluster in a VPC": {**CLUSTER, **VPC},
    "a customer's key": KMS,
    "swapped with a key": {**SWAPPED, **KMS},
    "security": {**ALL_ON_GLUE, **SECURITY_WITH_KEY},
    "existing bucket": {"data": {"bucket": "my-trips", "input": "a/b", "output": "c"}},
    "other region": {"region": "eu-central-1"},
    "a third step": {"steps": {"third": {"script": "x.py", "service": "glue", "after": "load"}}},
}
variants = pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)
#: the variants that together have every property of every resource; `make soak` lints the others, too.
LINTED = ("security", "a cluster in a VPC", "limited roles", "a customer's key", "existing bucket")


def _storage(changes: dict[str, Any] | None = None, name: str = "dev") -> dict[str, Any]:
    return templates.parse(render(environment(changes, name))[f"{name}-storage.yaml"])


def _pipeline(changes: dict[str, Any] | None = None, name: str = "dev") -> dict[str, Any]:
    return templates.parse(render(environment(changes, name))[f"{name}-pipeline.yaml"])


@pytest.mark.parametrize("name", ENVIRONMENTS)
def test_the_committed_templates_are_what_is_rendered(name: str) -> None:
    """A reviewer of a change sees the infrastructure change."""
    for file, text in render(environment(name=name)).items():
        assert (ROOT / "templates" / file).read_text(encoding="utf-8") == text, "run data_pipeline_create.py"


@variants
def test_a_template_says_what_its_text_says(changes: dict[str, Any]) -> None:
    """The checks look at the values, of which the text is made that is deployed."""
    env = environment(changes)
    assert documents(env) == {name: templates.parse(text) for name, text in render(env).items()}


@pytest.mark.soak
@pytest.mark.parametrize("variant", VARIANTS if SOAK else LINTED)
def test_cfn_lint_finds_nothing(variant: str) -> None:
    """No rule is ignored, in the templates or here."""
    env = environment(VARIANTS[variant])
    for text in render(env).values():
        assert "cfn-lint" not in text
        found = cfnlint.lint(text, config=ManualArgs(regions=[env.region]))
        assert [f"{match.rule.id} {match.message}" for match in found] == []


def test_the_linted_variants_have_every_property() -> None:
    """A property that only another variant has would not be linted."""
    found = {
        name: {part for text in render(environment(changes)).values() for part in _properties(text)}
        for name, changes in VARIANTS.items()
    }
    assert set().union(*found.values()) == set().union(*(found[name] for name in LINTED))


def _properties(text: str) -> Iterator[tuple[str, ...]]:
    """Type and path of every property of a template's resources, those of a machine's definition left out."""
    for resource in templates.parse(text)["Resources"].values():
        given = {k: v for k, v in resource["Properties"].items() if not k.startswith("Definition")}
        yield from _paths(given, (resource["Type"],))


def _paths(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    yield path
    if isinstance(value, dict):
        for key, child in value.items():
            yield from _paths(child, (*path, key))
    elif isinstance(value, list):
        for child in value:
            yield from _paths(child, (*path, "*"))


@variants
def test_every_statement_says_what_needs_it(changes: dict[str, Any]) -> None:
    """In roles and in the policies of resources; and a * says why it cannot be less."""
    read = {name: templates.parse(text) for name, text in render(environment(changes)).items()}
    found = policies(read)
    assert {policy.kind for policy in found} == {"role", "resource"}
    assert unexplained(found) == []


@variants
def test_templates_hold_nothing_of_the_user_s_account(changes: dict[str, Any]) -> None:
    """Twelve digits in a row stand only in the table of AWS's registries; no parameter has a default."""
    for text in render(environment({**changes, "account": "123456789012"})).values():
        parsed = templates.parse(text)
        mappings = parsed.pop("Mappings", {})
        assert not re.search(r"\d{12}", json.dumps(parsed))
        assert {*mappings} <= {"SagemakerPython", "SagemakerSpark"}
        assert not [name for name, p in parsed.get("Parameters", {}).items() if "Default" in p]


@variants
def test_every_substitution_is_defined_used_and_unlike_a_name(changes: dict[str, Any]) -> None:
    """CloudFormation refuses a key that a parameter or resource has; the values are text."""
    template = _pipeline(changes)
    machine = template["Resources"]["StateMachine"]["Properties"]
    used = {*re.findall(r"\$\{(\w+)\}", json.dumps(machine["Definition"]))}
    substitutions = machine["DefinitionSubstitutions"]
    assert used == substitutions.keys()
    assert not used & (template["Parameters"].keys() | template["Resources"].keys())
    for value in substitutions.values():
        assert next(iter(value)) in ("Ref", "Fn::GetAtt", "Fn::Sub")


@variants
def test_templates_fit_a_request(changes: dict[str, Any]) -> None:
    """CloudFormation takes 51,200 bytes with a request: the storage stack, and either one as it is validated.
    What is larger goes through a bucket, where a million are the limit.
    """
    env = environment(changes)
    rendered, packed = render(env), compact(env)
    assert len(rendered["dev-storage.yaml"].encode()) < 51_200
    assert all(len(text.encode()) < 1_000_000 for text in rendered.values())
    assert all(len(text.encode()) < 51_200 for text in packed.values())
    version = {"AWSTemplateFormatVersion": "2010-09-09"}
    for name, text in rendered.items():
        document = templates.parse(text)
        queries = [n for n, r in document["Resources"].items() if r["Type"] == "AWS::Athena::NamedQuery"]
        assert len(queries) == (len(env.athena.queries) if name == "dev-pipeline.yaml" else 0)
        for resource in document["Resources"].values():
            resource.pop("Metadata", None)
            if resource["Type"] == "AWS::StepFunctions::StateMachine":
                del resource["Properties"]["Definition"]
        assert version | json.loads(packed[name]) == document


def test_parameters_and_outputs_are_what_deploy_relies_on() -> None:
    """Names of both stacks' interfaces, for either service."""
    storage, pipeline = _storage(), _pipeline()
    assert "Parameters" not in storage
    assert {*storage["Outputs"]} == {"DataBucket", "Database"}
    common = {"DataBucket", "Database", "ArtifactBucket", "CodeVersion", "Definitions"}
    shell = {"WheelsGluePythonshell"}
    assert {*pipeline["Parameters"]} == common | shell | {"WheelsSagemakerPython"}
    both = {"WheelsSagemakerPython", "WheelsSagemakerSpark"}
    assert {*_pipeline(CLUSTER)["Parameters"]} == common | shell | both
    upkeep = {"WheelsSagemakerPython"}
    assert {*_pipeline(CLUSTER_ON_GLUE)["Parameters"]} == common | shell | {"WheelsGlueSpark"} | upkeep
    assert {*_pipeline(ALL_ON_GLUE)["Parameters"]} == common | shell | {"WheelsGlueSpark"}
    assert {*_pipeline(ALL_ON_SAGEMAKER)["Parameters"]} == common | {"WheelsSagemakerPython"}
    outputs = {name: templates.text(output["Value"]) for name, output in pipeline["Outputs"].items()}
    assert outputs == {
        "StateMachineArn": "StateMachine",
        "StateMachineAliasArn": "StateMachineAlias",
        "StateMachineVersionArn": "StateMachineVersion",
        "StateMachineLogGroup": "StateMachineLogs",
        "Schedule": "Schedule",
        "MaintenanceStateMachineArn": "MaintenanceStateMachine",
        "InputUri": "s3://${DataBucket}/input/",
        "OutputUri": "s3://${DataBucket}/output/",
        "ExportUri": "s3://${DataBucket}/output/export/",
    }


def test_the_storage_stack_keeps_its_data() -> None:
    """Every resource outlives the stack; the bucket is versioned, encrypted, closed, its owner's alone."""
    resources = _storage()["Resources"]
    assert {name: r["Type"] for name, r in resources.items()} == {
        "DataBucket": "AWS::S3::Bucket",
        "DataBucketPolicy": "AWS::S3::BucketPolicy",
        "Database": "AWS::Glue::Database",
    }
    for resource in resources.values():
        assert (resource["DeletionPolicy"], resource["UpdateReplacePolicy"]) == ("Retain", "Retain")
    bucket = resources["DataBucket"]["Properties"]
    assert "BucketName" not in bucket
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    assert all(bucket["PublicAccessBlockConfiguration"].values())
    assert bucket["OwnershipControls"] == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    aborted, deleted, answers, *_ = bucket["LifecycleConfiguration"]["Rules"]
    assert aborted["AbortIncompleteMultipartUpload"] == {"DaysAfterInitiation": 7}
    assert {*aborted} == {"Id", "Status", "AbortIncompleteMultipartUpload"}, "nothing may expire"
    assert deleted == {
        "Id": "forget-deleted-table-files",
        "Status": "Enabled",
        "Prefix": "output/warehouse/",
        "NoncurrentVersionExpiration": {"NoncurrentDays": 30},
        "ExpiredObjectDeleteMarker": True,
    }, "what is there may not expire, only what was deleted from the tables"
    assert (answers["Prefix"], answers["ExpirationInDays"]) == ("output/athena/", 7), "and answers to queries"
    (refusal,) = resources["DataBucketPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (refusal["Effect"], refusal["Action"], refusal["Principal"]) == ("Deny", ["s3:*"], "*")
    assert refusal["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    assert [templates.text(r) for r in refusal["Resource"]] == [
        "arn:p:s3:::${DataBucket}",
        "arn:p:s3:::${DataBucket}/*",
    ]


def test_tables_lie_in_the_warehouse() -> None:
    """PyIceberg puts a new table under its database's location."""
    database = _storage()["Resources"]["Database"]["Properties"]["DatabaseInput"]
    assert database["Name"] == "nyc_tlc_dev"
    assert templates.text(database["LocationUri"]) == "s3://${DataBucket}/output/warehouse/"


def test_a_bucket_of_the_user_s_is_left_alone() -> None:
    """The storage stack then makes the database alone, and hands the bucket's name on."""
    storage = _storage({"data": {"bucket": "my-trips", "output": "x/y"}})
    assert {*storage["Resources"]} == {"Database"}
    assert storage["Outputs"]["DataBucket"]["Value"] == "my-trips"
    location = storage["Resources"]["Database"]["Properties"]["DatabaseInput"]["LocationUri"]
    assert location == "s3://my-trips/x/y/warehouse/"
    assert _pipeline({"data": {"bucket": "my-trips"}}) == _pipeline()


def test_one_word_moves_a_step_and_nothing_else() -> None:
    """From SageMaker to Glue: the step's role, job and task change; every other resource stays."""
    on_glue = {"steps": ALL_ON_GLUE["steps"]}
    here, there = _pipeline()["Resources"], _pipeline(on_glue)["Resources"]
    assert there.keys() - here.keys() == {"LoadJob", "GlueOutputLogs", "GlueErrorLogs"}
    assert here.keys() - there.keys() == set()
    changed = {name for name in here if here[name] != there[name]}
    assert changed == {"LoadJobRole", "StateMachine", "StateMachineRole"}
    before, after = (r["StateMachine"]["Properties"]["Definition"]["States"] for r in (here, there))
    assert before.keys() - after.keys() == {"LoadOtherJobs"}  # Glue queues what a quota refuses
    changed = {name for name in after if before[name] != after[name]}
    assert changed == {"Load", "LoadFailure"}


def test_a_spark_job_on_glue() -> None:
    """Glue 5.1; code and wheels by hash, no package index, its logs in the stack's own groups."""
    template = _pipeline(ALL_ON_GLUE)
    job = templates.of_type(template, "AWS::Glue::Job")["LoadJob"]
    arguments = {k: templates.text(v) for k, v in job.pop("DefaultArguments").items()}
    assert arguments == {
        "--extra-py-files": "s3://${ArtifactBucket}/nyc-tlc/dev/code/${CodeVersion}/jobs-0-py3-none-any.whl",
        "--additional-python-modules": (
            "s3://${ArtifactBucket}/nyc-tlc/dev/wheels/glue-spark/${WheelsGlueSpark}/wheels.gluewheels.zip"
        ),
        "--python-modules-installer-option": "--no-index",
        "--custom-logGroup-prefix": "/nyc-tlc-dev/glue",
    }
    assert templates.text(job["Command"].pop("ScriptLocation")).endswith("/${CodeVersion}/load.py")
    assert job == {
        "Name": "nyc-tlc-dev-load",
        "Description": "Step load of nyc-tlc in dev",
        "Role": {"Fn::GetAtt": ["LoadJobRole", "Arn"]},
        "GlueVersion": "5.1",
        "Command": {"Name": "glueetl", "PythonVersion": "3"},
        "ExecutionProperty": {"MaxConcurrentRuns": 5},
        "MaxRetries": 0,
        "Timeout": 240,
        "WorkerType": "G.2X",
        "NumberOfWorkers": 2,
        "Tags": {"environment": "dev", "pipeline": "nyc-tlc"},
    }
    groups = {
        g["LogGroupName"]: g["RetentionInDays"]
        for g in templates.of_type(template, "AWS::Logs::LogGroup").values()
    }
    assert groups == {
        "/nyc-tlc-dev/glue/output": 14,
        "/nyc-tlc-dev/glue/error": 14,
        "/aws/vendedlogs/states/nyc-tlc-dev": 14,
        "/aws/vendedlogs/states/nyc-tlc-dev-maintenance": 14,
    }


def test_a_python_shell_job_on_glue() -> None:
    """Python 3.9, the smallest capacity, and two wheels: the library, and all packages in one."""
    template = _pipeline()
    job = templates.of_type(template, "AWS::Glue::Job")["PrepareJob"]
    assert job["Command"]["Name"] == "pythonshell"
    assert (job["Command"]["PythonVersion"], job["GlueVersion"], job["MaxCapacity"]) == ("3.9", "3.0", 0.0625)
    assert not job.keys() & {"WorkerType", "NumberOfWorkers"}
    library = "s3://${ArtifactBucket}/nyc-tlc/dev/code/${CodeVersion}/jobs-0-py3-none-any.whl"
    folder = "s3://${ArtifactBucket}/nyc-tlc/dev/wheels/glue-pythonshell/${WheelsGluePythonshell}"
    arguments = {name: templates.text(value) for name, value in job["DefaultArguments"].items()}
    assert arguments == {
        "--extra-py-files": f"{library},{folder}/job_packages-0-py3-none-any.whl",
        "library-set": "none",
    }
    assert "Conditions" not in template


def _filled(text: str, given: dict[str, str]) -> str:
    """A text of a definition in the template's own terms."""
    return re.sub(r"\$\{(\w+)\}", lambda name: f"${{{given[name[1]]}}}", text)


@pytest.mark.parametrize("changes", [{}, ALL_ON_GLUE])
def test_runs_on_glue_say_their_own_code(changes: dict[str, Any]) -> None:
    """Script and packages of the definition's version, now the same as the job's; in every machine."""
    template = _pipeline(changes)
    jobs = templates.of_type(template, "AWS::Glue::Job")
    found = []
    for machine in templates.of_type(template, "AWS::StepFunctions::StateMachine").values():
        given = {name: templates.text(value) for name, value in machine["DefinitionSubstitutions"].items()}
        for state in machine["Definition"]["States"].values():
            if state.get("Resource", "").endswith("glue:startJobRun.sync"):
                name = given[state["Arguments"]["JobName"][2:-1]]
                job = jobs[name]
                said = {**job["DefaultArguments"], "--scriptLocation": job["Command"]["ScriptLocation"]}
                of_job = {k: templates.text(v) for k, v in said.items() if "s3://" in templates.text(v)}
                own = state["Arguments"]["Arguments"]
                assert {key: _filled(own[key], given) for key in of_job} == of_job
                assert of_job.keys() >= {"--scriptLocation", "--extra-py-files"}
                found.append(name)
    assert sorted(found) == sorted(jobs)


def test_the_image_comes_from_the_region_s_registry() -> None:
    """A pseudo parameter chooses the row, so that the template names the registry by region alone."""
    template = _pipeline()
    image = template["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"][
        "SagemakerPythonImage"
    ]
    uri, values = image["Fn::Sub"]
    assert uri == (
        "${Registry}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/sagemaker-scikit-learn:1.4-2-py312-cpu-py3"
    )
    assert values == {"Registry": {"Fn::FindInMap": ["SagemakerPython", {"Ref": "AWS::Region"}, "Registry"]}}
    assert {*template["Mappings"]["SagemakerPython"]["eu-west-1"]} == {"Registry"}
    assert "Mappings" not in _pipeline(ALL_ON_GLUE)


def test_a_region_without_the_image_is_refused_only_when_it_is_needed() -> None:
    """A pipeline that runs on Glue alone may live where SageMaker has no such image."""
    with pytest.raises(UserError, match="'mx-central-1' has no image of the runtime 'sagemaker-python'"):
        render(environment({"region": "mx-central-1"}))
    assert render(environment({"region": "mx-central-1", **ALL_ON_GLUE}))


@pytest.mark.parametrize(("enabled", "state"), [(True, "ENABLED"), (False, "DISABLED")])
def test_the_schedule_starts_an_ordinary_run(enabled: bool, state: str) -> None:
    """On or off by one word; the input is the run command's; nothing that fails to start is lost unseen."""
    changes = {"schedule": {"enabled": enabled, "expression": "rate(1 day)", "timezone": "Europe/Rome"}}
    template = _pipeline(changes)
    schedule = templates.of_type(template, "AWS::Scheduler::Schedule")["Schedule"]
    assert schedule["State"] == state
    assert schedule["ScheduleExpression"] == "rate(1 day)"
    assert schedule["ScheduleExpressionTimezone"] == "Europe/Rome"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
    target = schedule["Target"]
    assert json.loads(target["Input"]) == {"version": 1, "started_by": "schedule"}
    assert target["Arn"] == {"Ref": "StateMachineAlias"}
    assert target["RoleArn"] == {"Fn::GetAtt": ["ScheduleRole", "Arn"]}
    assert target["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["DeadLetters", "Arn"]}}
    queue = template["Resources"]["DeadLetters"]["Properties"]
    assert queue == {"MessageRetentionPeriod": 1209600, "SqsManagedSseEnabled": True}
    (refusal,) = template["Resources"]["DeadLettersPolicy"]["Properties"]["PolicyDocument"]["Statement"]
    assert (refusal["Effect"], refusal["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    on, off = _pipeline({"schedule": {"enabled": True}}), _pipeline({"schedule": {"enabled": False}})
    assert [name for name in on["Resources"] if on["Resources"][name] != off["Resources"][name]] == [
        "Schedule"
    ]


def test_the_state_machine_logs_everything_it_does() -> None:
    """Events with their data, into the stack's own group, kept as long as configured."""
    template = _pipeline({"log_retention_days": 365})
    machine = template["Resources"]["StateMachine"]["Properties"]
    assert machine["LoggingConfiguration"] == {
        "Level": "ALL",
        "IncludeExecutionData": True,
        "Destinations": [
            {"CloudWatchLogsLogGroup": {"LogGroupArn": {"Fn::GetAtt": ["StateMachineLogs", "Arn"]}}}
        ],
    }
    assert machine["StateMachineType"] == "STANDARD"
    assert template["Resources"]["StateMachineLogs"]["Properties"] == {
        "LogGroupName": "/aws/vendedlogs/states/nyc-tlc-dev",
        "RetentionInDays": 365,
    }


def test_resources_are_named_after_pipeline_and_environment() -> None:
    """Two environments in one account do not meet; roles have no name, so that CAPABILITY_IAM is enough."""
    dev, prod = (json.dumps(_pipeline(name=name)["Resources"]) for name in ("dev", "prod"))
    assert "nyc-tlc-prod" not in dev
    assert "nyc-tlc-dev" not in prod
    assert not [
        role for role in templates.of_type(_pipeline(), "AWS::IAM::Role").values() if "RoleName" in role
    ]


def test_only_the_project_s_templates_are_committed() -> None:
    """templates/ holds two files for each environment and nothing else."""
    committed = {path.name for path in Path(ROOT, "templates").iterdir()}
    assert committed == {f"{name}-{stack}.yaml" for name in ENVIRONMENTS for stack in ("storage", "pipeline")}


@pytest.mark.parametrize("customer_key", [False, True])
def test_the_workgroup_enforces_its_limit_and_its_results(customer_key: bool) -> None:
    """What a query may scan, and where its answer goes, encrypted; no role of the pipeline runs queries."""
    changes = {"kms": {"customer_key": customer_key}, "athena": {"gb_per_query": 0.5}}
    template = _pipeline(changes)
    (workgroup,) = [r for r in template["Resources"].values() if r["Type"] == "AWS::Athena::WorkGroup"]
    assert workgroup["Properties"]["Name"] == "nyc-tlc-dev"
    set_ = workgroup["Properties"]["WorkGroupConfiguration"]
    assert (set_["EnforceWorkGroupConfiguration"], set_["BytesScannedCutoffPerQuery"]) == (True, 500_000_000)
    results = set_["ResultConfiguration"]
    assert templates.text(results["OutputLocation"]) == "s3://${DataBucket}/output/athena/"
    by = (
        {"EncryptionOption": "SSE_KMS", "KmsKey": {"Ref": "DataKey"}}
        if customer_key
        else {"EncryptionOption": "SSE_S3"}
    )
    assert results["EncryptionConfiguration"] == by
    roles = [r for r in template["Resources"].values() if r["Type"] == "AWS::IAM::Role"]
    assert "athena:" not in json.dumps(roles)
