"""A quota of processing jobs, as the rendered state machines meet it: a run and the maintenance share an instance."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from embedded_aws.jobs import support
from embedded_aws.jobs.conftest import Processing
from embedded_aws.jobs.test_sync import Machine, sagemaker_statements
from environments import environment

from data_pipeline.core.machine import failures
from data_pipeline.core.machine.state_machine import machines
from data_pipeline.embedded_aws.jobs import quotas

#: an instance type that no other test uses.
KIND = "ml.m5.24xlarge"
LIST = support.allow(["sagemaker:ListProcessingJobs"])


@pytest.fixture
def quota(processing: Processing) -> Iterator[Any]:
    """``quota(1)``: so many instances of ``KIND`` may be in use."""
    file = processing.endpoint.state / quotas.FILE

    def limit(instances: int) -> None:
        file.write_text(json.dumps({f"{KIND} for processing job usage": instances}), encoding="utf-8")

    yield limit
    file.unlink()


def job_machine(world: Processing, name: str, state: str, script: str, *more: dict[str, Any]) -> Machine:
    """The states of one job of a rendered machine, which runs this script and waits a second at a time."""
    states = machines(environment())[name]["States"]
    request = world.request(script)
    request["ProcessingJobName"] = states[state]["Arguments"]["ProcessingJobName"]
    request["ProcessingResources"]["ClusterConfig"]["InstanceType"] = KIND
    kept = {f"{state}{part}": states[f"{state}{part}"] for part in ("", "Failure", "OtherJobs", "Backoff")}
    # A refused look is not tried again: its retries would take half a minute.
    kept[f"{state}OtherJobs"] = {**states[f"{state}OtherJobs"], "Retry": []}
    kept[state] = {**states[state], "Arguments": request, "Next": "Done"}
    definition = {
        "QueryLanguage": "JSONata",
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Assign": failures.START, "Next": state},
            **kept,
            "Done": {"Type": "Succeed"},
            "Failed": states["Failed"],
        },
    }
    text = json.dumps(definition).replace(f'"pause": {failures.QUOTA_PAUSE}', '"pause": 1')
    text = text.replace(f'"pause": {failures.ALONE_PAUSE}', '"pause": 1')
    role = support.role(
        world.endpoint, "states.amazonaws.com", *sagemaker_statements(world.role), *(more or [LIST])
    )
    api = world.client("stepfunctions")
    made = api.create_state_machine(name=support.unique("machine"), definition=text, roleArn=role)
    return Machine(api, made["stateMachineArn"])


def test_a_run_and_the_maintenance_share_one_instance(processing: Processing, quota: Any) -> None:
    """Whoever comes second is refused, waits for the first one's job, and ends well."""
    quota(1)
    run = job_machine(processing, "nyc-tlc-dev", "Load", "import time; time.sleep(3)")
    upkeep = job_machine(processing, "nyc-tlc-dev-maintenance", "Maintenance", "print('kept')")
    first = run.start()
    support.until(lambda: run.events(first, "TaskSubmitted"), bool)
    second, ended = upkeep.run()
    assert ended["status"] == "SUCCEEDED", ended
    refused = [event["error"] for event in upkeep.events(second, "TaskFailed")]
    assert {*refused} == {"SageMaker.ResourceLimitExceededException"}
    assert run.ended(first)["status"] == "SUCCEEDED"


def test_a_quota_that_nobody_uses_fails_the_run(processing: Processing, quota: Any) -> None:
    """With a quota of 0 it is tried once more, since another job may just have ended; then SageMaker's own words."""
    quota(0)
    made = job_machine(processing, "nyc-tlc-dev", "Load", "pass")
    execution, ended = made.run()
    assert (ended["status"], ended["error"]) == ("FAILED", "SageMaker.ResourceLimitExceededException")
    assert f"'{KIND} for processing job usage' is 0 Instances" in ended["cause"]
    assert len(made.events(execution, "WaitStateEntered")) == 1
    assert len(made.events(execution, "TaskFailed")) == 2


def test_a_look_that_is_refused_leaves_the_first_failure(processing: Processing, quota: Any) -> None:
    """Without the permission to list jobs, the run fails with the quota's error, not with AccessDenied."""
    quota(0)
    made = job_machine(processing, "nyc-tlc-dev", "Load", "pass", support.allow(["sagemaker:AddTags"]))
    execution, ended = made.run()
    assert (ended["status"], ended["error"]) == ("FAILED", "SageMaker.ResourceLimitExceededException")
    assert "ListProcessingJobs" in str(made.events(execution, "TaskFailed"))
