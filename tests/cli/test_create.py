"""``create`` as a user runs it, in a copy of the project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from environments import ROOT, environment
from system.project import Project

from data_pipeline.cli import job_code
from data_pipeline.cli.commands.create import (
    columns_lines,
    orphaned_templates,
    refuse_missing_packages,
    refuse_wrong_queries,
    stale_templates,
    with_different_tables,
)
from data_pipeline.core.deployment.packages import packages_of
from data_pipeline.core.errors import UserError
from tests.datasets_project import TABLES, datasets_project

CREATE = ("python", "data_pipeline_create.py")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the project; nothing of it is started."""
    return Project(tmp_path / "project")


def _templates(project: Project) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (project.root / "templates").iterdir()}


def test_rendering_is_the_same_everywhere(project: Project, tmp_path: Path) -> None:
    """Byte for byte, whatever the working directory, hash seed, locale and time zone."""
    committed = {path.name: path.read_bytes() for path in (ROOT / "templates").iterdir()}
    locations = [
        (project.root, {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Asia/Kathmandu", "PYTHONUTF8": "0"}),
        (tmp_path, {"PYTHONHASHSEED": "2", "LC_ALL": "tr_TR.UTF-8", "TZ": "America/St_Johns"}),
        (Path("/"), {"PYTHONHASHSEED": "3", "LANG": "de_DE.ISO-8859-1", "TZ": "UTC"}),
    ]
    for cwd, variables in locations:
        for path in (project.root / "templates").iterdir():
            path.unlink()
        project.ok("python", str(project.root / "data_pipeline_create.py"), cwd=cwd, **variables)
        assert _templates(project) == committed


def test_it_says_what_was_written(project: Project) -> None:
    """One line a template, with what is unchanged told from what is new; then what each table will have."""
    (project.root / "templates" / "dev-storage.yaml").unlink()
    written, unchanged, *tables = project.ok(*CREATE, "dev").out.splitlines()
    assert (written, unchanged) == (
        "written   templates/dev-storage.yaml",
        "unchanged templates/dev-pipeline.yaml",
    )
    assert [line.partition(":")[0] for line in tables] == [
        f"publishes {name}" for name in ("trip_counts", "weather", "bases", "zones", "ride_counts")
    ]
    assert tables[3].endswith(": location int, borough string, zone string, service_zone string")


def test_it_draws_the_state_machine(project: Project) -> None:
    """Of each environment that is rendered, if so asked."""
    written = project.ok(*CREATE, "dev", "--diagram").out
    assert "written   templates/dev-pipeline.svg" in written
    assert "ReadVerdict" in (project.root / "templates" / "dev-pipeline.svg").read_text()
    assert not (project.root / "templates" / "prod-pipeline.svg").exists()


def test_it_warns_of_a_time_that_the_clock_leaves_out(project: Project) -> None:
    """On stderr, with file and line; the templates are written all the same."""
    config = project.root / "config" / "dev.yaml"
    config.write_text("schedule:\n  timezone: Europe/Berlin\n  expression: cron(30 2 * * ? *)\n")
    done = project.ok(*CREATE, "dev")
    warned = "warning: config/dev.yaml:3: schedule.expression: found 02:30 in Europe/Berlin, which its clock leaves out"
    assert done.err.startswith(warned)
    assert "templates/dev-pipeline.yaml" in done.out


def test_named_environments_alone_are_rendered(project: Project) -> None:
    """The others' stale templates stay as they are."""
    path = project.root / "templates" / "prod-storage.yaml"
    path.write_text("stale")
    project.ok(*CREATE, "dev", "local")
    assert path.read_text() == "stale"


def test_check_names_what_is_stale_and_the_remedy(project: Project) -> None:
    """A changed configuration, a missing template, one whose environment has gone; nothing is written."""
    assert project.ok(*CREATE, "--check").out == "templates are up to date\n"
    project.configure("dev", log_retention_days=30)
    (project.root / "templates" / "prod-storage.yaml").unlink()
    (project.root / "templates" / "old-storage.yaml").write_text("x")
    before = _templates(project)
    done = project(*CREATE, "--check")
    assert (done.status, done.out) == (1, "")
    assert done.err == (
        "error: stale templates\n"
        "  templates/dev-pipeline.yaml: not what the configuration renders\n"
        "  templates/prod-storage.yaml: not what the configuration renders\n"
        "  templates/old-storage.yaml: config/ has no such environment\n"
        "  render and review them: python data_pipeline_create.py\n"
    )
    assert _templates(project) == before
    assert "python data_pipeline_create.py dev\n" in project(*CREATE, "dev", "--check").err
    assert project(*CREATE, "local", "--check").status == 0
    assert "removed   templates/old-storage.yaml" in project.ok(*CREATE).out
    project.ok(*CREATE, "--check")


def test_an_unknown_environment_is_an_error_of_one_line(project: Project) -> None:
    """Not a traceback, and nothing is written."""
    done = project(*CREATE, "deev")
    assert done.status == 1
    assert "'deev'" in done.err
    assert "Traceback" not in done.err


def test_a_script_whose_package_has_no_wheel_is_refused(project: Project) -> None:
    """Before anything is rendered, with the step, the script, the package and the runtime."""
    (project.root / "jobs" / "tell.py").write_text("import duckdb\n")
    shell = {"service": "glue", "glue": {"runtime": "glue-pythonshell"}}
    steps = {"tell": {"script": "tell.py", **shell, "after": "load"}}
    sources = job_code.sources(project.root)
    with pytest.raises(UserError) as caught:
        refuse_missing_packages(project.root, environment({"steps": steps}), sources, packages_of(sources))
    assert str(caught.value) == (
        "environment dev, steps.tell: jobs/tell.py imports duckdb, of which the "
        "runtime glue-pythonshell has no wheel\n"
        "  choose another runtime, or name the package in jobs/requirements.txt, then: data-pipeline lock"
    )
    project.configure("dev", steps=steps)
    done = project(*CREATE, "dev")
    assert done.status == 1
    assert "steps.tell: jobs/tell.py imports duckdb" in done.err


def test_a_script_that_is_not_in_utf_8_is_refused(project: Project) -> None:
    """With its file and line, not with a traceback."""
    (project.root / "jobs" / "latin.py").write_bytes(b"import os\n# caf\xe9\n")
    done = project(*CREATE, "dev")
    assert (done.status, done.err) == (
        1,
        "error: jobs/latin.py:2: found the byte 0xe9, expected text in UTF-8\n  save the file as UTF-8\n",
    )


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELEC 1", "environment dev, athena.queries.x: line 1, column 7"),
        ("DROP TABLE ride_counts", "athena.queries.x: found 'DROP', expected one statement"),
        ("SELECT 1 FROM rides_counts", "athena.queries.x: there is no table 'rides_counts' in nyc_tlc_dev"),
    ],
)
def test_a_named_query_that_could_not_run_is_refused(sql: str, words: str) -> None:
    """Before Athena's console offers it to anybody."""
    made = environment({"athena": {"queries": {"x": {"description": "d", "sql": sql}}}})
    with pytest.raises(UserError) as raised:
        refuse_wrong_queries(made)
    assert words in str(raised.value)


def test_only_new_templates_have_their_queries_read(project: Project) -> None:
    """Those that are there were written after their queries had been read; a changed query is read."""
    assert project(*CREATE, "dev").status == 0
    imported = [sys.executable, "-X", "importtime", "data_pipeline_create.py", "dev"]
    assert (
        "sqlglot"
        not in subprocess.run(imported, cwd=project.root, capture_output=True, text=True, check=True).stderr
    )
    config = project.root / "config" / "dev.yaml"
    config.write_text(
        f"{config.read_text()}\nathena:\n  queries:\n    x: {{description: d, sql: SELECT 1 FROM nowhere}}\n"
    )
    done = project(*CREATE, "dev")
    assert done.status == 1
    assert "athena.queries.x: there is no table 'nowhere'" in done.err


def test_it_shows_what_each_data_set_and_table_publishes(tmp_path: Path) -> None:
    """A line for each, once for all environments; wrong SQL is refused at its file and line."""
    env = datasets_project(tmp_path, TABLES)
    assert columns_lines(tmp_path / "p", [env, env]) == [
        "publishes orders: id string, ordered_at timestamptz, amount decimal(12,2), country string",
        "publishes weather: day date, celsius double",
        "publishes customers: orders long",
    ]
    (tmp_path / "p" / "jobs" / "customers.sql").write_text("SELECT\nnow() AS x FROM orders", encoding="utf-8")
    with pytest.raises(UserError, match=r"^jobs/customers.sql:2: tables.customers.sql: found 'now\(\)'"):
        columns_lines(tmp_path / "p", [env])


def test_tables_are_looked_at_once_for_each_environment_that_differs(tmp_path: Path) -> None:
    """Equal data sets, tables and features once; of an environment with others, its own columns too."""
    env = datasets_project(tmp_path, TABLES)
    other = env.model_copy(update={"tables": {}})
    assert with_different_tables([env, env.model_copy(), other, other]) == [env, other]
    assert with_different_tables([env.model_copy(update={"datasets": {}})]) == []


def test_stale_templates_are_found_for_deploy(tmp_path: Path) -> None:
    """Missing, changed in a byte of line ends, and whole."""
    folder = tmp_path / "templates"
    folder.mkdir()
    for name in ("dev-storage.yaml", "dev-pipeline.yaml"):
        (folder / name).write_bytes((ROOT / "templates" / name).read_bytes())
    assert stale_templates(tmp_path, environment()) == []
    text = (folder / "dev-storage.yaml").read_bytes()
    (folder / "dev-storage.yaml").write_bytes(text.replace(b"\n", b"\r\n"))
    (folder / "dev-pipeline.yaml").unlink()
    assert stale_templates(tmp_path, environment()) == ["dev-storage.yaml", "dev-pipeline.yaml"]


def test_only_templates_of_ours_are_orphans(tmp_path: Path) -> None:
    """Files that no environment renders are left alone unless they are called like a template."""
    (tmp_path / "templates").mkdir()
    for name in ("dev-storage.yaml", "gone-storage.yaml", "gone-pipeline.yaml", "notes.md", "mine.yaml"):
        (tmp_path / "templates" / name).touch()
    assert orphaned_templates(tmp_path, {"dev"}) == ["gone-pipeline.yaml", "gone-storage.yaml"]
