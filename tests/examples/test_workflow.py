"""The workflow of examples/deploy.yml and docs/how-to/ci.md: its commands exist, and it gives only what is needed."""

from __future__ import annotations

import json
import re
from typing import Any

import documented
import pytest
import yaml
from paths import ROOT

TEXT = (ROOT / "examples" / "deploy.yml").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "how-to" / "ci.md").read_text(encoding="utf-8")
WORKFLOW: dict[str, Any] = yaml.load(TEXT, Loader=yaml.BaseLoader)  # `on` is a text in GitHub's YAML
JOBS = WORKFLOW["jobs"]
#: every command of the workflow; those of the page are among tests/test_documentation.py's
RUNS = [step["run"] for job in JOBS.values() for step in job["steps"] if "run" in step]


@pytest.mark.parametrize("command", RUNS)
def test_the_commands_exist(command: str) -> None:
    """A target of the Makefile, or a command with options that it has."""
    assert documented.mistake(command.removeprefix(".venv/bin/")) is None


def test_what_is_deployed_is_configured() -> None:
    """The environment of the deployment has its file."""
    (environment,) = [words[1] for words in map(str.split, RUNS) if words[0] == "./deploy.sh"]
    assert (ROOT / "config" / f"{environment}.yaml").is_file()


def test_a_deployment_is_approved_and_checked_first() -> None:
    """It belongs to an environment, which can ask for reviewers, and needs the checks."""
    deploy = JOBS["deploy"]
    assert (deploy["environment"], deploy["needs"]) == ("prod", "check")
    assert "environment" not in JOBS["check"]
    assert WORKFLOW["concurrency"]["cancel-in-progress"] == "false"


def test_only_the_deployment_gets_a_token() -> None:
    """Nothing is written to the repository, and no stored key is used."""
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert "permissions" not in JOBS["check"]
    assert sorted(JOBS["deploy"]["permissions"].items()) == [("contents", "read"), ("id-token", "write")]
    assert set(re.findall(r"\{\{ (\w+)\.", TEXT)) == {"vars"}


def test_the_role_trusts_this_environment_alone() -> None:
    """The trust policy of the page names the audience, and the environment of the workflow's job."""
    (document,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (statement,) = json.loads(document)["Statement"]
    claims = statement["Condition"]["StringEquals"]
    assert claims["token.actions.githubusercontent.com:aud"] == "sts.amazonaws.com"
    assert claims["token.actions.githubusercontent.com:sub"].endswith(
        f":environment:{JOBS['deploy']['environment']}"
    )
    assert statement["Action"] == "sts:AssumeRoleWithWebIdentity"


def test_the_region_is_the_configuration_s() -> None:
    """The credentials are for the region that prod is deployed to."""
    (step,) = [
        step for step in JOBS["deploy"]["steps"] if "configure-aws-credentials" in step.get("uses", "")
    ]
    base = yaml.safe_load((ROOT / "config" / "pipeline.yaml").read_text(encoding="utf-8"))
    assert step["with"]["aws-region"] == base["region"]


def test_the_page_and_the_workflow_name_the_same_variables() -> None:
    """What the repository must be given is what the workflow reads."""
    assert set(re.findall(r"vars\.(\w+)", TEXT)) == {"DEPLOYER_ROLE", "ARTIFACT_BUCKET"}
    assert all(f"`{name}`" in PAGE for name in ("DEPLOYER_ROLE", "ARTIFACT_BUCKET"))
