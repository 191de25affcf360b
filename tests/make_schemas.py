"""Writes data_pipeline/embedded_aws/cloudformation/templates/schemas.json: the registry's schemas in cfn-lint.

Of each type that the embedded AWS has, what says which properties are right. Descriptions are left out.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from paths import ROOT

TARGET = ROOT / "data_pipeline" / "embedded_aws" / "cloudformation" / "templates" / "schemas.json"
TYPES = (
    *(
        "AWS::Athena::NamedQuery",
        "AWS::Athena::WorkGroup",
        "AWS::Glue::Database",
        "AWS::Glue::Job",
        "AWS::IAM::Role",
    ),
    *("AWS::KMS::Alias", "AWS::KMS::Key", "AWS::Logs::LogGroup", "AWS::S3::Bucket", "AWS::S3::BucketPolicy"),
    *(
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
    ),
    *("AWS::SageMaker::FeatureGroup", "AWS::Scheduler::Schedule", "AWS::Scheduler::ScheduleGroup"),
    "AWS::StepFunctions::StateMachine",
    "AWS::StepFunctions::StateMachineAlias",
    "AWS::StepFunctions::StateMachineVersion",
)
KEPT = frozenset(
    (
        *(
            "additionalProperties",
            "allOf",
            "anyOf",
            "const",
            "definitions",
            "enum",
            "items",
            "maxItems",
            "maxLength",
        ),
        *(
            "maximum",
            "minItems",
            "minLength",
            "minimum",
            "oneOf",
            "pattern",
            "patternProperties",
            "properties",
        ),
        *("readOnlyProperties", "required", "type", "uniqueItems", "$ref", "minProperties", "maxProperties"),
    )
)


def kept(schema: Any) -> Any:
    """A schema with what is held against a value alone."""
    if not isinstance(schema, dict):
        return [kept(each) for each in schema] if isinstance(schema, list) else schema
    found = {}
    for key, value in schema.items():
        if key in ("definitions", "patternProperties", "properties"):
            found[key] = {name: kept(each) for name, each in value.items()}
        elif key in KEPT:
            found[key] = value if key in ("const", "enum") else kept(value)
    return found


def text() -> str:
    """The file: a type, a line."""
    lines = []
    for name in TYPES:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
        lines.append(f'  "{name}": {json.dumps(kept(schema), separators=(",", ":"))}')
    about = "CloudFormation registry schemas by resource type; written by tests/make_schemas.py, do not edit."
    source = f"AWS's registry schemas for us-east-1, as in cfn-lint {version('cfn-lint')}"
    types = ",\n".join(lines)
    return f'{{\n "about": "{about}",\n "source": "{source}",\n "types": {{\n{types}\n }}\n}}\n'


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
