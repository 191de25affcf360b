"""The runs of a deployed environment, whoever started them: found, told, read and stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from data_pipeline.aws import jobs, states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.logs import Reader
from data_pipeline.aws.session import Connection
from data_pipeline.aws.states import Execution
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine.steps import in_order
from data_pipeline.core.progress import failure_reason, past_runs, pointers
from data_pipeline.core.progress.follow import Job, Progress, State
from data_pipeline.core.progress.past_runs import PastRun
from data_pipeline.core.progress.state_list import visited

from . import runs

#: the outputs that name state machines
_MACHINES = ("StateMachineArn", "MaintenanceStateMachineArn")
#: executions that are looked at for the one that somebody names.
_LOOKED_BACK = 1000
#: runs whose results are read at a time.
_THREADS = 8
#: the error of an execution that the tool was told to stop.
STOPPED = "Stopped"
#: how long a stopped job may take to end by itself, and to end at all, in seconds.
_BY_ITSELF, _AT_ALL = 10.0, 180.0

Outputs = Mapping[str, str]


def newest(connection: Connection, outputs: Outputs, most: int = _LOOKED_BACK) -> list[Execution]:
    """The newest executions of the pipeline, the newest first."""
    with explained():
        return states.newest(connection.client("stepfunctions"), outputs["StateMachineArn"], most)


def named(connection: Connection, outputs: Outputs, text: str) -> Execution:
    """The execution that ``text`` names, as ``past_runs.chosen`` says; by its whole name also one of the maintenance.

    UserError where it names none.
    """
    name = text.rpartition(":")[2]
    if past_runs.is_name(name):
        for machine in (outputs[output] for output in _MACHINES if output in outputs):
            arn = f"{machine.replace(':stateMachine:', ':execution:')}:{name}"
            with explained():
                whole = states.described(connection.client("stepfunctions"), arn)
            if whole:
                return whole[0]
    found = {each.name: each for each in newest(connection, outputs)}
    return found[past_runs.chosen(text, list(found))]


def running(connection: Connection, outputs: Outputs, env: Environment) -> Execution:
    """The one execution that is running. UserError where there is none, or where there are several."""
    found = [each for each in newest(connection, outputs, 100) if each.status == "RUNNING"]
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.name for each in found)
        raise UserError(f"several runs of {env.name} are running: {names}; name one")
    raise UserError(f"no run of {env.name} is running; the last ones: {pointers.runs(env.name, 'list')}")


def past(env: Environment, connection: Connection, outputs: Outputs, most: int) -> list[PastRun]:
    """At most so many runs, the newest first, with what their steps left."""
    return with_results(env, connection, outputs, newest(connection, outputs, most))


def with_results(
    env: Environment, connection: Connection, outputs: Outputs, executions: Sequence[Execution]
) -> list[PastRun]:
    """The runs of these executions, with what their steps left."""
    judged = any(step.result for _, step in in_order(env.steps))
    client = connection.client("stepfunctions")
    connection.client("s3")  # made before the threads share it

    def past_run(each: Execution) -> PastRun:
        with explained():
            described = states.described(client, each.arn)
        whole, value = described or (each, {})
        results = runs.results(env, connection, runs.folder(outputs["OutputUri"], each.arn))
        times = whole.started, whole.stopped
        waived = "running" in failure_reason.described(whole.output)
        return PastRun(whole.name, whole.status, *times, whole.error, value, results, judged, waived)

    with ThreadPoolExecutor(_THREADS) as pool:
        return list(pool.map(past_run, executions))


def looked_at(connection: Connection, arn: str) -> Progress:
    """How far an execution has come."""
    with explained():
        return Progress().after(states.new_events(connection.client("stepfunctions"), arn, 0))


def input_of(connection: Connection, arn: str) -> runs.Record:
    """What an execution was asked."""
    with explained():
        described = states.described(connection.client("stepfunctions"), arn)
    return described[1] if described else {}


@dataclass(frozen=True)
class Lines:
    """Some lines of a state's job."""

    state: str
    job: Job
    lines: tuple[str, ...]


def log(
    env: Environment,
    connection: Connection,
    arn: str,
    wanted: Callable[[State], bool],
    follow: bool,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[Lines]:
    """The logs of an execution's jobs in the order of its states; with ``follow``, as they come, to the run's end."""
    readers: dict[Job, Reader] = {}
    progress = Progress()
    while True:
        with explained():
            events = states.new_events(connection.client("stepfunctions"), arn, progress.last_event)
        progress = progress.after(events)
        for state in visited(progress):
            if state.job is not None and wanted(state):
                found = readers.setdefault(state.job, reader(env, connection, state.job))
                with explained():
                    lines = found.fresh()
                if lines or not follow:
                    yield Lines(state.name, state.job, tuple(lines))
        if not follow or progress.ended:
            return
        sleep(0.3 if env.embedded else 3.0)


def reader(env: Environment, connection: Connection, job: Job) -> Reader:
    """What reads the log of a job from its beginning on."""
    groups, prefix = pointers.log_groups(job, env.names), pointers.stream_prefix(job)
    return Reader(connection.client("logs"), groups, prefix)


def stop(
    connection: Connection,
    arn: str,
    why: str,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> list[tuple[Job, str]]:
    """End an execution and its jobs; its jobs, and how each stands then. ``why`` is kept as the execution's cause.

    Step Functions tells its jobs to end; one that it has not told after a while is told here. UserError for an
    execution that has ended.
    """
    progress = looked_at(connection, arn)
    if progress.ended:
        raise UserError(
            f"{arn.rpartition(':')[2]} has ended already ({progress.status}); nothing was stopped"
        )
    with explained():
        states.stop(connection.client("stepfunctions"), arn, STOPPED, why)
    progress = looked_at(connection, arn)
    started = [state.job for state in visited(progress) if state.job is not None and state.exited is None]
    return [(job, _ended(connection, job, sleep, now)) for job in dict.fromkeys(started)]


def _ended(connection: Connection, job: Job, sleep: Callable[[float], None], now: Callable[[], float]) -> str:
    """How a job stands at its end, or after a while."""
    begin, told = now(), False
    while True:
        with explained():
            status = jobs.status(connection, job)
            if jobs.runs(status) and not told and now() - begin > _BY_ITSELF:
                jobs.stop(connection, job)
                told = True
        if not (jobs.runs(status) or jobs.ends(status)) or now() - begin > _AT_ALL:
            return status or "unknown"
        sleep(0.5)
