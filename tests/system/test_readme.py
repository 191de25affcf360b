"""Every command of the README is run as it stands there, those for dev on an embedded AWS."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from system.project import ROOT, Project

#: what the test itself is, or what would build the environment that it runs in
NOT_RUN_HERE = ("make ", "source .venv/bin/activate")


def commands() -> list[str]:
    """The command lines of the README's bash blocks, without their comments."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(NOT_RUN_HERE)]


@pytest.mark.timeout(1200)
def test_every_command_of_the_readme_runs(project: Project) -> None:
    """In the README's order, in one copy of the project whose dev.yaml says `endpoint: embedded`."""
    project.configure("dev", endpoint="embedded")
    project.ok("python", "data_pipeline_create.py")
    project.ok("python", "jobs/sample.py", ".local/sample")
    told = commands()
    assert len(told) > 10
    for line in told:
        answered = (
            " --yes" if line.startswith("./deploy.sh") and "--yes" not in line else ""
        )  # no terminal here
        deployer = project.as_deployer() if line.startswith("./deploy.sh") else {}
        done = project.ok("bash", "-c", line + answered, **deployer)
        assert "Traceback" not in done.err, line


def test_the_readme_names_only_files_that_exist() -> None:
    """Links to files of the project lead somewhere."""
    links = re.findall(r"\]\(([^):#]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not Path(ROOT, link).exists()] == []
