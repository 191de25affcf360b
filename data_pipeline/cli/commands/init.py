"""``init DIR``: a new project that renders, deploys to the embedded AWS and runs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from data_pipeline.cli import origin
from data_pipeline.cli.job_locks import REQUIREMENTS
from data_pipeline.core import reference
from data_pipeline.core.errors import UserError

_SCAFFOLD = Path(__file__).parents[1] / "scaffold"
#: a file that package tools would take for their own has another name in the scaffold.
_NAMES = {"gitignore": ".gitignore"}
_EXECUTABLE = frozenset({"deploy.sh"})


@click.command()
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
def init(directory: Path) -> None:
    """Write a new project to DIR, which does not exist or is empty.

    Example: data-pipeline init my-pipeline
    """
    written = write(directory, origin.requirement())
    for name in written:
        click.echo(f"written   {directory / name}")
    click.echo(f"next: cd {directory}, and what its README.md says")


def write(directory: Path, requirement: str) -> list[str]:
    """Write the project; the names of its files. UserError, with nothing changed, if something is in the way."""
    if directory.exists() and (there := sorted(path.name for path in directory.iterdir())):
        raise UserError(
            f"{directory}: found {', '.join(there[:5])}{' and more' if len(there) > 5 else ''}, expected a folder that "
            "is new or empty; nothing was changed\n  name another folder"
        )
    files = dict(_files(requirement))
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if name in _EXECUTABLE:
            path.chmod(0o755)
    (directory / "templates").mkdir()
    return sorted(files)


def _files(requirement: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(_SCAFFOLD.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(_SCAFFOLD).as_posix()
            yield _NAMES.get(name, name), path.read_bytes()
    yield "config/schema.json", reference.schema().encode()
    yield (
        "requirements.txt",
        "# The tool that this project was made with, with the embedded AWS, and what the jobs need.\n"
        f"{requirement}\n-r {REQUIREMENTS}\n".encode(),
    )
