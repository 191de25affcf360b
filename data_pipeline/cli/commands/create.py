"""``create``: renders the templates of environments into ``templates/``, or says which are stale."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path

import click

from data_pipeline.cli import job_code, job_locks
from data_pipeline.cli.examples import examples
from data_pipeline.cli.feature_types import with_feature_types
from data_pipeline.cli.files import write_atomically
from data_pipeline.cli.project import root
from data_pipeline.core.config import default_steps
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.deployment import project_code
from data_pipeline.core.deployment.packages import Needs, missing_packages, packages_of
from data_pipeline.core.deployment.project_code import Named
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.runtimes import RUNTIMES
from data_pipeline.core.loading import dataset_files
from data_pipeline.core.loading.load import load_all, load_environment, load_warnings
from data_pipeline.core.naming import job_path
from data_pipeline.stacks import as_text, documents, file_names, render

COMMAND = "python data_pipeline_create.py"


@click.command(epilog=examples("create", "create dev --check"))
@click.argument("environments", metavar="[ENV]...", nargs=-1)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if a template is stale or missing.")
@click.option(
    "--diagram", is_flag=True, help="Also draw the state machine of each ENV, as templates/ENV-pipeline.svg."
)
def create(environments: tuple[str, ...], check: bool, diagram: bool) -> None:
    """Render both templates of each ENV to templates/; without ENV, of every environment in config/."""
    chosen = (
        [load_environment(root(), name) for name in environments]
        if environments
        else [*load_all(root()).values()]
    )
    chosen = [with_feature_types(root(), env) for env in chosen]
    sources = job_code.sources(root())
    needs = packages_of(sources)
    for env in chosen:
        refuse_wrong_code(env, sources)
        refuse_missing_packages(root(), env, sources, needs)
        for warning in load_warnings(root(), env, date.today()):  # noqa: DTZ011 - a day of the user's calendar
            click.echo(f"warning: {warning}", err=True)
    shown = [] if check else columns_lines(root(), chosen)
    orphans = [] if environments else orphaned_templates(root(), {env.name for env in chosen})
    if check:
        _check([name for env in chosen for name in stale_templates(root(), env)], orphans, environments)
        return
    from .check import refuse_findings  # the models of AWS's services, which --check does not need

    rendered: dict[str, dict[str, str]] = {}
    for env in chosen:
        made = documents(env)
        rendered[env.name] = {name: as_text(env.name, document) for name, document in made.items()}
        if _is_new(rendered[env.name]):
            refuse_wrong_queries(env)
        refuse_findings(env, made, sources)
    for env in chosen:
        for name, text in rendered[env.name].items():
            click.echo(f"{_write(root() / 'templates' / name, text)} templates/{name}")
        if diagram:
            name, drawing = _diagram(env)
            click.echo(f"{_write(root() / 'templates' / name, drawing)} templates/{name}")
    for line in shown:
        click.echo(line)
    for name in orphans:
        (root() / "templates" / name).unlink()
        click.echo(f"removed   templates/{name}: config/ has no such environment")


def _diagram(env: Environment) -> tuple[str, str]:
    """Name and content of the drawing of an environment's state machine, from its template."""
    from data_pipeline.core.report import document, machine

    from .diagram import read_definition

    states = document.machine(read_definition(root() / "templates" / f"{env.name}-pipeline.yaml"))
    assert states is not None
    title = states["Comment"] or f"The state machine of {env.names.prefix}"
    return f"{env.name}-pipeline.svg", machine.alone(states, title)


def columns_lines(root: Path, chosen: list[Environment]) -> list[str]:
    """A line for each data set and table: the columns that it publishes. Raises ``UserError`` for wrong SQL."""
    different = with_different_tables(chosen)
    if not different:
        return []
    from data_pipeline.project.definitions import published_columns

    lines = [
        f"publishes {name}: {', '.join(f'{column} {kind}' for column, kind in columns.items())}"
        for env in different
        for name, columns in published_columns(root, env).items()
    ]
    return list(dict.fromkeys(lines))


def with_different_tables(environments: Iterable[Environment]) -> list[Environment]:
    """The environments with data sets whose data sets, tables and features no earlier one has."""
    found: list[Environment] = []
    for env in environments:
        if env.datasets and _publishes(env) not in map(_publishes, found):
            found.append(env)
    return found


def _publishes(env: Environment) -> tuple[object, ...]:
    return env.datasets, env.tables, env.features, [step.tables for step in env.steps.values()]


def stale_templates(root: Path, env: Environment) -> list[str]:
    """Names of an environment's templates that are missing or not what would be rendered."""
    return [name for name, text in render(env).items() if _read(root / "templates" / name) != text]


def refuse_stale_templates(root: Path, env: Environment) -> None:
    """Raise ``UserError`` with the command that mends them when an environment's templates are stale."""
    stale = stale_templates(root, env)
    if stale:
        raise UserError(
            f"stale: {', '.join(f'templates/{name}' for name in stale)}\n"
            f"  the configuration renders something else; render and review: {COMMAND} {env.name}"
        )


def refuse_wrong_code(env: Environment, sources: Mapping[str, str]) -> None:
    """Raise ``UserError`` for readers and transforms of the project's own that its code has not."""
    found = [problem for named in _own_code(env) for problem in project_code.problems(named, sources)]
    if found:
        raise UserError("\n".join(found))


def _own_code(env: Environment) -> Iterator[Named]:
    """The Python that data sets name, which the job that loads them imports."""
    for name, dataset in env.datasets.items():
        if dataset.read:
            beside = dataset_files.without_use(dataset)
            yield Named(f"datasets.{name}.read", dataset.read, ("file", "options"), beside)
        if dataset.transform:
            place = f"datasets.{name}.transform.function"
            yield Named(place, dataset.transform.function, ("rows", "options"))


def refuse_missing_packages(root: Path, env: Environment, sources: Mapping[str, str], needs: Needs) -> None:
    """Raise ``UserError`` for steps whose scripts import what their runtime would not have."""
    problems = []
    own = [project_code.file_of(named.module, sources) for named in _own_code(env)]
    for name, step, runtime in ((n, j, r) for n, j in env.jobs.items() for r in j.runtimes):
        lock = job_locks.read_lock(root, RUNTIMES[runtime]).decode()
        files = [step.script, *(dict.fromkeys(own) if step.script == default_steps.SCRIPT else ())]
        for file, package in ((f, p) for f in files for p in missing_packages(needs(f), lock, runtime)):
            problems.append(
                f"environment {env.name}, {'.'.join(job_path(name))}: jobs/{file} imports {package}, of which "
                f"the runtime {runtime} has no wheel\n"
                f"  choose another runtime, or name the package in {job_locks.REQUIREMENTS}, then: {job_locks.COMMAND}"
            )
    if problems:
        raise UserError("\n".join(problems))


def _is_new(rendered: Mapping[str, str]) -> bool:
    """Whether templates are not the ones that are there. Those were written when their queries had been read, and
    reading any takes longer to start than all the rest.
    """
    return any(_read(root() / "templates" / name) != text for name, text in rendered.items())


def refuse_wrong_queries(env: Environment) -> None:
    """Raise ``UserError`` for named queries that are no SELECT of Athena's, or read tables that no step publishes."""
    if not env.athena.queries:
        return
    from data_pipeline.core import sql

    published = {table for step in env.steps.values() for table in step.tables}
    for name, query in env.athena.queries.items():
        try:
            sql.sources(sql.read(query.sql), env.names.database, published)
        except UserError as error:
            raise UserError(f"environment {env.name}, athena.queries.{name}: {error}") from error


def orphaned_templates(root: Path, environments: set[str]) -> list[str]:
    """Names of rendered templates whose environment has gone from ``config/``."""
    wanted = {name for environment in environments for name in file_names(environment)}
    found = {path.name for kind in file_names("*") for path in (root / "templates").glob(kind)}
    return sorted(found - wanted)


def _check(stale: list[str], orphans: list[str], environments: tuple[str, ...]) -> None:
    if not stale and not orphans:
        click.echo("templates are up to date")
        return
    lines = [f"  templates/{name}: not what the configuration renders" for name in stale]
    lines += [f"  templates/{name}: config/ has no such environment" for name in orphans]
    command = " ".join([COMMAND, *environments])
    raise UserError("\n".join(["stale templates", *lines, f"  render and review them: {command}"]))


def _write(path: Path, text: str) -> str:
    if _read(path) == text:
        return "unchanged"
    write_atomically(path, text)
    return "written  "


def _read(path: Path) -> str | None:
    """Content with its line ends as they are stored; None when there is no file."""
    try:
        return path.read_bytes().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return None
