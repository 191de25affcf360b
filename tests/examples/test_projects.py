"""examples/weather and examples/orders: projects of YAML and SQL, which do what their READMEs show."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from pathlib import Path

import pytest
from paths import ROOT
from randomness import SOAK
from system.project import Project

from data_pipeline.cli.commands.create import columns_lines
from data_pipeline.cli.main import status_of
from data_pipeline.core.loading.load import load_all

#: example → the data set that its README tries, a part of the sample's files, rows read and refused of these.
EXAMPLES = {
    "weather": ("observations", "hill/2025-06.csv", 30, {"upside-down": 1}),
    "orders": ("orders", "orders/2026/01/09/*", 7, {"no-lines": 1}),
}
MOST_LINES = 40


class Example(Project):
    """A copy of an example in which commands are typed."""

    def __init__(self, root: Path, name: str) -> None:
        self.root = root
        shutil.copytree(ROOT / "examples" / name, root, ignore=shutil.ignore_patterns(".local", "templates"))


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_short_and_without_python(name: str) -> None:
    """Lines that say something: neither blank nor a comment."""
    files = [
        path
        for path in (ROOT / "examples" / name).rglob("*")
        if path.is_file() and "sample" not in path.parts
    ]
    files = [path for path in files if not {".local", "templates"} & {*path.parts}]
    assert {path.suffix for path in files} == {".md", ".yaml", ".sql"}
    texts = [path.read_text(encoding="utf-8") for path in files if path.suffix != ".md"]
    lines = [line for text in texts for line in text.splitlines()]
    assert (
        len([line for line in lines if line.strip() and not line.strip().startswith(("#", "--"))])
        <= MOST_LINES
    )


@pytest.mark.parametrize("name", EXAMPLES)
def test_they_are_what_create_takes(name: str, tmp_path: Path) -> None:
    """Data sets, tables, feature groups and training sets, with their SQL."""
    made = Example(tmp_path / name, name)
    env = load_all(made.root)["local"]
    said = [line.partition(":")[0] for line in columns_lines(made.root, [env])]
    assert said == [f"publishes {table}" for table in (*env.datasets, *env.tables)]


def test_a_part_of_a_sample_is_tried(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The one with nested JSON: a refused row and the tables that follow."""
    dataset, part, rows, refused = EXAMPLES["orders"]
    monkeypatch.chdir(Example(tmp_path / "orders", "orders").root)
    assert status_of("data-pipeline", ["try", dataset, "sample", "--file", part, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["rows"]["read"], found["reasons"]) == (rows, refused)
    assert [table["name"] for table in found["tables"]] == ["customer_days"]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="a deployment and a run of each: `make soak` makes them")
@pytest.mark.parametrize("name", EXAMPLES)
def test_the_readme_word_for_word(name: str, tmp_path: Path) -> None:
    """Every command of it, and what it shows of their output."""
    readme = (ROOT / "examples" / name / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```bash\n(.*?)```", readme, re.DOTALL)
    shown = re.findall(r"```\n(.*?)```", readme.partition(block)[2], re.DOTALL)
    project = Example(tmp_path / name, name)
    try:
        done = [project.ok(*shlex.split(line, comments=True)) for line in block.splitlines()]
        said = "".join(each.out + each.err for each in done)
        assert [text for text in shown if text.strip() and text not in said] == []
        reason, count = next(iter(EXAMPLES[name][3].items()))
        assert f"{reason} {count}" in said
    finally:
        project.down()
