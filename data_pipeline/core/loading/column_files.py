"""Columns of a data set that stand in a file of their own, below a folder of config/."""

from __future__ import annotations

from pathlib import Path

from data_pipeline.core.facts import dataset_limits
from data_pipeline.core.problems import Problem, RefusedError, did_you_mean, quoted

from . import yaml_lines
from .yaml_lines import Node


def resolved(root: Path, node: Node) -> tuple[Node, list[Problem]]:
    """A configuration file's map with such columns in the place of the file's name, and what is wrong with them."""
    datasets = node.keys.get("datasets")
    if datasets is None or not datasets.keys:
        return node, []
    found: dict[str, Node] = {}
    problems: list[Problem] = []
    for name, dataset in datasets.keys.items():
        columns = dataset.keys.get("columns")
        if columns is None or not isinstance(columns.value, str):
            found[name] = dataset
            continue
        read, wrong = _columns(root, columns.value, columns, name)
        problems += wrong
        kept = {key: child for key, child in dataset.keys.items() if key != "columns"}
        found[name] = Node({**kept, "columns": read} if read else kept, dataset.place)
        if read is None:  # what is wrong is said; without columns the rest would be said to lack them
            del found[name]
    return Node({**node.keys, "datasets": Node(found, datasets.place)}, node.place), problems


def _columns(root: Path, file: str, at: Node, dataset: str) -> tuple[Node | None, list[Problem]]:
    path = ("datasets", dataset, "columns")
    try:
        dataset_limits.columns_file(file)
    except RefusedError as refused:
        said = refused.found or quoted(file)
        return None, [Problem(at.place, path, said, refused.expected, refused.advice)]
    try:
        content = (root / "config" / file).read_bytes()
    except OSError:
        there = [
            each.relative_to(root / "config").as_posix() for each in (root / "config").glob("*/**/*.yaml")
        ]
        advice = did_you_mean(file, there) or f"write config/{file}"
        return None, [Problem(at.place, path, quoted(file), "a file in config/ with the columns", advice)]
    node, problems = yaml_lines.read(content, f"config/{file}")
    if node is None and not problems:
        return None, [Problem(at.place, path, f"{quoted(file)}, which is empty", "a map of columns")]
    return node, problems
