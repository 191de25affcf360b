"""Frozen training sets: the same again byte for byte, spared by expiry, changed with the source."""

from __future__ import annotations

import hashlib
import io
import json
import time
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from features.conftest import GROUP, Published, rides

from data_pipeline.core.config.feature_groups import TrainingSet
from data_pipeline.core.errors import UserError
from data_pipeline.etl.publishing import expiry
from data_pipeline.features import frozen
from data_pipeline.features.formats import encoded
from data_pipeline.features.frozen import Frozen
from data_pipeline.features.joining import Nothing

DAYS_200 = 200 * 24 * 60
MADE = TrainingSet.model_validate(
    {
        "description": "rides of the hour that begins",
        "labels": {
            "group": "rides",
            "feature": "rides",
            "records": ("all",),
            "horizon_minutes": 60,
            "known": ("dow",),
            "since": "2019-08-01",
        },
        "features": {
            "z_before": {"group": "rides", "feature": "rides", "before_minutes": DAYS_200},
            "newest": {"group": "rides", "feature": "rides", "record": "fhv"},
        },
        "split": {"validation": "2019-10-01", "test": "2019-11-01"},
    }
)


def freeze(published: Published) -> Frozen:
    states = frozen.current_states(published.tables, MADE, {"rides": GROUP})
    return frozen.make(published.store, "hour", MADE, states)


def test_the_same_again_and_another_after_a_change(published: Published) -> None:
    """Twice from one state: equal in every byte; after a change of the source: another version, and the first can
    be made again from its manifest alone, also when everything else has expired.
    """
    published.publish("old", rides(1))
    first, second = freeze(published), freeze(published)
    assert (first.manifest, first.files) == (second.manifest, second.files)
    frozen.keep(published.tables, first)
    frozen.keep(published.tables, first)
    assert frozen.untagged(published.tables, first.manifest) == []
    for n in range(3):
        published.publish(f"new-{n}", rides(n + 2))
    changed = freeze(published)
    assert changed.version != first.version
    done = expiry.expire(published.jobs, "ride_counts", [], 30, 1, time.time() + 40 * 86_400)
    assert done.snapshots == 2
    manifest = json.loads(frozen.document(first.manifest))
    again = frozen.made_again(published.tables, manifest)
    assert (again.version, again.files) == (first.version, first.files)
    assert frozen.differences(Frozen(manifest, first.files), again) == []
    manifest["snapshots"]["ride_counts"] = "123"
    with pytest.raises(
        UserError, match=r"has no snapshot '123': it has expired or never was. The oldest still readable"
    ):
        frozen.made_again(published.tables, manifest)


def test_what_it_holds(published: Published) -> None:
    """Labels of one record, an hour before their event time; parts by time; features as they were known then."""
    published.publish("run", rides(1))
    made = freeze(published)
    parts = {name: pq.read_table(io.BytesIO(content)).to_pylist() for name, content in made.files.items()}
    assert {name: len(rows) for name, rows in parts.items()} == {
        "train.parquet": 24 * 61,
        "validation.parquet": 24 * 31,
        "test.parquet": 24 * 61,
    }
    rows = [row for part in parts.values() for row in part]
    assert list(rows[0]) == ["dataset", "time", "dow", "z_before", "newest", "label"]
    truth = {row["timestamp"]: row for row in rides(1).to_pylist()}
    for row in rows:
        assert row["dataset"] == "all"
        assert (row["label"], row["dow"]) == (truth[row["time"]]["num_rides"], truth[row["time"]]["dow"])
        # the window that ended 200 days before, if its month was available: 100 days after the month's end
        start = row["time"] - timedelta(days=200, hours=1)
        assert row["z_before"] == (truth[start]["num_rides"] if start in truth else None)
    assert rows[0]["time"] == datetime(2019, 8, 1)  # noqa: DTZ001


def test_what_is_not_as_it_was_is_found(published: Published, tmp_path: Path) -> None:
    published.publish("run", rides(1))
    made = freeze(published)
    test = made.files["test.parquet"]
    assert frozen.differences(Frozen(made.manifest, {**made.files, "test.parquet": test + b"x"}), made) == [
        "test.parquet is not what its manifest says: it has been changed"
    ]
    files = {name: content for name, content in made.files.items() if name != "train.parquet"}
    assert frozen.differences(Frozen(made.manifest, files), made) == ["train.parquet is missing"]
    other = Frozen(
        {**made.manifest, "written_by": {"pyarrow": "1.0"}}, {**made.files, "train.parquet": b"other"}
    )
    assert frozen.differences(made, other)[0].startswith(
        "train.parquet comes out different when it is made again (written by PyArrow "
    )
    assert frozen.untagged(published.tables, made.manifest) == ["ride_counts"]


#: file → SHA-256 of its rows as CSV, which says the same whatever PyArrow writes the file.
ROWS_BEFORE = {
    "train.parquet": "002af8b03bad2259864b47b4f44a8f58f04f16943b971468cb2b3740aba9b202",
    "validation.parquet": "7a71ffa8b3e114ec33903dadd2c8855126bcaab58dbe38d6ec3da7913416cca7",
    "test.parquet": "194ac83a798229e705ce132515d26568b3cf9fc260a56319fa473fc0535659c1",
}


def test_a_version_that_was_frozen_before_entities_is_made_again(published: Published) -> None:
    """The manifest is one that the tool wrote then, of the same rows; but for its snapshot it is written as it was."""
    noted = "2019-04-01T12:00:00Z fhv 2019-01; green 2019-01 | 2019-05-01T04:30:00Z fhv 2019-02 | "
    noted += "2026-11-25T06:00:00Z green 2019-02; fhv 2019-03..2019-12"
    snapshot = published.publish("old", rides(1), **{"pipeline.available": noted})
    before = json.loads(Path(__file__).with_name("manifest_before_entities.json").read_text())
    before["snapshots"] = {"ride_counts": snapshot}
    again = frozen.made_again(published.tables, before)
    told = {file: encoded(pq.read_table(io.BytesIO(c)), "csv") for file, c in again.files.items()}
    assert {file: hashlib.sha256(text).hexdigest() for file, text in told.items()} == ROWS_BEFORE
    same = before["written_by"] == again.manifest["written_by"]
    vary = ("version", *(() if same else ("written_by", "files")))
    kept = [json.dumps({k: v for k, v in each.items() if k not in vary}) for each in (before, again.manifest)]
    assert kept[0] == kept[1]


def test_stores_make_no_other_version(published: Published) -> None:
    """Whether a group is SageMaker's too says nothing of its records."""
    published.publish("one", rides(1))
    stored = GROUP.model_copy(update={"online": True, "offline": True, "ttl_days": 400})
    states = frozen.current_states(published.tables, MADE, {"rides": GROUP})
    with_stores = frozen.make(replace(published.store, groups={"rides": stored}), "hour", MADE, states)
    assert with_stores.version == freeze(published).version


@pytest.mark.parametrize(
    ("lag", "advice"),
    [
        ({}, "give the group a 'lag'"),
        (
            {"source_lag_days": 90},
            "days has the lag 90 days, and only what came later counts as loaded long after",
        ),
        (
            {"lag": "6 hours"},
            "days has the lag 6 hours, and only what came later counts as loaded long after",
        ),
    ],
)
def test_what_to_do_where_nothing_was_available(lag: dict[str, Any], advice: str) -> None:
    """A group that has a lag needs another one."""
    group = {
        **{"description": "days", "owner": "us", "table": "days", "record_identifier": "id"},
        **{"event_time": "day", "features": {"spent": {}}},
    }
    manifest = {
        "definition": {
            "split": {"validation": "2024-01-01", "test": "2024-02-01"},
            "features": {"spent": {"group": "days"}},
        },
        "groups": {"days": {**group, **lag}},
        "files": {f"{part}.parquet": {"rows": 1} for part in ("train", "validation", "test")},
    }
    nothing = {"spent": Nothing(0, 0, 3, 0)}
    times = (datetime(2023, 12, 1), datetime(2024, 3, 1))  # noqa: DTZ001 - on the group's clock
    (found,) = frozen.lacking(Frozen(manifest, {}, nothing, times))
    assert found.startswith(
        "the feature spent is null throughout: of 3 labels, 3 no record that was available"
    )
    assert advice in found
