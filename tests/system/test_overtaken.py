"""A deployment that overtakes a run: the run, and a redrive of one, end well with the code that they began with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from randomness import SOAK
from system.project import Project
from system.test_interruptions import trips
from waiting import until

#: What the job of Prepare waits for: an object of this name in the input.
WAITING = """\
def waiting(argv):
    import time

    packages.put_first()
    import boto3

    bucket, _, prefix = argv[argv.index("--input") + 1].removeprefix("s3://").partition("/")
    s3 = boto3.client("s3")
    while not s3.list_objects_v2(Bucket=bucket, Prefix=f"{prefix}_go").get("Contents"):
        time.sleep(0.1)
    main(argv)


if __name__ == "__main__":
    exits.run(waiting, sys.argv[1:])
"""


def started(project: Project, machine: str) -> str:
    """A new execution, whose first job runs."""
    states = project.client("stepfunctions")
    arn: str = states.start_execution(stateMachineArn=machine, input='{"concurrent": true}')["executionArn"]

    def submitted() -> bool:
        events = states.get_execution_history(executionArn=arn)["events"]
        return any(event["type"] == "TaskSubmitted" for event in events)

    until(submitted)
    return arn


def ended(project: Project, arn: str) -> dict[str, Any]:
    states = project.client("stepfunctions")
    found: dict[str, Any] = until(
        lambda: (d := states.describe_execution(executionArn=arn))["status"] != "RUNNING" and d
    )
    return found


def code_of_the_counting(project: Project, arn: str) -> list[str]:
    """Where each counting job of an execution had its code from."""
    events = project.client("stepfunctions").get_execution_history(executionArn=arn, maxResults=1000)[
        "events"
    ]
    scheduled = [event["taskScheduledEventDetails"] for event in events if event["type"] == "TaskScheduled"]
    jobs = [json.loads(task["parameters"]) for task in scheduled if task["resourceType"] == "sagemaker"]
    return [job["ProcessingInputs"][0]["S3Input"]["S3Uri"] for job in jobs]


@pytest.mark.soak
@pytest.mark.skipif(
    not SOAK, reason="a deployment in the midst of a run, and a redrive: `make soak` makes them"
)
def test_a_run_that_a_deployment_overtakes_ends_well_and_so_does_a_redrive(
    project: Project, tmp_path: Path
) -> None:
    """Both were under way when changed jobs were deployed; both count with the code of before, under today's roles."""
    prepare = project.root / "data_pipeline" / "etl" / "jobs" / "prepare_datasets.py"
    waiting = project.root / "jobs" / prepare.name  # in the place of the tool's own
    waiting.write_text(prepare.read_text().partition("if __name__")[0] + WAITING)
    first = project.deploy()
    outputs = dict(line.split(maxsplit=1) for line in first.out.splitlines())
    trips(tmp_path / "trips", 1, 1_000)
    bucket, _, prefix = outputs["InputUri"].removeprefix("s3://").partition("/")
    s3, states = project.client("s3"), project.client("stepfunctions")
    name = "green_tripdata_2019-01.csv"
    s3.upload_file(str(tmp_path / "trips" / name), bucket, prefix + name)
    overtaken, stopped = (started(project, outputs["StateMachineAliasArn"]) for _ in range(2))
    states.stop_execution(executionArn=stopped)
    rides = project.root / "jobs" / "ride_counts.py"
    rides.write_text(rides.read_text() + "\n# changed\n")
    project.deploy()
    s3.put_object(Bucket=bucket, Key=f"{prefix}_go", Body=b"")
    found = ended(project, overtaken)
    assert found["status"] == "SUCCEEDED", (found["error"], found["cause"])
    states.redrive_execution(executionArn=stopped)
    redriven = ended(project, stopped)
    assert (redriven["status"], redriven["redriveCount"]) == ("SUCCEEDED", 1), redriven
    assert {each["stateMachineVersionArn"] for each in (found, redriven)} == {
        outputs["StateMachineVersionArn"]
    }
    (old,) = code_of_the_counting(project, overtaken)
    assert old not in states.describe_state_machine(stateMachineArn=outputs["StateMachineArn"])["definition"]
    assert set(code_of_the_counting(project, stopped)) <= {old}
