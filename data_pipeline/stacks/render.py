"""An environment → the text of its two templates."""

from __future__ import annotations

import json
from typing import Any

from data_pipeline.core.config.environment import Environment

from .pipeline import pipeline
from .storage import storage
from .text import to_yaml

_VERSION = "AWSTemplateFormatVersion"


def file_names(environment: str) -> tuple[str, str]:
    """Names in ``templates/`` of an environment's storage and pipeline templates."""
    return f"{environment}-storage.yaml", f"{environment}-pipeline.yaml"


def documents(env: Environment) -> dict[str, dict[str, Any]]:
    """File name in ``templates/`` → template as plain values, from the environment alone: no clock, no chance, no
    machine. Raises ``UserError`` for a configuration that no template can be made of.
    """
    templates = zip(file_names(env.name), (storage(env), pipeline(env)), strict=True)
    return {name: {_VERSION: "2010-09-09", **template.to_dict()} for name, template in templates}


def as_text(environment: str, document: dict[str, Any]) -> str:
    """The content of a file in ``templates/``."""
    sources = f"config/pipeline.yaml and config/{environment}.yaml"
    return f"# Rendered by data_pipeline_create.py from {sources}; do not edit.\n{to_yaml(document)}"


def render(env: Environment) -> dict[str, str]:
    """File name in ``templates/`` → content. Raises ``UserError`` as above."""
    return {name: as_text(env.name, document) for name, document in documents(env).items()}


def compact(env: Environment) -> dict[str, str]:
    """The same templates as JSON, for CloudFormation to check in one request of at most 51,200 bytes: without
    white space, without the reasons of the policies, and without the state machines' definitions, at whose inside
    it does not look (``machines`` has them; Step Functions checks those).
    """
    found = {}
    for name, document in documents(env).items():
        del document[_VERSION]
        for resource in document["Resources"].values():
            resource.pop("Metadata", None)
            if resource["Type"] == "AWS::StepFunctions::StateMachine":
                del resource["Properties"]["Definition"]
        found[name] = json.dumps(document, separators=(",", ":"))
    return found
