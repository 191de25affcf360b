"""Training sets that can be made again byte for byte: a manifest with the definition and the snapshots' ids.

The manifest holds no time and no name of a machine, so equal definitions of equal snapshots are one version,
whoever makes them and when. ``version`` is the beginning of the SHA-256 of all the rest.
"""

# ruff: noqa: S608 - SQL is put together from names that the configuration has checked

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException

from data_pipeline.core.config.feature_groups import STORES, FeatureGroup, Labels, Split, TrainingSet
from data_pipeline.core.errors import UserError

from . import snapshots
from .formats import encoded
from .snapshots import Tables
from .store import Store

FORMAT = 1
PARTS = ("train", "validation", "test")
_ATTEMPTS = 5
_FIRST, _LAST = "0001-01-01", "9999-12-31"


@dataclass(frozen=True)
class Frozen:
    """A training set: its manifest, and the content of each of its files."""

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]

    @property
    def version(self) -> str:
        return str(self.manifest["version"])


def tag(name: str, version: str) -> str:
    """What the snapshots of a version are tagged with, so that they never expire."""
    return f"dataset.{name}.{version}"


def current_states(tables: Tables, made: TrainingSet, groups: Mapping[str, FeatureGroup]) -> dict[str, str]:
    """Table → id of its current snapshot, for the tables that the training set reads."""
    names = {groups[name].table for name in _groups(made)}
    return {name: str(snapshots.current(tables.load(name)).snapshot_id) for name in sorted(names)}


def make(
    tables: Tables,
    name: str,
    made: TrainingSet,
    groups: Mapping[str, FeatureGroup],
    states: Mapping[str, str],
) -> Frozen:
    """The training set of these snapshots (table → id). UserError if one of them has expired."""
    used = {group: groups[group] for group in sorted(_groups(made))}
    rows = _joined(Store(tables, used), made, states)
    parts = {f"{part}.parquet": table for part, table in _split(rows, made.split).items()}
    files = {file: encoded(table, "parquet") for file, table in parts.items()}
    manifest = {
        "format": FORMAT,
        "name": name,
        "definition": made.model_dump(mode="json"),
        "groups": {group: used[group].model_dump(mode="json", exclude=set(STORES)) for group in used},
        "snapshots": dict(sorted(states.items())),
        "written_by": {"pyarrow": pa.__version__},
        "files": {file: _described(content, parts[file]) for file, content in files.items()},
    }
    version = hashlib.sha256(document(manifest)).hexdigest()[:12]
    return Frozen({**manifest, "version": version}, files)


def made_again(tables: Tables, manifest: Mapping[str, Any]) -> Frozen:
    """The training set of a manifest, from its own definition and the snapshots that it names."""
    if manifest.get("format") != FORMAT:
        raise UserError(
            f"a manifest of format {manifest.get('format')!r}; this version reads format {FORMAT}"
        )
    groups = {name: FeatureGroup.model_validate(group) for name, group in manifest["groups"].items()}
    made = TrainingSet.model_validate(manifest["definition"])
    return make(tables, manifest["name"], made, groups, manifest["snapshots"])


def damaged(stored: Frozen) -> dict[str, str]:
    """Stored file → what is wrong with it: it is missing, or not what its manifest says."""
    found = {}
    for file, described in stored.manifest["files"].items():
        content = stored.files.get(file)
        if content is None:
            found[file] = f"{file} is missing"
        elif hashlib.sha256(content).hexdigest() != described["sha256"]:
            found[file] = f"{file} is not what its manifest says: it has been changed"
    return found


def differences(stored: Frozen, again: Frozen) -> list[str]:
    """What is not as it should be: a stored file that is not what its manifest says, or not what is made again."""
    wrong, found = damaged(stored), []
    for file in stored.manifest["files"]:
        if file in wrong:
            found.append(wrong[file])
        elif stored.files[file] != again.files.get(file):
            writers = [frozen.manifest["written_by"]["pyarrow"] for frozen in (stored, again)]
            other = (
                f" (written by PyArrow {writers[0]}, this is {writers[1]})"
                if writers[0] != writers[1]
                else ""
            )
            found.append(f"{file} comes out different when it is made again{other}")
    return found


def keep(tables: Tables, frozen: Frozen) -> None:
    """Tag the snapshots of the training set."""
    name = tag(frozen.manifest["name"], frozen.version)
    for table, snapshot in frozen.manifest["snapshots"].items():
        _tag(tables, table, snapshot, name)


def untagged(tables: Tables, manifest: Mapping[str, Any]) -> list[str]:
    """The tables whose snapshot has lost its tag: expiry would take it."""
    name = tag(manifest["name"], manifest["version"])
    return [
        table
        for table, snapshot in manifest["snapshots"].items()
        if (ref := tables.load(table).metadata.refs.get(name)) is None or ref.snapshot_id != int(snapshot)
    ]


def document(manifest: Mapping[str, Any]) -> bytes:
    """The manifest as bytes. Its keys keep their order, which is that of the columns."""
    return json.dumps(manifest, indent=1, ensure_ascii=False).encode() + b"\n"


def _tag(tables: Tables, table: str, snapshot: str, name: str) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        loaded = tables.load(table)
        if name in loaded.metadata.refs:
            return
        found = snapshots.by_id(loaded, snapshot)
        try:
            loaded.manage_snapshots().create_tag(found.snapshot_id, name).commit()
        except CommitFailedException as error:  # a publication was faster: the next attempt tags on top of it
            if attempt == _ATTEMPTS:
                raise UserError(f"table {table} changes all the time; try again: {error}") from error


def _groups(made: TrainingSet) -> set[str]:
    return {made.labels.group, *(joined.group for joined in made.features.values())}


def _joined(store: Store, made: TrainingSet, states: Mapping[str, str]) -> pa.Table:
    """Identifier, ``time`` of the prediction, what is known then, the features, ``label``; by time."""
    group = store.groups[made.labels.group]
    rows = store.get(made.labels.group, snapshot=states[group.table])
    with duckdb.connect(":memory:") as db:
        db.register("rows", rows)
        labels = db.execute(_labels(made.labels, group), _bounds(made.labels)).to_arrow_table()
    joined = store.join(labels, made.features, identifier=group.record_identifier, time="time", states=states)
    order = [name for name in joined.column_names if name != "label"]
    return joined.select([*order, "label"])


def _labels(labels: Labels, group: FeatureGroup) -> str:
    time = f"{group.event_time} - INTERVAL {labels.horizon_minutes} MINUTE"
    columns = [group.record_identifier, f"{time} AS time", *labels.known, f"{labels.feature} AS label"]
    return (
        f"SELECT {', '.join(columns)} FROM rows WHERE {labels.feature} IS NOT NULL AND {time} >= $since AND "
        f"{time} < $until AND (len($records) = 0 OR {group.record_identifier} IN (SELECT unnest($records))) "
        f"ORDER BY time, {group.record_identifier}"
    )


def _bounds(labels: Labels) -> dict[str, Any]:
    since, until = _day(labels.since or _FIRST), _day(labels.until or _LAST)
    return {"since": since, "until": until, "records": list(labels.records)}


def _split(rows: pa.Table, split: Split) -> dict[str, pa.Table]:
    query = "SELECT * FROM rows WHERE time >= $since AND time < $until ORDER BY ALL"
    days = [_day(day) for day in (_FIRST, split.validation, split.test, _LAST)]
    with duckdb.connect(":memory:") as db:
        db.register("rows", rows)
        return {
            part: db.execute(query, {"since": days[n], "until": days[n + 1]}).to_arrow_table()
            for n, part in enumerate(PARTS)
        }


def _described(content: bytes, rows: pa.Table) -> dict[str, Any]:
    return {"rows": len(rows), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _day(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d")  # noqa: DTZ007 - a day of the table's wall clock
