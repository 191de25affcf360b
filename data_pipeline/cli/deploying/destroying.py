"""Taking an environment down: what there is of it, and its deletion, which can be broken off and repeated."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from data_pipeline.aws import destruction as delete
from data_pipeline.aws import s3, states
from data_pipeline.aws.cloudformation import Stack
from data_pipeline.aws.session import Connection
from data_pipeline.core.deployment import templates
from data_pipeline.core.deployment.adoption import GROUP, Leftover
from data_pipeline.core.deployment.deployment_record import current, remembered, retained
from data_pipeline.core.deployment.destruction import Doomed
from data_pipeline.core.deployment.stack_states import DELETE_ENDS, is_there
from data_pipeline.core.errors import UserError

from .adopt import find
from .deployment import bodies
from .stack_apply import idle_stack, why_not
from .stack_progress import Operation, note, progress
from .target import Target

#: output of the pipeline stack that names a state machine → what runs there, and what to do about it.
_MACHINES = {
    "StateMachineArn": (
        "run",
        ", or stop it, then run the same command again:\n  python -m data_pipeline runs stop {env}",
    ),
    "MaintenanceStateMachineArn": ("maintenance", ", then run the same command again."),
}
_ROLE, _BUCKET = "AWS::IAM::Role", "AWS::S3::Bucket"
#: what outlives its stack goes in this order: a role after its group, a bucket after what lies in it.
_ORDER = (GROUP, _ROLE, "AWS::Glue::Database", "AWS::Logs::LogGroup", _BUCKET, "AWS::KMS::Key")


def gather_doomed(target: Target, with_data: bool) -> Doomed:
    """What there is of an environment, whatever state its stacks are in; an operation under way is waited for.

    UserError while a run is under way, whose jobs would lose their roles.
    """
    names = target.environment.names
    exists = s3.find_bucket(target.connection, target.bucket)
    pipeline = idle_stack(target.stacks, names.pipeline_stack)
    storage = idle_stack(target.stacks, names.storage_stack)
    refuse_running(target)
    storage_body, pipeline_body = _bodies(target, exists, storage, pipeline)
    known = remembered(target.record.read()) if exists else {}
    known |= retained(storage.outputs, storage_body) if storage else {}
    adoption = find(target.connection, storage_body, known, target.record.uri)
    doomed = {names.pipeline_stack: pipeline_body} if pipeline else {}
    artifacts = f"{names.artifacts}/"
    if storage and with_data:
        doomed[names.storage_stack] = storage_body
    return Doomed(
        target.name,
        doomed,
        adoption.leftovers,
        with_data,
        f"s3://{target.bucket}/{artifacts}" if exists and _holds(target, artifacts) else None,
        names.storage_stack,
        _own_bucket(target, storage, storage_body),
    )


def _own_bucket(target: Target, storage: Stack | None, body: Mapping[str, Any]) -> str | None:
    """The data bucket where it is the user's own: as the storage stack says, and without one the project, unless that
    is of another pipeline.
    """
    deployed = storage.outputs.get("DataBucket") if storage else None
    if deployed:
        return None if "DataBucket" in body.get("Resources", {}) else deployed
    return None if target.former else target.environment.data.bucket


def destroy_all(target: Target, doomed: Doomed) -> None:
    """Delete it: the pipeline stack; with data the storage stack, what outlives that, and last the record of it all."""
    for name in doomed.stacks:
        _delete_stack(target, name)
    if not doomed.with_data:
        return
    known = [each for each in doomed.outliving if each.type in _ORDER]
    for each in sorted(known, key=lambda each: _ORDER.index(each.type)):
        _delete_leftover(target.connection, each)
    if doomed.artifacts:
        prefix = f"{target.environment.names.artifacts}/"
        delete.empty(target.connection, target.bucket, prefix, _counter("artifacts"))


def _holds(target: Target, prefix: str) -> bool:
    return bool(s3.existing_sizes(target.connection, target.bucket, prefix))


def _bodies(
    target: Target, exists: bool, storage: Stack | None, pipeline: Stack | None
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The templates of storage and pipeline: each stack's own, and of one that is not there the one that was deployed
    last, or else the project's.
    """
    own = [
        target.stacks.template(stack.id) if stack and is_there(stack.status) else None
        for stack in (storage, pipeline)
    ]
    others = (None, None) if all(own) else _recorded_bodies(target, exists)
    first, second = (
        templates.read_rendered(body or other or "{}") for body, other in zip(own, others, strict=True)
    )
    return first, second


def _recorded_bodies(target: Target, exists: bool) -> tuple[str, str]:
    last = current(target.record.read()) if exists else None
    found = [s3.find(target.connection, target.bucket, key) for key in last.templates] if last else []
    texts = [body.decode() for body in found if body is not None]
    if len(texts) == 2:
        return texts[0], texts[1]
    return ("{}", "{}") if target.former else bodies(target.environment)


def refuse_running(target: Target) -> None:
    """UserError while a run or the maintenance is under way. A state machine that has gone from under its stack, as a
    deletion that failed leaves it, has none.
    """
    env, stack = target.environment, target.stacks.find(target.environment.names.pipeline_stack)
    outputs = stack.outputs if stack else {}
    for output, (what, how) in _MACHINES.items():
        machine = outputs.get(output)
        client = target.connection.client("stepfunctions")
        found = states.running(client, machine) if machine else None
        if found:
            then = ", then run the same command again." if target.former else how.format(env=env.name)
            raise UserError(
                f"{target.name}: the {what} {found.name} is under way, and this would break it. Wait for its end{then}"
            )


def _delete_stack(target: Target, name: str) -> None:
    """Delete a stack, protected or not, and follow that to its end. UserError where it does not go."""
    stacks = target.stacks
    stack = stacks.find(name)
    if stack is None:
        return
    if stack.protected:
        stacks.protect(stack.id, on=False)
    after = stacks.last_event(stack.id)
    stacks.delete(stack.id)
    events = progress(stacks, Operation(name, stack.id, after, DELETE_ENDS)).events
    now = stacks.find(stack.id)
    if now is not None and now.status != "DELETE_COMPLETE":
        raise UserError(
            f"{name}: was not deleted; the stack is now {now.status}.\n{why_not(now, events)}\n"
            "Mend the cause and run the same command again."
        )


def _delete_leftover(connection: Connection, each: Leftover) -> None:
    how: Mapping[str, Callable[[Connection, str], None]] = {
        GROUP: delete.feature_group,
        _ROLE: delete.role,
        "AWS::Glue::Database": delete.database,
        "AWS::Logs::LogGroup": delete.log_group,
        "AWS::KMS::Key": delete.key,
    }
    if each.type == _BUCKET:
        delete.bucket(connection, each.name, _counter(each.name))
    else:
        how[each.type](connection, each.name)
    note(f"  deleted {each.type} {each.name}")


def _counter(what: str) -> Callable[[int], None]:
    return lambda count: note(f"  {what}: {count:,} objects deleted")
