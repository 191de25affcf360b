"""Writes data_pipeline/core/facts/attributes.json: the attributes of GetAtt, by the registry's schemas in cfn-lint."""

from __future__ import annotations

import json
from importlib.metadata import version

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER
from paths import ROOT

TARGET = ROOT / "data_pipeline" / "core" / "facts" / "attributes.json"
SERVICES = frozenset(
    (
        *(
            "ApiGateway",
            "ApiGatewayV2",
            "Athena",
            "Batch",
            "CloudWatch",
            "Cognito",
            "DynamoDB",
            "EC2",
            "ECR",
            "ECS",
        ),
        *(
            "EventSchemas",
            "Events",
            "Glue",
            "IAM",
            "KMS",
            "Kinesis",
            "KinesisFirehose",
            "LakeFormation",
            "Lambda",
        ),
        *("Logs", "Pipes", "RDS", "S3", "SNS", "SQS", "SSM", "SageMaker", "Scheduler", "SecretsManager"),
        "StepFunctions",
    )
)
"""Whose types are kept; of others nothing is said."""


def attributes() -> dict[str, list[str]]:
    """Resource type → its attributes, as patterns."""
    found = {}
    for name in sorted(PROVIDER_SCHEMA_MANAGER.get_resource_types("us-east-1")):
        if name.split("::")[1] in SERVICES and name.startswith("AWS::"):
            schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name)
            found[name] = sorted(schema.get_atts)
    return found


def text() -> str:
    """The file: a type, a line."""
    types = ",\n".join(f'  "{name}": {json.dumps(names)}' for name, names in attributes().items())
    about = "Attributes of GetAtt by resource type; written by tests/make_attributes.py, do not edit."
    source = f"AWS's CloudFormation registry schemas for us-east-1, as in cfn-lint {version('cfn-lint')}"
    return f'{{\n "about": "{about}",\n "source": "{source}",\n "types": {{\n{types}\n }}\n}}\n'


if __name__ == "__main__":
    TARGET.write_text(text(), encoding="utf-8")
