"""A run that did not end well goes on: it is redriven, or done again from a step on, unless that would be wrong."""

from __future__ import annotations

from collections.abc import Sequence

from data_pipeline.aws import source, states
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.aws.states import Execution
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine.steps import in_order
from data_pipeline.core.progress import going_on
from data_pipeline.core.progress.going_on import Going
from data_pipeline.core.uploads import split_uri

from . import history, runs
from .history import Outputs

#: runs after one that are looked at; one of them that has published is enough.
_LATER = 50


def redrive(env: Environment, connection: Connection, outputs: Outputs, execution: Execution) -> int:
    """Let an execution go on where it ended; the id of the last event before that. UserError where it cannot, or shall
    not.
    """
    going = _going(env, connection, outputs, execution)
    going_on.refuse_redrive(going, [*env.steps])
    with explained():
        states.redrive(connection.client("stepfunctions"), execution.arn)
    return going.progress.last_event


def rerun(
    env: Environment, connection: Connection, outputs: Outputs, execution: Execution, begin: str | None
) -> runs.Record:
    """The input of a run that does an execution again, from the step ``begin`` on, if any. UserError where there is
    nothing to do again, or what the execution left is not there, or out of date.
    """
    steps = [(name, step.result or "") for name, step in in_order(env.steps)]
    names = [name for name, _ in steps]
    step = going_on.begins_at(begin, names) if begin else None
    going = _going(env, connection, outputs, execution)
    left_by = going_on.left_by(going.run, step, names) if step else execution.name
    if step is None:
        going_on.refuse_unfailed(going)
    else:
        folder = runs.folder(outputs["OutputUri"], left_by)
        missing = _missing(connection, folder, going_on.documents(step, steps))
        going_on.refuse_rerun_from(going, step, f"{left_by} has no {missing}" if missing else "")
    value = going_on.again(going.run.value, step, left_by)
    return runs.signed(connection, runs.version(outputs), value)


def _missing(connection: Connection, folder: str, names: Sequence[str]) -> str | None:
    """The first of these documents that is not in a run's folder."""
    bucket, prefix = split_uri(folder)
    client = connection.client("s3")
    with explained():
        return next((name for name in names if source.is_empty(client, bucket, prefix + name)), None)


def _going(env: Environment, connection: Connection, outputs: Outputs, execution: Execution) -> Going:
    going_on.refuse_other_machine(env.name, execution.arn, outputs["StateMachineArn"])
    client = connection.client("stepfunctions")
    with explained():
        described = states.described(client, execution.arn)
        own, deployed = (
            states.followed(client, execution.arn),
            states.definition(client, runs.version(outputs)),
        )
    whole = described[0] if described else execution
    if own is None or deployed is None:
        raise UserError(
            "the definition of the run is compared with the deployed one, for which the actions "
            "states:DescribeStateMachine and states:DescribeStateMachineForExecution are needed; see "
            "docs/reference/operator-policy.md"
        )
    after = [
        each
        for each in history.newest(connection, outputs, _LATER)
        if each.started >= execution.started and each.arn != execution.arn
    ]
    (run,) = history.with_results(env, connection, outputs, [whole])
    later = history.with_results(env, connection, outputs, after)
    progress = history.looked_at(connection, execution.arn)
    return Going(env.name, run, progress, later, own, deployed, whole.unredrivable)
