"""Names are the field's words: words of our own that a newcomer has to learn do not come back as names."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from paths import ROOT

#: none of these is a word of the name of a module, class, function, attribute or constant.
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
    """The file's own name, and those of its classes, functions, attributes and constants."""
    yield file.stem
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and node.attr != "line":
            yield node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id.isupper():
            yield node.id


def ours(name: str) -> bool:
    return bool(OUR_OWN.intersection(words(name))) or name.lower() == "line"


def test_no_name_has_a_word_of_our_own() -> None:
    folders = {folder for file in FILES for folder in file.relative_to(ROOT).parents}
    found = [f"{file.relative_to(ROOT)}: {name}" for file in FILES for name in names(file) if ours(name)]
    assert len(FILES) > 200
    assert found == []
    assert not [folder for folder in folders if ours(folder.name)]


def test_no_name_of_the_tests_has_one() -> None:
    """The names of tests themselves are sentences."""
    files = sorted((ROOT / "tests").rglob("*.py"))
    found = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in files
        for name in names(file)
        if ours(name) and not name.startswith(("test_", "Test"))
    ]
    assert len(files) > 200
    assert found == []


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


#: words of the example, which the tool does not know; a zone is one of times.
EXAMPLE = re.compile(
    r"\b(rides?|trips?|taxis?|tlc|fhv|fhvhv|nyc|nyc[-_]tlc\w*|\w*tripdata\w*|ride_?counts|trip_?counts|num_rides|"
    r"yellow|green|fhv_bases|taxi_zones?)\b",
    re.IGNORECASE,
)
#: what a project is made of is text; the rest of the package are lists that AWS and others made.
KINDS = ("py", "yaml", "md", "sql", "txt", "in", "sh", "csv", "html", "json")


def of_the_example(text: str) -> bool:
    """Whether a word of the example is in the text; in a line about styles, some are colours of the screen."""
    found = (EXAMPLE.findall(line) if "style" not in line.lower() else () for line in text.splitlines())
    return any(found)


def test_the_tool_does_not_speak_of_the_example() -> None:
    texts = [path for kind in KINDS for path in (ROOT / "data_pipeline").rglob(f"*.{kind}")]
    assert len(texts) > 300
    found = [str(p.relative_to(ROOT)) for p in texts if of_the_example(p.read_text(encoding="utf-8"))]
    assert found == []


@pytest.mark.parametrize(
    "text", ["a taxi", "ride_counts", "the month's trips", "yellow_tripdata_2024-01.csv", "'green'"]
)
def test_the_example_s_words_are_found(text: str) -> None:
    assert of_the_example(text)


@pytest.mark.parametrize("text", ["stripped", "a time zone", 'Text("✓", style="green")', "override"])
def test_words_that_only_look_so_are_not(text: str) -> None:
    assert not of_the_example(text)
