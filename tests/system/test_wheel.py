"""The installed tool, far from the repository."""

from __future__ import annotations

import zipfile
from pathlib import Path

from system import wheel


def test_the_wheel_makes_a_project_that_runs(tmp_path: Path) -> None:
    """Built and installed without an index, it writes a project whose README is right to the letter."""
    offline = ("--no-index", "--no-build-isolation")
    made = wheel.build(tmp_path / "dist", *offline)
    programs = wheel.environment(tmp_path / "environment", made, "--no-index", "--no-deps")
    wheel.lend_packages(programs)
    project = tmp_path / "project"
    wheel.start_project(programs, project)
    assert f"[local] @ {made.as_uri()}\n" in (project / "requirements.txt").read_text()
    wheel.assert_answer(wheel.follow_readme(project, programs / "activate"))
    with zipfile.ZipFile(made) as archive:
        names = archive.namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"data_pipeline"}
    assert {"data_pipeline/py.typed", "data_pipeline/cli/locks/glue-spark.txt"} <= {*names}
