"""The page of a deployment: each kind of change, the whole page pinned."""

from __future__ import annotations

from typing import Any

import pytest

from data_pipeline.core.deployment.changes import Change, StackChanges
from data_pipeline.core.deployment.page import rendering
from data_pipeline.core.deployment.page.files import Stored, stored
from data_pipeline.core.deployment.page.page import Given, page
from data_pipeline.core.deployment.stack_states import Treatment
from data_pipeline.etl.documents.datasets import Column, Dataset, Definitions, Format, Table

OLD, NEW = "a" * 64, "b" * 64


def modified(name: str, type_: str, before: Any, after: Any, **more: Any) -> Change:
    """A change of a resource's properties."""
    return Change("Modify", name, type_, before={"Properties": before}, after={"Properties": after}, **more)


def plan(*changes: Change, **more: Any) -> StackChanges:
    return StackChanges("shop-dev-pipeline", Treatment.UPDATE, changes, **more)


def shown(*changes: Change, **given: Any) -> str:
    """The page without its stacks and its last line."""
    lines = [*rendering.lines(page([plan(*changes)], Given("dev", **given)))]
    assert max(map(len, lines)) <= 80
    sections = "\n".join(lines[:-1]).split("\n\n")
    stacks = [each for each in sections if each.startswith("Stacks\n    shop-dev-pipeline: update it")]
    assert len(stacks) == 1
    return "\n\n".join(each for each in sections if each not in stacks)


def role(*statements: Any, **more: Any) -> dict[str, Any]:
    return {"Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [*statements]}}], **more}


READ = {"Sid": "Read", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "arn:b/*"}
WRITE = {"Effect": "Allow", "Action": "s3:PutObject", "Resource": ["arn:b/out/*", "arn:b/tmp/*"]}
TAGGED = {**READ, "Condition": {"StringEquals": {"aws:SourceAccount": "1"}}}
MACHINE = {
    "StartAt": "A",
    "States": {
        "A": {
            "Type": "Task",
            "Resource": "arn:aws:states:::glue:startJobRun.sync",
            "TimeoutSeconds": 60,
            "Next": "B",
        },
        "B": {"Type": "Choice", "Choices": [{"Condition": "x", "Next": "A"}], "Default": "C"},
        "C": {"Type": "Succeed"},
    },
}


def machine(**states: Any) -> dict[str, Any]:
    given = {**MACHINE["States"], **states}
    return {**MACHINE, "States": {name: state for name, state in given.items() if state}}


def machines(before: Any, after: Any) -> str:
    kind = "AWS::StepFunctions::StateMachine"
    return shown(modified("StateMachine", kind, {"Definition": before}, {"Definition": after}))


def roles(before: Any, after: Any, **given: Any) -> str:
    return shown(modified("LoadJobRole", "AWS::IAM::Role", before, after), **given)


DATASET = Dataset("orders", ("orders/*",), Format("csv"), (Column("id", "long"), Column("note", "string")))
TABLES = {
    "daily": Table("daily", "SELECT 1", ("orders",)),
    "monthly": Table("monthly", "SELECT 2", ("daily",)),
    "other": Table("other", "SELECT 3", ("weather",)),
}


def definitions(*datasets: Dataset, **tables: Table) -> Definitions:
    return Definitions({each.name: each for each in datasets}, tables)


def changed(**fields: Any) -> Dataset:
    return Dataset(**{**{name: getattr(DATASET, name) for name in DATASET.__dataclass_fields__}, **fields})


def data(before: Definitions, after: Definitions) -> str:
    return shown(before=before, after=after)


PAGES: dict[str, tuple[str, str]] = {
    "a larger machine": (
        machines(MACHINE, machine(A={**MACHINE["States"]["A"], "TimeoutSeconds": 7200})),
        """State machines
  ~ StateMachine
      ~ state A
          ~ TimeoutSeconds: 60 → 7200
""",
    ),
    "a step that is new": (
        machines(MACHINE, machine(D={"Type": "Task", "Resource": "arn:aws:states:::sns:publish"})),
        """State machines
  ~ StateMachine
      + state D (sns:publish)
""",
    ),
    "a step that is gone": (
        machines(MACHINE, {**machine(A=None), "StartAt": "B"}),
        """State machines
  ~ StateMachine
      - state A (glue:startJobRun.sync)
      ~ StartAt: A → B
""",
    ),
    "states that change alike": (
        machines(
            machine(D={"Type": "Pass", "Next": "B"}, E={"Type": "Pass", "Next": "B"}),
            machine(D={"Type": "Pass", "Next": "C"}, E={"Type": "Pass", "Next": "C"}),
        ),
        """State machines
  ~ StateMachine
      ~ states D, E
          ~ Next: B → C
""",
    ),
    "another choice": (
        machines(
            MACHINE, machine(B={**MACHINE["States"]["B"], "Choices": [{"Condition": "x", "Next": "C"}]})
        ),
        """State machines
  ~ StateMachine
      ~ state B
          ~ Choices.0.Next: A → C
""",
    ),
    "a permission that is gained": (
        roles(role(READ), role(READ, WRITE), steps={"LoadJobRole": "load"}),
        """Permissions
  ~ role LoadJobRole, of the step load
      + may s3:PutObject
          + on arn:b/out/*
          + on arn:b/tmp/*
""",
    ),
    "a permission that is lost": (
        roles(role(READ), role({**READ, "Action": "s3:GetObject"})),
        """Permissions
  ~ role LoadJobRole
      - may no longer s3:ListBucket
          - on arn:b/*
""",
    ),
    "a condition that is new": (
        roles(role(READ), role(TAGGED)),
        """Permissions
  ~ role LoadJobRole
      + may s3:GetObject, s3:ListBucket
          + on arn:b/*
            where aws:SourceAccount StringEquals 1
      - may no longer s3:GetObject, s3:ListBucket
          - on arn:b/*
""",
    ),
    "another name of a statement": (
        roles(role(READ), role({**READ, "Sid": "Look"})),
        "",
    ),
    "who may take a role": (
        roles(
            {"AssumeRolePolicyDocument": {"Statement": []}},
            {
                "AssumeRolePolicyDocument": {
                    "Statement": {
                        "Effect": "Allow",
                        "Principal": {"Service": "glue.amazonaws.com"},
                        "Action": "sts:AssumeRole",
                    }
                }
            },
        ),
        """Permissions
  ~ role LoadJobRole
      + may sts:AssumeRole
          + on itself, as glue.amazonaws.com
""",
    ),
    "a script": (
        shown(
            modified(
                "LoadJob", "AWS::Glue::Job", {"Script": f"s3://c/{OLD}/x"}, {"Script": f"s3://c/{NEW}/x"}
            ),
            modified("Other", "AWS::Glue::Job", {"A": {"B": [OLD]}}, {"A": {"B": [NEW]}}),
            hashes={OLD: NEW},
            code={
                "load.py": Stored(3, ""),
                "gone.py": Stored(1, ""),
                "data_pipeline/etl/x.py": Stored(9, ""),
            },
            shipped={"load.py": b"12345", "new.py": b"", "data_pipeline/etl/x.py": b"", "jobs-0.whl": b"1"},
            uploads={"k": 1500, "l": 20},
            bucket="artifacts",
        ),
        """Code
  - jobs/gone.py
  ~ jobs/load.py
  + jobs/new.py
  ~ the tool's own code: 1 file
    2 resources carry the new hash of code, packages or documents, and nothing
      else

Uploads
  + 2 objects, 2 kB, to s3://artifacts/
""",
    ),
    "a script and a size": (
        shown(
            modified(
                "LoadJob",
                "AWS::Glue::Job",
                {"Script": OLD, "Workers": 2, "Arguments": {"--a": "1", "--b": "2"}},
                {"Script": NEW, "Workers": 4, "Arguments": {"--a": "1", "--c": "2"}},
            ),
            hashes={OLD: NEW},
        ),
        """Other resources
  ~ LoadJob (AWS::Glue::Job)
      ~ Workers: 2 → 4
      - Arguments.--b: 2
      + Arguments.--c: 2
""",
    ),
    "a tag": (
        shown(
            Change("Modify", "LoadJob", "AWS::Glue::Job", because=("Tags",)),
            modified(
                "Queue",
                "AWS::SQS::Queue",
                {"Tags": [{"Key": "team", "Value": "data"}, {"Key": "cost", "Value": "1"}]},
                {"Tags": [{"Key": "cost", "Value": "1"}, {"Key": "team", "Value": "sales"}]},
                because=("Tags",),
            ),
        ),
        """Other resources
  ~ tags of 2 resources
      ~ Tags.team.Value: data → sales
""",
    ),
    "the schedule": (
        shown(
            modified(
                "Schedule",
                "AWS::Scheduler::Schedule",
                {"ScheduleExpression": "rate(1 day)", "State": "ENABLED"},
                {"ScheduleExpression": "rate(12 hours)", "State": "ENABLED"},
            ),
            notes=("schedule: paused by ann; it stays paused",),
        ),
        """Schedule
  ~ Schedule (AWS::Scheduler::Schedule)
      ~ ScheduleExpression: rate(1 day) → rate(12 hours)

Stays as it is
    schedule: paused by ann; it stays paused
""",
    ),
    "a feature": (
        shown(
            modified(
                "OrdersGroup",
                "AWS::SageMaker::FeatureGroup",
                {"FeatureDefinitions": [{"FeatureName": "a", "FeatureType": "String"}]},
                {
                    "FeatureDefinitions": [
                        {"FeatureName": "a", "FeatureType": "String"},
                        {"FeatureName": "b", "FeatureType": "Integral"},
                    ]
                },
            )
        ),
        """Feature groups
  ~ OrdersGroup (AWS::SageMaker::FeatureGroup)
      + FeatureDefinitions.b: {"FeatureType": "Integral"}
""",
    ),
    "a bucket that is replaced": (
        shown(
            modified(
                "DataBucket",
                "AWS::S3::Bucket",
                {"BucketName": "a"},
                {"BucketName": "b"},
                replacement="True",
                forced_by=("BucketName",),
                policy="Delete",
            )
        ),
        """Warnings
  ! DataBucket (AWS::S3::Bucket) is replaced, since BucketName cannot change in
      place; DATA LOSS: what the old one holds is deleted
        deploy refuses this without --allow-replace DataBucket

Other resources
  ± DataBucket (AWS::S3::Bucket)
      ~ BucketName: a → b
""",
    ),
    "a bucket that is removed": (
        shown(Change("Remove", "DataBucket", "AWS::S3::Bucket", policy="Retain")),
        """Other resources
  - DataBucket (AWS::S3::Bucket)

Stays as it is
    DataBucket (AWS::S3::Bucket) leaves the stack and is kept, with what it
      holds
""",
    ),
    "a column": (
        data(
            definitions(DATASET, **TABLES),
            definitions(
                changed(columns=(*DATASET.columns, Column("paid", "boolean", nullable=True))), **TABLES
            ),
        ),
        """Data sets and tables
  ~ data set orders
      + columns.paid: {"type": "boolean", "nullable": true}
        decides other rows now: the next run holds it back until it is told
        run dev --rebuild orders, or --from-now-on orders
        a rebuild makes these tables anew, too: daily, monthly
""",
    ),
    "a rule": (
        data(definitions(DATASET), definitions(changed(rules={"quarantined-share": "fail 0.05"}))),
        """Data sets and tables
  ~ data set orders
      + rules.quarantined-share: fail 0.05
""",
    ),
    "SQL of a table": (
        data(definitions(daily=TABLES["daily"]), definitions(daily=Table("daily", "SELECT 10", ("orders",)))),
        """Data sets and tables
  ~ table daily
      ~ sql: SELECT 1 → SELECT 10
        the next run makes it anew
""",
    ),
    "a data set that is new and a table that is gone": (
        data(definitions(daily=TABLES["daily"]), definitions(DATASET)),
        """Data sets and tables
  + data set orders
        the next run makes its table
  - table daily
        its table stays as it is
""",
    ),
}


@pytest.mark.parametrize(("found", "expected"), PAGES.values(), ids=PAGES)
def test_each_kind_of_change_has_its_page(found: str, expected: str) -> None:
    """Nothing besides; what only carries a new hash is folded."""
    assert found.rstrip("\n") == expected.rstrip("\n")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            {"replacement": "True", "forced_by": ("BucketName",), "policy": "Delete"},
            "DataBucket (AWS::S3::Bucket) is replaced, since BucketName cannot change in place; DATA LOSS: what the "
            "old one holds is deleted",
        ),
        (
            {"replacement": "Conditional", "policy": "ReplaceAndRetain"},
            "DataBucket (AWS::S3::Bucket) may be replaced; the old one is kept",
        ),
        (
            {"action": "Remove", "policy": "Delete"},
            "DataBucket (AWS::S3::Bucket) is removed; DATA LOSS: what it holds is deleted",
        ),
    ],
)
def test_what_is_lost_or_replaced_stands_first(change: dict[str, Any], said: str) -> None:
    """With the reason, and what becomes of the data."""
    given = {"action": "Modify", "logical_id": "DataBucket", "type": "AWS::S3::Bucket", **change}
    made = page([plan(Change(**given), warnings=("mind the gap",))], Given("dev"))
    assert made.sections[0].title == "Warnings"
    assert [entry.text for entry in made.sections[0].entries] == ["mind the gap", said]
    assert {entry.sign for entry in made.sections[0].entries} == {"!"}


def test_a_new_stack_is_counted_by_type() -> None:
    """What its template adds, without values."""
    changes = [Change("Add", f"Job{n}", "AWS::Glue::Job") for n in range(3)]
    new = StackChanges("s", Treatment.CREATE, (*changes, Change("Add", "Q", "AWS::SQS::Queue")), protect=True)
    made = page([new], Given("dev", makes_bucket=True, bucket="artifacts"))
    assert [*rendering.lines(made)] == [
        "Stacks",
        f"    s: {Treatment.CREATE.value}",
        "      + termination protection",
        "",
        "Other resources",
        "  + all of s: 4 resources",
        "      + 3 × AWS::Glue::Job",
        "      + AWS::SQS::Queue",
        "",
        "Uploads",
        "  + bucket artifacts: made (private, encrypted, versioned, TLS only)",
        "",
        "4 to add",
    ]


def test_nothing_is_one_line() -> None:
    """And no change."""
    made = page([plan(any=False)], Given("dev"))
    assert not made.changes
    assert [*rendering.lines(made)] == ["no changes: dev is deployed as it stands here"]
    assert rendering.markdown(made) == "### Plan for `dev`: no changes\n"


def test_what_is_known_only_later_says_why() -> None:
    """A stack that has to be mended first."""
    made = page([plan(unknown="you will be asked again")], Given("dev"))
    assert [*rendering.lines(made)][:2] == [
        "Stacks",
        "    shop-dev-pipeline: update it",
    ]
    assert "you will be asked again" in [*rendering.lines(made)][2]


def test_json_and_markdown_say_the_same() -> None:
    """Markdown as a diff, in which what changes has an exclamation mark."""
    job = modified("Job", "AWS::Glue::Job", {"Workers": 2}, {"Workers": 4, "Name": "x"})
    made = page([plan(job)], Given("dev"))
    told = rendering.as_json(made)
    details = [{"sign": "~", "text": "Workers: 2 → 4"}, {"sign": "+", "text": "Name: x"}]
    assert told["changes"] is True
    assert told["sections"][1] == {
        "title": "Other resources",
        "entries": [{"sign": "~", "text": "Job (AWS::Glue::Job)", "details": details}],
    }
    assert rendering.markdown(made) == (
        "### Plan for `dev`: 1 to modify\n\n**Stacks**\n\n```diff\n  shop-dev-pipeline: update it\n```\n\n"
        "**Other resources**\n\n```diff\n! Job (AWS::Glue::Job)\n!   Workers: 2 → 4\n+   Name: x\n```\n"
    )


def test_long_values_are_shown_where_they_part() -> None:
    """One side below the other; a value that is known later says so in words."""
    condition = "x = 1 and " * 40
    before = {"Condition": f"{condition}y = 2{condition}", "Arn": "{{changeSet:KNOWN_AFTER_APPLY}}"}
    after = {"Condition": f"{condition}y = 3{condition}", "Arn": "a"}
    lines = shown(modified("Thing", "AWS::SQS::Queue", before, after)).splitlines()
    assert lines[2] == "      ~ Condition"
    assert "y = 2" in lines[3]
    assert lines[3].strip().startswith("- …")
    assert lines[-1] == "      ~ Arn: (known when it is made) → a"
    assert len("\n".join(lines)) < 400


def test_files_are_compared_by_content_where_their_etags_tell() -> None:
    """Without, by their sizes; of many, the first are named."""
    from data_pipeline.core.deployment.page.files import entries

    md5 = "900150983cd24fb0d6963f7d28e17f72"  # of abc
    assert stored(3, f'"{md5}"') == Stored(3, md5)
    assert stored(3, f'"{md5}-2"') == Stored(3, "")
    assert [*entries({"a": Stored(3, md5)}, {"a": b"abc"})] == []
    assert [entry.text for entry in entries({"a": Stored(3, md5)}, {"a": b"abd"})] == ["jobs/a"]
    assert [*entries({"a": Stored(3, md5)}, {"a": b"abd"}, encrypted=True)] == []
    assert [*entries({"a": Stored(3)}, {"a": b"abd"})] == []
    many = [*entries({}, {f"{n:02}": b"" for n in range(25)})]
    assert [entry.text for entry in many[19:]] == ["jobs/19", "and 5 more files"]
