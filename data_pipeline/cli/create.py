"""``create``: renders the templates of environments into ``templates/``, or says which are stale."""

from __future__ import annotations

from pathlib import Path

import click

from data_pipeline.core.config import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.load import load_all, load_environment
from data_pipeline.stacks import file_names, render

from .files import write_atomically
from .project import ROOT

COMMAND = "python data_pipeline_create.py"


@click.command()
@click.argument("environments", metavar="[ENV]...", nargs=-1)
@click.option(
    "--check", is_flag=True, help="Write nothing; exit 1 if a template is not what would be rendered."
)
def create(environments: tuple[str, ...], check: bool) -> None:
    """Render both templates of each ENV (of every environment in config/ when none is named) to templates/."""
    found = (
        load_all(ROOT) if not environments else {name: load_environment(ROOT, name) for name in environments}
    )
    orphans = [] if environments else orphaned_templates(ROOT, set(found))
    if check:
        _check([name for env in found.values() for name in stale_templates(ROOT, env)], orphans)
        return
    for env in found.values():
        for name, text in render(env).items():
            click.echo(f"{_write(ROOT / 'templates' / name, text)} templates/{name}")
    for name in orphans:
        (ROOT / "templates" / name).unlink()
        click.echo(f"removed   templates/{name}: config/ has no such environment")


def stale_templates(root: Path, env: Environment) -> list[str]:
    """Names of an environment's templates under ``root/templates`` that are missing or not what would be rendered."""
    texts = render(env)
    return [name for name, text in texts.items() if _read(root / "templates" / name) != text]


def refuse_stale_templates(root: Path, env: Environment) -> None:
    """Raise ``UserError`` with the command that mends them when an environment's templates are stale."""
    stale = stale_templates(root, env)
    if stale:
        raise UserError(
            f"stale: {', '.join(f'templates/{name}' for name in stale)}\n"
            f"  the configuration has changed since; render and review them: {COMMAND} {env.name}"
        )


def orphaned_templates(root: Path, environments: set[str]) -> list[str]:
    """Names of rendered templates whose environment has gone from ``config/``."""
    wanted = {name for environment in environments for name in file_names(environment)}
    kinds = [name for kind in file_names("*") for name in (root / "templates").glob(kind)]
    return sorted(path.name for path in kinds if path.name not in wanted)


def _check(stale: list[str], orphans: list[str]) -> None:
    if not stale and not orphans:
        click.echo("templates are up to date")
        return
    lines = [f"  templates/{name}: not what the configuration renders" for name in stale]
    lines += [f"  templates/{name}: config/ has no such environment" for name in orphans]
    raise UserError("\n".join(["stale templates:", *lines, f"  render them: {COMMAND}"]))


def _write(path: Path, text: str) -> str:
    if _read(path) == text:
        return "unchanged"
    write_atomically(path, text)
    return "written  "


def _read(path: Path) -> str | None:
    """Content with the line ends as they are stored; None when there is no file."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None
