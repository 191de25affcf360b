"""The end of a run, whoever followed it: what it left goes into the record, and to people."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine import end_states
from data_pipeline.core.progress.failure_reason import described
from data_pipeline.core.progress.follow import Progress
from data_pipeline.etl.documents import summary as summaries
from data_pipeline.project import runs

from . import following
from .outcome import (
    already_running_text,
    failure_text,
    print_notified,
    print_success,
    print_summary,
    with_pointers,
)

Record = dict[str, Any]


def follow_to_its_end(
    env: Environment,
    connection: Connection,
    output: str,
    record: Record,
    as_json: bool,
    beyond: int = 0,
    begun: datetime | None = None,
) -> None:
    """Watch the execution of the record, say how it ended, and add that to the record. UserError where it failed.

    ``beyond``: the event of its history after which it was redriven; ``begun``: when it was started, if not now.
    """
    progress = following.follow(env, connection, record["executionArn"], output, beyond, begun)
    failure = conclude(env, connection, output, progress, record)
    if not as_json:
        tell(env, progress, record, failure)
    if failure is not None:
        raise UserError(with_pointers(failure, env, record["executionArn"]))


def conclude(
    env: Environment, connection: Connection, output: str, progress: Progress, record: Record
) -> str | None:
    """Add to the record what an ended execution left; the text of its failure, None where it ended well.

    ``output``: the stack's output; ``record`` has ``executionArn`` and ``input``. UserError where results cannot be
    read.
    """
    record |= runs.times(progress)
    folder = runs.folder(output, record["executionArn"])
    if progress.failure is None:
        record["results"] = runs.results(env, connection, folder)
        return _succeeded(env, connection, progress, record)
    record |= {**runs.failed(env, connection, progress.failure), "results": {}}
    with suppress(UserError):  # what cannot be read must not hide the failure
        record["results"] = runs.results(env, connection, folder)
        summary = runs.document(connection, folder + summaries.NAME)
        if summary is not None:
            record |= {"summary": summary, "summaryUri": folder + summaries.NAME}
    return failure_text(env, progress, progress.failure, record)


def tell(env: Environment, progress: Progress, record: Record, failure: str | None) -> None:
    """What a concluded run published, on stdout; of one that failed its summary, which names the unreadable files."""
    if failure is None:
        print_success(env, record)
        print_notified(env, progress)
    elif "summary" in record:
        print_summary(env, record["summary"], record["summaryUri"], record["results"])


def _succeeded(env: Environment, connection: Connection, progress: Progress, record: Record) -> str | None:
    """Note how a run ended well; the text of a failure when it ended because another one was running."""
    record["endedAt"] = progress.current.name if progress.current else None
    record["output"] = dict(described(progress.output))
    if record["endedAt"] == end_states.ALREADY_RUNNING:
        record |= {"error": end_states.ALREADY_RUNNING}
        return already_running_text(env, record)
    if record["endedAt"] != end_states.NOTHING_NEW:
        published = runs.published(connection, record["output"])
        if published is not None:
            record["summaryUri"], record["summary"] = published
    return None
