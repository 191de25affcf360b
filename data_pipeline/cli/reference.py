"""``python -m data_pipeline.cli.reference``: the help of every command, as the page docs/reference/commands.md.

With ``--check`` nothing is written; a page that is out of date exits 1 and says what mends it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from data_pipeline.project.folder import find

from .main import COMMANDS, load_command

PROGRAM = "python -m data_pipeline"
HEAD = f"""# Commands

Printed by the commands; `make docs` writes this page. `python data_pipeline_create.py` is short for
`{PROGRAM} create`, `python data_pipeline_run.py` for `{PROGRAM} run`, and `./deploy.sh` for
`{PROGRAM} deploy`. Exit status: 0 done; 1 anything you can mend; 2 there are differences, where a
command says so; 3 a bug; 130 interrupted.
"""


def page() -> str:
    """The whole page: one section a command, in the tree's order."""
    sections = [section for name in COMMANDS for section in _sections(load_command(name), [PROGRAM, name])]
    return "\n".join([HEAD, *sections])


def _sections(command: click.Command, path: list[str]) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path), max_content_width=100, terminal_width=100)
    yield f"## {' '.join(path[1:])}\n\n```text\n{command.get_help(context).rstrip()}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None:
                yield from _sections(child, [*path, name])


def main() -> None:
    """Write the page, or with ``--check`` compare it."""
    file = find(Path.cwd()) / "docs" / "reference" / "commands.md"
    if sys.argv[1:] != ["--check"]:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(page(), encoding="utf-8")
    elif not file.exists() or file.read_text(encoding="utf-8") != page():
        sys.exit("docs/reference/commands.md is out of date: run 'make docs'")


if __name__ == "__main__":
    main()
