"""How a deployed environment stands, in few looks; what may not be looked at says so in its place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from data_pipeline.aws import alarms
from data_pipeline.aws.alarms import AlarmState
from data_pipeline.aws.cloudformation import Stack, Stacks
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core.config import dataset_document
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment.drifts import StackDrift
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import ConfigurationError
from data_pipeline.core.progress.coverage import DatasetCoverage
from data_pipeline.core.progress.past_runs import PastRun

from . import covering, drifting, history, scheduling
from .scheduling import Scheduled

T = TypeVar("T")

#: parameter of a stack → what it is for people; those that are not here are settings.
_PARAMETERS = {"CodeVersion": "code", dataset_document.PARAMETER: "data sets and tables"}
_PACKAGES = "packages"


@dataclass(frozen=True)
class Overview:
    """``differs``: what the project here has otherwise than the stacks; each of the others is an error's text where it
    may not be looked at. ``alarms`` is None where there are none.
    """

    stack: str
    status: str
    changed: datetime | None
    code: str
    differs: list[str] | str
    schedules: list[Scheduled] | str
    runs: list[PastRun] | str
    coverage: list[DatasetCoverage] | str
    drift: list[StackDrift] | str
    alarms: list[AlarmState] | str | None


def overview(
    env: Environment,
    connection: Connection,
    stack: Stack,
    wanted: Callable[[], Mapping[str, str]],
    templates: Mapping[str, str],
    runs: int,
) -> Overview:
    """``stack``: that of the pipeline; ``wanted``: tells its parameters, and ``templates``: stack → template, as the
    project has them; ``runs``: how many.
    """
    return Overview(
        stack.name,
        stack.status,
        stack.changed,
        stack.parameters.get("CodeVersion", ""),
        _or_why(lambda: _differs(connection, stack, wanted(), templates)),
        _or_why(lambda: scheduling.schedules(env, connection, stack)),
        _or_why(lambda: history.past(env, connection, stack.outputs, runs)),
        _or_why(lambda: covering.recent(env, connection, stack.outputs["OutputUri"])),
        _or_why(lambda: drifting.drifts(env, connection, anew=False)),
        None if env.embedded or not env.notify else _or_why(lambda: _alarms(connection, stack)),
    )


def _or_why(look: Callable[[], T]) -> T | str:
    try:
        return look()
    except ConfigurationError as error:
        more = len(error.problems) - 1
        return str(error.problems[0]).splitlines()[0] + (f"; and {more:,} more" if more else "")
    except UserError as error:
        return str(error).splitlines()[0]


def _differs(
    connection: Connection, stack: Stack, wanted: Mapping[str, str], templates: Mapping[str, str]
) -> list[str]:
    """What a deployment would change, as far as parameters and templates tell."""
    found = differing_parameters(stack, wanted)
    stacks = Stacks(connection.client("cloudformation"))
    with explained():
        there = {name: stacks.template(name) for name in templates if stacks.find(name) is not None}
    if any(there.get(name, "").strip() != text.strip() for name, text in templates.items()):
        found.append("templates")
    return list(dict.fromkeys(found))


def differing_parameters(stack: Stack, wanted: Mapping[str, str]) -> list[str]:
    """What the project has otherwise than the deployed stack, as far as the parameters tell."""
    found = [
        _PARAMETERS.get(name, _PACKAGES if name.startswith("Wheels") else name)
        for name, value in wanted.items()
        if stack.parameters.get(name, value) != value
    ]
    return list(dict.fromkeys(found))


def _alarms(connection: Connection, stack: Stack) -> list[AlarmState]:
    with explained():
        return alarms.states(connection.client("cloudwatch"), f"{stack.name}-")
