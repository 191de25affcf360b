"""Where a project's embedded AWS is, and how it shares one with another project."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.cli import local_state
from data_pipeline.cli.main import status_of
from data_pipeline.embedded_aws.errors import LocalError
from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.project import local_state as of_project


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project's folder, which is the working directory."""
    monkeypatch.delenv(of_project.STATE_VARIABLE, raising=False)
    folder = tmp_path / "project"
    (folder / "config").mkdir(parents=True)
    (folder / "config" / "pipeline.yaml").touch()
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The states that `local up` starts a server for; none is started."""
    asked: list[Path] = []

    def up(state: Path, port: int | None) -> None:
        asked.append(state)
        raise LocalError("not here")

    monkeypatch.setattr(lifecycle, "up", up)
    return asked


def test_the_state_that_was_named_is_kept_for_every_command(project: Path, started: list[Path]) -> None:
    """`local up --state DIR` holds until another one is named; a relative DIR is one of the working directory."""
    assert local_state.local_state() == project / ".local" / "aws"
    assert status_of("data-pipeline", ["local", "up", "--state", "../shared"]) == 1
    shared = project.parent / "shared"
    assert started == [shared]
    assert local_state.local_state() == of_project.local_state(project) == shared
    status_of("data-pipeline", ["local", "up"])
    status_of("data-pipeline", ["local", "up", "--state", ".local/aws"])
    assert started == [shared, shared, project / ".local" / "aws"]


def test_the_variable_wins_and_is_not_contradicted(
    project: Path, started: list[Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the variable set, the option would do nothing for the next command; so it is refused."""
    status_of("data-pipeline", ["local", "up", "--state", "shared"])
    monkeypatch.setenv(of_project.STATE_VARIABLE, "/elsewhere")
    assert local_state.local_state() == Path("/elsewhere")
    assert status_of("data-pipeline", ["local", "up", "--state", "shared"]) == 1
    assert "DATA_PIPELINE_LOCAL_STATE is set" in capsys.readouterr().err
    assert started == [project / "shared"]
