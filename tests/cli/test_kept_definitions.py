"""The checked data sets and tables of an environment, kept until a file changes."""

import os

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from data_pipeline.project import definitions, kept_definitions
from tests.datasets_project import TABLES, datasets_project

SQL = "SELECT id, count(*) AS n FROM orders GROUP BY id"


@pytest.fixture
def project(tmp_path):
    datasets_project(tmp_path, TABLES)
    root = tmp_path / "p"
    (root / "jobs" / "customers.sql").write_text(SQL)
    return root


@pytest.fixture
def checks(monkeypatch):
    """How often the definitions were checked."""
    done = []

    def counted(root, env):
        done.append(env.name)
        return original(root, env)

    original = definitions.load_definitions
    monkeypatch.setattr(definitions, "load_definitions", counted)
    return done


def expected(root):
    return definitions.load_definitions(root, load_environment(root, "dev"))


def test_they_are_checked_once(project, checks):
    first = kept_definitions.load(project, "dev")
    assert kept_definitions.load(project, "dev") == first
    assert checks == ["dev"]
    assert first == expected(project)


def added(project):
    (project / "jobs" / "later.py").touch()


def of_equal_size(project):
    """Written a moment later, by a clock that the machine may only turn on a few times a second."""
    path = project / "jobs" / "customers.sql"
    path.write_text(SQL.replace("AS n", "AS m"))
    os.utime(path, ns=(0, 1))


def of_the_configuration(project):
    path = project / "config" / "pipeline.yaml"
    path.write_text(path.read_text().replace("celsius: double", "celsius: float"))


@pytest.mark.parametrize("change", [added, of_equal_size, of_the_configuration])
def test_they_are_checked_anew_after_a_change(project, checks, change):
    kept_definitions.load(project, "dev")
    change(project)
    found = kept_definitions.load(project, "dev")
    assert len(checks) == 2
    assert found == expected(project)


def test_what_is_wrong_is_said_each_time(project):
    (project / "jobs" / "customers.sql").write_text("SELECT nothing FROM orders")
    for _ in range(2):
        with pytest.raises(UserError, match="nothing"):
            kept_definitions.load(project, "dev")


@pytest.mark.parametrize("content", [b"", b"\xff", b"{}"])
def test_what_is_kept_may_be_damaged(project, checks, content):
    first = kept_definitions.load(project, "dev")
    place = project / kept_definitions.FOLDER / "dev.json"
    made_of = place.read_bytes().partition(b"\n")[0]
    place.write_bytes(made_of + b"\n" + content)
    assert kept_definitions.load(project, "dev") == first
    assert len(checks) == 2


def test_without_a_place_to_keep_them_they_are_checked_each_time(project, checks):
    (project / ".local").write_text("no folder")
    assert kept_definitions.load(project, "dev") == kept_definitions.load(project, "dev")
    assert len(checks) == 2


def test_a_project_without_a_folder_is_told_what_the_checks_say(project):
    (project / "config").rename(project / "elsewhere")
    with pytest.raises(UserError, match="config/"):
        kept_definitions.load(project, "dev")


def test_with_a_link_to_a_folder_they_are_checked_each_time(project, checks):
    """It may lead to the project itself, and would be followed without an end."""
    (project.parent / "other").mkdir()
    (project / "jobs" / "all").symlink_to(project.parent / "other")
    assert kept_definitions.load(project, "dev") == kept_definitions.load(project, "dev")
    assert len(checks) == 2
