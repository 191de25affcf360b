"""Glue's jobs on the embedded AWS: MiniStack's definitions and runs replaced by ones that are checked and
executed.

MiniStack without Docker reports Spark runs SUCCEEDED without running them, runs Python shell jobs without
arguments, and keeps a part of a definition. The functions replaced are those that its API and its
CloudFormation both call.
"""

from __future__ import annotations

from typing import Any

from ministack.core import persistence
from ministack.services import glue
from ministack.services.cloudformation import provisioners

from .jobs import glue_definitions, glue_runs, shapes


def install() -> None:
    """Replace MiniStack's job functions."""
    glue._create_job = glue_definitions.create
    glue._update_job = glue_definitions.update
    glue._start_job_run = glue_runs.start
    glue._get_job_run = glue_runs.get
    glue._get_job_runs = glue_runs.get_all
    glue._batch_stop_job_run = glue_runs.stop
    provisioners._glue_job_fields = fields_of
    provisioners._GLUE_JOB_DEFAULTS = {}
    glue_runs.on_end.append(lambda: persistence.save_state("glue", glue.get_state()))


def fields_of(properties: dict[str, Any]) -> dict[str, Any]:
    """What an AWS::Glue::Job gives to CreateJob: every property of Glue's model, numbers as numbers."""
    shape = shapes.service_model("glue").shape_for("JobUpdate")
    members = shape.members  # type: ignore[attr-defined]
    return {name: _typed(value, members[name]) for name, value in properties.items() if name in members}


def _typed(value: Any, shape: Any) -> Any:
    """A template's value as the model wants it: CloudFormation turns text into numbers and truth values."""
    if shape.type_name == "structure" and isinstance(value, dict):
        return {
            name: _typed(item, shape.members[name]) if name in shape.members else item
            for name, item in value.items()
        }
    if shape.type_name == "map" and isinstance(value, dict):
        return {name: _typed(item, shape.value) for name, item in value.items()}
    if shape.type_name == "string" and isinstance(value, (bool, int, float)):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if isinstance(value, str):
        if shape.type_name == "integer":
            return int(value)
        if shape.type_name == "double":
            return float(value)
        if shape.type_name == "boolean":
            return value.lower() == "true"
    return value


def recover() -> None:
    """After a server that was killed: its runs ended with it, and say so."""
    glue_runs.end_all()


def shutdown() -> None:
    """End every run now; called in the event loop, so nothing is waited for."""
    glue_runs.end_all()
