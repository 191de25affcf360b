"""``dataset``: training sets of the configuration, frozen so that they can be made again byte for byte."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass

import click
import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.aws import s3
from data_pipeline.aws.exports import read_export
from data_pipeline.aws.results import read_json
from data_pipeline.aws.session import Connection
from data_pipeline.cli.connect import open_environment
from data_pipeline.cli.deployed import deployed_outputs
from data_pipeline.cli.reading import readable, store_of
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import did_you_mean, one_of, quoted
from data_pipeline.core.uploads import split_uri
from data_pipeline.features import frozen
from data_pipeline.features.frozen import Frozen
from data_pipeline.features.snapshots import Tables

_MANIFEST = "manifest.json"


@dataclass(frozen=True)
class TrainingSet:
    """A version of a frozen training set, as a notebook uses it: ``train``, ``validation`` and ``test``."""

    version: str
    parts: Mapping[str, pa.Table]


def open_training_set(env: str, name: str, version: str | None = None) -> TrainingSet:
    """A stored version of a training set: the one that is named, else the only one.

    UserError when there is none or several, or when a file is not what the version's manifest says.
    """
    environment, connection = open_environment(env)
    folder = _folder(environment, connection, name)
    with readable():
        versions = _versions(connection, folder)
        _refuse_unknown(folder, versions, version, f"{env} {name}")
        if version is None and len(versions) > 1:
            raise UserError(f"{folder} has several versions, say which: {', '.join(versions)}")
        stored = _read(connection, f"{folder}{version or versions[0]}/")
        wrong = frozen.damaged(stored)
        if wrong:
            raise UserError(f"{folder}{stored.version}/: {'; '.join(wrong.values())}; create it again")
        return TrainingSet(
            stored.version, {file.partition(".")[0]: _rows(c) for file, c in stored.files.items()}
        )


@click.group()
def dataset() -> None:
    """Training sets that can be made again byte for byte."""


@dataset.command()
@click.argument("env", metavar="ENV")
@click.argument("name", metavar="NAME")
def create(env: str, name: str) -> None:
    """Freeze the training set NAME of the configuration, from what is published now.

    Its snapshots are tagged and never expire. The same definition of the same snapshots is the same version,
    whenever it is made; a changed source makes another one.
    """
    environment, connection = open_environment(env)
    if name not in environment.training_sets:
        raise UserError(_unknown(name, environment))
    made, groups = environment.training_sets[name], environment.features
    folder = _folder(environment, connection, name)
    tables = store_of(environment, connection).tables
    with readable():
        result = frozen.make(tables, name, made, groups, frozen.current_states(tables, made, groups))
        frozen.keep(tables, result)
        place = f"{folder}{result.version}/"
        known = read_json(connection.client("s3"), place + _MANIFEST) is not None
        if not known:
            _store(connection, place, result)
    click.echo(f"{'there already' if known else 'created'}: version {result.version} in {place}")
    for file, described in result.manifest["files"].items():
        click.echo(f"  {file:<19} {described['rows']:>9,} rows {described['bytes']:>12,} bytes")


@dataset.command()
@click.argument("env", metavar="ENV")
@click.argument("name", metavar="NAME")
@click.option("--version", metavar="VERSION", help="This version only, in place of all.")
def verify(env: str, name: str, version: str | None) -> None:
    """Make each version of the training set NAME again and compare it with what is stored, byte for byte.

    Exits 1 if one differs, or if its snapshots could expire.
    """
    environment, connection = open_environment(env)
    folder = _folder(environment, connection, name)
    tables = store_of(environment, connection).tables
    with readable():
        versions = _versions(connection, folder)
        _refuse_unknown(folder, versions, version, f"{env} {name}")
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
    stored = _read(connection, place)
    problems = frozen.differences(stored, frozen.made_again(tables, stored.manifest))
    lost = frozen.untagged(tables, stored.manifest)
    problems += [f"its snapshot of {table} has lost its tag, and would expire" for table in lost]
    for problem in problems:
        click.echo(f"{version}: {problem}")
    if not problems:
        rows = sum(described["rows"] for described in stored.manifest["files"].values())
        click.echo(f"{version}: {rows:,} rows, made again byte for byte")
    return not problems


def _refuse_unknown(folder: str, versions: list[str], version: str | None, named: str) -> None:
    if not versions:
        raise UserError(
            f"{folder} has no version; make one with: python -m data_pipeline dataset create {named}"
        )
    if version is not None and version not in versions:
        raise UserError(f"{folder} has no version {quoted(version)}, it has {', '.join(versions)}")


def _rows(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))


def _folder(environment: Environment, connection: Connection, name: str) -> str:
    return f"{deployed_outputs(environment, connection)['OutputUri']}datasets/{name}/"


def _store(connection: Connection, place: str, made: Frozen) -> None:
    """The files, then the manifest: a version with a manifest is whole."""
    bucket, prefix = split_uri(place)
    for file, content in made.files.items():
        s3.put(connection, bucket, prefix + file, content)
    s3.put(connection, bucket, prefix + _MANIFEST, frozen.document(made.manifest))


def _read(connection: Connection, place: str) -> Frozen:
    client = connection.client("s3")
    manifest = read_json(client, place + _MANIFEST)
    if manifest is None:
        raise UserError(f"{place}{_MANIFEST} is missing: that version was never finished; create it again")
    files = {file: read_export(client, place + file) for file in manifest["files"]}
    return Frozen(manifest, {file: content for file, content in files.items() if content is not None})


def _versions(connection: Connection, folder: str) -> list[str]:
    bucket, prefix = split_uri(folder)
    keys = s3.existing_sizes(connection, bucket, prefix)
    return sorted({key.removeprefix(prefix).partition("/")[0] for key in keys})


def _unknown(name: str, environment: Environment) -> str:
    known = environment.training_sets
    has = f"the configuration has {one_of(known)}" if known else "the configuration has none"
    near = did_you_mean(name, known)
    return f"there is no training set {quoted(name)}: {has}" + (f"; {near}" if near else "")
