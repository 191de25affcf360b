"""A template that is too large for a request of CloudFormation."""

from __future__ import annotations

import yaml
from clients import client
from deploy.test_deployment import PIPELINE
from deploy.test_destroy import deploy, owner, target  # noqa: F401 - fixtures
from deploy.test_rollback import few_files  # noqa: F401 - a fixture

from data_pipeline.aws.cloudformation import BODY_LIMIT
from data_pipeline.cli.deploying import deployment
from data_pipeline.cli.deploying.deployment import gather
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment.artifacts import template_key
from data_pipeline.embedded_aws.server.endpoint import Endpoint


def test_it_goes_by_the_bucket_and_changes_nothing_the_second_time(
    target: Target,  # noqa: F811
    embedded: Endpoint,
) -> None:
    environment = target.environment
    body = yaml.safe_dump({**PIPELINE, "Metadata": {f"note-{n}": "x" * 100 for n in range(500)}})
    assert len(body) > BODY_LIMIT
    (deployment.root() / "templates" / f"{environment.name}-pipeline.yaml").write_text(body)
    deploy(target)
    key = template_key(environment.names.artifacts, body)
    stored = client(embedded, "s3").get_object(Bucket=target.bucket, Key=key)["Body"].read()
    assert stored == body.encode()
    assert gather(target, create_bucket=False).nothing
