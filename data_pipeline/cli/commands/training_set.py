"""``training-set``: training sets of the configuration, frozen so that they can be made again byte for byte."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import click

from data_pipeline.aws.results import read_json
from data_pipeline.aws.session import Connection
from data_pipeline.cli.arguments import environment as environment_argument
from data_pipeline.cli.columns import columns
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.examples import examples
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.features import frozen
from data_pipeline.features.frozen import Frozen
from data_pipeline.features.snapshots import Tables
from data_pipeline.project import training_sets
from data_pipeline.project.features import readable, store_of


@click.group("training-set", epilog=examples("training-set create dev next_day"))
def training_set() -> None:
    """Training sets that can be made again byte for byte."""


@training_set.command(epilog=examples("training-set create dev next_day"))
@environment_argument
@click.argument("name", metavar="NAME")
def create(env: str, name: str) -> None:
    """Freeze the training set NAME of the configuration, from what is published now.

    Its snapshots are tagged and never expire. The same definition of the same snapshots is the same version,
    whenever it is made; a changed source makes another one. Says how many labels found nothing for a feature and why,
    and refuses an empty part and a feature that is null throughout.
    """
    environment, connection = open_environment(env)
    if name not in environment.training_sets:
        raise UserError(_unknown(name, environment))
    made, groups = environment.training_sets[name], environment.features
    folder = _folder(environment, connection, name)
    store = store_of(environment, connection)
    tables = store.tables
    with readable():
        result = frozen.make(store, name, made, frozen.current_states(tables, made, groups))
        _report_nothing(result)
        if lacking := frozen.lacking(result):
            raise UserError(f"training set {name}: " + f"\ntraining set {name}: ".join(lacking))
        frozen.keep(tables, result)
        place = f"{folder}{result.version}/"
        known = read_json(connection.client("s3"), place + training_sets.MANIFEST) is not None
        if not known:
            training_sets.store(connection, place, result)
    click.echo(f"{'there already' if known else 'created'}: version {result.version} in {place}")
    for file, described in result.manifest["files"].items():
        click.echo(f"  {file:<19} {described['rows']:>9,} rows {described['bytes']:>12,} bytes")


@training_set.command("list", epilog=examples("training-set list dev"))
@environment_argument
@click.option(
    "--json", "as_json", is_flag=True, help="Print one JSON object on stdout, everything else on stderr."
)
def list_(env: str, as_json: bool) -> None:
    """List the training sets of ENV: those of the configuration, and every version that is stored."""
    environment, connection = open_environment(env)
    with readable():
        found = training_sets.stored(connection, deployed_outputs(environment, connection))
    names = sorted({*environment.training_sets, *found})
    told = [
        {"name": name, "configured": name in environment.training_sets, "versions": found.get(name, [])}
        for name in names
    ]
    if as_json:
        click.echo(json.dumps({"environment": env, "training_sets": told}, indent=2))
        return
    if not names:
        click.echo(f"{env} has no training set; docs/how-to/features.md says how to write one")
    rows = [
        row for name in names for row in _listed(name, found.get(name, []), name in environment.training_sets)
    ]
    for line in columns([("training set", "version", "rows", "of"), *rows], right=(2,)) if rows else ():
        click.echo(line)


def _listed(
    name: str, versions: Sequence[Mapping[str, Any]], configured: bool
) -> list[tuple[str, str, str, str]]:
    """A row for each version; what has none says so."""
    if not versions:
        return [(name, "none yet", "", "")]
    gone = "" if configured else " (no longer configured)"
    return [
        (
            name,
            str(each["version"]),
            f"{each['rows']:,}",
            f"{', '.join(each['tables']) or 'never finished'}{gone}",
        )
        for each in versions
    ]


@training_set.command(epilog=examples("training-set verify dev next_day"))
@environment_argument
@click.argument("name", metavar="NAME")
@click.option("--version", metavar="VERSION", help="This version only, in place of all.")
def verify(env: str, name: str, version: str | None) -> None:
    """Make each version of the training set NAME again and compare it with what is stored, byte for byte.

    Exits 1 if one differs, has an empty part or a feature that is null throughout, or if its snapshots could expire.
    """
    environment, connection = open_environment(env)
    folder = _folder(environment, connection, name)
    tables = store_of(environment, connection).tables
    with readable():
        versions = training_sets.versions(connection, folder)
        training_sets.refuse_unknown(folder, versions, version, f"{env} {name}")
        wrong = [
            each
            for each in versions
            if version in (None, each) and not _verified(connection, tables, folder, each)
        ]
    if wrong:
        raise click.exceptions.Exit(1)


def _verified(connection: Connection, tables: Tables, folder: str, version: str) -> bool:
    """Whether a version is what it was when it was made; says so."""
    place = f"{folder}{version}/"
    stored = training_sets.read(connection, place)
    again = frozen.made_again(tables, stored.manifest)
    problems = [*frozen.differences(stored, again), *frozen.lacking(again)]
    lost = frozen.untagged(tables, stored.manifest)
    problems += [f"its snapshot of {table} has lost its tag, and would expire" for table in lost]
    for problem in problems:
        click.echo(f"{version}: {problem}")
    if not problems:
        rows = sum(described["rows"] for described in stored.manifest["files"].values())
        click.echo(f"{version}: {rows:,} rows, made again byte for byte")
    return not problems


def _report_nothing(made: Frozen) -> None:
    """Say how many labels found nothing for a feature, and why."""
    total = sum(described["rows"] for described in made.manifest["files"].values())
    for feature, why in made.nothing.items():
        if why.labels:
            click.echo(f"{feature}: {why.labels:,} of {total:,} labels found nothing: {why}", err=True)


def _folder(environment: Environment, connection: Connection, name: str) -> str:
    return training_sets.folder_of(deployed_outputs(environment, connection), name)


def _unknown(name: str, environment: Environment) -> str:
    known = environment.training_sets
    has = f"the configuration has {one_of(known)}" if known else "the configuration has none"
    near = did_you_mean(name, known)
    return f"there is no training set {quoted(name)}: {has}" + (f"; {near}" if near else "")
