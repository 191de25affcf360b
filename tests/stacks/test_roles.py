"""What each role may do: every action and resource, for every step on every runtime."""

from __future__ import annotations

from typing import Any

import pytest
from environments import ALL_ON_GLUE, CLUSTER, CLUSTER_ON_GLUE, SWAPPED, environment

import templates
from data_pipeline.embedded_aws.identity import sessions
from data_pipeline.stacks import render

Allowed = dict[str, tuple[str, list[str]]]
TABLES = ("trip_counts", "weather", "bases", "zones", "ride_counts")

#: permissions that do not depend on the service, by Sid: actions and resources.
PREPARE: Allowed = {
    "ReadData": (
        "s3:GetObject",
        ["arn:p:s3:::${DataBucket}/input/*", "arn:p:s3:::${DataBucket}/output/state/*"],
    ),
    "ListData": ("s3:ListBucket", ["arn:p:s3:::${DataBucket}"]),
    "WriteData": ("s3:PutObject s3:AbortMultipartUpload", ["arn:p:s3:::${DataBucket}/output/runs/*"]),
}
LOAD: Allowed = {
    "ReadData": (
        "s3:GetObject",
        [
            "arn:p:s3:::${DataBucket}/input/*",
            "arn:p:s3:::${DataBucket}/output/runs/*",
            "arn:p:s3:::${DataBucket}/output/warehouse/*",
            "arn:p:s3:::${DataBucket}/output/export/*",
            "arn:p:s3:::${DataBucket}/output/state/*",
        ],
    ),
    "ListData": ("s3:ListBucket", ["arn:p:s3:::${DataBucket}"]),
    "WriteData": (
        "s3:PutObject s3:AbortMultipartUpload",
        [
            "arn:p:s3:::${DataBucket}/output/runs/*",
            "arn:p:s3:::${DataBucket}/output/quarantine/*",
            "arn:p:s3:::${DataBucket}/output/warehouse/*",
            "arn:p:s3:::${DataBucket}/output/export/*",
            "arn:p:s3:::${DataBucket}/output/state/*",
        ],
    ),
    "ReplaceData": (
        "s3:DeleteObject",
        ["arn:p:s3:::${DataBucket}/output/quarantine/*", "arn:p:s3:::${DataBucket}/output/state/rebuilds/*"],
    ),
    "PublishTables": (
        "glue:GetDatabase glue:GetTable glue:CreateTable glue:UpdateTable",
        [
            "arn:p:glue:r:a:catalog",
            "arn:p:glue:r:a:database/${Database}",
            *(f"arn:p:glue:r:a:table/${{Database}}/{table}" for table in TABLES),
        ],
    ),
}


def _artifacts() -> Allowed:
    """Every version of this environment's code and packages: an execution may be older than the last deployment."""
    bucket = "arn:p:s3:::${ArtifactBucket}"
    return {
        "ReadArtifacts": (
            "s3:GetObject",
            [f"{bucket}/nyc-tlc/dev/{kind}/*" for kind in ("code", "wheels", "datasets")],
        ),
        "ListArtifacts": ("s3:ListBucket", ["arn:p:s3:::${ArtifactBucket}"]),
    }


def _on_sagemaker(job: str) -> Allowed:
    group = "arn:p:logs:r:a:log-group:/aws/sagemaker/ProcessingJobs"
    return {
        **_artifacts(),
        "MakeLogGroup": ("logs:CreateLogGroup logs:DescribeLogStreams", [group, f"{group}:*"]),
        "WriteLogs": ("logs:CreateLogStream logs:PutLogEvents", [f"{group}:log-stream:{job}-*"]),
        "PutMetrics": ("cloudwatch:PutMetricData", ["*"]),
        "PullImage": (
            "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer",
            ["arn:p:ecr:r:${Registry}:repository/sagemaker-scikit-learn"],
        ),
        "LogInToRegistry": ("ecr:GetAuthorizationToken", ["*"]),
    }


def _on_glue(groups: list[str], artifacts: Allowed) -> Allowed:
    resources = [f"arn:p:logs:r:a:log-group:{group}{end}" for group in groups for end in ("", ":*")]
    return {
        **artifacts,
        "WriteLogs": ("logs:CreateLogGroup logs:CreateLogStream logs:PutLogEvents", resources),
    }


SHELL = _on_glue(
    ["/aws-glue/python-jobs/output", "/aws-glue/python-jobs/error"],
    _artifacts(),
)
PARTS: Allowed = {
    "DeleteParts": ("s3:DeleteObject", ["arn:p:s3:::${DataBucket}/output/runs/*/parts/*"]),
}
SPARK = _on_glue(["/nyc-tlc-dev/glue/output", "/nyc-tlc-dev/glue/error"], _artifacts())


def _pipeline(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    return templates.parse(render(environment(changes))["dev-pipeline.yaml"])


def _allowed(template: dict[str, Any], role: str) -> Allowed:
    found = templates.statements(template, role)
    assert {statement["Effect"] for statement in found.values()} == {"Allow"}
    return {
        sid: (" ".join(statement["Action"]), [templates.text(r) for r in statement["Resource"]])
        for sid, statement in found.items()
    }


@pytest.mark.parametrize(
    ("changes", "role", "expected"),
    [
        ({}, "PrepareJobRole", {**PREPARE, **SHELL}),
        ({}, "LoadJobRole", {**LOAD, **_on_sagemaker("nyc-tlc-dev-load")}),
        (SWAPPED, "PrepareJobRole", {**PREPARE, **_on_sagemaker("nyc-tlc-dev-prepare")}),
        (SWAPPED, "LoadJobRole", {**LOAD, **SPARK}),
    ],
)
def test_a_job_may_do_what_its_step_says(changes: dict[str, Any], role: str, expected: Allowed) -> None:
    """Exactly these actions on exactly these resources, on each runtime."""
    assert _allowed(_pipeline(changes), role) == expected


def test_a_step_with_a_cluster_may_run_on_either() -> None:
    """Both images and both sets of wheels, and nothing else beside what its step says."""
    alone = {**LOAD, **PARTS, **_on_sagemaker("nyc-tlc-dev-load")}
    allowed = _allowed(_pipeline(CLUSTER), "LoadJobRole")
    pull = allowed.pop("PullImage")
    assert pull[1] == [
        "arn:p:ecr:r:${Registry}:repository/sagemaker-scikit-learn",
        "arn:p:ecr:r:${Registry}:repository/sagemaker-spark-processing",
    ]
    assert allowed == {sid: alone[sid] for sid in allowed}
    assert allowed.keys() | {"PullImage"} == alone.keys()
    registries = [
        resource["Fn::Sub"][1]["Registry"]["Fn::FindInMap"][0]
        for resource in templates.statements(_pipeline(CLUSTER), "LoadJobRole")["PullImage"]["Resource"]
    ]
    assert registries == ["SagemakerPython", "SagemakerSpark"]


def test_a_cluster_changes_nothing_else() -> None:
    """On Glue the same job runs it with more workers; the state machine starts jobs of the same names."""
    assert _allowed(_pipeline(CLUSTER_ON_GLUE), "LoadJobRole") == {**LOAD, **SPARK, **PARTS}
    machine = "StateMachineRole"
    assert _allowed(_pipeline(CLUSTER), machine) == _allowed(_pipeline(), machine)


def test_the_state_machine_may_run_its_steps() -> None:
    """Jobs by their names, the one role that SageMaker is handed, results of runs, its own log."""
    job = "nyc-tlc-dev-load"
    rule = "StepFunctionsGetEventsForSageMakerProcessingJobsRule"
    assert _allowed(_pipeline(), "StateMachineRole") == {
        "RunProcessingJobs": (
            "sagemaker:CreateProcessingJob sagemaker:DescribeProcessingJob sagemaker:StopProcessingJob "
            "sagemaker:AddTags sagemaker:ListTags",
            [f"arn:p:sagemaker:r:a:processing-job/{job}-*"],
        ),
        "WaitForProcessingJobs": (
            "events:PutTargets events:PutRule events:DescribeRule",
            [f"arn:p:events:r:a:rule/{rule}"],
        ),
        "ListProcessingJobs": ("sagemaker:ListProcessingJobs", ["*"]),
        "PassJobRoles": ("iam:PassRole", ["LoadJobRole.Arn"]),
        "RunGlueJobs": (
            "glue:StartJobRun glue:GetJobRun glue:GetJobRuns glue:BatchStopJobRun",
            ["arn:p:glue:r:a:job/nyc-tlc-dev-prepare"],
        ),
        "ReadResults": ("s3:GetObject", ["arn:p:s3:::${DataBucket}/output/runs/*"]),
        "ProbeResults": ("s3:ListBucket", ["arn:p:s3:::${DataBucket}"]),
        "ListExecutions": ("states:ListExecutions", ["arn:p:states:r:a:stateMachine:nyc-tlc-dev"]),
        "DeliverLogs": (
            "logs:CreateLogDelivery logs:GetLogDelivery logs:UpdateLogDelivery logs:DeleteLogDelivery "
            "logs:ListLogDeliveries logs:PutResourcePolicy logs:DescribeResourcePolicies "
            "logs:DescribeLogGroups",
            ["*"],
        ),
    }


def test_the_state_machine_may_not_touch_a_service_that_it_does_not_use() -> None:
    """With every step on Glue, nothing of SageMaker is left, and no role is passed."""
    sids = _allowed(_pipeline(ALL_ON_GLUE), "StateMachineRole").keys()
    assert sids == {"RunGlueJobs", "ReadResults", "ProbeResults", "ListExecutions", "DeliverLogs"}


def test_the_schedules_may_start_these_state_machines() -> None:
    """And keep what they could not deliver."""
    assert _allowed(_pipeline(), "ScheduleRole") == {
        "StartExecutions": ("states:StartExecution", ["StateMachine", "MaintenanceStateMachine"]),
        "SendDeadLetters": ("sqs:SendMessage", ["DeadLetters.Arn"]),
    }


def test_the_maintenance_may_delete_in_the_warehouse_alone() -> None:
    """It commits to tables without making any; it writes its report, and reads and lists nothing else."""
    warehouse = "arn:p:s3:::${DataBucket}/output/warehouse/*"
    tables = [f"arn:p:glue:r:a:table/${{Database}}/{table}" for table in TABLES]
    assert _allowed(_pipeline(), "MaintenanceJobRole") == {
        **_on_sagemaker("nyc-tlc-dev-maintenance"),
        "ReadData": ("s3:GetObject", [warehouse]),
        "ListData": ("s3:ListBucket", ["arn:p:s3:::${DataBucket}"]),
        "WriteData": (
            "s3:PutObject s3:AbortMultipartUpload",
            [warehouse, "arn:p:s3:::${DataBucket}/output/runs/*"],
        ),
        "DeleteData": ("s3:DeleteObject", [warehouse]),
        "MaintainTables": (
            "glue:GetDatabase glue:GetTable glue:UpdateTable",
            ["arn:p:glue:r:a:catalog", "arn:p:glue:r:a:database/${Database}", *tables],
        ),
    }


def test_the_maintenance_machine_may_run_its_job_alone() -> None:
    """No other job, no other role, and nobody's executions."""
    allowed = _allowed(_pipeline(), "MaintenanceStateMachineRole")
    job = "arn:p:sagemaker:r:a:processing-job/nyc-tlc-dev-maintenance-*"
    assert allowed["RunProcessingJobs"][1] == [job]
    assert allowed["PassJobRoles"] == ("iam:PassRole", ["MaintenanceJobRole.Arn"])
    assert allowed["ReadResults"] == ("s3:GetObject", ["arn:p:s3:::${DataBucket}/output/runs/*"])
    jobs = {"RunProcessingJobs", "WaitForProcessingJobs", "ListProcessingJobs", "PassJobRoles"}
    assert allowed.keys() == {*jobs, "ReadResults", "ProbeResults", "DeliverLogs"}


def test_without_maintenance_nothing_of_it_is_left() -> None:
    """One word takes it away: machine, roles, schedule, log group and output."""
    assert "Maintenance" not in render(environment({"maintenance": None}))["dev-pipeline.yaml"]


def test_conditions_narrow_what_resources_cannot() -> None:
    """Listing by prefix, metrics by namespace, roles by the service that they are passed to."""
    template = _pipeline()
    prepare, counts = (templates.statements(template, f"{s}JobRole") for s in ("Prepare", "Load"))
    assert prepare["ListData"]["Condition"] == {
        "StringLikeIfExists": {"s3:prefix": ["input/*", "output/state/*"]}
    }
    prefixes = [
        "input/*",
        "output/runs/*",
        "output/warehouse/*",
        "output/export/*",
        "output/state/*",
        "output/quarantine/*",
        "output/state/rebuilds/*",
    ]
    assert counts["ListData"]["Condition"] == {"StringLikeIfExists": {"s3:prefix": prefixes}}
    assert counts["PutMetrics"]["Condition"] == {
        "StringEquals": {"cloudwatch:namespace": "/aws/sagemaker/ProcessingJobs"}
    }
    passed = templates.statements(template, "StateMachineRole")["PassJobRoles"]["Condition"]
    assert passed == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
    artifacts = prepare["ListArtifacts"]["Condition"]["StringLike"]["s3:prefix"]
    assert [templates.text(p) for p in artifacts] == [
        "nyc-tlc/dev/code/*",
        "nyc-tlc/dev/wheels/*",
    ]


@pytest.mark.parametrize("changes", [{}, SWAPPED, ALL_ON_GLUE])
def test_every_wildcard_gives_its_reason(changes: dict[str, Any]) -> None:
    """A lone * stands with the reason why it cannot be less in the role's Metadata, and only there."""
    template = _pipeline(changes)
    for role in templates.of_type(template, "AWS::IAM::Role"):
        wild = {sid for sid, (_, resources) in _allowed(template, role).items() if "*" in resources}
        reasons = template["Resources"][role].get("Metadata", {}).get("ReasonForWildcard", {})
        assert reasons.keys() == wild
        assert all(reasons.values())


@pytest.mark.parametrize(
    ("changes", "role", "service", "source"),
    [
        (
            {},
            "LoadJobRole",
            "sagemaker",
            "arn:p:sagemaker:r:a:processing-job/nyc-tlc-dev-load-*",
        ),
        ({}, "PrepareJobRole", "glue", None),
        (
            {},
            "MaintenanceStateMachineRole",
            "states",
            "arn:p:states:r:a:stateMachine:nyc-tlc-dev-maintenance",
        ),
        ({}, "ScheduleRole", "scheduler", "ScheduleGroup.Arn"),
        (SWAPPED, "PrepareJobRole", "sagemaker", "arn:p:sagemaker:r:a:processing-job/nyc-tlc-dev-prepare-*"),
        (SWAPPED, "LoadJobRole", "glue", None),
    ],
)
def test_a_role_trusts_one_service(
    changes: dict[str, Any], role: str, service: str, source: str | None
) -> None:
    """On behalf of one source in this account, wherever AWS documents that the service says so."""
    properties = _pipeline(changes)["Resources"][role]["Properties"]
    (trust,) = properties["AssumeRolePolicyDocument"]["Statement"]
    assert (trust["Effect"], trust["Action"]) == ("Allow", ["sts:AssumeRole"])
    assert trust["Principal"] == {"Service": f"{service}.amazonaws.com"}
    if source is None:
        assert "Condition" not in trust
    else:
        condition = trust["Condition"]
        assert condition["StringEquals"] == {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}
        assert templates.text(condition["ArnLike"]["aws:SourceArn"]) == source


def test_the_state_machine_s_role_is_for_its_versions_too() -> None:
    """As AWS may name the source of an execution that an alias started; for no other machine of the account."""
    rendered = render(environment())["dev-pipeline.yaml"]
    for name, value in (("Partition", "aws"), ("Region", "us-east-1"), ("AccountId", "123456789012")):
        rendered = rendered.replace(f"${{AWS::{name}}}", value)
    (trust,) = templates.parse(rendered)["Resources"]["StateMachineRole"]["Properties"][
        "AssumeRolePolicyDocument"
    ]["Statement"]
    sources = [each["Fn::Sub"] for each in trust["Condition"]["ArnLike"]["aws:SourceArn"]]
    account = {"aws:SourceAccount": "123456789012"}
    trust["Condition"] = {"StringEquals": account, "ArnLike": {"aws:SourceArn": sources}}
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:nyc-tlc-dev"
    allowed = {
        end
        for end in ("", ":2", ":live", "-other", "-other:2")
        if sessions.trusts(
            {"Statement": [trust]},
            "states.amazonaws.com",
            "arn:aws:iam::123456789012:role/r",
            {**account, "aws:SourceArn": machine + end},
        )
    }
    assert allowed == {"", ":2", ":live"}


def test_locations_follow_the_configured_prefixes() -> None:
    """Another input and output move every permission with them."""
    template = _pipeline({"data": {"input": "a/in", "output": "b"}})
    allowed = _allowed(template, "PrepareJobRole")
    assert allowed["ReadData"][1] == [
        "arn:p:s3:::${DataBucket}/a/in/*",
        "arn:p:s3:::${DataBucket}/b/state/*",
    ]
    assert allowed["WriteData"][1] == ["arn:p:s3:::${DataBucket}/b/runs/*"]
    assert _allowed(template, "StateMachineRole")["ReadResults"][1] == ["arn:p:s3:::${DataBucket}/b/runs/*"]


SOURCES = {
    "trips": {"url": "https://x.org/{year}-{month:02}.csv", "since": "2009-01"},
    "theirs": {"s3": "s3://their-bucket/trips/"},
}


def test_a_role_may_mirror_only_where_runs_mirror() -> None:
    """Input, record and foreign prefix, by whole names; nothing of it where sources are only asked from a laptop."""
    without = _allowed(_pipeline({"sources": SOURCES, "mirror": {"on_run": False}}), "PrepareJobRole")
    assert without.keys() == _allowed(_pipeline(), "PrepareJobRole").keys()
    template = _pipeline({"sources": SOURCES, "mirror": {"on_run": True}})
    found = _allowed(template, "PrepareJobRole")
    added = {sid: allowed for sid, allowed in found.items() if sid not in without}
    assert added == {
        "MirrorInput": (
            "s3:PutObject s3:AbortMultipartUpload s3:ListMultipartUploadParts",
            ["arn:p:s3:::${DataBucket}/input/*"],
        ),
        "RecordMirror": ("s3:PutObject", ["arn:p:s3:::${DataBucket}/output/state/mirror.json"]),
        "AskForVersions": ("s3:GetBucketVersioning", ["arn:p:s3:::${DataBucket}"]),
        "ReadSource1": ("s3:GetObject", ["arn:p:s3:::their-bucket/trips/*"]),
        "ListSource1": ("s3:ListBucket", ["arn:p:s3:::their-bucket"]),
    }
    listing = templates.statements(template, "PrepareJobRole")["ListSource1"]
    assert listing["Condition"] == {"StringLike": {"s3:prefix": ["trips/*"]}}
    (list_of_sources,) = [a for a in found["ReadArtifacts"][1] if "/sources/" in a]
    assert list_of_sources.startswith("arn:p:s3:::${ArtifactBucket}/nyc-tlc/dev/sources/")
    assert _allowed(template, "LoadJobRole") == _allowed(_pipeline(), "LoadJobRole")
