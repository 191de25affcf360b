"""What the configuration names of the project's Python (``module:name``), looked up in its source: read and not run."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from data_pipeline.core import python_source
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, quoted


@dataclass(frozen=True)
class Named:
    """What is named at a ``place`` of the configuration: ``module:name``, what a function of it is ``given``, and the
    keys ``beside`` it that only a class is given.
    """

    place: str
    written: str
    given: tuple[str, ...]
    beside: tuple[str, ...] = ()

    @property
    def module(self) -> str:
        return self.written.partition(":")[0]

    @property
    def name(self) -> str:
        return self.written.partition(":")[2]


def file_of(module: str, sources: Mapping[str, str]) -> str:
    """The file of a module below jobs/. UserError if there is none."""
    stem = module.replace(".", "/")
    found = next((file for file in (f"{stem}.py", f"{stem}/__init__.py") if file in sources), None)
    if found is None:
        raise UserError(f"there is no module {module} in jobs/; write jobs/{stem}.py")
    return found


def problems(named: Named, sources: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with it, a line each: the module has no such name, or a function that is given something else."""
    file = file_of(named.module, sources)
    try:
        tree = python_source.tree(sources[file])
    except SyntaxError as error:
        yield f"jobs/{file}:{error.lineno}: {error.msg}"
        return
    there = {name: node for node in tree.body for name in _names(node)}
    found = there.get(named.name)
    if found is None:
        near = did_you_mean(named.name, [*there])
        advice = f"; {near}" if near else ""
        yield f"{named.place}: jobs/{file} has no {quoted(named.name)}{advice}"
    elif isinstance(found, ast.AsyncFunctionDef):
        yield f"jobs/{file}:{found.lineno}: {named.name} is an async function, expected a plain one"
    elif isinstance(found, ast.FunctionDef) and not _takes(found.args, len(named.given)):
        yield (
            f"jobs/{file}:{found.lineno}: {named.name} takes ({ast.unparse(found.args)}), expected "
            f"({', '.join(named.given)}), as {named.place} calls it"
        )
    elif isinstance(found, ast.FunctionDef):
        yield from (_without_use(named, key) for key in named.beside)


def _without_use(named: Named, key: str) -> str:
    place = f"{named.place.rpartition('.')[0]}.{key}"
    return f"{place}: found {quoted(key)}, which the function {named.name} is not given; remove it, or use 'options'"


def _names(node: ast.stmt) -> Iterator[str]:
    """What a statement of a module gives a name."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name for alias in node.names)
    elif isinstance(node, ast.Assign):
        yield from (target.id for target in node.targets if isinstance(target, ast.Name))


def _takes(arguments: ast.arguments, count: int) -> bool:
    """Whether a function can be called with ``count`` values and nothing else."""
    plain = len(arguments.posonlyargs) + len(arguments.args)
    needed = plain - len(arguments.defaults)
    keywords = [default for default in arguments.kw_defaults if default is None]
    return needed <= count and (count <= plain or arguments.vararg is not None) and not keywords
