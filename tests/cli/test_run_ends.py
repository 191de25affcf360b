"""`run` when nothing was new, when a rule failed, when another run is going on; and what it sends."""

from __future__ import annotations

import json
from typing import Any

import pytest
from cli.deployed import BUCKET, SUMMARY, SUMMARY_KEY, Deployed, publishing, waiting
from environments import environment

from data_pipeline.cli.main import status_of
from data_pipeline.core.machine import end_states
from data_pipeline.core.machine.state_machine import state_machine

DECISION = {
    "proceed": False,
    "reason": "no file changed",
    "new": 0,
    "changed": 0,
    "unchanged": 3,
    "deleted": 1,
}
RULES = [
    {"rule": "quarantined-share", "source": "a.csv", "value": 0.25, "limit": 0.05},
    {"rule": "missing-windows", "source": None, "value": 12, "limit": 0},
]


def run(*options: str) -> int:
    """Exit status of `run local`."""
    return status_of("run", ["local", *options], "run")


def _ending(**result: Any) -> dict[str, Any]:
    """States that end as a result says: the machine's own, after a Pass in the place of the job."""
    made = {"Type": "Pass", "Assign": {"decision": result}, "Next": "CheckDecision"}
    check = {"Type": "Choice", "Choices": end_states.rules("decision"), "Default": "Published"}
    published = publishing()
    return {"Start": made, "CheckDecision": check, "Published": published["Published"], **end_states.ends()}


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_nothing_new_is_said_and_exits_0(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    """With the step's reason; the object of --json names the state."""
    deployed.deploy(_ending(**DECISION))
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run(*options) == 0
    out = capfd.readouterr().out
    if options:
        result = json.loads(out)
        assert (result["status"], result["endedAt"]) == ("SUCCEEDED", "NothingNew")
        assert result["output"] == DECISION
    else:
        assert out == "nothing new: what was published before stays as it is (no file changed)\n"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_failed_gate_exits_1_and_says_how_to_let_it_through(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    """The execution's own words where the step's result cannot be read."""
    deployed.deploy(_ending(passed=False, failed_rules=RULES))
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run(*options) == 1
    out, err = capfd.readouterr()
    assert "error: the quality gate failed after " in err
    assert ", and nothing was published\n" in err
    cause = "quarantined-share of a.csv: 0.25, limit 0.05; missing-windows: 12, limit 0"
    assert cause in err
    assert "Traceback" not in err
    if options:
        result = json.loads(out)
        found = [result[key] for key in ("status", "state", "error", "cause")]
        assert found == ["FAILED", "QualityGateFailed", "QualityGateFailed", cause]


def test_each_failed_rule_and_the_command_that_accepts_them(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """From the verdict, which the execution leaves in its folder; the command repeats what was asked."""
    earlier = {"failed_rules": [{"rule": "future-times(window_start)"}]}
    deployed.put("output/runs/run-1/verdict.json", json.dumps(earlier))
    verdict = {"passed": False, "failed_rules": RULES, "accepted": [], "messages": []}
    deployed.deploy(_leaving("verdict", verdict) | _ending(**verdict))
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run("--part", "dataset=green", "--accept", "future-times@run-1") == 1
    err = capfd.readouterr().err
    assert "  rule       quarantined-share of a.csv: 0.25, limit 0.05\n" in err
    assert "  rule       missing-windows: 12, limit 0\n" in err
    this = deployed.executions()[0]["name"]
    assert (
        "  accept     python data_pipeline_run.py local --part dataset=green --accept future-times@run-1 "
        f"--accept quarantined-share@{this} --accept missing-windows@{this}\n"
    ) in err


def _leaving(name: str, result: dict[str, Any]) -> dict[str, Any]:
    """A first state that writes a result, as a step's job would."""
    key = f"{{% 'output/runs/' & $states.context.Execution.Name & '/{name}.json' %}}"
    return {
        "Leave": {
            "Type": "Task",
            "Resource": "arn:aws:states:::aws-sdk:s3:putObject",
            "Arguments": {"Bucket": BUCKET, "Key": key, "Body": json.dumps(result)},
            "Output": {},
            "Next": "Start",
        }
    }


@pytest.mark.parametrize(
    ("left", "said"),
    [(None, "; found none"), ("no JSON", " with a JSON object; found something else")],
    ids=["nothing", "no JSON"],
)
def test_a_step_that_forgets_its_result_is_named(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], left: str | None, said: str
) -> None:
    """At once, with the file that it should have written; by the state of the project's own machine."""
    states = state_machine(environment())["States"]
    read = json.loads(json.dumps(states["ReadDecision"]).replace("${DataBucketName}", BUCKET))
    rest = _ending(**DECISION) | {"ReadDecision": read, "Failed": states["Failed"]}
    del rest["Start"]
    start = _leaving("decision", {}) if left else {"Leave": {"Type": "Pass"}}
    start["Leave"] |= {"Next": "ReadDecision"}
    if left:
        start["Leave"]["Arguments"]["Body"] = left
    deployed.deploy(start | rest)
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run("--json") == 1
    out, err = capfd.readouterr()
    result = json.loads(out)
    file = f"s3://{BUCKET}/output/runs/{result['execution']}/decision.json"
    reason = f"step prepare ended well, but left no result: expected the file {file}{said}"
    reason += "; write it before the job ends"
    assert (result["status"], result["error"], result["reason"]) == ("FAILED", "NoResult", reason)
    assert f": {reason}\n" in err
    assert "error: ReadDecision failed after " in err


def test_the_summary_says_what_was_new_and_noticed(
    deployed: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Counts of the decision, warnings of the verdict, beside the files and the places."""
    decision = {"proceed": True, "new": 2, "changed": 1, "unchanged": 1200, "deleted": 0}
    leave = _leaving("decision", {**decision, "messages": ["one is gone"]})
    leave["Leave"]["Next"] = "Publish"
    deployed.deploy(leave | publishing())
    deployed.put("input/green_tripdata_2019-01.csv")
    deployed.put(SUMMARY_KEY, json.dumps(SUMMARY))
    assert run() == 0
    lines = [" ".join(line.split()) for line in capfd.readouterr().out.splitlines()]
    assert "input 2 new, 1 changed, 1,200 unchanged, 0 deleted" in lines
    assert "message one is gone" in lines
    assert f"features {SUMMARY['export']}" in lines


def _alone() -> dict[str, Any]:
    states = end_states.alone("arn:aws:states:::aws-sdk:sfn:listExecutions", "Wait")
    failed = {"Type": "Fail", "Error": "{% $failure.Error %}", "Cause": "{% $failure.Cause %}"}
    return {**states, **waiting(), "Failed": failed}


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_second_run_ends_at_once_and_says_which_is_running(
    deployed: Deployed, capfd: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    """Exit 1 and FAILED, since what was asked was not done; the first one goes on."""
    deployed.deploy(_alone())
    deployed.put("input/green_tripdata_2019-01.csv")
    assert run("--no-wait") == 0
    first = capfd.readouterr().out.strip()
    assert run("--prune", *options) == 1
    out, err = capfd.readouterr()
    assert "error: another execution is running, so this one ended at once and did nothing\n" in err
    assert f"  running    {first}\n" in err
    assert "  insist     python data_pipeline_run.py local --prune --concurrent\n" in err
    if options:
        result = json.loads(out)
        assert (result["status"], result["error"]) == ("FAILED", "AlreadyRunning")
        assert result["output"] == {"running": [first]}
    states = {execution["executionArn"]: execution["status"] for execution in deployed.executions()}
    assert states.pop(first) == "RUNNING"
    assert [*states.values()] == ["SUCCEEDED"]
    deployed.client("stepfunctions").stop_execution(executionArn=first)


def test_the_options_are_the_execution_s_input(deployed: Deployed) -> None:
    """As the schema spells them, and nothing that was not asked for."""
    deployed.deploy(publishing())
    deployed.put("input/green_tripdata_2019-01.csv")
    deployed.put("output/runs/r-1/verdict.json", json.dumps({"failed_rules": [{"rule": "drift"}]}))
    asked = (
        "--reprocess --dataset trip_counts --part dataset=green --part dataset=yellow --months 2019-01..2019-06 "
        "--prune --accept drift@r-1"
    )
    assert run("--no-wait", "--concurrent", *asked.split()) == 0
    (execution,) = deployed.executions()
    described = deployed.client("stepfunctions").describe_execution(executionArn=execution["executionArn"])
    assert json.loads(described["input"]) == {
        "version": 1,
        "reprocess": True,
        "datasets": ["trip_counts"],
        "parts": ["dataset=green", "dataset=yellow"],
        "periods": "2019-01..2019-06",
        "prune": True,
        "accept": ["drift@r-1"],
        "concurrent": True,
    }


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--months", "2019-1"), "did you mean '2019-01'?"),
        (("--months", "2019-06..2019-01"), "did you mean '2019-01..2019-06'?"),
        (("--dataset", "Yellow"), "did you mean 'yellow'?"),
        (("--accept", "a,b"), "repeat the option for each"),
        (tuple(x for n in range(5) for x in ("--dataset", f"{n}".rjust(64, "x"))), "at most 256 characters"),
    ],
)
def test_a_mistaken_option_starts_nothing(
    capfd: pytest.CaptureFixture[str], options: tuple[str, ...], words: str
) -> None:
    """Told before any AWS is asked, with what was probably meant; exit 1."""
    assert run(*options) == 1
    err = capfd.readouterr().err
    assert words in err
    assert "environment local" not in err


def test_prune_may_be_all_that_is_left(deployed: Deployed) -> None:
    """With every source file gone there is nothing to read, and something to do."""
    deployed.deploy(publishing())
    assert run("--no-wait") == 1
    assert run("--no-wait", "--prune") == 0
