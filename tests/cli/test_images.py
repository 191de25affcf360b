"""``images refresh`` with pip and a package of the test's own, in a copy of the project."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from system.project import Project

REFRESH = ("python", "-m", "data_pipeline", "images", "refresh")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A copy of the project; nothing of it is started."""
    return Project(tmp_path / "project")


def _publish(folder: Path, version: str, registries: dict[str, str]) -> dict[str, str]:
    """Put a wheel of the SDK into a folder; the variables that make pip look there and nowhere else."""
    image = {"py_versions": ["py3"], "repository": "sagemaker-scikit-learn", "registries": registries}
    spark = {"py_versions": ["py312"], "repository": "sagemaker-spark-processing", "registries": registries}
    configs = {
        "sklearn": {"training": {"versions": {"1.4-2-py312": image}}},
        "spark": {"processing": {"versions": {"3.5": spark}}},
    }
    info = f"sagemaker_core-{version}.dist-info"
    with zipfile.ZipFile(folder / f"sagemaker_core-{version}-py3-none-any.whl", "w") as wheel:
        for name, config in configs.items():
            wheel.writestr(f"sagemaker/core/image_uri_config/{name}.json", json.dumps(config))
        wheel.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: sagemaker-core\nVersion: {version}\n"
        )
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": "/dev/null"}


def _table(project: Project) -> dict[str, Any]:
    table: dict[str, Any] = json.loads((project.root / "data_pipeline/core/facts/images.json").read_text())
    return table


def test_the_table_follows_the_package(project: Project, tmp_path: Path) -> None:
    """The newest version's registries replace the table, once; the templates are then stale."""
    pip = _publish(tmp_path, "9.0.0", {"us-east-1": "999999999999"})
    done = project.ok(*REFRESH, **pip)
    assert done.out == (
        "written: data_pipeline/core/facts/images.json from sagemaker-core 9.0.0; "
        "next: python data_pipeline_create.py\n"
    )
    assert _table(project)["images"]["sagemaker-python"]["registries"] == {"us-east-1": "999999999999"}
    assert project.ok(*REFRESH, **pip).out == "unchanged: sagemaker-core 9.0.0\n"
    check = project("python", "data_pipeline_create.py", "--check")
    assert check.status == 1
    assert "templates/dev-pipeline.yaml: not what the configuration renders" in check.err


def test_a_version_may_be_chosen(project: Project, tmp_path: Path) -> None:
    """So that a refresh can be repeated."""
    pip = _publish(tmp_path, "9.0.0", {"us-east-1": "999999999999"})
    _publish(tmp_path, "9.1.0", {"us-east-1": "888888888888"})
    project.ok(*REFRESH, "--sdk-version", "9.0.0", **pip)
    assert _table(project)["source"] == "sagemaker-core 9.0.0"


def test_no_package_is_an_error_with_pip_s_words(project: Project, tmp_path: Path) -> None:
    """The table stays as it is."""
    before = _table(project)
    pip = _publish(tmp_path, "9.0.0", {})
    done = project(*REFRESH, "--sdk-version", "1.2.3", **pip)
    assert done.status == 1
    assert done.err.startswith("error: pip could not fetch sagemaker-core==1.2.3:\n")
    assert "No matching distribution" in done.err
    assert _table(project) == before
