"""More kinds of change, each with its whole page; how a page is made up is in its neighbour."""

from __future__ import annotations

from typing import Any

import pytest
from core.deployment.page.test_page import (
    DATASET,
    MACHINE,
    NEW,
    OLD,
    READ,
    TABLES,
    WRITE,
    changed,
    data,
    definitions,
    machine,
    machines,
    modified,
    role,
    roles,
    shown,
)

from data_pipeline.core.deployment import renamed
from data_pipeline.core.deployment.changes import Change, StackChanges
from data_pipeline.core.deployment.page import rendering
from data_pipeline.core.deployment.page.files import Stored
from data_pipeline.core.deployment.page.page import Given, page
from data_pipeline.core.deployment.renamed import Other
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.core.errors import UserError
from data_pipeline.core.naming import Names
from data_pipeline.etl.documents.datasets import Column, Table

GLUE, BUCKET, LOGS = "AWS::Glue::Job", "AWS::S3::Bucket", "AWS::Logs::LogGroup"
SCHEDULE, GROUP, ROLE = "AWS::Scheduler::Schedule", "AWS::SageMaker::FeatureGroup", "AWS::IAM::Role"
RETRY = {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 2}


def job(before: Any, after: Any, **more: Any) -> str:
    return shown(modified("LoadJob", GLUE, before, after, **more))


def added(name: str, type_: str, **properties: Any) -> Change:
    return Change("Add", name, type_, after={"Properties": properties} if properties else {})


def scheduled(before: Any, after: Any) -> str:
    return shown(modified("Schedule", SCHEDULE, before, after))


def grouped(before: list[str], after: list[str], **more: Any) -> str:
    sides = [
        {"FeatureDefinitions": [{"FeatureName": name, "FeatureType": "Integral"} for name in names]}
        for names in (before, after)
    ]
    return shown(modified("OrdersGroup", GROUP, *sides, **more))


def first(*others: str, gone: tuple[str, ...] = (), own_output: str | None = None) -> str:
    """The page of a pipeline that is deployed for the first time, where these are, or were, deployed already."""
    holds = {"storage": ("DataBucket", BUCKET), "pipeline": ("Schedule", SCHEDULE)}
    stacks = [
        StackChanges(f"orders-dev-{name}", Treatment.CREATE, (added(*what),)) for name, what in holds.items()
    ]
    known = [Other(Names(name, "dev")) for name in others]
    known += [Other(Names(name, "dev"), stands=False) for name in gone]
    said = renamed.notes(Names("orders", "dev"), known, own_output)
    return "\n".join(rendering.lines(page(stacks, Given("dev", notes=tuple(said)))))


def encrypted(key: str) -> dict[str, Any]:
    rule = {"ServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}}
    return {"BucketEncryption": {"ServerSideEncryptionConfiguration": [rule]}}


KINDS: dict[str, str] = {
    "a comment in a script": shown(
        modified("LoadJob", GLUE, {"Script": f"s3://c/{OLD}/x"}, {"Script": f"s3://c/{NEW}/x"}),
        hashes={OLD: NEW},
        code={"load.py": Stored(30)},
        shipped={"load.py": b"# why\n"},
    ),
    "a package": shown(
        modified("LoadJob", GLUE, {"Wheels": OLD}, {"Wheels": NEW}),
        hashes={OLD: NEW},
        uploads={"w": 41_000_000},
        bucket="artifacts",
    ),
    "a larger cluster": job(
        {"NumberOfWorkers": 2, "WorkerType": "G.1X"}, {"NumberOfWorkers": 8, "WorkerType": "G.2X"}
    ),
    "a timeout": job({"Timeout": 60}, {"Timeout": 120}),
    "another runtime": job({"GlueVersion": "5.0"}, {"GlueVersion": "5.1"}),
    "a job that is named otherwise": job(
        {"Name": "shop-load"}, {"Name": "shop-load-2"}, replacement="True", forced_by=("Name",)
    ),
    "subnets": job(
        {"Connections": {"Connections": ["a", "b"]}}, {"Connections": {"Connections": ["a", "c"]}}
    ),
    "a step on another service": shown(
        Change("Remove", "LoadJob", GLUE, policy="Delete"),
        modified(
            "StateMachine",
            "AWS::StepFunctions::StateMachine",
            {"Definition": MACHINE},
            {
                "Definition": machine(
                    A={
                        **MACHINE["States"]["A"],
                        "Resource": "arn:aws:states:::sagemaker:createProcessingJob.sync",
                    }
                )
            },
        ),
    ),
    "a retry policy": machines(MACHINE, machine(A={**MACHINE["States"]["A"], "Retry": [RETRY]})),
    "a retry less": machines(
        machine(A={**MACHINE["States"]["A"], "Retry": [RETRY]}),
        machine(A={**MACHINE["States"]["A"], "Retry": [{**RETRY, "MaxAttempts": 1}]}),
    ),
    "logs kept for longer": shown(
        modified("StateMachineLogs", LOGS, {"RetentionInDays": 30}, {"RetentionInDays": 90})
    ),
    "a log group that is removed": shown(Change("Remove", "MaintenanceLogs", LOGS, policy="Delete")),
    "a log group that is named otherwise": shown(
        modified(
            "StateMachineLogs",
            LOGS,
            {"LogGroupName": "a"},
            {"LogGroupName": "b"},
            replacement="True",
            forced_by=("LogGroupName",),
            policy="ReplaceAndDelete",
        )
    ),
    "a bucket that is named": shown(
        modified(
            "DataBucket",
            BUCKET,
            {},
            {"BucketName": "orders-data"},
            replacement="True",
            forced_by=("BucketName",),
            policy="ReplaceAndRetain",
        )
    ),
    "a key of the bucket": shown(modified("DataBucket", BUCKET, encrypted("arn:k/1"), encrypted("arn:k/2"))),
    "a bucket of one's own": shown(
        Change("Remove", "DataBucket", BUCKET, policy="Retain"),
        Change("Remove", "DataBucketPolicy", "AWS::S3::BucketPolicy", policy="Retain"),
        notes=("retention: bucket mine is yours: its lifecycle rules are left as they are",),
    ),
    "a schedule that is switched off": scheduled({"State": "ENABLED"}, {"State": "DISABLED"}),
    "a time zone": scheduled(
        {"ScheduleExpression": "cron(0 6 * * ? *)", "ScheduleExpressionTimezone": "UTC"},
        {"ScheduleExpression": "cron(0 6 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin"},
    ),
    "a schedule that is new": shown(
        added(
            "Schedule",
            SCHEDULE,
            ScheduleExpression="cron(0 6 * * ? *)",
            ScheduleExpressionTimezone="UTC",
            State="ENABLED",
        ),
        modified("Queue", "AWS::SQS::Queue", {"A": 1}, {"A": 2}),
    ),
    "a schedule that is gone": shown(
        Change("Remove", "MaintenanceSchedule", SCHEDULE, policy="Delete"),
        modified("Queue", "AWS::SQS::Queue", {"A": 1}, {"A": 2}),
    ),
    "a feature less": grouped(["a", "b"], ["a"]),
    "a feature group that is new": shown(
        added("OrdersGroup", GROUP, FeatureGroupName="orders"),
        modified("Queue", "AWS::SQS::Queue", {"A": 1}, {"A": 2}),
    ),
    "a feature group that would be replaced": grouped(
        ["a"], ["a"], replacement="True", forced_by=("Description",), policy="ReplaceAndRetain"
    ),
    "a data set more": data(definitions(), definitions(DATASET)),
    "a data set less": data(definitions(DATASET), definitions()),
    "another pattern": data(definitions(DATASET), definitions(changed(patterns=("orders/*.csv",)))),
    "a column less": data(
        definitions(DATASET, **TABLES), definitions(changed(columns=DATASET.columns[:1]), **TABLES)
    ),
    "a column of another type": data(
        definitions(DATASET), definitions(changed(columns=(Column("id", "string"), *DATASET.columns[1:])))
    ),
    "a check": data(definitions(DATASET), definitions(changed(checks={"negative": "amount >= 0"}))),
    "a key": data(definitions(DATASET), definitions(changed(key=("id",)))),
    "a table more": data(definitions(DATASET), definitions(DATASET, daily=TABLES["daily"])),
    "a partition": data(
        definitions(daily=TABLES["daily"]),
        definitions(daily=Table("daily", "SELECT 1", ("orders",), partition=("month(day)",))),
    ),
    "a role that is new": shown(
        Change("Add", "TrainJobRole", ROLE, after={"Properties": role(WRITE)}),
        steps={"TrainJobRole": "train"},
    ),
    "a role that is gone": shown(
        Change("Remove", "LoadJobRole", ROLE, before={"Properties": role(READ)}, policy="Delete")
    ),
    "a managed policy": roles(role(READ), role(READ, ManagedPolicyArns=["arn:aws:iam::1:policy/audit"])),
    "a denial": roles(role(READ), role(READ, {**WRITE, "Effect": "Deny"})),
    "a resource of a permission": roles(role(READ), role({**READ, "Resource": ["arn:b/*", "arn:c/*"]})),
    "alarms": shown(
        added("FailureTopic", "AWS::SNS::Topic", TopicName="t"),
        added("FailureAlarm", "AWS::CloudWatch::Alarm", Threshold=1),
        modified("Queue", "AWS::SQS::Queue", {"A": 1}, {"A": 2}),
    ),
    "a pipeline that is renamed": first("shop"),
    "a pipeline that is renamed, beside others": first("shop", "things", "weather", "wind"),
    "a pipeline that is renamed, in a bucket of one's own": first("shop", own_output="s3://mine/output/"),
    "a pipeline in a bucket of one's own, where others were": first(
        gone=("shop", "things", "weather", "wind"), own_output="s3://mine/output/"
    ),
    "what outlived a stack": shown(
        Change("Import", "DataBucket", BUCKET, because=("my-bucket",)),
        modified("Queue", "AWS::SQS::Queue", {"A": 1}, {"A": 2}),
    ),
}

RENAMED = """\
Stacks
    orders-dev-storage: create it
    orders-dev-pipeline: create it

Schedule
  + Schedule (AWS::Scheduler::Schedule)

Other resources
  + all of orders-dev-storage: 1 resource
      + AWS::S3::Bucket
  + all of orders-dev-pipeline: 1 resource
      + AWS::Scheduler::Schedule

Stays as it is
"""
PAGES: dict[str, str] = {
    "a pipeline that is renamed": RENAMED
    + """    shop-dev is deployed from this artifact bucket, too. If orders was called
      shop before, that one stays: its schedule goes on starting runs, and what
      it has published is not taken over. To end it:
    python -m data_pipeline destroy dev --pipeline shop

2 to add
""",
    "a pipeline that is renamed, beside others": RENAMED
    + """    shop-dev, things-dev, weather-dev and 1 more are deployed from this artifact
      bucket, too. If orders had one of these names before, that one stays: its
      schedule goes on starting runs, and what it has published is not taken
      over. To end it:
    python -m data_pipeline destroy dev --pipeline NAME

2 to add
""",
    "a pipeline that is renamed, in a bucket of one's own": RENAMED
    + """    s3://mine/output/ is in a bucket of your own. If shop-dev writes there, too,
      this pipeline and that one take each other's files and records for their
      own: give this pipeline another data.output before it is deployed
    shop-dev is deployed from this artifact bucket, too. If orders was called
      shop before, that one stays: its schedule goes on starting runs, and what
      it has published is not taken over. To end it:
    python -m data_pipeline destroy dev --pipeline shop

2 to add
""",
    "a pipeline in a bucket of one's own, where others were": RENAMED
    + """    s3://mine/output/ is in a bucket of your own. If one of shop-dev,
      things-dev, weather-dev and 1 more writes there, too, this pipeline and
      one of those take each other's files and records for their own: give this
      pipeline another data.output before it is deployed

2 to add
""",
    "a comment in a script": """Code
  ~ jobs/load.py
    1 resource carries the new hash of code, packages or documents, and nothing
      else
""",
    "a package": """Code
    1 resource carries the new hash of code, packages or documents, and nothing
      else

Uploads
  + 1 object, 41.0 MB, to s3://artifacts/
""",
    "a larger cluster": """Other resources
  ~ LoadJob (AWS::Glue::Job)
      ~ NumberOfWorkers: 2 → 8
      ~ WorkerType: G.1X → G.2X
""",
    "a timeout": """Other resources
  ~ LoadJob (AWS::Glue::Job)
      ~ Timeout: 60 → 120
""",
    "another runtime": """Other resources
  ~ LoadJob (AWS::Glue::Job)
      ~ GlueVersion: 5.0 → 5.1
""",
    "a job that is named otherwise": """Warnings
  ! LoadJob (AWS::Glue::Job) is replaced, since Name cannot change in place

Other resources
  ± LoadJob (AWS::Glue::Job)
      ~ Name: shop-load → shop-load-2
""",
    "subnets": """Other resources
  ~ LoadJob (AWS::Glue::Job)
      ~ Connections.Connections: -b, +c
""",
    "a step on another service": """State machines
  ~ StateMachine
      ~ state A
          ~ Resource
              - arn:aws:states:::glue:startJobRun.sync
              + arn:aws:states:::sagemaker:createProcessingJob.sync

Other resources
  - LoadJob (AWS::Glue::Job)
""",
    "a retry policy": """State machines
  ~ StateMachine
      ~ state A
          + Retry: [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 2}]
""",
    "a retry less": """State machines
  ~ StateMachine
      ~ state A
          ~ Retry.0.MaxAttempts: 2 → 1
""",
    "logs kept for longer": """Other resources
  ~ StateMachineLogs (AWS::Logs::LogGroup)
      ~ RetentionInDays: 30 → 90
""",
    "a log group that is removed": """Warnings
  ! MaintenanceLogs (AWS::Logs::LogGroup) is removed; DATA LOSS: what it holds
      is deleted
        deploy refuses this without --allow-replace MaintenanceLogs

Other resources
  - MaintenanceLogs (AWS::Logs::LogGroup)
""",
    "a log group that is named otherwise": """Warnings
  ! StateMachineLogs (AWS::Logs::LogGroup) is replaced, since LogGroupName
      cannot change in place; DATA LOSS: what the old one holds is deleted
        deploy refuses this without --allow-replace StateMachineLogs

Other resources
  ± StateMachineLogs (AWS::Logs::LogGroup)
      ~ LogGroupName: a → b
""",
    "a bucket that is named": """Warnings
  ! DataBucket (AWS::S3::Bucket) is replaced, since BucketName cannot change in
      place; the old one is kept
        deploy refuses this without --allow-replace DataBucket

Other resources
  ± DataBucket (AWS::S3::Bucket)
      + BucketName: orders-data
""",
    "a key of the bucket": """Other resources
  ~ DataBucket (AWS::S3::Bucket)
      ~ BucketEncryption … KMSMasterKeyID: arn:k/1 → arn:k/2
""",
    "a bucket of one's own": """Other resources
  - DataBucket (AWS::S3::Bucket)
  - DataBucketPolicy (AWS::S3::BucketPolicy)

Stays as it is
    DataBucket (AWS::S3::Bucket) leaves the stack and is kept, with what it
      holds
    DataBucketPolicy (AWS::S3::BucketPolicy) leaves the stack and is kept
    retention: bucket mine is yours: its lifecycle rules are left as they are
""",
    "a schedule that is switched off": """Schedule
  ~ Schedule (AWS::Scheduler::Schedule)
      ~ State: ENABLED → DISABLED
""",
    "a time zone": """Schedule
  ~ Schedule (AWS::Scheduler::Schedule)
      ~ ScheduleExpressionTimezone: UTC → Europe/Berlin
""",
    "a schedule that is new": """Schedule
  + Schedule (AWS::Scheduler::Schedule)
        starts a run at cron(0 6 * * ? *) in UTC

Other resources
  ~ Queue (AWS::SQS::Queue)
      ~ A: 1 → 2
""",
    "a schedule that is gone": """Schedule
  - MaintenanceSchedule (AWS::Scheduler::Schedule)

Other resources
  ~ Queue (AWS::SQS::Queue)
      ~ A: 1 → 2
""",
    "a feature less": """Feature groups
  ~ OrdersGroup (AWS::SageMaker::FeatureGroup)
      - FeatureDefinitions.b: {"FeatureType": "Integral"}
""",
    "a feature group that is new": """Feature groups
  + OrdersGroup (AWS::SageMaker::FeatureGroup)

Other resources
  ~ Queue (AWS::SQS::Queue)
      ~ A: 1 → 2
""",
    "a feature group that would be replaced": """Warnings
  ! OrdersGroup (AWS::SageMaker::FeatureGroup) is replaced, since Description
      cannot change in place; the old one is kept
        deploy refuses this without --allow-replace OrdersGroup

Feature groups
  ± OrdersGroup (AWS::SageMaker::FeatureGroup)
""",
    "a data set more": """Data sets and tables
  + data set orders
        the next run makes its table
""",
    "a data set less": """Data sets and tables
  - data set orders
        its table stays as it is
""",
    "another pattern": """Data sets and tables
  ~ data set orders
      ~ patterns: -orders/*, +orders/*.csv
""",
    "a column less": """Data sets and tables
  ~ data set orders
      - columns.note: {"type": "string"}
        decides other rows now: the next run holds it back until it is told
        run dev --rebuild orders, or --from-now-on orders
        a rebuild makes these tables anew, too: daily, monthly
""",
    "a column of another type": """Data sets and tables
  ~ data set orders
      ~ columns.id.type: long → string
        decides other rows now: the next run holds it back until it is told
        run dev --rebuild orders, or --from-now-on orders
""",
    "a check": """Data sets and tables
  ~ data set orders
      + checks.negative: amount >= 0
        decides other rows now: the next run holds it back until it is told
        run dev --rebuild orders, or --from-now-on orders
""",
    "a key": """Data sets and tables
  ~ data set orders
      ~ key: +id
        decides other rows now: the next run holds it back until it is told
        run dev --rebuild orders, or --from-now-on orders
""",
    "a table more": """Data sets and tables
  + table daily
        the next run makes its table
""",
    "a partition": """Data sets and tables
  ~ table daily
      ~ partition: +month(day)
""",
    "a role that is new": """Permissions
  + role TrainJobRole, of the step train
      + may s3:PutObject
          + on arn:b/out/*
          + on arn:b/tmp/*

Other resources
  + TrainJobRole (AWS::IAM::Role)
""",
    "a role that is gone": """Permissions
  - role LoadJobRole
      - may no longer s3:GetObject, s3:ListBucket
          - on arn:b/*

Other resources
  - LoadJobRole (AWS::IAM::Role)
""",
    "a managed policy": """Permissions
  ~ role LoadJobRole
      + may all that the policy allows
          + on arn:aws:iam::1:policy/audit
""",
    "a denial": """Permissions
  ~ role LoadJobRole
      + may never s3:PutObject
          + on arn:b/out/*
          + on arn:b/tmp/*
""",
    "a resource of a permission": """Permissions
  ~ role LoadJobRole
      + may s3:GetObject, s3:ListBucket
          + on arn:c/*
""",
    "alarms": """Other resources
  + FailureTopic (AWS::SNS::Topic)
  + FailureAlarm (AWS::CloudWatch::Alarm)
  ~ Queue (AWS::SQS::Queue)
      ~ A: 1 → 2
""",
    "what outlived a stack": """Other resources
  < DataBucket (AWS::S3::Bucket): my-bucket
  ~ Queue (AWS::SQS::Queue)
      ~ A: 1 → 2
""",
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_change_has_its_page(kind: str) -> None:
    """The whole of it, in lines of at most 80 columns."""
    assert KINDS[kind].rstrip("\n") == PAGES[kind].rstrip("\n")


def test_the_way_back_stands_last() -> None:
    """Of what is deployed already; what is lost does not come back."""
    lost = Change("Remove", "Logs", LOGS, policy="Delete")
    assert (
        shown(lost, deployed=True)
        .rstrip()
        .endswith(
            "To undo it\n"
            "    python -m data_pipeline rollback dev\n"
            "    what is published stays as it is then\n"
            "  ! what Logs held does not come back"
        )
    )


def test_buckets_are_called_by_their_names() -> None:
    """In permissions, whose lines would not fit otherwise."""
    names = {"arn:aws:s3:::shop-dev-storage-databucket-1111111111111/": "DataBucket/"}
    bucket = "arn:aws:s3:::shop-dev-storage-databucket-1111111111111"
    read = {**READ, "Resource": f"{bucket}/output/warehouse/*"}
    assert "          + on DataBucket/output/warehouse/*\n" in f"{roles(role(), role(read), names=names)}\n"


def test_an_output_in_which_another_pipeline_has_published_is_refused() -> None:
    """Also of one that has gone since; another output is none of it, nor one that is not known."""
    names, own = Names("orders", "dev"), "s3://mine/output/"
    others = [Other(Names("shop", "dev"), output="s3://mine/shop/"), Other(Names("things", "dev"))]
    renamed.refuse_shared_output(names, others, own)
    assert [*renamed.notes(names, others[:1], own)] == [*renamed.notes(names, others[:1])]
    gone = Other(Names("wind", "dev"), stands=False, output=own)
    with pytest.raises(UserError, match=f"^orders-dev: its output is {own}, where wind-dev has published: "):
        renamed.refuse_shared_output(names, [*others, gone], own)
