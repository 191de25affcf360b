"""Steps as the state machine needs them: their order, their states' names, their arguments.

What ``load`` has accepted is taken for granted: one first step, no circle, known placeholders.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from graphlib import TopologicalSorter

from data_pipeline.core.config import dataset_document, feature_document, sources
from data_pipeline.core.config.environment import Environment, Step
from data_pipeline.core.config.locations import key_prefix, output_prefix

from . import execution, jsonata

_PLACEHOLDER = re.compile(r"\{(\w+)\}")


def camel(name: str) -> str:
    """``daily_orders`` → ``DailyOrders``."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_-]", name))


def cluster_state(name: str) -> str:
    """The state that runs a step on its cluster."""
    return f"{camel(name)}OnCluster"


def in_order(steps: Mapping[str, Step]) -> list[tuple[str, Step]]:
    """Steps one after the other, each behind the one that it follows; otherwise as they are written."""
    follows = {name: [step.after] if step.after else [] for name, step in steps.items()}
    return [(name, steps[name]) for name in TopologicalSorter(follows).static_order()]


def runtimes(env: Environment) -> list[str]:
    """The runtimes of all jobs and their clusters, sorted."""
    return sorted({runtime for job in env.jobs.values() for runtime in job.runtimes})


def argument_values(env: Environment) -> dict[str, str]:
    """Placeholder → text with the template's substitutions, for those that are known before an execution."""
    return {
        "input": f"s3://${{DataBucketName}}/{key_prefix(env.data, 'input')}",
        "output": f"s3://${{DataBucketName}}/{output_prefix(env.data)}",
        "code_version": "${CodeVersionHash}",
        "database": "${DatabaseName}",
        "features": f"s3://${{ArtifactBucketName}}/{features_key(env)}" if env.managed_features else "none",
        "sources": f"s3://${{ArtifactBucketName}}/{sources_key(env)}" if env.mirrors else "none",
        "definitions": f"s3://${{ArtifactBucketName}}/{_definitions(env)}" if env.datasets else "none",
    }


def _definitions(env: Environment) -> str:
    """Key of the definitions, whose hash deploy fills in."""
    return dataset_document.key(env.names.artifacts, f"${{{dataset_document.SUBSTITUTION}}}")


def features_key(env: Environment) -> str:
    """Key of the list of feature groups in the artifact bucket."""
    return feature_document.key(env.names.artifacts, features_document(env))


def features_document(env: Environment) -> str:
    """The list of feature groups that a job ingests into."""
    return feature_document.document(env.features, env.names, feature_document.periods(env.datasets))


def sources_key(env: Environment) -> str:
    """Key of the list of sources in the artifact bucket."""
    return sources.key(env.names.artifacts, sources.document(env.sources, env.mirror))


def expand(text: str, values: Mapping[str, str]) -> str:
    """An argument's value in the state machine: plain text, or JSONata where an execution decides it."""
    known = _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)
    pieces = re.split(r"\{(" + "|".join(execution.PLACEHOLDERS) + r")\}", known)
    if len(pieces) == 1:
        return known
    code = [
        execution.PLACEHOLDERS[piece] if index % 2 else jsonata.literal(piece)
        for index, piece in enumerate(pieces)
        if piece
    ]
    return jsonata.expression(jsonata.concatenation(code))
