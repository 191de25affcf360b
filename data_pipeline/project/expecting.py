"""How long runs of a deployed environment have taken, and how much they read: what is expected stands on it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from data_pipeline.aws.session import Connection
from data_pipeline.aws.states import Execution
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.progress.expected import PastTimes
from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.progress.past_runs import PastRun
from data_pipeline.core.progress.state_list import visited

from . import history
from .history import Outputs

#: runs that are looked at, and of those the ones that published whose times are read.
_LOOKED_AT, _RUNS = 20, 10
_THREADS = 8


def past_times(
    env: Environment, connection: Connection, outputs: Outputs, before: str = "", most: int = _RUNS
) -> list[PastTimes]:
    """At most so many runs that published, the newest first; ``before``: the run that they are older than, if any."""
    ended = [
        each
        for each in history.newest(connection, outputs, _LOOKED_AT)
        if each.status == "SUCCEEDED" and (not before or each.name < before)
    ]
    runs = history.with_results(env, connection, outputs, ended)
    wanted = [
        (each, size)
        for each, run in zip(ended, runs, strict=True)
        if (size := size_of(run)) is not None and not run.value.get("from")
    ][:most]
    connection.client("stepfunctions")  # made before the threads share it

    def times(found: tuple[Execution, int]) -> PastTimes:
        each, size = found
        states = state_times(history.looked_at(connection, each.arn))
        return PastTimes(each.name, size, sum(states.values()), states)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(times, wanted))


def size_of(run: PastRun) -> int | None:
    """The bytes that a run was to read; None of one that published nothing, or whose results do not say it."""
    if run.waived or any(result.get("proceed") is False for result in run.results.values()):
        return None
    sizes = [result["bytes"] for result in run.results.values() if isinstance(result.get("bytes"), int)]
    return sizes[0] if sizes else None


def state_times(progress: Progress) -> dict[str, float]:
    """State → the seconds that its visits have taken."""
    found: dict[str, float] = {}
    for state in visited(progress):
        if state.exited is not None:
            found[state.name] = found.get(state.name, 0.0) + state.elapsed(state.exited)
    return found
