"""Which runs go on, from where, and what those that shall not are told to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from core.histories import START, History

from data_pipeline.core.errors import UserError
from data_pipeline.core.progress import going_on
from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.progress.going_on import Going
from data_pipeline.core.progress.past_runs import PastRun

RUN, LATER = "2026-11-23T06-00-00Z-aaaaaa", "2026-11-24T06-00-00Z-bbbbbb"
STEPS = ["prepare", "load", "ingest"]
MACHINE = f'{{"BeginAt": "s3://b/p/dev/datasets/{"a" * 64}.json"}}'


def broken_off() -> Progress:
    """A run that was stopped while its second job ran."""
    history = History()
    for at, state in ((0, "Prepare"), (60, "Load")):
        history.enter(at, state)
        history.processing_job(at, f"j-{state}")
        if state == "Prepare":
            history.leave(at + 50, state)
    history.add(90, "ExecutionAborted", {"error": "Stopped", "cause": "ann"})
    return Progress().after(history.events)


def failed() -> Progress:
    """A run whose second job failed, which the machine caught."""
    history = History()
    history.enter(0, "Load")
    history.processing_job(0, "j")
    history.add(10, "TaskFailed", {"error": "States.TaskFailed", "cause": "no"})
    history.leave(10, "Load")
    history.enter(10, "Failed", "Fail")
    history.add(11, "ExecutionFailed", {"error": "States.TaskFailed", "cause": "no"})
    return Progress().after(history.events)


def going(progress: Progress | None = None, **changes: Any) -> Going:
    """A run that was stopped, and that nothing keeps from going on."""
    run = PastRun(RUN, "ABORTED", START, results={"decision": {"proceed": True}})
    found = Going("dev", run, progress or broken_off(), own=MACHINE, deployed=MACHINE)
    return replace(found, **changes)


def later(**changes: Any) -> PastRun:
    return replace(PastRun(LATER, "SUCCEEDED", START, results={"decision": {"proceed": True}}), **changes)


def refused(found: Going) -> str:
    with pytest.raises(UserError) as error:
        going_on.refuse_redrive(found, STEPS)
    return str(error.value)


def test_a_run_that_was_stopped_is_redriven() -> None:
    """Also beside a later run that found it running, found nothing new, or failed before it had planned anything."""
    waived = later(waived=True, results={})
    nothing = later(results={"decision": {"proceed": False}})
    early = later(status="FAILED", results={})
    for runs in ([], [waived, nothing, early]):
        going_on.refuse_redrive(going(later=runs), STEPS)
        going_on.refuse_rerun_from(going(later=runs), "load", "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"run": PastRun(RUN, "RUNNING", START)},
            "is running; follow it: python -m data_pipeline runs attach dev",
        ),
        (
            {"run": PastRun(RUN, "SUCCEEDED", START)},
            "ended well (ended well), so nothing of it failed; to read its files once more: "
            "python data_pipeline_run.py dev --reprocess",
        ),
        ({"later": [later(status="RUNNING")]}, f"another run is running, {LATER}; wait for it"),
        ({"later": [later()]}, f"{LATER} has run since (published), so the plan of {RUN} may be out of date"),
        ({"later": [later(status="FAILED")]}, f"{LATER} has run since (failed), so the plan"),
    ],
)
def test_what_would_do_nothing_or_harm_is_refused_of_both(changes: dict[str, Any], said: str) -> None:
    """With the command that goes on."""
    found = going(**changes)
    assert said in refused(found)
    with pytest.raises(UserError) as error:
        going_on.refuse_rerun_from(found, "load", "")
    assert said in str(error.value)


def test_a_run_beside_others_goes_on_beside_them() -> None:
    """As its input says."""
    run = replace(going().run, value={"concurrent": True})
    going_on.refuse_redrive(going(run=run, later=[later(status="RUNNING", results={})]), STEPS)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"progress": failed()},
            f"ended in the state Failed, which a redrive would enter again and fail; go on in a new run: "
            f"python -m data_pipeline runs rerun dev {RUN} --from load",
        ),
        (
            {"unredrivable": "Execution redrivable period exceeded"},
            f"AWS does not redrive it: Execution redrivable period exceeded; start a new run: "
            f"python -m data_pipeline runs rerun dev {RUN}",
        ),
        ({"deployed": MACHINE + " "}, "a deployment has changed the state machine since"),
    ],
)
def test_a_redrive_that_would_fail_again_is_refused(changes: dict[str, Any], said: str) -> None:
    """A new run does it."""
    assert said in refused(going(**changes))


def test_a_run_that_a_rule_has_failed_names_its_own_answers() -> None:
    """No redrive and no new run of the same would end otherwise."""
    history = History()
    history.enter(0, "QualityGateFailed", "Fail")
    history.add(1, "ExecutionFailed", {"error": "QualityGateFailed", "cause": "no"})
    said = refused(going(Progress().after(history.events)))
    assert said.endswith(f"; what can be done says: python -m data_pipeline runs show dev {RUN}")


@pytest.mark.parametrize(
    ("changes", "missing", "said"),
    [
        (
            {},
            f"{RUN} has no verdict.json",
            f"{RUN} has no verdict.json, so a run cannot begin at ingest with what it left",
        ),
        ({"deployed": MACHINE.replace("BeginAt", "x")}, "", "deploy once more: ./deploy.sh dev"),
        (
            {"deployed": MACHINE.replace("a" * 64, "b" * 64)},
            "",
            f"the definitions of data sets or tables have changed since {RUN} made its plan; make a new one",
        ),
    ],
)
def test_a_rerun_with_what_does_not_fit_any_more_is_refused(
    changes: dict[str, Any], missing: str, said: str
) -> None:
    """But a deployment that changed the code alone is what it is for."""
    with pytest.raises(UserError) as error:
        going_on.refuse_rerun_from(going(**changes), "ingest", missing)
    assert said in str(error.value)
    going_on.refuse_rerun_from(going(deployed=MACHINE + " "), "ingest", "")


def test_what_a_rerun_left_is_told_from_what_it_began_with() -> None:
    """It has the results of the steps behind the one that it began at, and of no other."""
    again = PastRun(LATER, "FAILED", START, value={"from": f"load@{RUN}"})
    found = [going_on.left_by(again, step, STEPS) for step in STEPS]
    assert found == [RUN, RUN, LATER]
    assert going_on.left_by(replace(again, value={}), "load", STEPS) == LATER


def test_a_step_is_named_as_in_the_configuration_or_as_its_state() -> None:
    """The first one is no place to go on from: the whole run is done again."""
    assert going_on.begins_at("load", STEPS) == going_on.begins_at("LoadOnCluster", STEPS) == "load"
    assert going_on.begins_at("prepare", STEPS) is None
    with pytest.raises(
        UserError, match=r"--from laod: found no step 'laod', expected .*; did you mean 'load'"
    ):
        going_on.begins_at("laod", STEPS)


def test_the_documents_of_the_steps_before_are_needed() -> None:
    """Their results, and the plan, of those behind the step that makes it."""
    steps = [("fetch", ""), ("prepare", "decision"), ("load", "verdict"), ("ingest", "")]
    assert going_on.documents("prepare", steps) == []
    assert going_on.documents("load", steps) == ["decision.json", "plan.json"]
    assert going_on.documents("ingest", steps) == ["decision.json", "verdict.json", "plan.json"]


def test_a_run_asks_again_what_was_asked() -> None:
    """But who asked, and where an earlier rerun began."""
    value = {"version": 1, "periods": "2024", "started_by": "schedule", "from": "load@x"}
    assert going_on.again(value, None, RUN) == {"version": 1, "periods": "2024"}
    assert going_on.again(value, "load", RUN) == {"version": 1, "periods": "2024", "from": f"load@{RUN}"}


def test_a_failure_has_the_command_that_goes_on() -> None:
    """None where the first step failed, for a new run does the same, and none for a run that has not ended."""
    command = "python -m data_pipeline runs"
    assert going_on.command("dev", RUN, broken_off(), STEPS) == f"{command} redrive dev {RUN}"
    assert going_on.command("dev", RUN, failed(), STEPS) == f"{command} rerun dev {RUN} --from load"
    assert going_on.command("dev", RUN, failed(), ["load", "ingest"]) == ""
    assert going_on.command("dev", RUN, Progress(), STEPS) == ""
