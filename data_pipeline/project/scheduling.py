"""The schedules of a deployed environment: how they stand, and the pause that only ``resume`` ends."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from data_pipeline.aws import records, s3, scheduler
from data_pipeline.aws.cloudformation import Stack
from data_pipeline.aws.errors import explained
from data_pipeline.aws.results import read_json
from data_pipeline.aws.scheduler import ScheduleState
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment import pausing
from data_pipeline.core.deployment.pausing import Pause
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.next_firings import next_firings
from data_pipeline.core.naming import DAILY, MAINTENANCE

#: the parameter of the pipeline stack that names the bucket of the note.
BUCKET = "ArtifactBucket"


@dataclass(frozen=True)
class Scheduled:
    """A schedule with the state that it has, in words, and its pause."""

    name: str
    schedule: ScheduleState
    state: str
    pause: Pause | None = None

    def next(self, now: datetime, count: int) -> list[datetime]:
        """The next times at which it starts a run; none while it is off."""
        if not self.schedule.enabled:
            return []
        found = self.schedule
        return next_firings(found.expression, found.timezone, now, count, found.anchor)


def schedules(env: Environment, connection: Connection, stack: Stack) -> list[Scheduled]:
    """The schedule of the pipeline, then that of the maintenance, as far as they are deployed."""
    pause = find_pause(env, connection, stack.parameters.get(BUCKET))
    found = []
    for name, when in ((DAILY, env.schedule), (MAINTENANCE, env.maintenance and env.maintenance.schedule)):
        with explained():
            there = scheduler.find(connection.client("scheduler"), env.names.schedule_group, name)
        if there is not None:
            noted = pause if name == DAILY else None
            configured = bool(when and when.enabled)
            found.append(Scheduled(name, there, pausing.state(configured, there.enabled, noted), noted))
    return found


def find_pause(env: Environment, connection: Connection, bucket: str | None) -> Pause | None:
    """The note of a pause in the artifact bucket, None where there is none."""
    if bucket is None:
        return None
    uri = f"s3://{bucket}/{pausing.key(env.names.artifacts)}"
    with explained():
        content = read_json(connection.client("s3"), uri)
    return None if content is None else pausing.parse(content, uri)


def pause(env: Environment, connection: Connection, stack: Stack, now: datetime, why: str) -> Pause:
    """Note a pause, then switch the schedule off. An earlier note stays as it is. UserError without a schedule."""
    bucket = _bucket(env, stack)
    noted = find_pause(env, connection, bucket)
    new = noted or Pause(connection.identity, now.isoformat(timespec="seconds"), why)
    if noted is None:
        with explained():
            s3.put(connection, bucket, pausing.key(env.names.artifacts), pausing.dump(new))
    _switch(env, connection, False)
    return new


def resume(env: Environment, connection: Connection, stack: Stack) -> Pause | None:
    """Switch the schedule on, then forget the pause, which is returned. What the configuration has off stays off.

    UserError where it has it off and there is no pause.
    """
    bucket = _bucket(env, stack)
    noted = find_pause(env, connection, bucket)
    if env.schedule.enabled:
        _switch(env, connection, True)
    elif noted is None:
        raise UserError(
            f"the schedule of {env.name} is not paused, but off in the configuration: set schedule.enabled to true in "
            f"config/{env.name}.yaml, render and deploy"
        )
    records.remove(connection, bucket, [pausing.key(env.names.artifacts)] if noted else [])
    return noted


def keep_paused(env: Environment, connection: Connection, bucket: str) -> Pause | None:
    """Switch the schedule off again where a deployment has switched a paused one on; the pause."""
    noted = find_pause(env, connection, bucket)
    if noted is not None:
        with explained():
            there = scheduler.find(connection.client("scheduler"), env.names.schedule_group, DAILY)
        if there is not None and there.enabled:
            _switch(env, connection, False)
    return noted


def _bucket(env: Environment, stack: Stack) -> str:
    bucket = stack.parameters.get(BUCKET)
    if bucket is None:
        raise UserError(f"stack {stack.name} of {env.name} has no parameter {BUCKET}: deploy it once more")
    return bucket


def _switch(env: Environment, connection: Connection, enabled: bool) -> None:
    group = env.names.schedule_group
    with explained():
        client = connection.client("scheduler")
        if scheduler.find(client, group, DAILY) is None:
            raise UserError(f"there is no schedule {group}/{DAILY}: deploy {env.name} once more")
        scheduler.switch(client, group, DAILY, enabled)
