"""`python tests/published_documents.py FOLDER`: run `check` over state machines and templates that others published.

FOLDER has a Git directory for each repository of SOURCES, called ``<owner>+<name>`` (a clone, or what is in it below
``repo``). Nothing of them is kept here: docs/records/published-documents.md has what was found, by rule.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from data_pipeline.cli.commands.check import check_file
from data_pipeline.core.errors import UserError

#: (repository, commit, folders or files): every ``*.asl.json`` below, and every YAML that is a template
SOURCES = (
    ("aws-samples/step-functions-workflows-collection", "83bbec48d8f065de3dbcb4c5d8fe0e58a0479334", ("",)),
    ("aws-cloudformation/aws-cloudformation-templates", "142ce6f283d285fa370adb7f9d332d7f46dac5fc", ("",)),
)
_ENDS = (".asl.json", ".yaml", ".yml")


def _git(place: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", place, *arguments], capture_output=True, check=True)
    return done.stdout.decode("utf-8", "replace")


def documents(folder: Path) -> Iterator[tuple[str, str, str]]:
    """(repository, path, text) of each document that there is."""
    for repository, commit, below in SOURCES:
        place = folder / repository.replace("/", "+")
        place = place / "repo" if (place / "repo").exists() else place
        for name in _git(place, "ls-tree", "-r", "--name-only", commit).splitlines():
            if not name.endswith(_ENDS) or not name.startswith(below):
                continue
            text = _git(place, "show", f"{commit}:{name}")
            if name.endswith(".asl.json") or "Resources:" in text:
                yield repository, name, text


def findings(text: str, name: str, scratch: Path) -> list[str]:
    """What `check` says of a document, without its path."""
    path = scratch / ("document.json" if name.endswith(".json") else "document.yaml")
    path.write_text(text, encoding="utf-8")
    try:
        return [line.removeprefix(f"{path}: ") for line in check_file(path)]
    except UserError as error:
        return [f"{str(error).replace(str(path), 'document').splitlines()[0]} [unreadable]"]


def main(folder: Path) -> None:
    """A line for each finding, then how many of each rule."""
    count: Counter[str] = Counter()
    seen = blamed = 0
    with TemporaryDirectory() as scratch:
        for repository, name, text in documents(folder):
            seen += 1
            found = findings(text, name, Path(scratch))
            blamed += bool(found)
            for line in found:
                count[line.rpartition("[")[2].rstrip("]")] += 1
                print(f"{repository} {name}: {line}")
    print(f"{seen} documents, {blamed} with findings")
    for rule, number in count.most_common():
        print(f"{number:5} {rule}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
