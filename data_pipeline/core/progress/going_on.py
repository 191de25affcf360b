"""Whether a run that did not end well can go on: by a redrive, or in a new run from a step on; pure.

A redrive enters the state again in which the execution ended, with the definition that it began with. Where that is a
Fail state, as after a job that failed, it would fail again at once: a new run from a step on does it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.config.default_steps import PREPARE
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import beginning, end_states, run_input
from data_pipeline.core.machine.steps import camel, cluster_state
from data_pipeline.core.problems import did_you_mean, one_of, quoted

from . import pointers
from .follow import Progress
from .past_runs import PastRun

#: the end of a list of data sets and tables in the artifact bucket, which is called after its content.
_DEFINITIONS = re.compile(r"/datasets/([0-9a-f]{64})[.]json")
#: ends to which a run names the answers.
_ANSWERED = (end_states.GATE_FAILED, end_states.DEFINITION_CHANGED)


@dataclass(frozen=True)
class Going:
    """What is known of a run that shall go on. ``progress``: its history; ``later``: the runs that started after it;
    ``own`` and ``deployed``: the definition that it follows, and that of the state machine now; ``unredrivable``: why
    AWS does not redrive it, if so.
    """

    env: str
    run: PastRun
    progress: Progress
    later: Sequence[PastRun] = ()
    own: str = ""
    deployed: str = ""
    unredrivable: str | None = None


def refuse_redrive(going: Going, steps: Sequence[str]) -> None:
    """UserError where the run cannot be redriven, or where that would do harm or nothing; it says what to do."""
    refuse_unfailed(going)
    name, rerun = going.run.name, pointers.runs(going.env, "rerun", going.run.name)
    last = going.progress.current
    if last is not None and last.kind == "Fail":
        again = f"{name} ended in the state {last.name}, which a redrive would enter again and fail"
        if last.name in _ANSWERED:
            raise UserError(f"{again}; what can be done says: {pointers.runs(going.env, 'show', name)}")
        begin = command(going.env, name, going.progress, steps) or rerun
        raise UserError(f"{again}; go on in a new run: {begin}")
    if going.unredrivable:
        raise UserError(f"{name}: AWS does not redrive it: {going.unredrivable}; start a new run: {rerun}")
    if going.own != going.deployed:
        raise UserError(
            f"a deployment has changed the state machine since {name} began, and a redrive would go on with the old "
            f"one; start a new run: {rerun}"
        )
    _refuse_overtaken(going)


def refuse_rerun_from(going: Going, step: str, missing: str) -> None:
    """UserError where a new run shall not begin at ``step`` with what is left. ``missing``: which run has not left a
    document of the steps before it, if so.
    """
    refuse_unfailed(going)
    name, rerun = going.run.name, pointers.runs(going.env, "rerun", going.run.name)
    if missing:
        raise UserError(
            f"{missing}, so a run cannot begin at {step} with what it left: it did not come so far, or "
            f"that is deleted; run it from the start: {rerun}"
        )
    if f'"{beginning.STATE}"' not in going.deployed:
        raise UserError(
            f"the deployed state machine cannot begin at a step: an earlier version made it; deploy once more: "
            f"./deploy.sh {going.env}"
        )
    if definitions(going.own) != definitions(going.deployed):
        raise UserError(
            f"the definitions of data sets or tables have changed since {name} made its plan; make a new one: {rerun}"
        )
    _refuse_overtaken(going)


def begins_at(text: str, steps: Sequence[str]) -> str | None:
    """The step that ``--from`` names, None for the first one. UserError for none of the deployed ones."""
    wanted = next((step for step in steps if text in (step, camel(step), cluster_state(step))), None)
    if wanted is None:
        near = did_you_mean(text, steps)
        raise UserError(
            f"--from {text}: found no step {quoted(text)}, expected {one_of(steps)}"
            + (f"; {near}" if near else "")
        )
    return None if wanted == steps[0] else wanted


def documents(step: str, steps: Sequence[tuple[str, str]]) -> list[str]:
    """The names of what a run that begins at ``step`` reads of the earlier run; ``steps``: name and result, if any, of
    each in their order.
    """
    names = [name for name, _ in steps]
    before = steps[: names.index(step)]
    plan = ["plan.json"] if PREPARE in [name for name, _ in before] else []
    return [*(f"{result}.json" for _, result in before if result), *plan]


def left_by(run: PastRun, step: str, steps: Sequence[str]) -> str:
    """The run that has left what a new one reads that does ``run`` again from ``step`` on: itself, or the one that it
    began with, where it left nothing of the steps before. ``steps``: all, in order.
    """
    begun, _, earlier = str(run.value.get("from", "")).partition(beginning.AT)
    within = begun in steps and steps.index(step) <= steps.index(begun)
    return earlier if earlier and within else run.name


def again(value: Mapping[str, Any], step: str | None, run: str) -> dict[str, Any]:
    """The input of a run that does again what ``run``, with the input ``value``, was asked; from a step on, if any."""
    kept = {name: each for name, each in value.items() if name not in ("from", "started_by")}
    return {**kept, **({"from": f"{step}{beginning.AT}{run}"} if step else {})}


def command(env: str, run: str, progress: Progress, steps: Sequence[str]) -> str:
    """The command by which a run that did not end well may go on; nothing where a new run does the same."""
    if progress.failure is None or progress.current is None:
        return ""
    if progress.current.kind != "Fail":
        return pointers.runs(env, "redrive", run)
    step = failed_step(progress, steps)
    return f"{pointers.runs(env, 'rerun', run)} --from {step}" if step and step != steps[0] else ""


def failed_step(progress: Progress, steps: Collection[str]) -> str | None:
    """The step whose job failed the run."""
    failure = progress.failure
    state = failure.state if failure else None
    return next((step for step in steps if state in (camel(step), cluster_state(step))), None)


def definitions(machine: str) -> frozenset[str]:
    """The hashes of the lists of data sets and tables that a state machine hands to its jobs."""
    return frozenset(_DEFINITIONS.findall(machine))


def refuse_other_machine(env: str, execution: str, machine: str) -> None:
    """UserError where an execution is none of the pipeline's state machine, but of the maintenance; both are ARNs."""
    place, _, name = execution.rpartition(":")
    if place != machine.replace(":stateMachine:", ":execution:"):
        raise UserError(
            f"{name} is a run of the maintenance, expected one of the pipeline; start the maintenance anew: "
            f"python -m data_pipeline maintenance run {env}"
        )


def refuse_unfailed(going: Going) -> None:
    """UserError where there is nothing to do again."""
    run, env = going.run, going.env
    if run.status == "RUNNING":
        raise UserError(
            f"{run.name} is running; follow it: {pointers.runs(env, 'attach', run.name)}, or stop it first: "
            f"{pointers.runs(env, 'stop', run.name)}"
        )
    if run.status == "SUCCEEDED" and not run.waived:
        options = " ".join(run_input.options({**run.value, "reprocess": True}))
        raise UserError(
            f"{run.name} ended well ({run.ended}), so nothing of it failed; to read its files once more: "
            f"python data_pipeline_run.py {env} {options}"
        )


def _refuse_overtaken(going: Going) -> None:
    """UserError where another run is at work, or has been since: the plan may be about what is published by now."""
    running = [run for run in going.later if run.status == "RUNNING"]
    if running and not going.run.value.get("concurrent"):
        raise UserError(
            f"another run is running, {running[0].name}; wait for it: "
            f"{pointers.runs(going.env, 'attach', running[0].name)}"
        )
    worked = [run for run in going.later if run.status != "RUNNING" and _went_on(run)]
    if worked:
        raise UserError(
            f"{worked[0].name} has run since ({worked[0].ended}), so the plan of {going.run.name} may be out of date; "
            f"make a new one: {pointers.runs(going.env, 'rerun', going.run.name)}"
        )


def _went_on(run: PastRun) -> bool:
    """Whether a run may have published anything: it went on after the comparison of input and ledger."""
    if run.waived or any(result.get("proceed") is False for result in run.results.values()):
        return False
    return bool(run.results) or not run.judged or run.status == "SUCCEEDED"
