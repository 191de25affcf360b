"""What is generated from the models and from botocore is up to date, and describes the shipped files."""

from __future__ import annotations

import json
import re
import zoneinfo
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from cfnlint.jsonschema import StandardValidator

from data_pipeline.aws import service_limits as generator
from data_pipeline.core import reference
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.facts import service_limits
from data_pipeline.core.loading import yaml_lines
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import rules
from data_pipeline.project.definitions import checked
from tests.core.config_project import message, project
from tests.core.loading.dataset_project import shop
from tests.core.loading.test_dataset_messages import RIGHT

ROOT = Path(__file__).resolve().parents[3]
FILES = sorted(path.name for path in (ROOT / "config").glob("*.yaml"))


@pytest.mark.parametrize("path", reference.pages())
def test_generated_files_are_current(path: str) -> None:
    """The schema and the reference page are what the models say; if not, their command is due."""
    current = (ROOT / path).read_text(encoding="utf-8")
    assert current == reference.pages()[path], f"run {reference.COMMAND}"


def _errors(value: Any) -> list[str]:
    validator = StandardValidator(json.loads(reference.schema()))
    return [error.message for error in validator.iter_errors(_lists(value))]


def _lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _lists(child) for key, child in value.items()}
    return [_lists(child) for child in value] if isinstance(value, tuple) else value


@pytest.mark.parametrize("name", FILES)
def test_shipped_files_fit_the_schema(name: str) -> None:
    """An editor finds the schema by a shipped file's first line, and underlines nothing in the file."""
    content = (ROOT / "config" / name).read_bytes()
    node, problems = yaml_lines.read(content, name)
    assert node is not None
    assert problems == []
    assert _errors(node.plain()) == []
    assert content.startswith(b"# yaml-language-server: $schema=schema.json\n")


def test_data_sets_fit_the_schema() -> None:
    """An editor underlines nothing in data sets and tables that are right, however a column is written."""
    node, problems = yaml_lines.read(RIGHT.encode(), "dev.yaml")
    assert node is not None
    assert problems == []
    assert _errors(node.plain()) == []


@pytest.mark.parametrize(
    "value",
    [
        {"datasets": {"orders": {"file": "orders.csv"}}},
        {"datasets": {"orders": {"columns": 3}}},
        {"datasets": {"orders": {"columns": {"id": 3}}}},
        {"datasets": {"orders": {"columns": {"id": {"typ": "string"}}}}},
        {"datasets": {"orders": {"replaces": "month"}}},
        {"tables": {"customers": {"partition": 3}}},
        {"regoin": "us-east-1"},
        {"region": "us-esat-1"},
        {"account": 123456789012},
        {"schedule": {"enabled": "on"}},
        {"steps": {"count": {"service": "gleu"}}},
        {"log_retention_days": 15},
    ],
)
def test_schema_refuses(value: dict[str, Any]) -> None:
    """The schema is no formality: what the product refuses by type or name, an editor underlines."""
    assert len(_errors(value)) == 1


def _fields(schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """The keys of each model; of one that may be written short, those of its long form."""
    for model in (schema, *schema["$defs"].values()):
        yield from (model if "properties" in model else model["anyOf"][-1])["properties"].items()


def test_every_field_is_described() -> None:
    """An editor has a sentence for every key; there is no second place where keys are explained."""
    fields = dict(_fields(json.loads(reference.schema())))
    assert {"region", "script", "instance_type", "timezone"} <= fields.keys()
    models = (m for m in json.loads(reference.schema())["$defs"].values())
    assert all(field.get("description") or "$ref" in field for field in fields.values())
    assert all(model["description"] for model in models)
    assert "name" not in json.loads(reference.schema())["properties"]
    assert "name" in Environment.model_fields


def test_page_names_every_key() -> None:
    """The reference page has a row for each key of each model."""
    of_keys = reference.page().partition("## Rules of data sets")[0]
    rows = re.findall(r"^\| `(\w+)` \|", of_keys, re.MULTILINE)
    assert sorted(rows) == sorted(name for name, _ in _fields(json.loads(reference.schema())))


def test_example_of_the_page(tmp_path: Path) -> None:
    """The message that the page shows is the one that its example gives."""
    example = reference.EXAMPLE_FILE.replace("publish", "count")
    said = message(project(tmp_path / "p", dev=example)).replace("count.", "publish.")
    assert f"error: {said}" == reference.EXAMPLE_MESSAGE


def test_examples_of_data_sets_and_tables_are_right(tmp_path: Path) -> None:
    """Together they are a configuration, and the SQL beside the table's gives what is said of it."""
    datasets, tables = re.findall(r"```yaml\n(.*?)```", reference.page(), re.DOTALL)
    sql = re.search(r"# (SELECT .*)", tables)
    assert sql is not None
    made = shop(tmp_path / "p", datasets + tables, sales=sql[1])
    _, columns = checked(made, load_environment(made, "dev"))
    assert columns["sales"] == {"day": "date", "total": "decimal(38,2)"}
    assert columns["orders"]["customer"] == "string"


def test_each_rule_is_explained() -> None:
    for name, kind in rules.KINDS.items():
        assert re.search(rf"^\| `{name}[(`].* \| {re.escape(kind.about)} \|", reference.page(), re.MULTILINE)


def test_check_tells_what_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--check writes nothing and ends with 1 while a file differs; without it, both are written."""
    (tmp_path / "config").mkdir()

    assert reference.main(tmp_path, check=True) == 1
    assert not list(tmp_path.rglob("*.*"))
    assert (
        "config/schema.json is stale: run python -m data_pipeline.core.reference\n" in capsys.readouterr().err
    )
    assert reference.main(tmp_path, check=False) == 0
    assert reference.main(tmp_path, check=True) == 0


def test_limits_are_botocores() -> None:
    """Regions, instance types and retention periods are those of the pinned botocore."""
    assert service_limits.SOURCE in generator.render()
    sagemaker: Any = botocore.session.Session().get_service_model("sagemaker")
    assert set(service_limits.INSTANCE_TYPES) == set(sagemaker.shape_for("ProcessingInstanceType").enum)
    before_zones = generator.render().partition("#: names of the IANA")[0]
    assert generator.TARGET.read_text(encoding="utf-8").startswith(before_zones)
    assert {1, 30, 3653} <= set(service_limits.RETENTION_DAYS)
    assert {"us-east-1", "eu-central-1", "us-gov-west-1"} <= set(service_limits.REGIONS)


def test_time_zones_exist() -> None:
    """Every listed time zone is one of the IANA database, where this machine has it."""
    here = zoneinfo.available_timezones()
    if not here:
        pytest.skip("this machine has no time zone database")
    assert {"UTC", "America/New_York", "Europe/Berlin"} <= set(service_limits.TIME_ZONES)
    assert len(set(service_limits.TIME_ZONES) - here) <= 5, "zones are renamed now and then, not by the dozen"
