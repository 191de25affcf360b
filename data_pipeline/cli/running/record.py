"""The record of a run, as ``runs`` and ``run`` tell it: for scripts whole, for people its head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from data_pipeline.aws.session import Connection
from data_pipeline.aws.states import Execution
from data_pipeline.cli.columns import labelled, width, with_notes
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import run_input
from data_pipeline.core.progress import past_runs, pointers, state_list
from data_pipeline.core.progress.follow import Progress
from data_pipeline.core.progress.progress_log import duration
from data_pipeline.project import history

from .ending import conclude

Record = dict[str, Any]
Outputs = Mapping[str, str]


def record_of(
    env: Environment, connection: Connection, outputs: Outputs, execution: Execution
) -> tuple[Record, Progress, str | None]:
    """The record of a run, how far it came, and the text of its failure."""
    progress = history.looked_at(connection, execution.arn)
    record: Record = {"environment": env.name, "status": progress.status, **identity(connection, execution)}
    failure = None
    if progress.ended:
        try:
            failure = conclude(env, connection, outputs["OutputUri"], progress, record)
        except UserError as error:  # an old run, whose results are deleted
            failure = str(error)
    record["startDate"] = execution.started.isoformat()
    return record | {"states": state_list.as_json(progress)}, progress, failure


def identity(connection: Connection, execution: Execution) -> Record:
    value = history.input_of(connection, execution.arn)
    return {
        "account": connection.account,
        "region": connection.region,
        "executionArn": execution.arn,
        "execution": execution.name,
        "input": value,
        "startedBy": value.get("started_by"),
        "version": execution.version or None,
    }


def head(env: Environment, record: Record, progress: Progress) -> list[str]:
    """What every run has: its name, when, by whom, what it was asked, and its states."""
    now = datetime.now(UTC)
    started = datetime.fromisoformat(record["startDate"])
    asked = run_input.options(record["input"])
    at = f" at {record['endedAt']}" if record.get("endedAt") else ""
    rows = [
        ("run", record["execution"]),
        ("status", f"{record['status']}{at}"),
        (
            "started",
            f"{started.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC by {record['startedBy'] or past_runs.UNKNOWN}",
        ),
        ("took", duration(((progress.stopped or now) - started).total_seconds())),
        *([("version", f"{record['version']} of the state machine")] if record.get("version") else []),
        *([("asked for", " ".join(asked))] if asked else []),
        *([("from", begin)] if (begin := run_input.begin(record["input"])) else []),
        *([] if env.embedded else [("console", pointers.console(record["executionArn"]))]),
    ]
    place = max(len(label) for label, _ in [*rows, ("states", "")]) + 2
    wide = width()
    states = _states(state_list.rows(progress, now), wide and wide - place)
    labels = ["states", *[""] * len(states)]
    return labelled([*rows, *zip(labels, states, strict=False)], wide, place=place)


def _states(rows: Sequence[tuple[str, ...]], wide: int | None) -> list[str]:
    """The lines of the states, each with its job beside or below it."""
    if not rows:
        return []
    made = with_notes([row[:-1] for row in rows], [row[-1] for row in rows], (), wide)
    return [line for lines in made for line in lines]
