"""The steps that a project with data sets has by itself, and what its configuration makes of them."""

from __future__ import annotations

from pathlib import Path

from data_pipeline.core.machine.steps import in_order
from tests.datasets_project import EXPORT, STORE, TABLES, datasets_project


def test_a_project_of_data_sets_needs_no_steps(tmp_path: Path) -> None:
    """They compare, then load; what they read and write follows from the data sets."""
    steps = datasets_project(tmp_path, TABLES).steps
    assert [(name, step.script, step.after, step.result) for name, step in steps.items()] == [
        ("prepare", "prepare_datasets.py", None, "decision"),
        ("load", "load.py", "prepare", "verdict"),
    ]
    assert (steps["prepare"].reads, steps["prepare"].writes) == (("input", "state"), ("runs",))
    assert steps["load"].tables == ("orders", "weather", "customers")
    assert "export" not in steps["load"].writes
    assert steps["prepare"].runtime == "glue-pythonshell"


def test_an_export_is_written_where_one_is_asked_for(tmp_path: Path) -> None:
    """And read, to see whether it has to be."""
    load = datasets_project(tmp_path, EXPORT).steps["load"]
    assert ("export" in load.writes, "export" in load.reads) == (True, True)


def test_records_are_ingested_where_there_is_a_store(tmp_path: Path) -> None:
    """Not without one, whatever the configuration says of the step."""
    assert [*datasets_project(tmp_path / "a", TABLES, STORE).steps] == ["prepare", "load", "ingest"]
    steps = "steps: {ingest: {timeout_minutes: 5}}\n"
    assert [*datasets_project(tmp_path / "b", TABLES, steps).steps] == ["prepare", "load"]
    ingest = datasets_project(tmp_path / "c", TABLES, STORE, steps).steps["ingest"]
    assert (ingest.timeout_minutes, ingest.after, ingest.script) == (5, "load", "ingest.py")


def test_steps_are_resized_and_moved(tmp_path: Path) -> None:
    """One word moves a step; what is not named stays as it is."""
    steps = """\
steps:
  prepare: {service: sagemaker}
  load:
    service: glue
    timeout_minutes: 500
    glue: {workers: 3}
    cluster: {above_gb: 20, gb_per_instance: 10, most_instances: 4}
"""
    found = datasets_project(tmp_path, steps).steps
    assert found["prepare"].runtime == "sagemaker-python"
    load = found["load"]
    assert (load.runtime, load.timeout_minutes, load.glue.workers) == ("glue-spark", 500, 3)
    assert (load.glue.worker_type, load.script, load.after) == ("G.2X", "load.py", "prepare")
    assert load.cluster is not None
    assert load.cluster.most_instances == 4
    assert load.on_cluster is not None
    assert (load.arguments.get("engine"), load.on_cluster.arguments["engine"]) == (None, "spark")


def test_scripts_of_the_project_stand_before_between_and_after(tmp_path: Path) -> None:
    """Each says which step it follows; a default step says so where it is to follow one of them."""
    steps = """\
steps:
  fetch: {script: fetch.py, service: glue}
  prepare: {after: fetch}
  look: {script: report.py, service: glue, after: prepare}
  load: {after: look}
  report: {script: report.py, service: glue, after: load}
"""
    found = datasets_project(tmp_path, steps).steps
    assert [name for name, _ in in_order(found)] == ["fetch", "prepare", "look", "load", "report"]


def test_the_upkeep_knows_the_tables(tmp_path: Path) -> None:
    """By the definitions, whatever their number: an argument has 256 characters."""
    assert datasets_project(tmp_path / "a", TABLES).maintenance is None
    own = "maintenance: {schedule: {enabled: false}, arguments: {retain-days: '7'}}\n"
    found = datasets_project(tmp_path / "b", TABLES, own).maintenance
    assert found is not None
    assert found.tables == ("orders", "weather", "customers")
    assert (found.arguments["definitions"], found.arguments["retain-days"]) == ("{definitions}", "7")
    assert (found.deletes, found.schedule.enabled) == (("warehouse",), False)


def test_the_upkeep_knows_the_tables_of_scripts(tmp_path: Path) -> None:
    """By an argument: the definitions do not tell of them."""
    steps = "steps: {report: {script: report.py, service: glue, after: load, tables: [records, days]}}\n"
    found = datasets_project(tmp_path, TABLES, "maintenance: {}\n", steps).maintenance
    assert found is not None
    assert found.tables == ("orders", "weather", "customers", "records", "days")
    assert found.arguments["tables"] == "records,days"


def test_an_upkeep_of_the_project_is_left_alone(tmp_path: Path) -> None:
    """One that names its script says everything else, too."""
    own = "maintenance: {script: report.py, service: glue, tables: [orders]}\n"
    found = datasets_project(tmp_path, own).maintenance
    assert found is not None
    assert (found.script, found.tables, found.arguments) == ("report.py", ("orders",), {})
