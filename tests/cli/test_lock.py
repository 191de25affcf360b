"""Which lock counts for a runtime's packages, and how a project's own is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.cli import job_locks
from data_pipeline.cli.commands import init
from data_pipeline.cli.main import status_of
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime

SHELL = RUNTIMES["glue-pythonshell"]
#: stands for uv: what it was asked becomes the lock.
UV = '#!/bin/sh\nfor last; do :; done\nprintf "%s\\n" "$@" > "$last"\n'


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A new project."""
    folder = tmp_path / "project"
    init.write(folder, "daily-data-pipeline[local]")
    return folder


def pretend(uv: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program of this text is the only uv that is found."""
    program = tmp_path / "uv"
    program.write_text(uv)
    program.chmod(0o755)
    monkeypatch.setattr(job_locks.shutil, "which", lambda name, path=None: None if path else str(program))


def test_a_project_s_own_lock_counts(project: Path) -> None:
    """Without one a runtime has the packages of the tool."""
    tools = job_locks.read_lock(project, SHELL)
    assert tools.startswith(b"#")
    assert b"boto3==1.42.97" in tools
    (project / "jobs" / "locks").mkdir()
    (project / "jobs" / "locks" / "glue-pythonshell.txt").write_bytes(b"own\n")
    assert job_locks.read_lock(project, SHELL) == b"own\n"
    assert job_locks.locked(project) == ["glue-pythonshell"]


def test_what_is_used_and_what_is_locked_is_locked_again(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For the runtime's Python and C library; the versions are held to the tool's lock."""
    pretend(UV, tmp_path, monkeypatch)
    monkeypatch.chdir(project)
    assert status_of("data-pipeline", ["lock", "glue-pythonshell"]) == 0
    assert job_locks.locked(project) == ["glue-pythonshell"]
    assert status_of("data-pipeline", ["lock"]) == 0
    assert job_locks.locked(project) == ["sagemaker-python", "glue-pythonshell"]
    asked = (project / "jobs" / "locks" / "sagemaker-python.txt").read_text().splitlines()
    assert {"--python-version=3.12", "--python-platform=x86_64-manylinux_2_28", "--generate-hashes"} <= {
        *asked
    }
    assert str(project / "jobs" / "requirements.txt") in asked
    assert asked[asked.index("--constraints") + 1].endswith("cli/locks/sagemaker-python.txt")
    asked = (project / "jobs" / "locks" / "glue-pythonshell.txt").read_text().splitlines()
    assert {"--python-version=3.9", "--python-platform=x86_64-manylinux_2_17"} <= {*asked}


def test_what_the_tool_s_lock_has_needs_no_other(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A former lock is removed: jobs/requirements.txt names nothing more for this runtime."""
    pretend(UV, tmp_path, monkeypatch)
    monkeypatch.chdir(project)
    assert status_of("data-pipeline", ["lock", "glue-pythonshell"]) == 0
    assert job_locks.locked(project) == ["glue-pythonshell"]
    pretend(
        f'#!/bin/sh\nfor last; do :; done\ncp {job_locks._default(SHELL)} "$last"\n', tmp_path, monkeypatch
    )
    assert status_of("data-pipeline", ["lock", "glue-pythonshell"]) == 0
    assert job_locks.locked(project) == []
    assert capsys.readouterr().out.splitlines()[-1] == "not needed jobs/locks/glue-pythonshell.txt"


def test_uv_s_own_words_are_said(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no lock is written."""
    pretend("#!/bin/sh\necho no such package >&2\nexit 1\n", tmp_path, monkeypatch)
    with pytest.raises(
        UserError, match=r"'glue-pythonshell' cannot be resolved:\nno such package\n  look at jobs/req"
    ):
        job_locks.lock(project, SHELL)
    assert job_locks.locked(project) == []


def test_without_uv_it_says_how_to_get_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the environment that it runs in."""
    monkeypatch.setattr(job_locks.shutil, "which", lambda name, path=None: None)
    with pytest.raises(UserError, match=r"found no uv(.|\n)*-m pip install uv$"):
        job_locks.lock(project, SHELL)


def test_a_project_without_the_file_is_told_to_write_it(project: Path) -> None:
    """Before uv is looked for."""
    (project / "jobs" / "requirements.txt").unlink()
    with pytest.raises(
        UserError, match=r"jobs/requirements.txt: found no such file(.|\n)*data-pipeline lock"
    ):
        job_locks.lock(project, SHELL)


@pytest.mark.parametrize("runtime", RUNTIMES.values(), ids=RUNTIMES)
def test_the_tool_s_locks_have_what_its_jobs_need(runtime: Runtime, tmp_path: Path) -> None:
    """Every package that is named for the runtime's Python, in the version that is named, if one is."""
    lock = job_locks.read_lock(tmp_path, runtime).decode()
    pinned = dict(line.split()[0].split("==") for line in lock.splitlines() if "==" in line)
    old = tuple(map(int, runtime.python.split("."))) < (3, 10)
    needed = [
        line.partition(" ;")[0].partition("[")[0].split("==")
        for line in job_locks._PACKAGES.read_text(encoding="utf-8").splitlines()
        if ('python_version < "3.10"' if old else 'python_version >= "3.10"') in line
    ]
    assert needed
    assert [
        name for name, *version in needed if name not in pinned or version not in ([], [pinned[name]])
    ] == []
