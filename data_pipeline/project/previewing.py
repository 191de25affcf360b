"""What a run would load, by the code of its first step, which writes nothing then."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from typing import Any

from data_pipeline.aws.cloudformation import Stack
from data_pipeline.aws.session import Connection
from data_pipeline.core.config import dataset_document, default_steps
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.machine.steps import in_order
from data_pipeline.etl.documents import preview

_JOB = "data_pipeline.etl.jobs.prepare_datasets"
_ERROR = "error: "

Record = dict[str, Any]


def planned(env: Environment, connection: Connection, stack: Stack, value: Mapping[str, Any]) -> Record:
    """The preview of a run with this input, as ``etl.documents.preview`` has it. ``stack``: that of the pipeline, whose
    definitions of data sets it goes by. UserError where no step makes a plan, or where none can be made.
    """
    if default_steps.PREPARE not in env.steps or dataset_document.PARAMETER not in stack.parameters:
        raise UserError(
            f"{env.name}: found no data sets in what is deployed, whose files a run plans; what it would do only its "
            "scripts know"
        )
    key = dataset_document.key(env.names.artifacts, stack.parameters[dataset_document.PARAMETER])
    words = {
        "input": stack.outputs["InputUri"],
        "output": stack.outputs["OutputUri"],
        "definitions": f"s3://{stack.parameters['ArtifactBucket']}/{key}",
        "run": "dry-run",
        **_options(value),
        "dry-run": "true",
    }
    done = subprocess.run(
        [sys.executable, "-m", _JOB, *(f"--{option}={text}" for option, text in words.items())],
        env=connection.variables(os.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    last = (done.stderr.strip().splitlines() or [""])[-1]
    if done.returncode == 0:
        return preview.read(done.stdout, "the preview of the run")
    if last.startswith(_ERROR):
        raise UserError(f"the run would fail in its first step: {last.removeprefix(_ERROR)}")
    raise RuntimeError(f"the preview ended with status {done.returncode}:\n{done.stderr}")


def steps_before(env: Environment) -> list[str]:
    """The steps that run before the plan is made, and may bring files."""
    names = [name for name, _ in in_order(env.steps)]
    return names[: names.index(default_steps.PREPARE)]


def _options(value: Mapping[str, Any]) -> dict[str, str]:
    """The options of the step that say an input, as the state machine spells them."""
    lists = {
        "dataset": "datasets",
        "part": "parts",
        "rebuild": "rebuild",
        "from-now-on": "from_now_on",
        "drop-column": "drop_columns",
    }
    found = {option: ",".join(value[name]) for option, name in lists.items() if value.get(name)}
    found |= {"periods": value["periods"]} if value.get("periods") else {}
    switches = ("reprocess", "prune", "defer_tables")
    return found | {name.replace("_", "-"): "true" for name in switches if value.get(name)}
