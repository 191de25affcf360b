"""The commands of the README and of the pages that begin with it are run as they stand, dev's on an embedded AWS."""

from __future__ import annotations

import re

import pytest
from randomness import SOAK
from system.project import ROOT, Project

#: in the order in which somebody new reads them; a block of `sh` is shown and not run, one of `bash` is run
FIRST = ("README.md", "docs/tutorial/first-pipeline.md")
PAGES = (*FIRST, "docs/how-to/deploy.md", "docs/how-to/run.md", "docs/how-to/configure.md")
#: what the test itself is, or what would build the environment that it runs in
NOT_RUN_HERE = ("make ", "source .venv/bin/activate")


def commands(pages: tuple[str, ...]) -> list[str]:
    """The command lines of the pages' bash blocks, without their comments."""
    text = "\n".join((ROOT / page).read_text(encoding="utf-8") for page in pages)
    blocks = re.findall(r"```bash\n(.*?)```", text, re.DOTALL)
    lines = [re.sub(r"\s+#.*", "", line) for block in blocks for line in block.splitlines()]
    return [line for line in lines if line and not line.startswith(NOT_RUN_HERE)]


@pytest.mark.timeout(1200)
def test_every_command_of_the_first_pages_runs(project: Project) -> None:
    """The sample of the first run is one data set: the second one, of the page's own files, has all of them."""
    project.ok("python", "jobs/sample.py", ".local/sample", "--dataset", "fhv")
    run_all(project, commands(FIRST))


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="the pages that follow deploy and run twice more: `make soak` runs them")
@pytest.mark.timeout(1200)
def test_every_command_of_all_pages_runs(project: Project) -> None:
    """In one copy of the project, whose dev.yaml says `endpoint: embedded`."""
    project.configure("dev", endpoint="embedded")
    project.ok("python", "data_pipeline_create.py")
    project.ok("python", "jobs/sample.py", ".local/sample")
    run_all(project, commands(PAGES))


def run_all(project: Project, lines: list[str]) -> None:
    """In the pages' order; each once, and again after a reset."""
    assert len(lines) > 10
    ran: set[str] = set()
    for line in lines:
        if line in ran:
            continue  # it would do the same once more
        ran = set() if "local reset" in line else {*ran, line}
        answered = (
            " --yes" if line.startswith("./deploy.sh") and "--yes" not in line else ""
        )  # no terminal here
        deployer = project.as_deployer() if line.startswith("./deploy.sh") else {}
        done = project.ok("bash", "-c", line + answered, **deployer)
        assert "Traceback" not in done.err, line
