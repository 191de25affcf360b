"""The names of the machine's states, so that a configuration in which two are the same can be refused."""

from __future__ import annotations

from collections.abc import Mapping

from data_pipeline.core.config import default_steps
from data_pipeline.core.config.environment import Step
from data_pipeline.core.config.notify import Notify
from data_pipeline.core.problems import quoted

from . import beginning, end_states, notifications
from .steps import camel, cluster_state

#: states of the machine that belong to no step.
OWN = (
    *("CheckInput", end_states.LOOK, end_states.COMPARE, end_states.ALREADY_RUNNING, beginning.STATE),
    *("Published", "Failed"),
)


def all_states(steps: Mapping[str, Step], notify: Notify | None = None) -> set[str]:
    """Every state of the machine that runs these steps."""
    of_steps = (state for name, step in steps.items() for state in of_step(name, step))
    return {*of_no_step(steps, notify), *of_steps}


def of_no_step(steps: Mapping[str, Step], notify: Notify | None = None) -> dict[str, str]:
    """States that do not have a step's name, and what has them."""
    found = dict.fromkeys(OWN, "the machine")
    results = [step.result for step in steps.values() if step.result]
    if results:
        found |= dict.fromkeys(end_states.ends(), "the machine")
    if any(step.script == default_steps.SCRIPT for step in steps.values()):
        found |= dict.fromkeys(end_states.OF_DATASETS, "the machine")
        if default_steps.INGEST in steps:
            found[end_states.CHECK_REST] = "the machine"
    if notify:
        found |= dict.fromkeys(notifications.names(notify, found).values(), "the machine")
    for result in results:
        found |= {f"{verb}{camel(result)}": f"the result {quoted(result)}" for verb in ("Read", "Check")}
    return found


def of_step(name: str, step: Step | None) -> tuple[str, ...]:
    """States that run a step, or wait to run it again; of a step that is not valid, those of one machine."""
    jobs = (camel(name), cluster_state(name)) if step and step.cluster else (camel(name),)
    look = () if step and step.service == "glue" else ("OtherJobs",)
    return tuple(f"{job}{what}" for job in jobs for what in ("", "Failure", *look, "Backoff"))
