"""The weather example as a project whose environments a test deploys in its own process, on an embedded AWS."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from deploy.test_deployment import never

from data_pipeline.aws.cloudformation import Stacks
from data_pipeline.aws.session import EmbeddedCredentials, connect
from data_pipeline.cli.deploying.deployment import Plan, carry_out, gather
from data_pipeline.cli.deploying.target import Target
from data_pipeline.cli.feature_types import with_feature_types
from data_pipeline.cli.job_code import shipped
from data_pipeline.core.loading.load import load_environment
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.stacks import render

_EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "weather"


def project(folder: Path) -> Path:
    """A copy of the example; the caller has ``deployment.root`` return it."""
    shutil.copytree(_EXAMPLE, folder, ignore=shutil.ignore_patterns("sample"))
    (folder / "templates").mkdir(exist_ok=True)
    return folder


def own_code(root: Path) -> dict[str, bytes]:
    """The jobs without the tool's own 190 files, which would be uploaded for each environment."""
    return {name: content for name, content in shipped(root).items() if not name.startswith("data_pipeline/")}


def target(root: Path, endpoint: Endpoint, name: str, settings: Mapping[str, Any]) -> Target:
    """An environment of the project with these settings, rendered."""
    written = {"endpoint": "embedded", **settings}
    (root / "config" / f"{name}.yaml").write_text(yaml.safe_dump(written))
    environment = with_feature_types(root, load_environment(root, name))
    for file, text in render(environment).items():
        (root / "templates" / file).write_text(text)
    keys = EmbeddedCredentials(endpoint.url, endpoint.access_key, endpoint.secret_key)
    connection = connect(environment, keys)
    return Target(
        environment, connection, "artifacts", Stacks(connection.client("cloudformation"), pace=0.05)
    )


def deploy(to: Target) -> None:
    """Plan and carry out, without a question."""
    plan = gather(to, create_bucket=True)
    try:
        carry_out(to, plan, never)
    finally:
        plan.discard(to.stacks)


def planned(to: Target) -> Plan:
    """What would be done, and nothing is."""
    plan = gather(to, create_bucket=True)
    plan.discard(to.stacks)
    return plan
