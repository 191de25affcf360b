"""Copies of the project that the system tests drive."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from system.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project of the test's own; its embedded AWS is stopped at the end."""
    made = Project(tmp_path / "project")
    yield made
    made.down()


@pytest.fixture(scope="module")
def shared_project(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """A project that the tests of a module share, for tests that leave it as they found it or reset it."""
    made = Project(tmp_path_factory.mktemp("system") / "project")
    yield made
    made.down()
