"""Training sets that can be made again byte for byte: a manifest with the definition and the snapshots' ids.

The manifest holds no time and no name of a machine, so equal definitions of equal snapshots are one version,
whoever makes them and when. ``version`` is the beginning of the SHA-256 of all the rest.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import duckdb
import pyarrow as pa
from pyiceberg.exceptions import CommitFailedException

from data_pipeline.core.config.feature_groups import STORES, FeatureGroup, Split, TrainingSet
from data_pipeline.core.errors import UserError
from data_pipeline.core.facts.limits import MINUTES_OF_A_DAY

from . import joining, labels, snapshots
from .formats import encoded
from .snapshots import Tables
from .store import Store

FORMAT = 1
PARTS = ("train", "validation", "test")
_ATTEMPTS = 5


@dataclass(frozen=True)
class Frozen:
    """A training set: its manifest, and the content of each of its files. Of one that was made now: ``nothing``,
    feature → how many labels found nothing for it and why, and ``times``, the first and the last of the labels' times.
    """

    manifest: Mapping[str, Any]
    files: Mapping[str, bytes]
    nothing: Mapping[str, joining.Nothing] = field(default_factory=dict)
    times: tuple[datetime, ...] = ()

    @property
    def version(self) -> str:
        return str(self.manifest["version"])


def tag(name: str, version: str) -> str:
    """What the snapshots of a version are tagged with, so that they never expire."""
    return f"dataset.{name}.{version}"


def current_states(tables: Tables, made: TrainingSet, groups: Mapping[str, FeatureGroup]) -> dict[str, str]:
    """Table → id of its current snapshot, for the tables that the training set reads."""
    names = {groups[name].table for name in _groups(made)}
    names |= {made.labels.table} if made.labels.table else set()
    return {name: str(snapshots.current(tables.load(name)).snapshot_id) for name in sorted(names)}


def make(store: Store, name: str, made: TrainingSet, states: Mapping[str, str]) -> Frozen:
    """The training set of these snapshots (table → id), of the groups of ``store``. UserError if one of them has
    expired, or if there is no label.
    """
    used = {group: store.groups[group] for group in sorted(_groups(made))}
    rows, nothing = _joined(store, made, states)
    if not len(rows):
        raise UserError(
            f"training set {name}: it has no label: {made.labels.group or made.labels.table} has no row with a value "
            f"of {made.labels.feature} that 'labels' chooses; look at its 'records', 'since' and 'until'"
        )
    parts = {f"{part}.parquet": table for part, table in _split(rows, made.split).items()}
    files = {file: encoded(table, "parquet") for file, table in parts.items()}
    manifest = {
        "format": FORMAT,
        "name": name,
        "definition": _definition(made),
        "groups": {group: _group(used[group], store.period(group, states)) for group in used},
        "snapshots": dict(sorted(states.items())),
        "written_by": {"pyarrow": pa.__version__},
        "files": {file: _described(content, parts[file]) for file, content in files.items()},
    }
    version = hashlib.sha256(document(manifest)).hexdigest()[:12]
    times = rows["time"].to_pylist()
    return Frozen({**manifest, "version": version}, files, nothing, (min(times), max(times)))


def made_again(tables: Tables, manifest: Mapping[str, Any]) -> Frozen:
    """The training set of a manifest, from its own definition and the snapshots that it names."""
    if manifest.get("format") != FORMAT:
        raise UserError(
            f"a manifest of format {manifest.get('format')!r}; this version reads format {FORMAT}"
        )
    groups = {name: FeatureGroup.model_validate(_as_now(group)) for name, group in manifest["groups"].items()}
    made = TrainingSet.model_validate(manifest["definition"])
    return make(Store(tables, groups), manifest["name"], made, manifest["snapshots"])


def lacking(made: Frozen) -> list[str]:
    """Why a training set that was made now is of no use: an empty part, a feature that is null throughout."""
    split, rows = made.manifest["definition"]["split"], {}
    for file, described in made.manifest["files"].items():
        rows[file.partition(".")[0]] = described["rows"]
    spans = {
        "train": f"before {split['validation']}",
        "validation": f"from {split['validation']} on and before {split['test']}",
        "test": f"from {split['test']} on",
    }
    first, last = (f"{time:%Y-%m-%d}" for time in made.times)
    found = [
        f"the part {part} is empty: no label is {spans[part]}, they are of {first} to {last}; move the days of 'split'"
        for part, number in rows.items()
        if not number
    ]
    total = sum(rows.values())
    found += [
        f"the feature {name} is null throughout: of {total:,} labels, {why}"
        f"{_loaded_late(made, name) if why.unavailable else ''}"
        for name, why in made.nothing.items()
        if why.labels == total
    ]
    return found


def _loaded_late(made: Frozen, feature: str) -> str:
    """What to do where records were not available by then."""
    group = made.manifest["definition"]["features"][feature]["group"]
    lag = _as_now(made.manifest["groups"][group]).get("lag")
    if lag:
        only = f"{group} has the lag {lag}, and only what came later counts as loaded long after"
        return f"; {only}: say what the source takes"
    return "; if they were loaded long after their time, give the group a 'lag'"


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
    own = {made.labels.group} if made.labels.group else set()
    return {*own, *(joined.group for joined in made.features.values())}


def _definition(made: TrainingSet) -> dict[str, Any]:
    """The training set as a manifest writes it: without what it does not say, where that came later than format 1."""
    found = made.model_dump(mode="json")
    written = found["labels"]
    new = ("group",) if made.labels.table else ("table", "identifier", "time")
    if not found["as_corrected"]:
        del found["as_corrected"]
    return {**found, "labels": {key: value for key, value in written.items() if key not in new}}


def _group(group: FeatureGroup, period: str) -> dict[str, Any]:
    """A group as a manifest writes it, with the ``period`` after which its lag counts: as ever where it says no more
    than groups once could. A lag in whole days is ``source_lag_days``.
    """
    found = {**group.model_dump(mode="json", exclude=set(STORES)), "period": period or None}
    for feature in found["features"].values():
        if feature["type"] is None:
            del feature["type"]
    days, rest = divmod(group.lag_minutes or 0, MINUTES_OF_A_DAY)
    kept = {}
    for key, value in found.items():
        if key == "lag" and value is not None and not rest:
            kept["source_lag_days"] = days
        elif value is not None:
            kept[key] = value
    return kept


def _as_now(group: Mapping[str, Any]) -> dict[str, Any]:
    """A group of a manifest as the configuration writes it now."""
    found = dict(group)
    if "source_lag_days" in found:
        found["lag"] = f"{found.pop('source_lag_days')} days"
    return found


def _joined(
    store: Store, made: TrainingSet, states: Mapping[str, str]
) -> tuple[pa.Table, dict[str, joining.Nothing]]:
    """Identifier, ``time`` of the prediction, what is known then, the features, ``label``; by time. And why labels
    found nothing.
    """
    given, identifier = labels.read(store, made, states)
    sources = store.sources(made.features, states)
    joined = joining.join(given, identifier, "time", sources)
    order = [name for name in joined.column_names if name != "label"]
    return joined.select([*order, "label"]), joining.nothing(joined, identifier, "time", sources)


def _split(rows: pa.Table, split: Split) -> dict[str, pa.Table]:
    query = "SELECT * FROM rows WHERE time >= $since AND time < $until ORDER BY ALL"
    days = [labels.day(day) for day in (labels.FIRST, split.validation, split.test, labels.LAST)]
    with duckdb.connect(":memory:") as db:
        db.register("rows", rows)
        return {
            part: db.execute(query, {"since": days[n], "until": days[n + 1]}).to_arrow_table()
            for n, part in enumerate(PARTS)
        }


def _described(content: bytes, rows: pa.Table) -> dict[str, Any]:
    return {"rows": len(rows), "bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
