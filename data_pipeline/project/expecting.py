"""How long runs of a deployed environment have taken, and how much they read: what is expected stands on it."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from statistics import median
from typing import Any

from data_pipeline.aws.session import Connection
from data_pipeline.aws.states import Execution
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.progress import expected
from data_pipeline.core.progress.expected import PastTimes
from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.progress.past_runs import PastRun
from data_pipeline.core.progress.state_list import visited

from . import history, runs
from .history import Outputs

#: runs that published whose times are read, of at most twice as many.
_RUNS = 10
#: so many are enough beside a run that is followed.
_BESIDE = 5
_THREADS = 8


def past_times(
    env: Environment, connection: Connection, outputs: Outputs, most: int = _RUNS
) -> list[PastTimes]:
    """At most so many runs that published, the newest first."""
    newest = history.newest(connection, outputs, 2 * most)
    ended = [each for each in newest if each.status == "SUCCEEDED"]
    told = history.with_results(env, connection, outputs, ended)
    wanted = [
        (each, size)
        for each, run in zip(ended, told, strict=True)
        if (size := size_of(run)) is not None and not run.value.get("from")
    ][:most]
    connection.client("stepfunctions")  # made before the threads share it

    def times(found: tuple[Execution, int]) -> PastTimes:
        each, size = found
        states = state_times(history.looked_at(connection, each.arn))
        return PastTimes(each.name, size, sum(states.values()), states)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(times, wanted))


class Expected:
    """What the states of an execution may take, by the runs before it; by their bytes, once its own are known."""

    def __init__(self, env: Environment, connection: Connection, outputs: Outputs, arn: str) -> None:
        self._env, self._connection = env, connection
        self._folder = runs.folder(outputs["OutputUri"], arn)
        self._size: int | None = None
        self._ended = 0
        self._past: list[PastTimes] = []
        with suppress(UserError):  # who may follow the run need not be allowed to look at others
            self._past = past_times(env, connection, outputs, _BESIDE)

    def of(self, progress: Progress) -> tuple[Mapping[str, float], float | None]:
        """State → seconds, and those of the whole execution; nothing where no run before tells of as many bytes."""
        if not self._past:
            return {}, None
        ended = sum(1 for state in progress.states if state.job is not None and state.exited is not None)
        if self._size is None and ended > self._ended:
            self._ended = ended
            with suppress(UserError):
                self._size = _bytes(runs.results(self._env, self._connection, self._folder))
        if self._size is None:
            return expected.of_states(self._past, None), median(each.seconds for each in self._past)
        likely = expected.of_run(self._past, self._size)
        return (expected.of_states(self._past, self._size), likely.seconds) if likely else ({}, None)


def size_of(run: PastRun) -> int | None:
    """The bytes that a run was to read; None of one that published nothing, or whose results do not say it."""
    if run.waived or any(result.get("proceed") is False for result in run.results.values()):
        return None
    return _bytes(run.results)


def _bytes(results: Mapping[str, Mapping[str, Any]]) -> int | None:
    """What a step that compares has found to read."""
    return next((each["bytes"] for each in results.values() if isinstance(each.get("bytes"), int)), None)


def state_times(progress: Progress) -> dict[str, float]:
    """State → the seconds that its visits have taken."""
    found: dict[str, float] = {}
    for state in visited(progress):
        if state.exited is not None:
            found[state.name] = found.get(state.name, 0.0) + state.elapsed(state.exited)
    return found
