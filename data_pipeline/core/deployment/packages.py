"""Which packages a job's script imports, and which of them its runtime would not have."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, lru_cache, partial
from typing import NamedTuple

from data_pipeline.core import python_source
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean

from .artifacts import locked_names, normalised

#: what a runtime has of its own, beside the locked packages.
PROVIDED = {"glue-spark": frozenset({"pyspark", "awsglue"}), "sagemaker-spark": frozenset({"pyspark"})}
#: modules whose package is not called as they are.
PACKAGE_OF = {
    "dateutil": "python-dateutil",
    "yaml": "pyyaml",
    "PIL": "pillow",
    "sklearn": "scikit-learn",
}
#: the tool's own files, none of whose docstrings has a line that begins as an import does, and how they import.
_TOOLS = "data_pipeline/"
_IMPORT = re.compile(r"\n *+(?:from (\.*)([\w.]*) import (\([^)]*\)|[^\n(]+)|import ([^\n]+))")
_MEMBER = re.compile(r"(?:^|[(,])\s*(\w+)")
_MODULE = re.compile(r"(?:^|,)\s*([\w.]+)")
_FOR_TYPES = re.compile(r"\nif TYPE_CHECKING:\n(?: +[^\n]*\n|\n)+")
_BLOCKS = ("body", "orelse", "handlers", "finalbody", "cases")
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
#: words without which every import of a file must succeed.
_OF_OPTIONAL = (*_IMPORT_ERRORS, "except:")


Needs = Callable[[str], frozenset[str]]
"""Script → the packages that it needs."""


def packages_of(sources: Mapping[str, str]) -> Needs:
    """The packages that scripts need, by ``needed_packages``, of which each is followed once."""
    return cache(partial(needed_packages, sources=sources))


def missing_packages(needed: Iterable[str], lock: str, runtime: str) -> list[str]:
    """Packages among the needed ones, sorted, that neither the lock of the runtime nor the runtime has."""
    available = locked_names(lock) | PROVIDED.get(runtime, frozenset())
    return sorted({package for package in needed if package not in available})


def needed_packages(script: str, sources: Mapping[str, str]) -> frozenset[str]:
    """Packages that the script imports, itself or through its modules, by their normalised names.

    ``sources``: path → Python source, of the script and of all that is shipped with it, whose modules are
    followed. An import inside of ``try … except ImportError`` or ``if TYPE_CHECKING`` is optional and not
    counted.
    """
    return frozenset(_follow(script, sources)[1])


def imported_files(script: str, sources: Mapping[str, str]) -> set[str]:
    """The files among ``sources`` that the script may run, itself included."""
    return _follow(script, sources)[0]


def _follow(script: str, sources: Mapping[str, str]) -> tuple[set[str], set[str]]:
    followed: set[str] = set()
    waiting, packages = [script], set()
    while waiting:
        path = waiting.pop()
        if path in followed:
            continue
        followed.add(path)
        for module in _modules(path, sources):
            top = module.split(".")[0]
            if here := [found for found in _files(module) if found in sources]:
                waiting += here
            elif top not in sys.stdlib_module_names:
                packages.add(normalised(PACKAGE_OF.get(top, top)))
    return followed, packages


@lru_cache(maxsize=4096)
def _files(module: str) -> tuple[str, ...]:
    """The files that an import of ``a.b.c`` may run: each package on the way, and the module."""
    parts = module.split(".")
    stems = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    return tuple(file for stem in stems for file in (f"{stem}/__init__.py", f"{stem}.py"))


def _modules(path: str, sources: Mapping[str, str]) -> Iterator[str]:
    """Names of every module that the file imports; of ``from a import b`` both ``a`` and ``a.b``. UserError for a
    module that its package in jobs/ lacks, and for a folder of modules that is no package. Of the tool, a script that
    also runs on this machine may import what is not shipped.
    """
    for each in _imports(path, sources[path]):
        if not (path.startswith(_TOOLS) or _is_unshipped(each.module)):
            _refuse_absent(path, each, sources)
        yield each.module
        yield from (f"{each.module}.{member}" for member in each.members)


def _is_unshipped(module: str) -> bool:
    """Whether this is a module of the tool that stays on this machine."""
    return f"{module}.".startswith("data_pipeline.") and not f"{module}.".startswith("data_pipeline.etl.")


def _refuse_absent(path: str, each: _Import, sources: Mapping[str, str]) -> None:
    for module in (each.module, *(f"{each.module}.{member}" for member in each.members)):
        bare = next((file for file in _files(module) if _is_bare(file, sources)), None)
        if bare:
            raise UserError(
                f"jobs/{path}:{each.line}: imports {module}, and there is no jobs/{bare}: Glue finds no package in a "
                "folder without it; add an empty file"
            )
    top, *inner = each.module.split(".")
    *_, package, module = _files(each.module)
    is_here = package in sources or module in sources
    if not inner or is_here or not any(file in sources for file in _files(top)):
        return
    stem = each.module.replace(".", "/")
    there = [file.removesuffix(".py").removesuffix("/__init__").replace("/", ".") for file in sources]
    near = did_you_mean(each.module, [module for module in there if module.startswith(f"{top}.")])
    raise UserError(
        f"jobs/{path}:{each.line}: imports {each.module}, expected a module or package in jobs/, found no "
        f"jobs/{stem}.py" + (f"; {near}" if near else "")
    )


def _is_bare(file: str, sources: Mapping[str, str]) -> bool:
    """Whether this is the ``__init__.py`` that a folder of modules lacks."""
    folder, _, name = file.rpartition("/")
    if name != "__init__.py" or file in sources or f"{folder}.py" in sources:
        return False
    return any(other.startswith(f"{folder}/") for other in sources)


@lru_cache(maxsize=1024)
def _imports(path: str, source: str) -> tuple[_Import, ...]:
    """What the file imports, with the modules' absolute names.

    Kept: every job of every environment follows the same library.
    """
    here = path.removesuffix(".py").removesuffix("/__init__").split("/")
    package = here if path.endswith("/__init__.py") else here[:-1]
    found: list[_Import] = []
    for each in _written(path, source):
        if each.dots > len(package):
            raise UserError(
                f"jobs/{path}:{each.line}: found a relative import that leads out of its package, expected the "
                "name of a module or package in jobs/\n  a script is in no package: write `import x`, not "
                "`from . import x`"
            )
        base = package[: len(package) - each.dots + 1] if each.dots else []
        module = ".".join([*base, *([each.module] if each.module else [])])
        found.append(_Import(each.line, 0, module, each.members))
    return tuple(found)


class _Import(NamedTuple):
    """``from ..module import members`` with two dots, or ``import module``; of the tool's own, no line."""

    line: int
    dots: int
    module: str
    members: tuple[str, ...] = ()


def _written(path: str, source: str) -> Iterator[_Import]:
    """The imports of a file that must succeed. UserError, with file and line, for what is no Python."""
    if path.startswith(_TOOLS) and not any(word in source for word in _OF_OPTIONAL):
        yield from _read(source)
        return
    try:
        tree = python_source.tree(source)
    except SyntaxError as error:
        raise UserError(f"jobs/{path}:{error.lineno}: {error.msg}") from error
    for node in _required(tree):
        if isinstance(node, ast.Import):
            yield from (_Import(node.lineno, 0, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            members = tuple(alias.name for alias in node.names)
            yield _Import(node.lineno, node.level, node.module or "", members)


def _read(source: str) -> Iterator[_Import]:
    """The imports of one of the tool's own files, by its text: there are many, and whole trees take long."""
    for dots, module, members, modules in _IMPORT.findall(_FOR_TYPES.sub("\n", source)):
        if modules:
            yield from (_Import(0, 0, name) for name in _MODULE.findall(modules))
        else:
            yield _Import(0, len(dots), module, tuple(_MEMBER.findall(members)))


def _required(node: ast.AST) -> Iterator[ast.AST]:
    """The statements in and below the node, but for the parts that may fail to import."""
    yield node
    for child in _statements(node):
        if isinstance(child, ast.Try) and any(_catches_import(handler) for handler in child.handlers):
            continue
        if isinstance(child, ast.If) and _names(child.test) & {"TYPE_CHECKING"}:
            continue
        yield from _required(child)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """What stands right below the node and may be or hold a statement; expressions hold none."""
    for block in _BLOCKS:
        yield from getattr(node, block, ())


def _catches_import(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or bool(_names(handler.type) & _IMPORT_ERRORS)


def _names(node: ast.AST) -> set[str]:
    """Plain and dotted names in an expression, by their last part."""
    walked = list(ast.walk(node))
    plain = {part.id for part in walked if isinstance(part, ast.Name)}
    return plain | {part.attr for part in walked if isinstance(part, ast.Attribute)}
