"""The steps that a project with data sets has by itself, as its configuration would write them; pure.

``steps:`` resizes them, moves them to another service or in another place, and adds scripts of the project's own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from data_pipeline.core.naming import MAINTENANCE

PREPARE, LOAD, INGEST = "prepare", "load", "ingest"
#: the script that loads data sets.
SCRIPT = "load.py"
#: the result of the step that compares, and of the one that loads.
DECISION, VERDICT = "decision", "verdict"

#: what that script is given on a cluster, beside its arguments.
ON_CLUSTER = {"engine": "spark"}

#: what a project may say of these steps, and of the maintenance; the rest follows from the data sets.
OPEN = ("service", "timeout_minutes", "sagemaker", "glue", "cluster", "after")
OPEN_OF_MAINTENANCE = ("service", "timeout_minutes", "sagemaker", "glue", "arguments", "schedule")

Written = dict[str, Any]

_MACHINE = {"instance_type": "ml.m5.xlarge", "volume_gb": 50}
_RUN = {"run": "{run}", "code-version": "{code_version}"}
_WHERE = {"output": "{output}", "catalog": "glue:{database}"}


def steps(tables: Iterable[str], *, exports: bool) -> dict[str, Written]:
    """Name → step. ``tables``: those of the data sets and those made of them; ``exports``: one of them is exported."""
    return {PREPARE: _prepare(), LOAD: _load(tuple(tables), exports), INGEST: _ingest()}


def maintenance(tables: Iterable[str], others: Sequence[str] = ()) -> Written:
    """The upkeep of the ``tables`` of data sets and those made of them, and of ``others``, which scripts publish."""
    return {
        "script": f"{MAINTENANCE}.py",
        "service": "sagemaker",
        "timeout_minutes": 120,
        "sagemaker": {**_MACHINE, "volume_gb": 30},
        "arguments": {
            **_WHERE,
            "definitions": "{definitions}",
            **_RUN,
            "retain-days": "30",
            "retain-last": "10",
            **({"tables": ",".join(others)} if others else {}),
        },
        "reads": ("warehouse",),
        "writes": ("warehouse", "runs"),
        "deletes": ("warehouse",),
        "tables": (*tables, *others),
    }


def _prepare() -> Written:
    return {
        "script": "prepare_datasets.py",
        "service": "glue",
        "glue": {"runtime": "glue-pythonshell"},
        "timeout_minutes": 60,
        "arguments": {
            "input": "{input}",
            "output": "{output}",
            "definitions": "{definitions}",
            "source": "{sources}",
            **_RUN,
            "dataset": "{datasets}",
            "part": "{parts}",
            "periods": "{periods}",
            "reprocess": "{reprocess}",
            "prune": "{prune}",
            "rebuild": "{rebuild}",
            "from-now-on": "{from_now_on}",
            "drop-column": "{drop_columns}",
            "defer-tables": "{defer_tables}",
        },
        "reads": ("input", "state"),
        "writes": ("runs",),
        "result": DECISION,
    }


def _load(tables: tuple[str, ...], exports: bool) -> Written:
    export = ("export",) if exports else ()
    return {
        "script": SCRIPT,
        "service": "sagemaker",
        "after": PREPARE,
        "timeout_minutes": 240,
        "sagemaker": _MACHINE,
        "glue": {"worker_type": "G.2X", "workers": 2},
        "arguments": {
            "input": "{input}",
            **_WHERE,
            "definitions": "{definitions}",
            "plan": "{output}runs/{planned}/plan.json",
            **_RUN,
            "accept": "{accept}",
            "defer-tables": "{defer_tables}",
            "started-by": "{started_by}",
        },
        "reads": ("input", "runs", "warehouse", *export, "state"),
        "writes": ("runs", "quarantine", "warehouse", *export, "state"),
        "tables": tables,
        "result": VERDICT,
    }


def _ingest() -> Written:
    return {
        "script": "ingest.py",
        "service": "sagemaker",
        "after": LOAD,
        "timeout_minutes": 120,
        "sagemaker": {**_MACHINE, "volume_gb": 30},
        "arguments": {**_WHERE, "features": "{features}", **_RUN, "backfill": "{reprocess}"},
        "reads": ("warehouse", "state"),
        "writes": ("state", "runs"),
    }
