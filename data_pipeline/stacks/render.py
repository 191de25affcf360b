"""An environment → the text of its two templates."""

from __future__ import annotations

import json

from data_pipeline.core.config import Environment

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
    """The same templates as JSON without white space and without what is written for the reader: a request takes
    51,200 bytes, and neither white space, nor descriptions, nor the reasons of the policies say anything to
    CloudFormation. Named queries, of which there may be any number and on which nothing depends, are left out.
    """
    found = {}
    for name, template in zip(file_names(env.name), (storage(env), pipeline(env)), strict=True):
        document = template.to_dict()
        document["Resources"] = {
            name: {key: value for key, value in resource.items() if key != "Metadata"}
            for name, resource in document["Resources"].items()
            if resource["Type"] != "AWS::Athena::NamedQuery"
        }
        for described in (document.get("Parameters", {}), document["Outputs"]):
            for one in described.values():
                one.pop("Description", None)
        found[name] = json.dumps(document, separators=(",", ":"))
    return found
