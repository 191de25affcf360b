"""The mirror of an environment's sources, held against the project's data sets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from data_pipeline.aws.session import Connection
from data_pipeline.cli.project import root
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.sources import document
from data_pipeline.core.machine import selection
from data_pipeline.etl.documents import datasets
from data_pipeline.etl.documents import sources as source_list
from data_pipeline.project.definitions import load_definitions

from .mirror_job import Event, run_job


def run_mirror(
    env: Environment,
    connection: Connection,
    deployed: Mapping[str, str],
    options: list[str],
    scope: Mapping[str, Any],
) -> Event:
    """The report of a mirror of the files that the scope has. UserError for a scope that the project has not."""
    listed = source_list.read(document(env.sources, env.mirror), "sources")
    names = tuple(source.name for source in listed.sources if {*source.datasets} <= {source.name})
    chosen = selection.checked(replace(selection.known(env), sources=names), scope)
    locations = ["--input", deployed["InputUri"], "--output", deployed["OutputUri"]]
    definitions = datasets.write(load_definitions(root(), env)) if env.datasets else None
    return run_job(
        connection, document(env.sources, env.mirror), definitions, [*locations, *options, *_words(chosen)]
    )


def _words(scope: Mapping[str, Any]) -> list[str]:
    """The options of the job."""
    joined = {"--dataset": scope.get("datasets"), "--part": scope.get("parts")}
    lists = [word for option, each in joined.items() if each for word in (option, ",".join(each))]
    spans = [word for name in ("months", "periods") if scope.get(name) for word in (f"--{name}", scope[name])]
    return [*lists, *spans]
