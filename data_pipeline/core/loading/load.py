"""Reading the configuration: YAML files of ``config/`` → environments, or all that is wrong with them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts import limits
from data_pipeline.core.problems import (
    ConfigurationError,
    Place,
    Problem,
    RefusedError,
    Violation,
    did_you_mean,
    quoted,
)
from data_pipeline.core.problems import Path as ValuePath

from . import column_files, default_steps, drafts, explain, rules, schedule_rules, secrets, yaml_lines
from .drafts import Project
from .yaml_lines import Node

#: what every environment has in common.
PIPELINE = "pipeline"


def load_environment(root: Path, name: str) -> Environment:
    """The environment ``name`` of the project at ``root``: ``pipeline.yaml`` merged with ``<name>.yaml``.

    Raises ``ConfigurationError`` with every problem of both files; ``UserError`` without such an environment.
    """
    names = environment_names(root)
    if name not in names:
        raise UserError(_unknown(root, name, names))
    env, problems, _ = _load(root, name, Project(root))
    if env is None or problems:
        raise ConfigurationError(problems)
    return env


def load_all(root: Path) -> dict[str, Environment]:
    """Every environment of ``config/``, by name, sorted; none of them writes into another's data.

    Raises ``ConfigurationError`` with every problem of every file.
    """
    names = environment_names(root)
    problems = _misnamed(root)
    if not names and not problems:
        raise UserError("config/ has no environment; write one, as in config/dev.yaml")
    loaded: dict[str, Environment] = {}
    nodes: dict[str, Node] = {}
    project = Project(root)
    for name in names:
        env, found, node = _load(root, name, project)
        problems += found
        if env and node:
            loaded[name], nodes[name] = env, node
    for name, finding in rules.isolation(loaded):
        problems.append(_placed(finding, nodes[name]))
    if problems:
        raise ConfigurationError(problems)
    return loaded


def load_warnings(root: Path, env: Environment, today: date) -> list[Problem]:
    """What is right in the configuration of a valid environment, and still not what somebody will have meant."""
    return placed(root, env.name, schedule_rules.clock_changes(env, today))


def placed(root: Path, name: str, findings: Iterable[Violation]) -> list[Problem]:
    """Findings about a valid environment, each at its file and line."""
    found = [*findings]
    if not found:
        return []
    node = _merged(root, name).node
    assert node is not None
    return [_placed(finding, node) for finding in found]


def environment_names(root: Path) -> list[str]:
    """The environments that have a file, sorted."""
    files = (root / "config").glob("*.yaml")
    return sorted(f.stem for f in files if f.stem != PIPELINE and not f.name.startswith("."))


def _misnamed(root: Path) -> list[Problem]:
    """Files that somebody meant as an environment."""
    files = sorted(f.name for f in (root / "config").glob("*.yml") if not f.name.startswith("."))
    return [
        Problem(Place(f"config/{f}", 1), (), "the ending '.yml'", "'.yaml'", "rename the file") for f in files
    ]


def _unknown(root: Path, name: str, names: list[str]) -> str:
    if not names:
        return f"there is no environment {quoted(name)}: config/ has none; write one, as in config/dev.yaml"
    if f"{name}.yml" in {f.name for f in (root / "config").glob("*.yml")}:
        return f"there is no environment {quoted(name)}; rename config/{name}.yml to config/{name}.yaml"
    near = did_you_mean(name, names)
    known = ", ".join(names)
    return f"there is no environment {quoted(name)}: config/ has {known}" + (f"; {near}" if near else "")


def _load(root: Path, name: str, project: Project) -> tuple[Environment | None, list[Problem], Node | None]:
    merged = _merged(root, name)
    if merged.node is None:
        return None, merged.problems, None
    env, found = _validate(name, merged.node, project, merged.whole)
    told = [f for f in found if not any(f.path[: len(path)] == path for path in merged.secrets)]
    return env, merged.problems + [_placed(f, merged.node) for f in told], merged.node


@dataclass(frozen=True)
class _Merged:
    """Both files of an environment as one, as far as they could be read, and what is wrong with them as files."""

    node: Node | None
    problems: list[Problem]
    #: whether both files could be read
    whole: bool
    #: paths of values that look like secrets
    secrets: frozenset[ValuePath] = frozenset()


def _merged(root: Path, name: str) -> _Merged:
    base, problems = _file(root, PIPELINE)
    over, more = _file(root, name)
    problems += more + _file_name(name)
    whole = base is not None and over is not None
    if base and over:
        problems += [_placed(f, over) for f in _strays(base, over)]
        over = _without_strays(base, over)
    merged = yaml_lines.merge(base, over) if base and over else base or over
    if merged is None:
        return _Merged(None, problems, whole)
    node, closed = default_steps.merged(merged)
    if not any(problem.path[:1] == ("datasets",) for problem in problems):
        closed += default_steps.without_data_sets(merged)
    problems += [_placed(f, merged) for f in closed]
    leaks = [(f, place) for source in (base, over) if source for f, place in secrets.findings(source)]
    problems += [Problem(at.place, f.path, f.found, f.expected, f.advice) for f, at in leaks]
    return _Merged(node, problems, whole, frozenset(f.path for f, _ in leaks))


def _file(root: Path, name: str) -> tuple[Node | None, list[Problem]]:
    """A file's map, with the columns that stand in files of their own."""
    node, problems = _read(root, name)
    if node is None:
        return None, problems
    node, more = column_files.resolved(root, node)
    return node, problems + more


def _read(root: Path, name: str) -> tuple[Node | None, list[Problem]]:
    """A file's map. An environment's file may be empty; ``pipeline.yaml`` may not."""
    file = f"config/{name}.yaml"
    top = Place(file, 1)
    try:
        content = (root / "config" / f"{name}.yaml").read_bytes()
    except OSError as error:
        expected = "a file that can be read"
        return None, [Problem(top, (), f"none ({error.strerror})", expected)]
    node, wrong = _parsed(content, file)
    problems = [*wrong]
    if node is None and not problems:
        if name != PIPELINE:
            return Node({}, top), []
        return None, [Problem(top, (), "nothing", "the pipeline's name, region, data and steps")]
    if node is not None and not isinstance(node.value, dict):
        return None, [
            *problems,
            Problem(node.place, (), explain.describe(node), "a map", "write 'key: value' lines"),
        ]
    return node, problems


@lru_cache(maxsize=64)
def _parsed(content: bytes, file: str) -> tuple[Node | None, tuple[Problem, ...]]:
    """The same bytes are read once: pipeline.yaml is part of every environment."""
    node, problems = yaml_lines.read(content, file)
    return node, tuple(problems)


def _file_name(name: str) -> list[Problem]:
    try:
        limits.environment_name(name)
    except RefusedError as refused:
        found = f"{quoted(name)} as the environment's name"
        return [Problem(Place(f"config/{name}.yaml", 1), (), found, refused.expected, "rename the file")]
    return []


def _strays(base: Node, over: Node) -> Iterator[Violation]:
    """What an environment's file may not say: the pipeline's name, and steps that exist nowhere."""
    if PIPELINE in over.keys:
        yield Violation(
            (PIPELINE,),
            "the pipeline's name in an environment's file",
            "it in config/pipeline.yaml alone",
            "remove the line",
        )
    known = _known_steps(base, over)
    for name in _stray_steps(base, over):
        advice = did_you_mean(name, known) or "a new step needs 'script' and 'service'"
        yield Violation(
            ("steps", name), "a step that config/pipeline.yaml does not have", "one that it has", advice
        )


def _stray_steps(base: Node, over: Node) -> list[str]:
    known = _known_steps(base, over)
    if not known or "steps" not in over.keys:
        return []
    return [n for n, step in over.keys["steps"].keys.items() if n not in known and "script" not in step.keys]


def _known_steps(base: Node, over: Node) -> list[str]:
    """The steps of config/pipeline.yaml, with those that come with the data sets of either file."""
    written = base.keys["steps"].keys if "steps" in base.keys else {}
    return [*written, *(name for name in default_steps.names(base, over) if name not in written)]


def _without_strays(base: Node, over: Node) -> Node:
    """The environment's file without what is reported already."""
    keys = {key: node for key, node in over.keys.items() if key != PIPELINE}
    if stray := _stray_steps(base, over):
        steps = keys["steps"]
        kept = {name: step for name, step in steps.keys.items() if name not in stray}
        keys["steps"] = Node(kept, steps.place)
    return Node(keys, over.place)


def _validate(
    name: str, node: Node, project: Project, whole: bool
) -> tuple[Environment | None, list[Violation]]:
    """The environment, or what is wrong; without ``whole``, only what the part that could be read shows."""
    plain = node.plain()
    assert isinstance(plain, dict)
    found: list[Violation] = []
    if "name" in plain:
        found.append(Violation(("name",), "an unknown key", "", "an environment's name is its file's name"))
    env: Environment | None = None
    try:
        env = Environment.model_validate({**plain, "name": name}, strict=True)
    except ValidationError as error:
        found += explain.findings(error, node, whole)
    if whole:
        found += rules.check(drafts.draft(name, node, env, project))
    return env, found


def _placed(finding: Violation, node: Node) -> Problem:
    path = finding.path
    while path and isinstance(path[-1], str | int) and _inside_a_value(node.at(path[:-1])):
        path = path[:-1]
    return Problem(node.at(path).place, path, finding.found, finding.expected, finding.advice)


def _inside_a_value(node: Node) -> bool:
    """Whether what is below the node is how its value is read, not what is written: one text for a list of one."""
    return not isinstance(node.value, dict | tuple)
