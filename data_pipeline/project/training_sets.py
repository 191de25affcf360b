"""Frozen training sets: the versions that are stored below the output, and their files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from data_pipeline.aws import s3
from data_pipeline.aws.exports import read_export
from data_pipeline.aws.results import read_json
from data_pipeline.aws.session import Connection
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.errors import UserError
from data_pipeline.core.problems import quoted
from data_pipeline.core.uploads import split_uri
from data_pipeline.features import frozen
from data_pipeline.features.frozen import Frozen

from .deployed import pipeline_stack
from .features import readable

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class TrainingSet:
    """A version of a frozen training set: the tables ``train``, ``validation`` and ``test``."""

    version: str
    parts: Mapping[str, pa.Table]


def open_training_set(
    environment: Environment, connection: Connection, name: str, version: str | None = None
) -> TrainingSet:
    """A stored version of a training set: the one that is named, else the only one.

    UserError when there is none or several, or when a file is not what the version's manifest says.
    """
    folder = folder_of(pipeline_stack(environment, connection).outputs, name)
    with readable():
        known = versions(connection, folder)
        refuse_unknown(folder, known, version, f"{environment.name} {name}")
        if version is None and len(known) > 1:
            raise UserError(f"{folder} has several versions, say which: {', '.join(known)}")
        stored = read(connection, f"{folder}{version or known[0]}/")
        wrong = frozen.damaged(stored)
        if wrong:
            raise UserError(f"{folder}{stored.version}/: {'; '.join(wrong.values())}; create it again")
        return TrainingSet(
            stored.version, {file.partition(".")[0]: _rows(c) for file, c in stored.files.items()}
        )


def folder_of(outputs: Mapping[str, str], name: str) -> str:
    """The ``s3://`` URI below which the versions of a training set are, by the outputs of the pipeline stack."""
    return f"{outputs['OutputUri']}datasets/{name}/"


def stored(connection: Connection, outputs: Mapping[str, str]) -> dict[str, list[dict[str, Any]]]:
    """Name of a training set → what is stored of each version: its ``version``, ``rows``, and the ``tables`` that it is
    made of; none of one that was never finished.
    """
    bucket, prefix = split_uri(f"{outputs['OutputUri']}datasets/")
    found: dict[str, list[dict[str, Any]]] = {}
    client = connection.client("s3")
    known = {
        tuple(key.removeprefix(prefix).split("/")[:2])
        for key in s3.existing_sizes(connection, bucket, prefix)
    }
    for name, version in sorted(each for each in known if len(each) == 2):
        manifest = read_json(client, f"s3://{bucket}/{prefix}{name}/{version}/{MANIFEST}") or {}
        rows = sum(described["rows"] for described in manifest.get("files", {}).values())
        told = {"version": version, "rows": rows, "tables": [*manifest.get("snapshots", {})]}
        found.setdefault(name, []).append(told)
    return found


def versions(connection: Connection, folder: str) -> list[str]:
    """The versions that are stored, in order."""
    bucket, prefix = split_uri(folder)
    keys = s3.existing_sizes(connection, bucket, prefix)
    return sorted({key.removeprefix(prefix).partition("/")[0] for key in keys})


def refuse_unknown(folder: str, known: list[str], version: str | None, named: str) -> None:
    """UserError where there is no version, or not this one. ``named``: environment and name, as a command has them."""
    if not known:
        raise UserError(
            f"{folder} has no version; make one with: python -m data_pipeline training-set create {named}"
        )
    if version is not None and version not in known:
        raise UserError(f"{folder} has no version {quoted(version)}, it has {', '.join(known)}")


def read(connection: Connection, place: str) -> Frozen:
    """The version that is stored below ``place``. UserError if it was never finished."""
    client = connection.client("s3")
    manifest = read_json(client, place + MANIFEST)
    if manifest is None:
        raise UserError(f"{place}{MANIFEST} is missing: that version was never finished; create it again")
    files = {file: read_export(client, place + file) for file in manifest["files"]}
    return Frozen(manifest, {file: content for file, content in files.items() if content is not None})


def store(connection: Connection, place: str, made: Frozen) -> None:
    """The files, then the manifest: a version with a manifest is whole."""
    bucket, prefix = split_uri(place)
    for file, content in made.files.items():
        s3.put(connection, bucket, prefix + file, content)
    s3.put(connection, bucket, prefix + MANIFEST, frozen.document(made.manifest))


def _rows(content: bytes) -> pa.Table:
    return pq.read_table(io.BytesIO(content))
