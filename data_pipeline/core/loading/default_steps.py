"""Merging the steps that a project with data sets has by itself with what its configuration says of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from data_pipeline.core.config import default_steps
from data_pipeline.core.facts import limits
from data_pipeline.core.naming import MAINTENANCE
from data_pipeline.core.problems import Path, Place, RefusedError, Violation, one_of, quoted
from data_pipeline.etl.documents import datasets as documents

from . import yaml_lines
from .yaml_lines import Node

_STEPS = (default_steps.PREPARE, default_steps.LOAD, default_steps.INGEST)


def names(*sources: Node | None) -> tuple[str, ...]:
    """The steps that come with the data sets of these files; none without data sets."""
    return _STEPS if any(source and _datasets(source).keys for source in sources) else ()


def merged(node: Node) -> tuple[Node, list[Violation]]:
    """The configuration with the default steps and the upkeep of its tables, and what may not be said of them. Each
    value that nobody has written stands where the data sets do.

    Also where there are none, of a project that means to have some and has no steps: what is wrong with its data sets
    or tables is told already, and that there are no steps would not help.
    """
    datasets = _datasets(node)
    means = "steps" not in node.keys and {"datasets", "tables"} & node.keys.keys()
    if not datasets.keys and not means:
        return node, []
    place = datasets.place
    made = node.keys["tables"].keys if "tables" in node.keys else {}
    exports = any("export" in each.keys for each in (*datasets.keys.values(), *made.values()))
    named = (*(table for name, each in datasets.keys.items() for table in _tables(name, each)), *made)
    tables = tuple(dict.fromkeys(name for name in named if _is_name(name)))
    steps = default_steps.steps(tables, exports=exports)
    found = [*_closed(node, "steps", steps)]
    keys = {**node.keys, "steps": _steps(node.keys.get("steps"), steps, place)}
    upkeep = node.keys.get(MAINTENANCE)
    if upkeep is not None and isinstance(upkeep.value, dict) and "script" not in upkeep.keys:
        found += _of(upkeep, (MAINTENANCE,), default_steps.OPEN_OF_MAINTENANCE)
        default = _node(default_steps.maintenance(tables, _of_scripts(node, tables)), place)
        keys[MAINTENANCE] = yaml_lines.merge(
            default, _only(upkeep, default_steps.OPEN_OF_MAINTENANCE, default)
        )
    return Node(keys, node.place), found


def _tables(name: str, dataset: Node) -> tuple[str, ...]:
    """The tables that a data set makes."""
    history = "history" in dataset.keys and dataset.keys["history"].value is True
    return (name, *documents.made_with(name, "key" in dataset.keys, history))


def _of_scripts(node: Node, tables: Collection[str]) -> list[str]:
    """The tables that scripts of the project's own publish, besides ``tables``."""
    written = node.keys["steps"].keys if "steps" in node.keys else {}
    lists = [step.keys["tables"].plain() for step in written.values() if "tables" in step.keys]
    named = dict.fromkeys(str(name) for each in lists if isinstance(each, tuple) for name in each)
    return [name for name in named if _is_name(name) and name not in tables]


def without_data_sets(node: Node) -> Iterator[Violation]:
    """A project that has neither steps nor a data set."""
    datasets = node.keys.get("datasets")
    if datasets is not None and datasets.value == {} and "steps" not in node.keys:
        yield Violation(("datasets",), "an empty map", "at least one data set")


def _is_name(text: str) -> bool:
    """Whether a table can have this name; what is wrong with another one is told where it stands."""
    try:
        limits.table_name(text)
    except RefusedError:
        return False
    return True


def _datasets(node: Node) -> Node:
    return node.keys.get("datasets") or Node({}, node.place)


def _steps(written: Node | None, steps: Mapping[str, Any], place: Place) -> Node:
    default = _node(steps, place)
    if written is None or written.value is None:
        return default
    if not isinstance(written.value, dict):
        return written
    said = {
        name: _only(step, default_steps.OPEN, default.keys[name]) if name in steps else step
        for name, step in written.keys.items()
    }
    if default_steps.LOAD in said:
        said[default_steps.LOAD] = _on_cluster(said[default_steps.LOAD])
    return yaml_lines.merge(default, Node(said, written.place))


def _on_cluster(step: Node) -> Node:
    """The step with what its script is given on a cluster, if it has one."""
    cluster = step.keys.get("cluster")
    if cluster is None or not isinstance(cluster.value, dict):
        return step
    default = _node({"arguments": default_steps.ON_CLUSTER}, cluster.place)
    return Node({**step.keys, "cluster": yaml_lines.merge(default, cluster)}, step.place)


def _closed(node: Node, key: str, steps: Mapping[str, Any]) -> Iterator[Violation]:
    written = node.keys[key].keys if key in node.keys else {}
    for name in steps:
        if name in written:
            yield from _of(written[name], (key, name), default_steps.OPEN)


def _of(node: Node, path: Path, open_keys: tuple[str, ...]) -> Iterator[Violation]:
    for key in node.keys:
        if key not in open_keys and key in _FIXED:
            found = f"{quoted(key)} of a step that comes with the data sets"
            if path == (MAINTENANCE,):
                found = f"{quoted(key)} of the upkeep that comes with the data sets"
            advice = (
                "a script of the project's own is a step with another name"
                if path[0] == "steps"
                else "name a 'script' of the project's own, or remove the line"
            )
            yield Violation((*path, key), found, one_of(open_keys), advice)


#: keys that a step has; of any other, the models say that they do not know it.
_FIXED = frozenset({"script", "arguments", "reads", "writes", "deletes", "tables", "result"})


def _only(node: Node, open_keys: tuple[str, ...], default: Node) -> Node:
    """What is said of a step, without what is refused already; nothing said is the default."""
    if node.value is None:
        return default
    if not isinstance(node.value, dict):
        return node
    kept = {key: at for key, at in node.keys.items() if key in open_keys or key not in _FIXED}
    return Node(kept, node.place)


def _node(value: Any, place: Place) -> Node:
    if isinstance(value, dict):
        return Node({key: _node(each, place) for key, each in value.items()}, place)
    if isinstance(value, tuple):
        return Node(tuple(_node(each, place) for each in value), place)
    return Node(value, place, str(value))
