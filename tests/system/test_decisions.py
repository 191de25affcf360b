"""A pipeline of two small scripts of its own, deployed: what their results decide, and what they are given."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from randomness import SOAK
from system.project import Project

PIPELINE = """\
pipeline: tiny
region: us-east-1
steps:
  look:
    script: look.py
    service: glue
    glue: {runtime: glue-pythonshell}
    arguments:
      folder: "{output}runs/{run}/"
      reprocess: "{reprocess}"
      datasets: "{datasets}"
      months: "{months}"
      prune: "{prune}"
    writes: [runs]
    result: decision
  work:
    script: work.py
    service: sagemaker
    after: look
    arguments:
      folder: "{output}runs/{run}/"
      planned: "{planned}"
      datasets: "{datasets}"
      accept: "{accept}"
      engine: one
    cluster: {above_gb: 0.000001, gb_per_instance: 1, most_instances: 2, arguments: {engine: many}}
    writes: [runs]
    result: verdict
"""
_WRITE = """\
import json, sys
import boto3
given = {name[2:]: value for name, value in zip(sys.argv[1::2], sys.argv[2::2]) if name.startswith("--")}
def leave(name, result):
    bucket, _, prefix = given["folder"][len("s3://"):].partition("/")
    body = json.dumps({"given": given, **result}).encode()
    boto3.client("s3").put_object(Bucket=bucket, Key=f"{prefix}{name}.json", Body=body)
"""
#: nothing is new in the data set "old"; the month 2019-02 is large.
LOOK = """\
size = 2000 if given["months"] == "2019-02" else 1000
leave("decision", {"proceed": given["datasets"] != "old", "bytes": size, "new": 1})
"""
#: the data set "bad" fails the rule "too-bad"; the data set "broken" is only done by a run that begins here.
WORK = """\
if given["datasets"] == "broken" and given["folder"].endswith(f"/{given['planned']}/"):
    sys.exit("error: broken")
failed = [{"rule": "too-bad", "source": "bad.txt", "value": 9, "limit": 1}]
bad = given["datasets"] == "bad" and "too-bad" not in given["accept"].split(",")
leave("verdict", {"passed": not bad, "failed_rules": failed if bad else []})
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The pipeline, deployed, with something in its input."""
    project = Project(tmp_path_factory.mktemp("tiny") / "project")
    (project.root / "config" / "pipeline.yaml").write_text(PIPELINE)
    local = project.root / "config" / "local.yaml"
    kept = [line for line in local.read_text().splitlines(keepends=True) if "maintenance:" not in line]
    local.write_text("".join(kept))
    for name, script in (("look", LOOK), ("work", WORK)):
        (project.root / "jobs" / f"{name}.py").write_text(_WRITE + script)
    try:
        project.deploy()
        project.client("s3").put_object(Bucket=project.bucket, Key="input/a.txt", Body=b"x")
        yield project
    finally:
        project.down()


def _states(project: Project, result: dict[str, Any]) -> list[str]:
    """The states that an execution entered."""
    history = project.client("stepfunctions").get_execution_history(executionArn=result["executionArn"])
    entered = [
        e["stateEnteredEventDetails"]["name"] for e in history["events"] if e["type"].endswith("Entered")
    ]
    return [name for name in entered if not name.startswith(("Check", "LookFor", "Read", "BeginAt"))]


def test_the_job_is_given_what_the_run_was_asked_for(tiny: Project) -> None:
    """Every option arrives as text, and every one that was left out as the word for it."""
    plain = tiny.run()
    given = plain["results"]["decision"]["given"]
    assert {k: given[k] for k in ("reprocess", "datasets", "months", "prune")} == {
        "reprocess": "false",
        "datasets": "all",
        "months": "all",
        "prune": "false",
    }
    assert plain["results"]["verdict"]["given"]["accept"] == "none"
    assert _states(tiny, plain) == ["Look", "Work", "Published"]
    options = "--reprocess --prune --dataset a --dataset b --months 2019-01..2019-06 --accept r --accept s-t"
    asked = tiny.run(*options.split())
    given = asked["results"]["decision"]["given"]
    assert (given["reprocess"], given["prune"]) == ("true", "true")
    assert (given["datasets"], given["months"]) == ("a,b", "2019-01..2019-06")
    assert asked["results"]["verdict"]["given"]["accept"] == "r,s-t"


def test_nothing_new_starts_no_other_job(tiny: Project) -> None:
    """The run ends well behind its first step, with that step's result."""
    result = tiny.run("--dataset", "old")
    assert (result["status"], result["endedAt"]) == ("SUCCEEDED", "NothingNew")
    assert _states(tiny, result) == ["Look", "NothingNew"]
    assert result["output"]["proceed"] is False


def test_a_failed_rule_fails_the_run_until_it_is_accepted(tiny: Project) -> None:
    """Rule, value and limit in the execution's own cause; the command that the message gives goes through."""
    done = tiny("python", "data_pipeline_run.py", "local", "--dataset", "bad", "--json")
    assert done.status == 1
    result = json.loads(done.out)
    assert (result["error"], result["cause"]) == ("QualityGateFailed", "too-bad of bad.txt: 9, limit 1")
    assert _states(tiny, result) == ["Look", "Work", "QualityGateFailed"]
    (line,) = [line for line in done.err.splitlines() if line.startswith("  accept ")]
    accepted = tiny.ok(*line.removeprefix("  accept ").split(), "--json").json
    assert accepted["endedAt"] == "Published"


def test_much_to_read_takes_the_cluster(tiny: Project) -> None:
    """The same script, as a job with the Spark image, whose number of instances came from the bytes."""
    result = tiny.run("--months", "2019-02")
    assert _states(tiny, result) == ["Look", "WorkOnCluster", "Published"]
    assert result["results"]["verdict"]["given"]["engine"] == "many"
    jobs = tiny.client("sagemaker")
    newest = jobs.list_processing_jobs(SortBy="CreationTime", MaxResults=1)["ProcessingJobSummaries"][0]
    job = jobs.describe_processing_job(ProcessingJobName=newest["ProcessingJobName"])
    assert "/sagemaker-spark-processing:" in job["AppSpecification"]["ImageUri"]
    assert job["ProcessingResources"]["ClusterConfig"]["InstanceCount"] == 1
    assert job["NetworkConfig"]["EnableInterContainerTrafficEncryption"] is True


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="`make soak` runs a failed run again from a step on")
def test_a_failed_run_goes_on_from_a_step(tiny: Project) -> None:
    """The first step is not done again; its result, which decides about the cluster, is that of the failed run."""
    done = tiny(
        "python", "data_pipeline_run.py", "local", "--dataset", "broken", "--months", "2019-02", "--json"
    )
    assert done.status == 1
    failed = json.loads(done.out)
    assert _states(tiny, failed)[:2] == ["Look", "WorkOnCluster"]
    again = f"python -m data_pipeline runs rerun local {failed['execution']} --from work"
    assert f"  go on      {again}\n" in done.err
    redriven = tiny("python", "-m", "data_pipeline", "runs", "redrive", "local")
    assert (redriven.status, again in redriven.err) == (1, True)
    result = tiny.ok(*again.split(), "--json").json
    assert _states(tiny, result) == ["WorkOnCluster", "Published"]
    assert result["results"]["verdict"]["given"]["planned"] == failed["execution"]
    late = tiny(*again.split())
    assert (late.status, f"{result['execution']} has run since" in late.err) == (1, True)


def _executions(project: Project, *inputs: str) -> list[dict[str, Any]]:
    """Executions started with these inputs as one may in the console, one right after the other, at their ends."""
    states = project.client("stepfunctions")
    (machine,) = states.list_state_machines()["stateMachines"]
    arn = machine["stateMachineArn"]
    started = [states.start_execution(stateMachineArn=arn, input=text)["executionArn"] for text in inputs]
    ended = []
    for execution in started:
        while (found := states.describe_execution(executionArn=execution))["status"] == "RUNNING":
            time.sleep(0.2)
        ended.append(found)
    return ended


def test_an_input_that_is_none_is_refused_before_anything_starts(tiny: Project) -> None:
    """The cause names every field that is wrong; {} is a run."""
    (refused,) = _executions(tiny, '{"months": "2019", "data": []}')
    assert (refused["status"], refused["error"]) == ("FAILED", "InvalidInput")
    assert "unknown field data" in refused["cause"]
    assert "months: expected a month or a range" in refused["cause"]
    assert _states(tiny, refused) == ["Failed"]
    (plain,) = _executions(tiny, "{}")
    assert plain["status"] == "SUCCEEDED"


def test_of_two_executions_at_once_one_works(tiny: Project) -> None:
    """Under the deployed role: never both and never neither, unless both were told to."""
    ended = _executions(tiny, '{"version": 1}', '{"version": 1}')
    assert [execution["status"] for execution in ended] == ["SUCCEEDED", "SUCCEEDED"]
    ways = sorted(_states(tiny, execution) for execution in ended)
    assert ways == [["AlreadyRunning"], ["Look", "Work", "Published"]]
    both = _executions(tiny, '{"concurrent": true}', '{"concurrent": true}')
    ends = [(_states(tiny, execution)[-1], execution.get("cause")) for execution in both]
    assert ends == [("Published", None), ("Published", None)]
