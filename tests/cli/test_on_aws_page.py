"""docs/reference/on-aws.md: every assumption has a command, and every command of the AWS CLI exists."""

from __future__ import annotations

import re
import subprocess

import botocore.session
import pytest
from botocore import xform_name
from paths import ROOT

from data_pipeline.cli.main import COMMANDS

PAGE = (ROOT / "docs" / "reference" / "on-aws.md").read_text(encoding="utf-8")
#: commands of the CLI's own, which no service model describes
OWN = {("logs", "tail"): {"log-stream-name-prefix", "since"}}
#: options that every command of the CLI takes, and those by which it pages
GLOBAL = {"query", "output", "region", "max-items"}
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
#: a call of the CLI, up to the end of the command or of the substitution that it stands in
CALLS = re.findall(
    r"(?:^|\$\(|; |&& |\{ )aws ([a-z0-9-]+) ([a-z0-9-]+)((?:\"[^\"]*\"|'[^']*'|[^\n;&)\"'])*)",
    "\n".join(BLOCKS),
    re.M,
)


def test_every_assumption_has_a_command() -> None:
    """A section without a command could be observed by nobody."""
    sections = re.split(r"^### ", PAGE, flags=re.M)[1:]
    assert len(sections) > 25
    assert [section.splitlines()[0] for section in sections if "```sh" not in section] == []


def test_the_blocks_are_shell() -> None:
    """bash accepts each of them without running it."""
    for block in BLOCKS:
        done = subprocess.run(["bash", "-n"], input=block, text=True, capture_output=True, check=False)
        assert done.returncode == 0, (block, done.stderr)


@pytest.mark.parametrize(("service", "operation", "rest"), CALLS)
def test_commands_of_the_aws_cli_exist(service: str, operation: str, rest: str) -> None:
    """Service, operation and options are those of the service model."""
    options = set(re.findall(r"--([a-z0-9-]+)", re.sub(r"\"[^\"]*\"|'[^']*'", "''", rest)))
    if (service, operation) in OWN:
        assert options <= OWN[service, operation]
        return
    model = botocore.session.get_session().get_service_model({"s3api": "s3"}.get(service, service))
    (name,) = [n for n in model.operation_names if xform_name(n, "-") == operation]
    shape = model.operation_model(name).input_shape
    assert options <= {xform_name(member, "-") for member in shape.members} | GLOBAL


def test_no_command_is_overlooked() -> None:
    """Every ``aws …`` of the page is among those that are checked."""
    assert len(CALLS) == len(re.findall(r"\baws [a-z]", "\n".join(BLOCKS)))


def test_commands_of_the_project_exist() -> None:
    """The page names no verb that the command tree lacks."""
    verbs = re.findall(r"python -m data_pipeline (\w+)", "\n".join(BLOCKS))
    assert set(verbs) <= set(COMMANDS)
