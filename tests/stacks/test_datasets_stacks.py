"""The templates of a project with data sets: least privilege, and the document that they are told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from data_pipeline.core.deployment import templates
from data_pipeline.stacks import render
from tests.datasets_project import EXPORT, STORE, TABLES, datasets_project

UPKEEP = "maintenance: {schedule: {enabled: false}}\n"
OWN = "steps: {report: {script: report.py, service: glue, after: load, arguments: {output: '{output}'}}}\n"


def template(root: Path, *parts: str) -> dict[str, Any]:
    read: dict[str, Any] = templates.read(render(datasets_project(root, *parts))["dev-pipeline.yaml"])
    return read


def statements(template: dict[str, Any], role: str) -> dict[str, Any]:
    """Sid → statement of a job's role."""
    policy = template["Resources"][f"{role}JobRole"]["Properties"]["Policies"][0]["PolicyDocument"]
    return {each["Sid"]: each for each in policy["Statement"]}


def prefixes(statement: dict[str, Any]) -> list[str]:
    """The prefixes of a bucket that a statement is about."""
    return [
        yaml.safe_dump(each).partition("Bucket}/")[2].strip().strip("'") for each in statement["Resource"]
    ]


def test_the_load_may_write_what_the_data_sets_say(tmp_path: Path) -> None:
    """The tables, by name; the export only where one is."""
    found = statements(template(tmp_path / "a", TABLES), "Load")
    assert prefixes(found["WriteData"]) == [
        f"output/{place}/*" for place in ("runs", "quarantine", "warehouse", "state")
    ]
    assert prefixes(found["ReadData"])[0] == "shop/*"
    published = yaml.safe_dump(found["PublishTables"]["Resource"])
    assert all(f"/{name}" in published for name in ("orders", "weather", "customers"))
    exported = statements(template(tmp_path / "b", EXPORT), "Load")
    assert "output/export/*" in prefixes(exported["WriteData"])


def test_the_comparison_may_not_write_but_its_plan(tmp_path: Path) -> None:
    """Neither state nor tables."""
    found = statements(template(tmp_path, TABLES), "Prepare")
    assert prefixes(found["WriteData"]) == ["output/runs/*"]
    assert not {"PublishTables", "ReadTables"} & found.keys()


def test_a_script_that_reads_the_warehouse_may_read_all_tables(tmp_path: Path) -> None:
    """And publish those that it names; one that reads nothing of it, none."""
    reads = OWN.replace("after: load", "after: load, reads: [warehouse], tables: [records]")
    found = statements(template(tmp_path / "a", TABLES, reads), "Report")
    read, published = (yaml.safe_dump(found[sid]) for sid in ("ReadTables", "PublishTables"))
    assert [f"/{name}" in read for name in ("orders", "weather", "customers", "records")] == [True] * 3 + [
        False
    ]
    assert [f"/{name}" in published for name in ("orders", "records")] == [False, True]
    assert found["ReadTables"]["Action"] == ["glue:GetTable"]
    assert "ReadTables" not in statements(template(tmp_path / "b", TABLES, OWN), "Report")


def test_jobs_that_are_told_of_the_data_sets_may_read_the_document(tmp_path: Path) -> None:
    """And no other job."""
    made = template(tmp_path, TABLES, STORE, UPKEEP, OWN)
    readers = [
        role
        for role in ("Prepare", "Load", "Ingest", "Report", "Maintenance")
        if any(place.endswith("/datasets/*") for place in prefixes(statements(made, role)["ReadArtifacts"]))
    ]
    assert readers == ["Prepare", "Load", "Maintenance"]


def test_a_changed_sql_leaves_the_template_as_it_is(tmp_path: Path) -> None:
    """The document's hash is a parameter, which deploy fills."""
    made = template(tmp_path, TABLES)
    assert made["Parameters"]["Definitions"]["AllowedPattern"] == "[0-9a-f]{64}"
    given = made["Resources"]["StateMachine"]["Properties"]["DefinitionSubstitutions"]
    assert given["DefinitionsHash"] == {"Ref": "Definitions"}


def test_what_a_cluster_leaves_may_be_deleted(tmp_path: Path) -> None:
    """Of each run, and only where there is a cluster."""
    cluster = "steps: {load: {cluster: {above_gb: 20, gb_per_instance: 10, most_instances: 4}}}\n"
    granted = statements(template(tmp_path / "a", cluster), "Load")
    assert prefixes(granted["DeleteParts"]) == ["output/runs/*/parts/*"]
    assert "DeleteParts" not in statements(template(tmp_path / "b"), "Load")


def test_only_where_data_sets_have_keys_may_the_load_erase_them(tmp_path: Path) -> None:
    """The files of these tables and of those that may be made of them, and the texts of refused rows."""
    more = "  payments: {files: 'payments-{year}.csv', columns: {id: string}, key: id, history: true}\n"
    granted = statements(template(tmp_path / "a", more, TABLES), "Load")
    assert prefixes(granted["ReadRefused"]) == ["output/quarantine/*"]
    names = ("payments", "payments_versions", "payments_history", "customers")
    warehouse = [f"output/warehouse/{name}/*" for name in names]
    assert prefixes(granted["EraseKeys"]) == ["output/state/erased/files/*", *warehouse]
    assert not {"ReadRefused", "EraseKeys"} & statements(template(tmp_path / "b", TABLES), "Load").keys()
