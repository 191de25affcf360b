"""The documentation's links lead somewhere, and its commands, files and modules exist."""

from __future__ import annotations

import re
from pathlib import Path

import architecture
import documented
import pytest
from paths import ROOT

PAGES = {str(page.relative_to(ROOT)): page for page in documented.pages()}
#: a path of the project as the pages write it
OWN_PATH = re.compile(r"`((?:data_pipeline|docs|jobs|tests|config|examples)/[\w./-]+)`")


def wrong(root: Path, page: Path, link: str) -> str | None:
    """What is wrong with a link of ``page``: no such file, or no such heading in it."""
    name, _, anchor = link.partition("#")
    target = (page.parent / name).resolve() if name else page
    if not target.exists():
        return f"{link}: no such file"
    if not target.is_relative_to(root):
        return f"{link}: outside of the project"
    return f"{link}: no such heading" if anchor and anchor not in documented.anchors(target) else None


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    """Every link within the project names a file that is there, and a heading that is in it."""
    page = PAGES[name]
    assert [said for link in documented.links(page) if (said := wrong(ROOT, page, link))] == []


@pytest.mark.parametrize("name", PAGES)
def test_commands_exist_with_their_options(name: str) -> None:
    """Every command line, in a block or in a sentence, is one that the tool, the Makefile or a script knows."""
    shown = documented.commands(PAGES[name])
    assert [f"{line}: {said}" for line in shown if (said := documented.mistake(line))] == []


@pytest.mark.parametrize("name", PAGES)
def test_paths_exist(name: str) -> None:
    """Every path of the project in a sentence is there; a pattern may stand for several."""
    paths = OWN_PATH.findall(PAGES[name].read_text(encoding="utf-8"))
    assert [path for path in paths if "ENV" not in path and not (ROOT / path).exists()] == []


def test_nobody_is_told_to_install_the_tool_by_its_bare_name() -> None:
    """No index has it: what bears its name there one day would be somebody else's."""
    bare = re.compile(r"pip install[^\n]* '?\"?daily-data-pipeline(?![\w.-]*\.whl)")
    texts = [*PAGES.values(), *(ROOT / "data_pipeline").rglob("*.py")]
    assert [str(path) for path in texts if bare.search(path.read_text(encoding="utf-8"))] == []


def test_every_page_is_reached_from_the_readme() -> None:
    """Nobody finds a page to which no link leads."""
    reached, ahead = set(), {ROOT / "README.md"}
    while ahead:
        page = ahead.pop()
        reached.add(page)
        targets = {(page.parent / link.partition("#")[0]).resolve() for link in documented.links(page)}
        ahead |= {target for target in targets if target.suffix == ".md" and target.is_file()} - reached
    assert [name for name, page in PAGES.items() if name.startswith("docs/") and page not in reached] == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("python -m data_pipeline deploy dev my-artifacts --yes", None),
        ("./deploy.sh dev my-artifacts --no-questions", "data-pipeline deploy has no option --no-questions"),
        ("python data_pipeline_run.py dev --months=2024-01", None),
        ("data-pipeline features fetch dev", "no command data-pipeline features fetch"),
        ("data-pipeline features get dev --as-of TIME -o x", None),
        ("data-pipeline mirror run dev --fast", "data-pipeline mirror run has no option --fast"),
        ("data-pipeline picture dev", "no command data-pipeline picture"),
        ("make demo TEST_WORKERS=2", None),
        ("make tea", "no such target of the Makefile"),
        ("python -m data_pipeline.core.reference --check", None),
        ("python -m data_pipeline.core.references", "no module data_pipeline.core.references"),
        ("python jobs/sample.py trips --rows 5", None),
        ("python jobs/sample.py trips --lines 5", "jobs/sample.py has no option --lines"),
        ("python jobs/samples.py trips", "no file jobs/samples.py"),
    ],
)
def test_a_command_that_does_not_exist_is_found(line: str, said: str | None) -> None:
    """What the tests above would say of it."""
    assert documented.mistake(line) == said


def test_what_is_found_in_a_page(tmp_path: Path) -> None:
    """Commands of blocks and of sentences, links of every form, and headings with their marks."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A `word`, and more\n\nSay `features get ENV --athena`, [see](other.md#there) ![it](it.svg) `run`\n\n"
        "- x\n\n  ```sh\n  cd y && make demo  # now\n  ./deploy.sh a \\\n    b\n  ```\n\n"
        "| a |\n| - |\n| [c](#a-word-and-more) |\n",
        encoding="utf-8",
    )
    assert documented.commands(page) == ["features get ENV --athena", "make demo", "./deploy.sh a b"]
    assert documented.links(page) == ["other.md#there", "it.svg", "#a-word-and-more"]
    assert documented.anchors(page) == {"a-word-and-more"}
    (tmp_path / "other.md").write_text("# Here\n", encoding="utf-8")
    assert [wrong(tmp_path, page, link) for link in documented.links(page)] == [
        "other.md#there: no such heading",
        "it.svg: no such file",
        None,
    ]


def test_the_picture_of_the_architecture_is_of_these_imports() -> None:
    """The committed picture is the one that the imports make; `make docs` draws it."""
    assert architecture.TARGET.read_text(encoding="utf-8") == architecture.architecture_svg()
    rooms = {path.parent.name for path in (ROOT / architecture.PACKAGE).glob("*/__init__.py")}
    assert {*rooms, "api"} == set(architecture.ROOMS)  # api is a module
