"""docs/how-to/kinds-of-data.md: `create` takes each block, and its rows are read as the page says."""

from __future__ import annotations

import re
from pathlib import Path

import pages
import pytest

from data_pipeline.cli.commands.init import write
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.rehearsal.rehearsing import Trial, rehearse
from data_pipeline.project.definitions import checked

PAGE = "how-to/kinds-of-data.md"
SECTIONS = {name: text for name, text in pages.sections(PAGE).items() if "```yaml\n" in text}
FILES = pages.files(PAGE)
#: heading → rows read, accepted, and in the table of the data set; rows of tables made of it.
ROWS = {
    "Daily events": (2, 2, 2),
    "Months that are issued again": (2, 2, 2),
    "Full snapshots": (2, 2, 2),
    "One file that grows": (2, 2, 2),
    "Wide files": (2, 2, 5),
    "Nested JSON": (2, 1, 2),
    "Facts and dimensions": (2, 2, 2, 2),
    "Personal data": (2, 2, 2),
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project as `init` writes it, with the page's SQL and rows."""
    root = tmp_path_factory.mktemp("kinds") / "project"
    write(root, "")
    for name, text in FILES.items():
        path = root / (name if name.startswith("jobs/") else f"sample/{name.removesuffix('.gz')}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def test_every_block_is_tried() -> None:
    assert [*SECTIONS] == [*ROWS]


@pytest.mark.parametrize("heading", SECTIONS)
def test_the_block(heading: str, project: Path, tmp_path: Path) -> None:
    """With its columns, rules and SQL; every row is accounted for."""
    (block,) = re.findall(r"```yaml\n(.*?)```", SECTIONS[heading], re.DOTALL)
    configuration = project / "config" / "pipeline.yaml"
    head = configuration.read_text(encoding="utf-8").partition("datasets:\n")[0]
    configuration.write_text(head + block.replace(".jsonl.gz", ".jsonl"), encoding="utf-8")
    env = load_environment(project, "local")
    definitions, columns = checked(project, env)
    assert {*env.datasets, *env.tables} <= columns.keys()
    (tmp_path / "work").mkdir()
    name = next(iter(env.datasets))
    found = rehearse(definitions, Trial(name, str(project / "sample")), tmp_path / "work")
    tables = [found["table"], *found["tables"]]
    assert found["errors"] == []
    assert (
        found["rows"]["read"],
        found["rows"]["accepted"],
        *(table["rows"] for table in tables if not table["name"].endswith("_versions")),
    ) == ROWS[heading], found
