"""No circle of imports between the modules of the tool, those that are made inside of functions included."""

from __future__ import annotations

import ast
from graphlib import CycleError, TopologicalSorter
from importlib.util import resolve_name
from pathlib import Path

import pytest
from paths import ROOT


def _modules(package: Path) -> dict[str, Path]:
    """Dotted name → file."""
    files = sorted(package.rglob("*.py"))
    parts = {path: path.relative_to(package.parent).with_suffix("").parts for path in files}
    return {".".join(p for p in parts[path] if p != "__init__"): path for path in files}


def _imported(name: str, path: Path, modules: dict[str, Path]) -> set[str]:
    """The modules that a module imports anywhere; what comes with them, their packages, is left out."""
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = resolve_name("." * node.level + (node.module or ""), package)
            members = {f"{base}.{alias.name}" for alias in node.names}
            found |= {one if one in modules else base for one in members}
    return (found & modules.keys()) - {name}


def circle(package: Path) -> list[str]:
    """The modules of one circle, empty if there is none."""
    modules = _modules(package)
    try:
        TopologicalSorter({name: _imported(name, path, modules) for name, path in modules.items()}).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def test_no_circle() -> None:
    """Over the whole tool."""
    assert circle(ROOT / "data_pipeline") == []


@pytest.mark.parametrize(
    "text", ["from . import a", "from .a import x", "import p.a", "def f():\n    from p.a import x"]
)
def test_a_circle_is_seen(tmp_path: Path, text: str) -> None:
    """In each way of writing an import."""
    package = tmp_path / "p"
    package.mkdir()
    for name, content in {"__init__": "", "a": "from .b import y", "b": text}.items():
        (package / f"{name}.py").write_text(content, encoding="utf-8")
    assert set(circle(package)) == {"p.a", "p.b"}
    (package / "b.py").write_text("y = 1", encoding="utf-8")
    assert circle(package) == []
