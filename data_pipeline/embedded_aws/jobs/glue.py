"""Glue's jobs on the embedded AWS: MiniStack's definitions and runs replaced by ones that are checked and
executed.

MiniStack without Docker reports Spark runs SUCCEEDED without running them, runs Python shell jobs without
arguments, and keeps a part of a definition. The functions replaced are those that its API and its
CloudFormation both call.
"""

from __future__ import annotations

from ministack.core import persistence
from ministack.services import glue

from . import glue_definitions, glue_runs


def install() -> None:
    """Replace MiniStack's job functions."""
    glue._create_job = glue_definitions.create
    glue._update_job = glue_definitions.update
    glue._start_job_run = glue_runs.start
    glue._get_job_run = glue_runs.get
    glue._get_job_runs = glue_runs.get_all
    glue._batch_stop_job_run = glue_runs.stop
    glue_runs.on_end.append(lambda: persistence.save_state("glue", glue.get_state()))


def recover() -> None:
    """After a server that was killed: its runs ended with it, and say so."""
    glue_runs.end_all()


def shutdown() -> None:
    """End every run now; called in the event loop, so nothing is waited for."""
    glue_runs.end_all()
