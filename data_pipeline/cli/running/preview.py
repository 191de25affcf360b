"""``run --dry-run``: what a run would do, told before it is started."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import click

from data_pipeline.aws.session import Connection
from data_pipeline.cli.columns import columns
from data_pipeline.core.config import default_steps
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.machine import cluster
from data_pipeline.core.progress import expected, result_text
from data_pipeline.core.uploads import amount
from data_pipeline.project import expecting, previewing
from data_pipeline.project.deployed import pipeline_stack

from .mirror_run import run_mirror

Record = dict[str, Any]

#: files that people are shown.
_SHOWN = 10


def preview(env: Environment, connection: Connection, value: Mapping[str, Any], as_json: bool) -> None:
    """Say what a run with this input would do; nothing is started, and nothing written."""
    stack = pipeline_stack(env, connection)
    brought = _brought(env, connection, stack.outputs, value) if env.mirrors else None
    found = previewing.planned(env, connection, stack, value)
    size = found["decision"]["bytes"]
    past = expecting.past_times(env, connection, stack.outputs)
    likely = expected.of_run(past, size)
    loads = found["decision"]["proceed"]
    told = {
        "environment": env.name,
        "input": dict(value),
        **{name: each for name, each in found.items() if name != "version"},
        "mirror": brought,
        "before": previewing.steps_before(env),
        "engine": engine(env, size) if loads else None,
        "estimate": expected.as_json(likely) if loads else None,
    }
    if as_json:
        click.echo(json.dumps(told, indent=2))
        return
    time = (
        expected.text(likely, past, size) if loads else "nothing to load: it would end after its first step"
    )
    for line in _lines(told, time):
        click.echo(line)


def engine(env: Environment, size: int) -> Record:
    """What would load so many bytes: ``name``, ``service``, ``machine`` and how many ``machines``."""
    step = env.steps[default_steps.LOAD]
    machines = cluster.machines(step.cluster, size, step.service) if step.cluster else None
    job = step.on_cluster if machines and step.on_cluster else step
    glue = job.service == "glue"
    return {
        "name": "Spark" if machines else "DuckDB",
        "service": job.service,
        "machine": job.glue.worker_type if glue else job.sagemaker.instance_type,
        "machines": machines or (job.glue.workers if glue else 1),
    }


def _lines(told: Mapping[str, Any], time: str) -> Iterator[str]:
    decided = told["decision"]
    if told["datasets"]:
        yield from columns([("data set", "files", "bytes", "because"), *_rows(told["datasets"])], (1, 2))
        yield ""
    rows = [("reason", decided["reason"])]
    rows += [("", text) for text in decided["messages"]]
    rows += _mirror(told["mirror"])
    if told["before"]:
        rows.append(
            ("not known", f"what {', '.join(told['before'])} may bring, which runs before the plan is made")
        )
    if told["engine"]:
        rows.append(("engine", _engine(told["engine"])))
    yield from columns([*rows, ("expected", time), *_files(told)])
    yield "nothing was started, and nothing written"


def _rows(datasets: Mapping[str, Any]) -> Iterator[tuple[str, str, str, str]]:
    for name, each in datasets.items():
        because = ", ".join(f"{number:,} {what}" for what, number in each["because"].items())
        yield name, f"{each['files']:,}", amount(each["bytes"]), because


def _files(told: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    shown = told["files"][:_SHOWN]
    for place, each in enumerate(shown):
        yield "" if place else "files", f"{each['path']}, {amount(each['bytes'])}, {each['because']}"
    left = len(told["files"]) - len(shown) + told["more_files"]
    if left:
        yield "", f"and {left:,} more; --json names up to 500"


def _engine(told: Mapping[str, Any]) -> str:
    return f"{told['name']} on {told['machines']} {told['machine']} ({told['service']})"


def _brought(
    env: Environment, connection: Connection, outputs: Mapping[str, str], value: Mapping[str, Any]
) -> Record:
    """What the mirror of the first step would bring: it asks the sources for headers alone."""
    scope = {name: value[name] for name in ("datasets", "parts", "periods") if value.get(name)}
    report = run_mirror(env, connection, outputs, ["--dry-run", "true"], scope)
    files = [each["path"] for each in report["files"] if each["outcome"] in ("new", "updated")]
    return {"counts": report["counts"], "partial": report["partial"], "files": files}


def _mirror(told: Mapping[str, Any] | None) -> Iterator[tuple[str, str]]:
    if told is None:
        return
    counts = told["counts"]
    yield "mirror", f"{'partial: ' * told['partial']}{result_text.outcomes(counts)}"
    brings = counts.get("new", 0) + counts.get("updated", 0)
    if brings:
        files = "this file" if brings == 1 else f"these {brings:,} files"
        yield "", f"the plan is without {files}, which would be there by then: size"
        yield "", "and rows are not known"
