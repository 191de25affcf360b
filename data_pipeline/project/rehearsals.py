"""A data set of a project tried on the files of a folder, by the code of a run, in a process of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import data_pipeline
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError, not_installed
from data_pipeline.core.loading.load import load_all
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.etl.documents import datasets, rehearsal
from data_pipeline.etl.documents.datasets import Definitions
from data_pipeline.etl.documents.rehearsal import Rehearsal

from .definitions import load_definitions

_NEEDED = ("duckdb", "numpy", "pyarrow", "pyiceberg")
_ERROR = "error: "


@dataclass(frozen=True)
class Chosen:
    """The definitions of an environment; ``differing``: others in which the data set is another one."""

    definitions: Definitions
    environment: str
    differing: tuple[str, ...]


def choose(root: Path, name: str) -> Chosen:
    """The definitions that a rehearsal of the data set ``name`` goes by: those of an environment on this machine or,
    without one, of the first. UserError if no environment has the data set, or where packages are missing.
    """
    missing = [package for package in _NEEDED if find_spec(package) is None]
    if missing:
        raise not_installed("data sets are tried", ", ".join(missing))
    every = load_all(root)
    having = [env for env in every.values() if name in env.datasets]
    if not having:
        raise UserError(_unknown(name, every))
    env = next((each for each in having if each.embedded), having[0])
    mine = (env.datasets[name], env.tables)
    differing = [each.name for each in having if (each.datasets[name], each.tables) != mine]
    return Chosen(load_definitions(root, env), env.name, tuple(differing))


def _unknown(name: str, environments: Mapping[str, Environment]) -> str:
    known = list(dict.fromkeys(each for env in environments.values() for each in env.datasets))
    if not known:
        return f"there is no data set {quoted(name)}: the configuration has none; write one below 'datasets:'"
    for env in environments.values():
        if name in env.tables:
            return f"{name} is a table, made of other rows; try a data set: {one_of(known)}"
    near = did_you_mean(name, known)
    return f"there is no data set {quoted(name)}: the configuration has {one_of(known)}" + (
        f"; {near}" if near else ""
    )


def rehearse(
    root: Path, definitions: Definitions, name: str, folder: Path, globs: Sequence[str] = (), rows: int = 5
) -> Rehearsal:
    """What a run would make of the files of ``folder``; nothing stays on disk. ``globs``: read only files whose paths
    fit one of them; ``rows``: how many rows are shown. UserError where there is nothing to try.
    """
    if not folder.is_dir():
        found = "is not a folder" if folder.exists() else "does not exist"
        raise UserError(f"{folder}: {found}; expected the folder that stands for the input")
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        place = Path(scratch)
        given, result = place / "datasets.json", place / "rehearsal.json"
        given.write_text(datasets.write(definitions), encoding="utf-8")
        (place / "work").mkdir()
        options = {
            "--definitions": given,
            "--dataset": name,
            "--input": folder,
            "--scratch": place / "work",
            "--result": result,
            "--rows": rows,
        }
        words = [f"{option}={value}" for option, value in options.items()]
        _run([*words, *(f"--file={glob}" for glob in globs)], root, place)
        return rehearsal.read(result.read_bytes())


def _run(words: Sequence[str], root: Path, scratch: Path) -> None:
    """Run it with the project's modules at hand, as a run has them. UserError with its last words."""
    command = [sys.executable, "-P", "-m", "data_pipeline.etl.rehearsal", *words]
    done = subprocess.run(
        command,
        env=_environment(root, scratch),
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode == 0:
        return
    last = (done.stderr.strip().splitlines() or [""])[-1]
    if last.startswith(_ERROR):
        raise UserError(last.removeprefix(_ERROR))
    raise RuntimeError(f"the rehearsal ended with status {done.returncode}:\n{done.stderr}")


def _environment(root: Path, scratch: Path) -> dict[str, str]:
    """What it is started with: nothing is written beside the project's modules, and what is temporary lies in
    ``scratch``.
    """
    tool = Path(data_pipeline.__file__).parents[1]
    path = [str(root / "jobs"), *([] if tool.name in ("site-packages", "dist-packages") else [str(tool)])]
    before = os.environ.get("PYTHONPATH")
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([*path, *([before] if before else [])]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "TMPDIR": str(scratch),
    }
