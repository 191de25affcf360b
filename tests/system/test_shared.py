"""Two projects in one embedded AWS, and a script of one's own on Glue."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from clients import client
from randomness import SOAK

from data_pipeline.cli.commands import init
from data_pipeline.embedded_aws.server import lifecycle

STEPS = """
steps:
  load: {service: glue}
  look: {script: look.py, service: glue, after: load}
"""
LOOK = """
from importlib import resources

import stations

from data_pipeline.etl.exits import log

log(resources.files(stations).joinpath("names.txt").read_text())
"""


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="deploys and runs two projects: `make soak` does")
def test_two_projects_stand_side_by_side_in_one_account(tmp_path: Path) -> None:
    """Each by its own commands, after `local up --state` of the same folder; one `local down` stops both's.

    The data set is loaded on Glue. The script after it imports a package beside it, with a file: on Glue, where the
    script alone lies in its folder, the package is found in the wheel of the jobs.
    """
    state = tmp_path / "shared"
    projects = {name: tmp_path / name for name in ("weather", "tides")}
    for folder in projects.values():
        init.write(folder, "daily-data-pipeline[local]")
        config = folder / "config" / "pipeline.yaml"
        config.write_text(config.read_text() + STEPS)
        (folder / "jobs" / "look.py").write_text(LOOK)
        package = folder / "jobs" / "stations"
        package.mkdir()
        (package / "__init__.py").touch()
        (package / "names.txt").write_text("harbour")
    try:
        for folder in projects.values():
            call(folder, sys.executable, "-m", "data_pipeline", "local", "up", "--state", str(state))
            call(folder, sys.executable, "data_pipeline_create.py", "local")
            call(folder, "./deploy.sh", "local", "artifacts", "--create-bucket", "--yes")
        call(folder, sys.executable, "data_pipeline_run.py", "local", "--source", "sample")
        endpoint = lifecycle.running(state)
        assert endpoint is not None
        stacks = client(endpoint, "cloudformation").describe_stacks()["Stacks"]
        assert {stack["StackName"] for stack in stacks} == {
            f"{name}-local-{kind}" for name in projects for kind in ("storage", "pipeline")
        }
        assert [folder for folder in projects.values() if (folder / ".local" / "aws").exists()] == []
    finally:
        call(folder, sys.executable, "-m", "data_pipeline", "local", "down")
    assert lifecycle.running(state) is None


def call(folder: Path, *command: str) -> None:
    values = {
        name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "DATA_PIPELINE_"))
    }
    values |= {"VIRTUAL_ENV": sys.prefix, "DATA_PIPELINE_LOCAL_PORT": "0"}
    done = subprocess.run(command, cwd=folder, env=values, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
