"""The state machine's definition: its shape, and what its expressions decide."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from asl import evaluate, expressions, reachable, targets
from environments import ALL_ON_GLUE, CLUSTER, CLUSTER_ON_GLUE, MIXES, STORES, environment
from jsonata import Jsonata

from data_pipeline.core.facts import limits
from data_pipeline.core.facts.service_limits import REGIONS
from data_pipeline.core.machine import tasks
from data_pipeline.core.machine.execution import PLACEHOLDERS
from data_pipeline.core.machine.failures import START
from data_pipeline.core.machine.state_machine import machines, state_machine
from data_pipeline.core.naming import JOB_NAME_LIMIT
from data_pipeline.core.problems import RefusedError

VARIANTS: dict[str, dict[str, Any]] = {
    **MIXES,
    "with a cluster": CLUSTER,
    "with a cluster on glue": CLUSTER_ON_GLUE,
}
variants = pytest.mark.parametrize("changes", VARIANTS.values(), ids=VARIANTS)


@variants
def test_the_main_path_is_prepare_to_published(changes: dict[str, Any]) -> None:
    """Where no condition holds and nothing fails, each step is followed by the reading of its result."""
    states = state_machine(environment(changes))["States"]
    path = ["CheckInput"]
    while states[path[-1]]["Type"] not in ("Succeed", "Fail"):
        state = states[path[-1]]
        path.append(state["Next"] if "Next" in state else state["Default"])
    assert path == [
        *("CheckInput", "LookForOthers", "CheckOthers", "BeginAt"),
        *("Prepare", "ReadDecision", "CheckDecision"),
        *("Load", "ReadVerdict", "CheckVerdict", "CheckWarnings"),
        "Published",
    ]


@variants
def test_every_state_exists_and_can_be_entered(changes: dict[str, Any]) -> None:
    """No Next, Default or Catch leads nowhere, and nothing is left over."""
    definition = state_machine(environment(changes))
    for state in definition["States"].values():
        assert {*targets(state)} <= definition["States"].keys()
    assert reachable(definition) == definition["States"].keys()


@variants
def test_every_expression_parses(changes: dict[str, Any]) -> None:
    """Broken JSONata is accepted by everything else offline."""
    found = [*expressions(state_machine(environment(changes)))]
    assert len(found) > 10
    for code in found:
        Jsonata(code)


@variants
def test_every_variable_is_assigned_before_it_is_read(changes: dict[str, Any]) -> None:
    """The first state assigns the counts, whoever leads to Failed assigns failure, Read… assigns the results."""
    definition = state_machine(environment(changes))
    read = {v for code in expressions(definition) for v in re.findall(r"\$(\w+)(?![\w(])", code)} - {"states"}
    states = definition["States"].values()
    branches = [x for s in states for key in ("Choices", "Catch") for x in s.get(key, [])]
    assigned = {name for holder in [*states, *branches] for name in holder.get("Assign", {})}
    assert read <= assigned
    check = definition["States"]["CheckInput"]
    counts = {"attempt": 0, "waits": 0, "others": -1, "alone": 0}
    planned = {"planned": "{% $states.context.Execution.Name %}"}
    assert check["Assign"] == check["Choices"][2]["Assign"] == counts | planned


@variants
def test_every_way_to_fail_keeps_error_and_cause(changes: dict[str, Any]) -> None:
    """Each state that can fail catches everything into the variable that Failed reports; a look for other jobs comes
    after such a failure, and keeps that.
    """
    states = state_machine(environment(changes))["States"]
    looks = [state for name, state in states.items() if name.endswith("OtherJobs")]
    assert [look["Catch"] for look in looks] == [
        [{"ErrorEquals": ["States.ALL"], "Output": {}, "Next": "Failed"}]
    ] * len(looks)
    tasks = [state for state in states.values() if state["Type"] == "Task" and state not in looks]
    assert len(tasks) == 5 + ("LoadOnCluster" in states)
    for task in tasks:
        catch = task["Catch"][-1]
        assert catch["ErrorEquals"] == ["States.ALL"]
        assert catch["Next"] == "Failed" or states[catch["Next"]]["Default"] == "Failed"
        error = {"errorOutput": {"Error": "States.TaskFailed", "Cause": '{"FailureReason": "x"}'}}
        kept = {key: evaluate(code, error) for key, code in catch["Assign"]["failure"].items()}
        assert kept == error["errorOutput"]
        without = {"errorOutput": {"Error": "States.Timeout"}}
        assert evaluate(catch["Assign"]["failure"]["Cause"], without) == ""
    failed = states["Failed"]
    assert failed == {"Type": "Fail", "Error": "{% $failure.Error %}", "Cause": "{% $failure.Cause %}"}


@pytest.mark.parametrize(
    ("error", "found"),
    [
        ("S3.NoSuchKeyException", "; found none"),
        ("States.QueryEvaluationError", " with a JSON object; found something else"),
    ],
)
def test_a_step_that_left_no_result_is_named(error: str, found: str) -> None:
    """With the file that it should have written, whatever the machine; other errors keep their own words."""
    machine = machines(environment())
    for definition, name, step, result in (
        ("nyc-tlc-dev", "ReadDecision", "prepare", "decision"),
        ("nyc-tlc-dev", "ReadVerdict", "load", "verdict"),
        ("nyc-tlc-dev-maintenance", "ReadMaintained", "maintenance", "maintained"),
    ):
        rules = machine[definition]["States"][name]["Catch"]
        failure = next(rule for rule in rules if error in rule["ErrorEquals"])["Assign"]["failure"]
        assert failure["Error"] == "NoResult"
        assert evaluate(failure["Cause"], {"context": {"Execution": {"Name": "run-1"}}}) == (
            f"step {step} ended well, but left no result: expected the file "
            f"s3://${{DataBucketName}}/output/runs/run-1/{result}.json{found}; write it before the job ends"
        )


@pytest.mark.parametrize(
    ("given", "valid"),
    [
        ({}, True),
        ({"version": 1, "prune": True}, True),
        ({"version": 2}, False),
        ({"month": "2019-01"}, False),
    ],
    ids=json.dumps,
)
def test_the_first_state_refuses_what_the_schema_refuses(given: Any, valid: bool) -> None:
    """Only what is an input gets further; why not is the cause of the error InvalidInput."""
    check = state_machine(environment())["States"]["CheckInput"]
    refuse = check["Choices"][0]
    assert evaluate(refuse["Condition"], {"input": given}) is not valid
    assert refuse["Next"] == "Failed"
    failure = refuse["Assign"]["failure"]
    assert failure["Error"] == "InvalidInput"
    assert evaluate(failure["Cause"], {"input": given}).startswith("the input of an execution is not valid: ")


@variants
def test_every_task_has_a_time_limit_beyond_its_job_s(changes: dict[str, Any]) -> None:
    """The service must be the one that ends a job, since it knows why."""
    env = environment(changes)
    states = state_machine(env)["States"]
    for name, state in (("prepare", "Prepare"), ("load", "Load")):
        minutes = env.steps[name].timeout_minutes
        arguments = states[state]["Arguments"]
        limit = arguments.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 0)
        assert limit == minutes * 60 or arguments["Timeout"] == minutes
        assert states[state]["TimeoutSeconds"] > minutes * 60
    assert all("TimeoutSeconds" in state for state in states.values() if state["Type"] == "Task")


@variants
def test_calls_are_retried_by_name_and_quotas_never(changes: dict[str, Any]) -> None:
    """Back-off, a bound and full jitter on each; no catch-all, nothing that names a resource limit."""
    for state in state_machine(environment(changes))["States"].values():
        for retry in state.get("Retry", []):
            assert retry["JitterStrategy"] == "FULL"
            assert retry["BackoffRate"] > 1
            assert retry["MaxDelaySeconds"] <= 120
            assert 1 < retry["MaxAttempts"] < 10
            for error in retry["ErrorEquals"]:
                assert re.match(r"(SageMaker|Glue|S3|Sfn)\.\w+Exception$", error)
                assert "Limit" not in error


@pytest.mark.parametrize(
    ("cause", "attempt", "following"),
    [
        (
            '{"FailureReason":"InternalServerError: We encountered an internal error."}',
            0,
            "LoadBackoff",
        ),
        ('{"FailureReason": "CapacityError: Unable to provision"}', 1, "LoadBackoff"),
        ('{"ErrorMessage":"Internal service error"}', 0, "LoadBackoff"),
        ('{"ErrorMessage":"Error Category: UNKNOWN; Resource unavailable"}', 0, "LoadBackoff"),
        (
            '{"ErrorMessage":"Error Category: UNCLASSIFIED_ERROR; RuntimeError: Resource unavailable"}',
            0,
            "Failed",
        ),
        ('{"FailureReason":"CapacityError: Unable to provision"}', 2, "Failed"),
        ('{"FailureReason":"AlgorithmError: InternalServerError in a script"}', 0, "Failed"),
        ('{"ExitMessage":"no file could be read: CapacityError"}', 0, "Failed"),
        ("ResourceLimitExceeded: the account-level service limit is 0 instances", 0, "Failed"),
        ("not JSON at all", 0, "Failed"),
        ("", 0, "Failed"),
    ],
)
def test_a_job_is_started_again_only_when_the_service_failed(
    cause: str, attempt: int, following: str
) -> None:
    """By the service's own words at the start of its reason, twice at most; a script's words do not count."""
    failure = {"Error": "States.TaskFailed", "Cause": cause}
    assert _judged(failure, attempt=attempt)[0] == following


def _judged(failure: dict[str, str], **counts: int) -> tuple[str, dict[str, Any]]:
    """Where a failure of Load leads, and what is assigned on the way."""
    judge = state_machine(environment())["States"]["LoadFailure"]
    known = {**START, **counts}
    for branch in judge["Choices"]:
        if evaluate(branch["Condition"], {}, failure=failure, **known):
            assigned = branch.get("Assign", {})
            values = {
                name: evaluate(value, {}, **known) if isinstance(value, str) else value
                for name, value in assigned.items()
            }
            return branch["Next"], values
    return judge["Default"], {}


REFUSED = "The account-level service limit 'ml.m5.large for processing job usage' is 1 Instances"
BY_NAME = {"Error": "SageMaker.ResourceLimitExceededException", "Cause": REFUSED}
IN_GENERAL = {
    "Error": "SageMaker.AmazonSageMakerException",
    "Cause": f"{REFUSED} (Service: AmazonSageMaker; Status Code: 400; Error Code: ResourceLimitExceeded)",
}


@pytest.mark.parametrize("failure", [BY_NAME, IN_GENERAL], ids=["by its name", "by the general name"])
def test_a_job_that_a_quota_refused_waits_while_another_is_in_progress(failure: dict[str, str]) -> None:
    """It looks first; it waits five minutes and looks again where one was found, for two hours at most."""
    assert _judged(failure) == ("LoadOtherJobs", {})
    assert _judged(failure, others=2, waits=3) == (
        "LoadBackoff",
        {"pause": 300, "waits": 4, "others": -1},
    )
    assert _judged(failure, others=1, waits=23)[1]["waits"] == 24
    assert _judged(failure, waits=24) == ("Failed", {})


def test_a_job_that_a_quota_refused_is_tried_once_more_where_no_other_is_in_progress() -> None:
    """The other may have ended between the refusal and the look; a second look that finds none ends it."""
    assert _judged(BY_NAME, others=0, alone=1, waits=3) == (
        "LoadBackoff",
        {"pause": 5, "waits": 4, "others": -1},
    )
    assert _judged(BY_NAME, others=0, alone=2) == ("Failed", {})


def test_a_look_for_other_jobs_counts_those_of_this_pipeline() -> None:
    """Those in progress, by the beginning of their names; it goes back to the judge of the failure."""
    look = state_machine(environment())["States"]["LoadOtherJobs"]
    assert look["Arguments"] == {
        "NameContains": "nyc-tlc-dev-",
        "StatusEquals": "InProgress",
        "SortBy": "CreationTime",
        "SortOrder": "Descending",
        "MaxResults": 100,
    }
    for jobs in ([], [{"ProcessingJobName": "a"}], [{"ProcessingJobName": "a"}, {"ProcessingJobName": "b"}]):
        answer = {"result": {"ProcessingJobSummaries": jobs}}
        assert evaluate(look["Assign"]["others"], answer, alone=1) == len(jobs)
        assert evaluate(look["Assign"]["alone"], answer, alone=1) == (0 if jobs else 2)
    assert look["Next"] == "LoadFailure"


def test_a_restart_waits_longer_each_time_and_counts() -> None:
    """One minute, then four; the count makes the next job's name a new one and is reset by success."""
    states = state_machine(environment())["States"]
    broken = {"Error": "States.TaskFailed", "Cause": '{"FailureReason":"CapacityError: none left"}'}
    assert [_judged(broken, attempt=n)[1] for n in (0, 1)] == [
        {"pause": 60, "attempt": 1},
        {"pause": 240, "attempt": 2},
    ]
    backoff = states["LoadBackoff"]
    assert backoff == {"Type": "Wait", "Seconds": "{% $pause %}", "Next": "Load"}
    assert states["Load"]["Assign"] == {"attempt": 0, "waits": 0, "others": -1, "alone": 0}


def _job_name(execution: str, redrive: int = 0, attempt: int = 0, retry: int = 0) -> str:
    task = state_machine(environment())["States"]["Load"]
    context = {"Execution": {"Id": execution, "RedriveCount": redrive}, "State": {"RetryCount": retry}}
    name: str = evaluate(task["Arguments"]["ProcessingJobName"], {"context": context}, attempt=attempt)
    return name


def test_job_names_are_unique_and_fit() -> None:
    """Executions, redrives, restarts and retries all differ; the longest fits SageMaker's pattern."""
    arn = "arn:aws:states:us-east-1:123456789012:execution:nyc-tlc-dev:"
    names = [
        _job_name(arn + "a_b.c"),
        _job_name(arn + "a_b.d"),
        _job_name(arn + "a_b.c", redrive=1),
        _job_name(arn + "a_b.c", attempt=1),
        _job_name(arn + "a_b.c", retry=1),
        _job_name(arn + "x" * 80, redrive=99, attempt=99, retry=99),
    ]
    assert len({*names}) == len(names)
    for name in names:
        assert re.fullmatch(r"nyc-tlc-dev-load-[0-9a-f]{12}-\d+-\d+-\d+", name)
        assert len(name) <= JOB_NAME_LIMIT


def test_a_processing_job_is_asked_for_whole() -> None:
    """The arguments of the call, as the service's API spells them."""
    arguments = state_machine(environment())["States"]["Load"]["Arguments"]
    del arguments["ProcessingJobName"]
    assert arguments == {
        "RoleArn": "${LoadRoleArn}",
        "AppSpecification": {
            "ImageUri": "${SagemakerPythonImage}",
            "ContainerEntrypoint": [
                "python3",
                "/opt/ml/processing/input/code/bootstrap.py",
                "load.py",
            ],
            "ContainerArguments": [
                "--input",
                "s3://${DataBucketName}/input/",
                "--output",
                "s3://${DataBucketName}/output/",
                "--catalog",
                "glue:${DatabaseName}",
                "--definitions",
                "s3://${ArtifactBucketName}/nyc-tlc/dev/datasets/${DefinitionsHash}.json",
                "--plan",
                "{% 's3://${DataBucketName}/output/runs/' & $planned & '/plan.json' %}",
                "--run",
                "{% $states.context.Execution.Name %}",
                "--code-version",
                "${CodeVersionHash}",
                "--accept",
                f"{{% {PLACEHOLDERS['accept']} %}}",
                "--defer-tables",
                f"{{% {PLACEHOLDERS['defer_tables']} %}}",
                "--started-by",
                f"{{% {PLACEHOLDERS['started_by']} %}}",
            ],
        },
        "Environment": {"AWS_DEFAULT_REGION": "${RegionName}", "PYTHONUNBUFFERED": "1"},
        "ProcessingInputs": [
            _input("code", "s3://${ArtifactBucketName}/nyc-tlc/dev/code/${CodeVersionHash}/"),
            _input(
                "wheels",
                "s3://${ArtifactBucketName}/nyc-tlc/dev/wheels/sagemaker-python/${SagemakerPythonWheelsHash}/",
            ),
        ],
        "ProcessingResources": {
            "ClusterConfig": {"InstanceCount": 1, "InstanceType": "ml.m5.xlarge", "VolumeSizeInGB": 50}
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 240 * 60},
        "Tags": [{"Key": "environment", "Value": "dev"}, {"Key": "pipeline", "Value": "nyc-tlc"}],
    }


def _input(name: str, uri: str) -> dict[str, Any]:
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"/opt/ml/processing/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        },
    }


def test_every_processing_job_has_the_tags_of_the_configuration() -> None:
    """On one machine and on a cluster, so that costs can be told apart."""
    states = state_machine(environment({**CLUSTER, "tags": {"team": "mobility"}}))["States"]
    tagged = [
        state["Arguments"]["Tags"]
        for state in states.values()
        if state.get("Resource", "").endswith("createProcessingJob.sync")
    ]
    assert len(tagged) == 2
    for tags in tagged:
        found = {tag["Key"]: tag["Value"] for tag in tags}
        assert found == {"environment": "dev", "pipeline": "nyc-tlc", "team": "mobility"}


def test_a_glue_job_is_given_the_same_arguments() -> None:
    """And the code of its version: the job is one for all versions, and says that of the newest."""
    on_sagemaker = state_machine(environment())["States"]["Load"]["Arguments"]
    on_glue = state_machine(environment(ALL_ON_GLUE))["States"]["Load"]["Arguments"]
    given = on_sagemaker["AppSpecification"]["ContainerArguments"]
    folder = "s3://${ArtifactBucketName}/nyc-tlc/dev"
    assert on_glue == {
        "JobName": "${LoadJobName}",
        "Arguments": {
            "--scriptLocation": f"{folder}/code/${{CodeVersionHash}}/load.py",
            "--extra-py-files": f"{folder}/code/${{CodeVersionHash}}/jobs-0-py3-none-any.whl",
            "--additional-python-modules": (
                f"{folder}/wheels/glue-spark/${{GlueSparkWheelsHash}}/wheels.gluewheels.zip"
            ),
            **dict(zip(given[::2], given[1::2], strict=True)),
        },
        "Timeout": 240,
    }


def test_the_first_step_is_given_what_a_run_is_asked_for() -> None:
    """The options of the run command that narrow or force what is looked at."""
    arguments = state_machine(environment())["States"]["Prepare"]["Arguments"]["Arguments"]
    asked = {
        "dataset": "datasets",
        "part": "parts",
        "periods": "periods",
        "reprocess": "reprocess",
        "prune": "prune",
        "rebuild": "rebuild",
        "from-now-on": "from_now_on",
        "drop-column": "drop_columns",
        "defer-tables": "defer_tables",
    }
    for option, name in asked.items():
        assert arguments[f"--{option}"] == f"{{% {PLACEHOLDERS[name]} %}}"


def test_the_output_is_the_last_result() -> None:
    """Read from the run's own folder under the output, and nothing else of the run travels in the state."""
    states = state_machine(environment({"data": {"output": "trips/out"}}))["States"]
    read = states["ReadVerdict"]
    key = evaluate(read["Arguments"]["Key"], {"context": {"Execution": {"Name": "run-1"}}})
    assert key == "trips/out/runs/run-1/verdict.json"
    body = json.dumps({"windows": 3})
    assert evaluate(read["Assign"]["verdict"], {"result": {"Body": body}}) == {"windows": 3}
    assert states["Published"] == {"Type": "Succeed", "Output": "{% $verdict %}"}
    assert [state["Output"] for state in states.values() if state["Type"] == "Task"] == [{}] * 6


def test_a_pipeline_without_results_succeeds_with_an_empty_output() -> None:
    """A step need not leave anything for the machine to read."""
    steps = {"prepare": {"result": None}, "load": {"result": None}}
    states = state_machine(environment({"steps": steps}))["States"]
    assert states["Prepare"]["Next"] == "Load"
    assert not {"NothingNew", "QualityGateFailed"} & states.keys()
    assert evaluate(states["Published"]["Output"], {}) == {}


@pytest.mark.parametrize(
    ("region", "partition"), [("eu-west-1", "aws"), ("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")]
)
def test_integrations_are_named_in_the_region_s_partition(region: str, partition: str) -> None:
    """Step Functions in China and GovCloud knows its integrations by other ARNs."""
    states = state_machine(environment({"region": region}))["States"].values()
    found = {state["Resource"].split(":")[1] for state in states if "Resource" in state}
    assert found == {partition}


@pytest.mark.parametrize("region", REGIONS)
def test_no_region_is_accepted_whose_partition_is_another(region: str) -> None:
    """What is accepted is named in botocore's partition of the region."""
    try:
        limits.region(region)
    except RefusedError:
        assert region.startswith(("us-iso", "eu-iso", "eusc-"))
        return
    named = tasks.resource(environment({"region": region}), "glue:startJobRun.sync")
    assert named.split(":")[1] == boto3.Session().get_partition_for_region(region)


@variants
def test_the_definition_is_small(changes: dict[str, Any]) -> None:
    """Step Functions takes 1 MB; a definition of two steps has no business near it."""
    assert len(json.dumps(state_machine(environment(changes)))) < 32_000


@pytest.mark.parametrize("service", ["sagemaker", "glue"])
def test_the_maintenance_is_a_machine_of_its_own(service: str) -> None:
    """Its job, restarted as a step's is; its report is the output; every state can be entered."""
    found = machines(environment({"maintenance": {"service": service}}))
    assert [*found] == ["nyc-tlc-dev", "nyc-tlc-dev-maintenance"]
    definition = found["nyc-tlc-dev-maintenance"]
    states = definition["States"]
    assert reachable(definition) == states.keys()
    assert [states[name]["Next"] for name in ("Begin", "Maintenance", "ReadMaintained")] == [
        "Maintenance",
        "ReadMaintained",
        "Maintained",
    ]
    assert states["Maintenance"]["Catch"][0]["Next"] == "MaintenanceFailure"
    assert states["MaintenanceFailure"]["Default"] == "Failed"
    assert "Maintenance" not in found["nyc-tlc-dev"]["States"]
    assert [*machines(environment({"maintenance": None}))] == ["nyc-tlc-dev"]


def test_the_output_of_a_run_says_whether_its_mirror_was_partial() -> None:
    """Where runs mirror, the output has `partial` beside the verdict; elsewhere it is the verdict alone."""
    source = {"files": ["https://x.org/zones.csv"]}
    machines = [
        state_machine(environment({"sources": {"zones": source}, "mirror": {"on_run": on_run}}))
        for on_run in (True, False)
    ]
    outputs = [machine["States"]["Published"]["Output"] for machine in machines]
    assert outputs == ["{% $merge([$verdict, {'partial': $decision.partial = true}]) %}", "{% $verdict %}"]
    given = [machine["States"]["Prepare"]["Arguments"]["Arguments"]["--source"] for machine in machines]
    assert re.fullmatch(r"s3://\$\{ArtifactBucketName\}/nyc-tlc/dev/sources/[0-9a-f]{64}\.json", given[0])
    assert given[1] == "none"


def test_a_step_that_ingests_is_there_where_a_store_is() -> None:
    """After the publication, and its result stays the run's."""
    assert "ingest" not in environment().steps
    machine = state_machine(environment(STORES))
    assert machine["States"]["CheckVerdict"]["Default"] == "Ingest"
    assert machine["States"]["Ingest"]["Next"] == "CheckRest"
    plain = state_machine(environment())
    assert "Ingest" not in plain["States"]
    assert plain["States"]["CheckVerdict"]["Default"] == "CheckWarnings"
    assert machine["States"]["Published"] == plain["States"]["Published"]
    arguments = str(machine["States"]["Ingest"]["Arguments"])
    assert re.search(r"s3://\$\{ArtifactBucketName\}/nyc-tlc/dev/features/[0-9a-f]{64}\.json", arguments)
