"""The definitions that deploy writes for the jobs of a project with data sets."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.cli.deploying.package import package
from data_pipeline.core.errors import UserError
from data_pipeline.etl.documents import datasets
from data_pipeline.project.definitions import load_definitions
from tests.datasets_project import TABLES, datasets_project


def test_tables_say_what_they_read(tmp_path: Path) -> None:
    """In the order of the configuration; a name that SQL gives itself is no table of the project."""
    env = datasets_project(tmp_path, TABLES)
    file = tmp_path / "p" / "jobs" / "customers.sql"
    file.write_text(
        "WITH big AS (SELECT * FROM weather) SELECT 1 AS one FROM big, orders AS o\n", encoding="utf-8"
    )
    found = load_definitions(tmp_path / "p", env)
    assert [*found.datasets] == ["orders", "weather"]
    assert found.tables["customers"].inputs == ("orders", "weather")
    assert found.tables["customers"].sql == file.read_text(encoding="utf-8")


def test_sql_that_is_none_is_refused(tmp_path: Path) -> None:
    """With its file, before anything is uploaded."""
    env = datasets_project(tmp_path, TABLES)
    (tmp_path / "p" / "jobs" / "customers.sql").write_text("SELCT 1", encoding="utf-8")
    with pytest.raises(UserError, match=r"jobs/customers.sql:1: .*found SQL that cannot be read"):
        load_definitions(tmp_path / "p", env)


def test_a_changed_sql_changes_the_document_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its key is its content's hash, which is the parameter; the code is another artifact."""
    env, root = datasets_project(tmp_path, TABLES), tmp_path / "p"
    monkeypatch.setattr("data_pipeline.cli.deploying.package.runtimes", lambda _: [])  # no wheels
    first = package(env, "a-bucket", root, lambda _: {})
    (root / "jobs" / "customers.sql").write_text("SELECT 1 AS one FROM orders", encoding="utf-8")
    second = package(env, "a-bucket", root, lambda _: {})
    changed = {name for name in first.parameters if first.parameters[name] != second.parameters[name]}
    assert changed == {"Definitions"}
    key = f"shop/dev/datasets/{second.parameters['Definitions']}.json"
    assert datasets.read(second.missing[key], key) == load_definitions(root, env)
    there = {name: len(content) for name, content in second.missing.items()}
    assert package(env, "a-bucket", root, lambda prefix: there).missing == {}
