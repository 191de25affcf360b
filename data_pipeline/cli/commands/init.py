"""``init DIR``: a new project that renders, deploys to the embedded AWS and runs."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click

from data_pipeline.cli import origin
from data_pipeline.cli.examples import examples
from data_pipeline.cli.job_locks import REQUIREMENTS
from data_pipeline.core import reference
from data_pipeline.core.errors import UserError

_SCAFFOLD = Path(__file__).parents[1] / "scaffold"
#: a file that package tools would take for their own has another name in the scaffold.
_NAMES = {"gitignore": ".gitignore"}
_EXECUTABLE = frozenset({"deploy.sh"})
PIPELINE = "config/pipeline.yaml"
_LONGEST = 24
"""Characters of a pipeline's name that leave room for the rest of the names in an account."""


@click.command(epilog=examples("init my-pipeline", "init my-pipeline --from samples"))
@click.argument("directory", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option(
    "--from",
    "given",
    metavar="FILE|DIR|s3://…",
    help="Files of your own, in place of the example: their data set is written as `new` does.",
)
@click.option(
    "--match", metavar="GLOB", help="Of these, the files alone whose path is like this, as in 'orders/*'."
)
@click.option(
    "--dataset", metavar="NAME", help="What their data set is called; without it, as the files are."
)
def init(directory: Path, given: str | None, match: str | None, dataset: str | None) -> None:
    """Write a new project to DIR, which does not exist or is empty."""
    if given is None:
        if match or dataset:
            raise UserError(
                "--match and --dataset say more about --from, which is missing; nothing was changed"
            )
        made = write(directory, origin.requirement())
    else:
        made = _write_with(directory, given, match, dataset)
    for name in made:
        click.echo(f"written   {directory / name}")
    click.echo(f"next: cd {directory}, and what its README.md says")


def _write_with(directory: Path, given: str, match: str | None, dataset: str | None) -> list[str]:
    """The project with a data set of the files that ``given`` names, in place of the example's."""
    from data_pipeline.cli import proposals  # what reads samples, which a project without them does not need

    _refuse_what_is_there(directory)
    if dataset:
        proposals.refuse_name(dataset)
    found = proposals.proposed(dataset or "", given, match)
    files = dict(_files(origin.requirement(), pipeline_name(directory)))
    own = {name: content for name, content in files.items() if not _is_example(name)}
    content = proposals.inserted(_without_example(files[PIPELINE]), found)
    own[PIPELINE] = content
    own["README.md"] = _readme(
        files["README.md"].decode(), given, proposals.source_folder(given), found.proposal.name
    ).encode()
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "project"
        _write(trial, own)
        proposals.refuse_what_create_refuses(trial, content)
    _write(directory, own)
    proposals.report(found)
    return sorted(own)


def _is_example(name: str) -> bool:
    return name.startswith("sample/") or name.endswith(".sql")


def _without_example(pipeline: bytes) -> bytes:
    """The example's pipeline.yaml with an empty ``datasets:``, and without tables."""
    before, _, example = pipeline.partition(b"datasets:\n")
    _, steps, after = example.partition(b"# The steps prepare")
    assert steps, "the example's data sets and tables stand before the remark on steps"
    return before + b"datasets:\n\n" + steps + after


def _readme(text: str, given: str, folder: Path, dataset: str) -> str:
    """The README whose commands bring these files, and ask for this table."""
    source = "" if given.startswith("s3:") else f" --source {shlex.quote(str(folder.resolve()))}"
    lines = []
    for line in text.splitlines(keepends=True):
        if line.startswith("| `sample/`"):
            continue
        if "--source sample" in line:
            line = f"python data_pipeline_run.py local{source}   # brings files into its input, runs it, follows it\n"
        elif line.startswith("data-pipeline sql local"):
            line = f'{line.partition("SELECT")[0]}SELECT count(*) FROM {dataset}"\n'  # noqa: S608 - a command of a README
        lines.append(line)
    return "".join(lines)


def write(directory: Path, requirement: str) -> list[str]:
    """Write the project; the names of its files. UserError, with nothing changed, if something is in the way."""
    _refuse_what_is_there(directory)
    files = dict(_files(requirement, pipeline_name(directory)))
    _write(directory, files)
    return sorted(files)


def _refuse_what_is_there(directory: Path) -> None:
    if directory.exists() and (there := sorted(path.name for path in directory.iterdir())):
        raise UserError(
            f"{directory}: found {', '.join(there[:5])}{' and more' if len(there) > 5 else ''}, expected a folder that "
            "is new or empty; nothing was changed\n  name another folder"
        )


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        if name in _EXECUTABLE:
            path.chmod(0o755)
    for folder in ("templates", "jobs"):
        (directory / folder).mkdir(exist_ok=True)


def pipeline_name(directory: Path) -> str:
    """What a pipeline in this folder is called, so that two projects in one account do not meet: as the folder is, as
    far as a pipeline may be.
    """
    words = re.findall("[a-z0-9]+", directory.resolve().name.lower())
    while words and not words[0][0].isalpha():
        words = words[1:]
    return "-".join(words)[:_LONGEST].rstrip("-") or "my-pipeline"


def _files(requirement: str, pipeline: str) -> Iterator[tuple[str, bytes]]:
    for path in sorted(_SCAFFOLD.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            name = path.relative_to(_SCAFFOLD).as_posix()
            content = path.read_bytes()
            if name == PIPELINE:
                content = content.replace(b"my-pipeline", pipeline.encode(), 1)
            yield _NAMES.get(name, name), content
    yield "config/schema.json", reference.schema().encode()
    yield (
        "requirements.txt",
        "# The tool that this project was made with, with the embedded AWS, and what the jobs need.\n"
        f"{requirement}\n-r {REQUIREMENTS}\n".encode(),
    )
