"""Glue's job definitions: kept whole, refused as Glue refuses them, and by name where a run is not
emulated.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import GlueJobs

SHELL, SPARK = "pythonshell", "glueetl"
REFUSED = "the embedded AWS does not emulate it."


@pytest.mark.parametrize(
    ("kind", "changes", "expected"),
    [
        (SPARK, {"GlueVersion": "4.0"}, "GlueVersion 4.0 of a Spark job (only 5.0, 5.1)"),
        (
            SPARK,
            {"MaxCapacity": 2.0},
            "Please do not set Max Capacity if using Worker Type and Number of Workers.",
        ),
        (SPARK, {"NumberOfWorkers": None}, "Worker Type and Number of Workers must be set together."),
        (SPARK, {"JobRunQueuingEnabled": True}, f"JobRunQueuingEnabled: {REFUSED}"),
        (SPARK, {"Connections": {"Connections": ["c"]}}, f"Connections: {REFUSED}"),
        (SPARK, {"MaxRetries": 1}, f"MaxRetries above 0: {REFUSED}"),
        (SPARK, {"Timeout": 10081}, "Timeout must be at most 10080 minutes"),
        (SHELL, {"WorkerType": "G.1X", "NumberOfWorkers": 2}, "are not for Python shell jobs"),
        (SHELL, {"MaxCapacity": 2.0}, "MaxCapacity of a Python shell job is 0.0625 or 1."),
        (SHELL, {"ExecutionClass": "FLEX"}, "ExecutionClass FLEX is for Spark jobs only."),
        ("gluestreaming", {}, f"Command.Name gluestreaming: {REFUSED}"),
        ("hive", {}, "Command.Name 'hive' is not one of"),
    ],
)
def test_a_definition_is_refused(
    glue_jobs: GlueJobs, kind: str, changes: dict[str, Any], expected: str
) -> None:
    """Each with InvalidInputException and a sentence of its own."""
    definition = {
        "Name": support.unique("job"),
        "Role": glue_jobs.role,
        "Command": {
            "Name": kind,
            "ScriptLocation": "s3://b/k.py",
            "PythonVersion": "3.9" if kind == SHELL else "3",
        },
        **({"GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2} if kind == SPARK else {}),
        **changes,
    }
    given = {name: value for name, value in definition.items() if value is not None}
    with pytest.raises(ClientError) as caught:
        glue_jobs.api.create_job(**given)
    assert caught.value.response["Error"]["Code"] == "InvalidInputException"
    assert expected in caught.value.response["Error"]["Message"]
    with pytest.raises(glue_jobs.api.exceptions.EntityNotFoundException):
        glue_jobs.api.get_job(JobName=definition["Name"])


def test_python_shell_is_python_3_9(glue_jobs: GlueJobs) -> None:
    """Another PythonVersion of a Python shell job is refused by name."""
    command = {"Name": SHELL, "ScriptLocation": "s3://b/k.py", "PythonVersion": "3"}
    with pytest.raises(ClientError, match=r"Command\.PythonVersion 3 of a Python shell job"):
        glue_jobs.api.create_job(Name=support.unique("job"), Role=glue_jobs.role, Command=command)


def test_a_definition_is_kept_whole_and_replaced_by_an_update(glue_jobs: GlueJobs) -> None:
    """Defaults are filled in; what UpdateJob leaves out is gone; a name is taken once."""
    name = glue_jobs.define(
        "", SPARK, ExecutionProperty={"MaxConcurrentRuns": 3}, DefaultArguments={"--a": "1"}, Description="d"
    )
    job = glue_jobs.api.get_job(JobName=name)["Job"]
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 3}
    assert (job["Timeout"], job["ExecutionClass"], job["MaxCapacity"]) == (480, "STANDARD", 2.0)
    with pytest.raises(glue_jobs.api.exceptions.AlreadyExistsException):
        glue_jobs.define("", SPARK, Name=name)
    command = {"Name": SHELL, "ScriptLocation": "s3://b/k.py", "PythonVersion": "3.9"}
    glue_jobs.api.update_job(JobName=name, JobUpdate={"Role": glue_jobs.role, "Command": command})
    after = glue_jobs.api.get_job(JobName=name)["Job"]
    assert after["CreatedOn"] == job["CreatedOn"]
    assert after["DefaultArguments"] == {}
    assert after["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
    assert "Description" not in after
    assert (after["Timeout"], after["MaxCapacity"], after["GlueVersion"]) == (2880, 0.0625, "3.0")


def test_cloudformation_keeps_every_property(glue_jobs: GlueJobs) -> None:
    """AWS::Glue::Job gives the whole definition, numbers as numbers, and an update drops what was dropped."""
    name = support.unique("stack-job")
    properties: dict[str, Any] = {
        "Name": name,
        "Role": glue_jobs.role,
        "GlueVersion": "5.1",
        "WorkerType": "G.1X",
        "NumberOfWorkers": "2",
        "Timeout": 60,
        "ExecutionProperty": {"MaxConcurrentRuns": 4},
        "Command": {"Name": SPARK, "PythonVersion": "3", "ScriptLocation": "s3://b/k.py"},
        "DefaultArguments": {"--number": 5, "--flag": True},
        "Tags": {"team": "data"},
    }

    def template() -> str:
        return json.dumps({"Resources": {"Job": {"Type": "AWS::Glue::Job", "Properties": properties}}})

    cloudformation = glue_jobs.client("cloudformation")
    cloudformation.create_stack(StackName=name, TemplateBody=template())
    cloudformation.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    job = glue_jobs.api.get_job(JobName=name)["Job"]
    assert (job["NumberOfWorkers"], job["Timeout"]) == (2, 60)
    assert job["ExecutionProperty"] == {"MaxConcurrentRuns": 4}
    assert job["DefaultArguments"] == {"--number": "5", "--flag": "true"}
    del properties["ExecutionProperty"]
    cloudformation.update_stack(StackName=name, TemplateBody=template())
    cloudformation.get_waiter("stack_update_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
    assert glue_jobs.api.get_job(JobName=name)["Job"]["ExecutionProperty"] == {"MaxConcurrentRuns": 1}
