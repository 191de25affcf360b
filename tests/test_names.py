"""Names are the field's words: words of our own that a newcomer has to learn do not come back as names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT

#: none of these is a word of a module's, class's or function's name.
OUR_OWN = frozenset(
    [
        "told",
        "asked",
        "narrate",
        "means",
        "patience",
        "endings",
        "causes",
        "places",
        "spot",
        "settled",
        "picture",
    ]
)
#: and each of these is the name of one class at most.
ONE_CLASS = ("Source", "Finding", "Scope")
FILES = sorted(path for room in ("data_pipeline", "jobs") for path in (ROOT / room).rglob("*.py"))


def words(name: str) -> list[str]:
    """``RetryPolicy_of`` → retry, policy, of."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower().split("_")


def names(file: Path) -> Iterator[str]:
    """The file's own name, and those of its classes and functions."""
    yield file.stem
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def ours(name: str) -> bool:
    return bool(OUR_OWN.intersection(words(name))) or name.lower() == "line"


def test_no_module_class_or_function_has_a_word_of_our_own() -> None:
    folders = {folder for file in FILES for folder in file.relative_to(ROOT).parents}
    found = [f"{file.relative_to(ROOT)}: {name}" for file in FILES for name in names(file) if ours(name)]
    assert len(FILES) > 200
    assert found == []
    assert not [folder for folder in folders if ours(folder.name)]


@pytest.mark.parametrize("name", ["patience", "_told_of", "WhatItMeans", "Line", "line"])
def test_the_words_are_found(name: str) -> None:
    assert ours(name)


@pytest.mark.parametrize("name", ["underline", "lines", "placeholder", "because", "outcome"])
def test_other_words_are_not(name: str) -> None:
    assert not ours(name)


@pytest.mark.parametrize("name", ONE_CLASS)
def test_one_name_one_class(name: str) -> None:
    found = [
        str(file.relative_to(ROOT))
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and node.name == name
    ]
    assert len(found) == 1, found


#: words of the example, which the tool does not know.
EXAMPLE = re.compile(
    r"\b(rides?|trips?|taxis?|tlc|fhv|fhvhv|nyc|nyc[-_]tlc\w*|ride_counts|trip_counts|num_rides)\b",
    re.IGNORECASE,
)
#: `diagram` draws the example's export, and the commands of the assumptions name its deployment.
ABOUT_THE_EXAMPLE = {
    "data_pipeline/cli/commands/diagram.py",
    "data_pipeline/cli/main.py",
    "data_pipeline/core/assumptions.py",
    "data_pipeline/core/assumptions.yaml",
    "data_pipeline/core/drawing/chart.py",
    "data_pipeline/core/drawing/diagram.py",
}


def test_the_tool_does_not_speak_of_the_example() -> None:
    texts = [
        path for kind in ("py", "yaml", "md", "sql") for path in (ROOT / "data_pipeline").rglob(f"*.{kind}")
    ]
    found = {str(p.relative_to(ROOT)) for p in texts if EXAMPLE.search(p.read_text(encoding="utf-8"))}
    assert found == ABOUT_THE_EXAMPLE
