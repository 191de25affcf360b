"""The commit that a deployment was made of: read from git, whatever git there is."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from data_pipeline.cli.deploying.commit import commit


def git(folder: Path, *arguments: str) -> str:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    done = subprocess.run(["git", *who, *arguments], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_a_commit_is_told_and_whether_anything_differs_from_it(tmp_path: Path) -> None:
    """A folder below the top is looked at alone; one of which git knows nothing has none."""
    project, other = tmp_path / "project", tmp_path / "other"
    project.mkdir()
    other.mkdir()
    assert commit(project) == ("", False)
    git(tmp_path, "init", "-q")
    assert commit(project) == ("", False)
    (project / "a").write_text("a")
    (other / "b").write_text("b")
    git(tmp_path, "add", "project")
    git(tmp_path, "commit", "-q", "-m", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert commit(project) == (head, False)
    assert commit(other) == ("", False)
    (project / "a").write_text("b")
    assert commit(project) == (head, True)


def test_without_git_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit(tmp_path) == ("", False)
