"""``check`` as a user runs it, and ``create``, which refuses what it finds."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from environments import environment
from paths import ROOT
from system.project import Project

from data_pipeline.cli import job_code
from data_pipeline.cli.commands.check import check_environment, command_lines
from data_pipeline.cli.main import status_of
from data_pipeline.stacks import documents

MACHINE = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Pubish"}}}
PUBLISH = {"Publish": {"Type": "Succeed"}}
FINDING = "States.A.Next: no state is called 'Pubish'; did you mean 'Publish'? [target-unknown]"
MISSPELT = {"prepare": {"arguments": {"inptu": "s3://{input}"}}}
#: a script of the project's own with one option.
TELLING = """
import argparse

parser = argparse.ArgumentParser()
parser.add_argument("--day", default="")
parser.parse_args()
"""


def _file(folder: Path, name: str, content: Any) -> str:
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return str(path)


def _run(*arguments: str) -> int:
    return status_of("data_pipeline", ["check", *arguments])


def test_an_environment_without_findings(capsys: pytest.CaptureFixture[str]) -> None:
    """What is in the repository is right; no template needs to be written for that."""
    assert _run("dev") == 0
    assert capsys.readouterr().out == "no findings\n"


def test_a_state_machine_of_ones_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One finding is one line, with the file before the place; exit 1."""
    name = _file(tmp_path, "machine.json", {**MACHINE, "States": {**MACHINE["States"], **PUBLISH}})
    assert _run(name) == 1
    assert capsys.readouterr().err == f"error: {name}: {FINDING}\n"


def test_a_template_in_yaml(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With CloudFormation's short forms; the path begins at the template's top."""
    text = """
Resources:
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      RoleArn: !GetAtt Rloe.Arn
      Definition: {StartAt: A, States: {A: {Type: Sucess}}}
  Role: {Type: AWS::IAM::Role}
"""
    name = _file(tmp_path, "template.yaml", text)
    assert _run(name) == 1
    error = capsys.readouterr().err
    assert error.startswith("error: 2 findings; their codes are explained in docs/reference/checks.md\n")
    assert (
        "Resources.Machine.Properties.Definition.States.A.Type: no type is called 'Sucess'; did you" in error
    )
    assert (
        "Resources.Machine.Properties.RoleArn: the template has no resource and no parameter 'Rloe'" in error
    )


@pytest.mark.parametrize("name", ["machine.json", "machine.yaml"])
def test_a_key_that_is_there_twice(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """JSON and YAML would drop the first state in silence."""
    path = _file(tmp_path, name, '{"StartAt": "A", "States": {"A": {}, "A": {"Type": "Succeed"}}}')
    assert _run(path) == 1
    assert "an object has the key A twice" in capsys.readouterr().err


def test_yaml_is_read_as_cloudformation_reads_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A time is a text; names that look like a number or a truth are names, and two of them."""
    text = """
StartAt: "1"
States:
  1: {Type: Wait, Timestamp: 2030-01-31T06:00:00Z, Next: "on"}
  on: {Type: Succeed}
"""
    path = _file(tmp_path, "machine.yaml", text)
    assert (_run(path), capsys.readouterr().out) == (0, "no findings\n")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file"),
        ("{", "neither JSON nor YAML"),
        ("[]", "expected a state machine: an object"),
        ("[" * 100_000, "nested too deeply"),
        ('{"AWSTemplateFormatVersion": "2010-09-09"}', "Resources: expected an object"),
    ],
)
def test_a_file_that_is_none(
    content: str | None, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Missing, broken, or of another kind: an error of the user's, not a traceback."""
    name = str(tmp_path / "none.json") if content is None else _file(tmp_path, "machine.json", content)
    assert _run(name) == 1
    assert said in capsys.readouterr().err


def test_a_script_refuses_an_argument_before_it_is_deployed() -> None:
    """On either service: the job would only end with an error when it runs."""
    for service in ("glue", "sagemaker"):
        env = environment({"steps": {"prepare": {**MISSPELT["prepare"], "service": service}}})
        (line,) = check_environment(env, documents(env), job_code.sources(ROOT))
        assert "the script has no option '--inptu'; did you mean '--input'? [option-unknown]" in line


def test_the_scripts_command_lines_are_those_of_their_parsers() -> None:
    """What is read from the source is what the script itself asks for."""
    lines = command_lines(job_code.sources(ROOT), ["prepare_datasets.py", "load.py", "ride_counts.py"])
    assert lines["load.py"].required == {"input", "output", "definitions"}
    assert lines["prepare_datasets.py"].required == {"input", "output", "definitions", "run"}
    assert lines["ride_counts.py"].required == {"input", "output"}


def test_create_writes_nothing_with_findings(tmp_path: Path) -> None:
    """Not the other environments' templates either."""
    project = Project(tmp_path / "project")
    (project.root / "jobs" / "tell.py").write_text(TELLING)
    tell = {"script": "tell.py", "service": "sagemaker", "after": "load", "arguments": {"dya": "{run}"}}
    project.configure("dev", steps={"tell": tell})
    for path in (project.root / "templates").iterdir():
        path.unlink()
    done = project("python", "data_pipeline_create.py")
    assert done.status == 1
    state = "templates/dev-pipeline.yaml: Resources.StateMachine.Properties.Definition.States.Tell"
    assert state in done.err
    assert "has no option '--dya'; did you mean '--day'? [option-unknown]" in done.err
    assert list((project.root / "templates").iterdir()) == []
