"""Executions of a deployed environment: started, followed to their end, and what they left."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from data_pipeline.aws import source, states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.logs import Tail, tail
from data_pipeline.aws.results import read_json
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine.steps import in_order
from data_pipeline.core.problems import quoted
from data_pipeline.core.progress import pointers
from data_pipeline.core.progress.failure_reason import reason_from_log
from data_pipeline.core.progress.follow import Failure, Job, Progress
from data_pipeline.core.uploads import split_uri
from data_pipeline.etl.documents import verdict

#: the field of the input that says who started a run.
STARTED_BY = "started_by"
#: runs that are looked at for the last one that failed by a rule.
_LOOKED_BACK = 50
#: lines of a job's log that explain a failure.
TAIL_LINES = 20
#: the embedded AWS is near, and does not come back by itself.
_EMBEDDED_PACE = states.Pace(fastest=0.2, slowest=1.0, tolerated_outage=5.0)
#: looks for a job's log, two seconds apart: CloudWatch shows the last lines a little late.
_LOG_LOOKS = 4

Record = dict[str, Any]


def needs_files(env: Environment, value: Record) -> bool:
    """Whether a run with this input has no work without a file in the input."""
    reads = any("input" in step.reads for step in env.steps.values())
    return reads and not value.get("prune") and not env.mirrors


def refuse_empty_input(env: Environment, connection: Connection, uri: str) -> None:
    """UserError where there is nothing below the input prefix ``uri``."""
    bucket, prefix = split_uri(uri)
    with explained():
        empty = source.is_empty(connection.client("s3"), bucket, prefix)
    if empty:
        raise UserError(
            f"{uri} holds no files, so there is nothing to run on.\n"
            f"Upload some and run: python data_pipeline_run.py {env.name} --source DIR"
        )


def accepting(env: Environment, connection: Connection, machine: str, output: str, value: Record) -> Record:
    """The input with a run for each rule of data sets that it accepts: the last one that failed by the rule, where none
    is named. UserError where there is none, or where the named one did not fail by it.
    """
    if not env.datasets or not value.get("accept"):
        return value
    found = [_with_run(connection, machine, output, each) for each in value["accept"]]
    return {**value, "accept": list(dict.fromkeys(found))}


def _with_run(connection: Connection, machine: str, output: str, text: str) -> str:
    rule, sign, run = text.partition("@")
    if sign:
        if rule not in _broken(connection, output, run):
            raise UserError(
                f"--accept {text}: found no failure by {quoted(rule)} in the verdict of the run {run}"
            )
        return text
    with explained():
        executions = states.newest(connection.client("stepfunctions"), machine, _LOOKED_BACK)
    for name in (each.name for each in executions):
        if rule in _broken(connection, output, name):
            return f"{rule}@{name}"
    raise UserError(
        f"--accept {text}: found no run that failed by this rule among the last {_LOOKED_BACK}; a run lets through "
        "what an earlier one has found, so start one without the option first"
    )


def _broken(connection: Connection, output: str, run: str) -> set[str]:
    """The rules by which a run failed, without the columns that they are about."""
    found = document(connection, f"{output}runs/{run}/{verdict.NAME}") or {}
    return {str(rule.get("rule")).partition("(")[0] for rule in verdict.failed_rules(found)}


def starting(outputs: Mapping[str, str]) -> str:
    """The ARN that starts a run: the alias of the deployed version, or the state machine of a deployment without."""
    return outputs.get("StateMachineAliasArn") or outputs["StateMachineArn"]


def version(outputs: Mapping[str, str]) -> str:
    """The ARN by which the definition of what a run starts is asked for: the deployed version, or the state machine.

    Not the alias: AWS documents no answer for one.
    """
    return outputs.get("StateMachineVersionArn") or outputs["StateMachineArn"]


def start(connection: Connection, machine: str, value: Record) -> str:
    """Start an execution of the state machine, or of its alias, with this ARN; its own ARN."""
    name = states.execution_name(datetime.now(UTC))
    with explained():
        return states.start(connection.client("stepfunctions"), machine, name, value)


def signed(connection: Connection, machine: str, value: Record) -> Record:
    """The input with who starts the run, where the state machine's version with this ARN knows that field, and may be
    looked at.
    """
    with explained():
        known = states.definition(connection.client("stepfunctions"), machine)
    return {**value, STARTED_BY: connection.identity} if known and STARTED_BY in known else value


def watch(env: Environment, connection: Connection, arn: str, beyond: int = 0) -> Iterator[states.Watched]:
    """Look at an execution until it has ended, with an event after the id ``beyond``; the last one yielded has ended.

    UserError, which says what becomes of the execution, where AWS cannot be asked any more.
    """
    pace = _EMBEDDED_PACE if env.embedded else states.Pace()
    try:
        with explained():
            client = connection.client("stepfunctions")
            yield from states.watch(client, arn, time.sleep, time.monotonic, pace, beyond)
    except UserError as error:
        raise UserError(f"{error}\n{_what_becomes_of_it(env, arn)}") from error


def _what_becomes_of_it(env: Environment, arn: str) -> str:
    if env.embedded:
        return (
            "The execution ended with it; what was published before is untouched. Run the same command "
            "again to start another one."
        )
    return f"The execution goes on; look with: {pointers.runs(env.name, 'show', arn)}"


def times(progress: Progress) -> Record:
    """How an execution ended, when it started and stopped, and its notifications, as far as that is known."""
    times = {"startDate": progress.started, "stopDate": progress.stopped}
    notifications = [asdict(notification) for notification in progress.notifications]
    return {
        "status": progress.status,
        **{k: v.isoformat() for k, v in times.items() if v is not None},
        **({"notifications": notifications} if notifications else {}),
    }


def folder(output: str, arn: str) -> str:
    """The ``s3://`` URI below which an execution leaves its results. ``output``: the output of the stack."""
    return f"{output}runs/{arn.rpartition(':')[2]}/"


def results(env: Environment, connection: Connection, folder: str) -> dict[str, Record]:
    """The small results that the steps of a run left, as far as it came."""
    names = [step.result for _, step in in_order(env.steps) if step.result]
    found = {name: document(connection, f"{folder}{name}.json") for name in names}
    return {name: result for name, result in found.items() if result is not None}


def published(connection: Connection, output: Mapping[str, Any]) -> tuple[str, Record] | None:
    """URI and content of the summary that the output of an execution names."""
    uri = output.get("summary")
    if not isinstance(uri, str):  # a pipeline of other steps, whose result is no verdict
        return None
    summary = document(connection, uri)
    if summary is None:
        raise UserError(f"{uri}: the run succeeded, but its summary is not there any more.")
    return uri, summary


def document(connection: Connection, uri: str) -> Record | None:
    """The JSON object at an ``s3://`` URI, None when nothing is there."""
    with explained():
        return read_json(connection.client("s3"), uri)


def failed(env: Environment, connection: Connection, failure: Failure) -> Record:
    """What explains a failure: where, why, the job, and the end of its log or why that cannot be read."""
    record: Record = {key: getattr(failure, key) for key in ("state", "error", "cause", "reason")}
    if failure.job is None:
        return record
    try:
        with explained():
            log = _job_log(env, connection, failure.job)
    except UserError as error:
        return record | {"job": asdict(failure.job), "log": [], "logError": str(error)}
    record["reason"] = reason_from_log(failure.reason, log.lines)
    return record | {"job": asdict(failure.job), "log": list(log.lines), "logGroups": list(log.groups)}


def _job_log(env: Environment, connection: Connection, job: Job) -> Tail:
    """The end of a job's log; CloudWatch may show its last lines a little late."""
    groups, prefix = pointers.log_groups(job, env.names), pointers.stream_prefix(job)
    log = Tail()
    for look in range(_LOG_LOOKS):
        if look:
            time.sleep(0.2 if env.embedded else 2.0)
        log = tail(connection.client("logs"), groups, prefix, TAIL_LINES)
        if log.lines:
            break
    return log
