"""An environment → the text of its two templates."""

from __future__ import annotations

import json

from data_pipeline.core.config.environment import Environment

from .pipeline import pipeline
from .storage import storage
from .text import to_yaml


def file_names(environment: str) -> tuple[str, str]:
    """Names in ``templates/`` of an environment's storage and pipeline templates."""
    return f"{environment}-storage.yaml", f"{environment}-pipeline.yaml"


def render(env: Environment) -> dict[str, str]:
    """File name in ``templates/`` → content, from the environment alone: no clock, no chance, no machine.

    Raises ``UserError`` for a configuration that no template can be made of.
    """
    sources = f"config/pipeline.yaml and config/{env.name}.yaml"
    header = f"# Rendered by data_pipeline_create.py from {sources}; do not edit.\n"
    names = file_names(env.name)
    templates = (storage(env), pipeline(env))
    return {
        name: header + to_yaml(template.to_dict()) for name, template in zip(names, templates, strict=True)
    }


def compact(env: Environment) -> dict[str, str]:
    """The same templates as JSON, for CloudFormation to check in one request of at most 51,200 bytes: without
    white space, without the reasons of the policies, and without the state machines' definitions, at whose inside
    it does not look (``machines`` has them; Step Functions checks those).
    """
    found = {}
    for name, template in zip(file_names(env.name), (storage(env), pipeline(env)), strict=True):
        document = template.to_dict()
        for resource in document["Resources"].values():
            resource.pop("Metadata", None)
            if resource["Type"] == "AWS::StepFunctions::StateMachine":
                del resource["Properties"]["Definition"]
        found[name] = json.dumps(document, separators=(",", ":"))
    return found
