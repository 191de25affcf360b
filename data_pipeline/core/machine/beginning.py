"""Where an execution begins: at the first step, or at a later one, with what an earlier run has left.

The input names step and run, ``load@RUN``. The results of the steps before that one are read from the folder of the
earlier run, and judged as they are after their own steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from data_pipeline.core.config.default_steps import PREPARE
from data_pipeline.core.config.environment import Step

from . import jsonata
from .steps import camel

#: the state that goes to the step at which an execution begins.
STATE = "BeginAt"
#: the variable that holds the run whose plan the execution goes by: an earlier one, or itself.
PLANNED = "planned"
#: between a step and a run in the input.
AT = "@"

_GIVEN = "$states.context.Execution.Input.from"
_STEP, _RUN = f"$substringBefore({_GIVEN}, '{AT}')", f"$substringAfter({_GIVEN}, '{AT}')"

State = dict[str, Any]
Steps = Sequence[tuple[str, Step]]


def state(steps: Steps) -> State:
    """The Choice between the steps; the first one is where an ordinary run begins."""
    names = [name for name, _ in steps]
    plans = names.index(PREPARE) if PREPARE in names else 0
    choices = []
    for place, name in enumerate(names[1:], 1):
        assigned = {"Assign": {PLANNED: jsonata.expression(_RUN)}} if place > plans else {}
        condition = jsonata.expression(f"{_STEP} = {jsonata.literal(name)}")
        choices.append({"Condition": condition, **assigned, "Next": _entry(steps, 0, place)})
    return {"Type": "Choice", "Choices": choices, "Default": camel(names[0])}


def skipping(steps: Steps, place: int) -> list[State]:
    """The rules after the result of the step at ``place`` that leave out steps behind it, where the execution begins
    at a later one than the next.
    """
    targets: dict[str, list[str]] = {}
    for later in range(place + 2, len(steps)):
        targets.setdefault(_entry(steps, place + 1, later), []).append(steps[later][0])
    return [
        {"Condition": jsonata.expression(_begins_at(names)), "Next": target}
        for target, names in targets.items()
    ]


def folder(steps: Steps, place: int) -> str:
    """JSONata of the name of the run that has the result of the step at ``place``."""
    later = [name for name, _ in steps[place + 1 :]]
    return f"({_begins_at(later)} ? {_RUN} : {jsonata.RUN})" if later else jsonata.RUN


def unknown(steps: Steps, given: str) -> str:
    """JSONata: whether ``given``, an input that is valid otherwise, names a step at which none can begin."""
    later = ", ".join(jsonata.literal(name) for name, _ in steps[1:])
    step = f"$substringBefore({given}.from, '{AT}')"
    return f"$exists({given}.from) ? $not({step} in [{later}]) : false"


def why_unknown(steps: Steps, given: str) -> str:
    """JSONata of the sentence that says so."""
    later = ", ".join(name for name, _ in steps[1:])
    expected = (
        f"expected a step behind the first one, of: {later}" if later else "expected none: there is one step"
    )
    said = f"the input of an execution is not valid: from: {expected}; found: "
    return f"{jsonata.literal(said)} & {given}.from"


def _begins_at(names: Sequence[str]) -> str:
    return f"{_STEP} in [{', '.join(map(jsonata.literal, names))}]"


def _entry(steps: Steps, first: int, last: int) -> str:
    """The state from which the step at ``last`` is reached: it reads the first result that steps from ``first`` on have
    left before; the step's own, where none leaves any.
    """
    results = [step.result for _, step in steps[first:last] if step.result]
    return f"Read{camel(results[0])}" if results else camel(steps[last][0])
