"""Wrong feature groups and training sets, each with the whole message that a user reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_environment
from tests.core.config_project import PIPELINE, message, project

RIGHT = """\
features:
  rides:
    description: rides by window
    owner: mobility
    table: counts
    window: {start: timestamp, minutes: 15}
    record_identifier: dataset
    event_time: window_end
    lag: 100 days
    features:
      dataset: {type: string}
      window_end: {type: string}
      rides: {type: integral}
    records: {all: {rides: num_rides}, green: {rides: green}}
training_sets:
  next:
    description: the next window
    labels: {group: rides, feature: rides, records: [all], horizon_minutes: 15}
    features:
      before: {group: rides, feature: rides, record: green, before_minutes: 60}
    split: {validation: "2019-01-01", test: "2020-01-01"}
"""
_GROUP, _SET = "config/dev.yaml:{}: features.rides.", "config/dev.yaml:{}: training_sets.next."
_KNOWN = "expected a feature of the group: 'dataset', 'window_end' or 'rides'"


def said(root: Path, text: str) -> str:
    pipeline = PIPELINE.replace("    result: verdict\n", "    result: verdict\n    tables: [counts]\n")
    return message(project(root, pipeline=pipeline, dev=text))


def test_the_right_one_is_right(tmp_path: Path) -> None:
    pipeline = PIPELINE.replace("    result: verdict\n", "    result: verdict\n    tables: [counts]\n")
    root = project(tmp_path, pipeline=pipeline, dev=RIGHT)
    env = load_environment(root, "dev")
    assert env.features["rides"].records["green"] == {"rides": "green"}
    assert env.training_sets["next"].features["before"].before_minutes == 60


@pytest.mark.parametrize(
    ("stores", "expected"),
    [
        (
            "    online: true\n    ttl_days: 99\n",
            "config/dev.yaml:10: features.rides.ttl_days: found the number 99, expected at least the lag, 100 days; a "
            "record would have expired before it is there, since its life counts from its event time",
        ),
        (
            "    offline: true\n    ttl_days: 200\n",
            "config/dev.yaml:10: features.rides.ttl_days: found a time to live without an online store, expected a "
            "group with 'online: true'; the offline store keeps all",
        ),
        (
            "    online: yes please\n",
            "config/dev.yaml:9: features.rides.online: found 'yes please' (text), expected true or false",
        ),
    ],
)
def test_stores(tmp_path: Path, stores: str, expected: str) -> None:
    text = RIGHT.replace("    lag:", stores + "    lag:")
    assert expected in said(tmp_path, text)


def test_a_managed_group_has_limits_that_a_view_has_not(tmp_path: Path) -> None:
    long = RIGHT.replace("rides by window", "r" * 129)
    assert "features" not in said_of(tmp_path / "view", long)
    managed = long.replace("    lag:", "    online: true\n    lag:")
    found = said(tmp_path / "managed", managed)
    assert (
        "features.rides.description: found 129 characters, expected at most 128, for a group with a store"
        in found
    )
    name = "a" * 60
    named = RIGHT.replace("  rides:\n", f"  {name}:\n").replace("group: rides", f"group: {name}")
    found = said(tmp_path / "named", named.replace("    lag:", "    online: true\n    lag:"))
    assert (
        "of 70 characters, expected at most 64; shorten the group, the environment or the pipeline by 6"
        in found
    )


def test_stores_need_a_step_that_fills_them_and_that_nothing_follows(tmp_path: Path) -> None:
    managed = RIGHT.replace("    lag:", "    online: true\n    lag:")
    assert (
        "config/dev.yaml:2: features.rides: found a store that no step fills, expected a step with {features} in its "
        "arguments; give a step that follows the publication the argument 'features: \"{features}\"'"
    ) in said(tmp_path / "none", managed)
    fills = """\
steps:
  fill: {script: count.py, service: sagemaker, after: count, arguments: {features: "{features}"}}
  after: {script: count.py, service: sagemaker, after: fill}
"""
    assert (
        "config/dev.yaml:25: steps.after.after: found 'fill', which is left out where no feature group has a store, "
        "expected a step that is always there; let it follow another one"
    ) in said(tmp_path / "followed", managed + fills)


def said_of(root: Path, text: str) -> str:
    """Nothing, for a configuration that is right."""
    pipeline = PIPELINE.replace("    result: verdict\n", "    result: verdict\n    tables: [counts]\n")
    load_environment(project(root, pipeline=pipeline, dev=text), "dev")
    return ""


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        (
            "lag: 100 days",
            "lag: 100",
            _GROUP.format(9)
            + "lag: found the number 100, expected a time with its unit, as in '3 days'; write "
            "'100 days'",
        ),
        (
            "lag: 100 days",
            "source_lag_days: 100",
            "config/dev.yaml:2: features.rides: found the key 'source_lag_days', expected the key 'lag'; write 'lag: "
            "100 days'",
        ),
        (
            "window_end: {type: string}",
            "window_end: {column: end}",
            _GROUP.format(12)
            + "features.window_end.column: found a column, expected none beside 'window'; the event time is the "
            "window's end",
        ),
        (
            "group: rides, feature: rides, records: [all], horizon_minutes: 15}",
            "feature: rides}",
            _SET.format(18)
            + "labels: found neither 'group' nor 'table', expected one of the two; a group has identifier and time; of "
            "a table, name them",
        ),
        (
            "group: rides, feature: rides, records: [all], horizon_minutes: 15}",
            "table: counts, feature: rides}",
            _SET.format(18)
            + "labels: found a table alone, expected 'identifier' and 'time' beside 'table'; name its columns",
        ),
        (
            "group: rides, feature: rides, records: [all], horizon_minutes: 15}",
            "table: count, identifier: x, time: t, feature: y}",
            _SET.format(18)
            + "labels.table: found 'count', expected a table of a step: 'counts'; did you mean 'counts'?",
        ),
        (
            "group: rides, feature: rides, records: [all], horizon_minutes: 15}",
            "group: rides, feature: rides, time: t}",
            _SET.format(18) + "labels: found 'time', expected no such key beside 'group'; the group says it",
        ),
        (
            "event_time: window_end",
            "event_time: dataset",
            _GROUP.format(8)
            + "event_time: found 'dataset', the record identifier too, expected another feature",
        ),
        (
            "window_end: {type: string}",
            "window_end: {type: integral}",
            _GROUP.format(12)
            + "features.window_end.type: found 'integral', expected 'string'; an event time is "
            "written as 2021-07-01T00:15:00Z",
        ),
        (
            "table: counts",
            "table: count",
            _GROUP.format(5)
            + "table: found 'count', expected a table of a step: 'counts'; did you mean 'counts'?",
        ),
        (
            "green: {rides: green}",
            "green: {ride: green}",
            "the configuration has 2 problems\n  "
            + _GROUP.format(14)
            + "records.green: found columns for 'ride', "
            "expected those of the first record: 'rides'\n  "
            + _GROUP.format(14)
            + "records.green.ride: found 'ride', "
            f"{_KNOWN}; did you mean 'rides'?",
        ),
        (
            "rides: {type: integral}",
            "rides: {type: integral}\n      write_time: {type: string}",
            _GROUP.format(14)
            + "features.write_time: found 'write_time', expected another name; every feature group "
            "has a column of this name already",
        ),
        (
            "records: [all]",
            "records: [al]",
            _SET.format(18)
            + "labels.records[0]: found 'al', expected a record of the group: 'all' or 'green'; did "
            "you mean 'all'?",
        ),
        (
            "labels: {group: rides",
            "labels: {group: ride",
            _SET.format(18)
            + "labels.group: found 'ride', expected a feature group: 'rides'; did you mean 'rides'?",
        ),
        (
            "before: {group: rides, feature: rides",
            "label: {group: rides, feature: window_end",
            "the configuration has 2 problems\n  "
            + _SET.format(20)
            + "features.label: found 'label', a column of "
            "the label's row, expected a name of its own\n  "
            + _SET.format(20)
            + "features.label.feature: found "
            "'window_end', expected a feature that is neither identifier nor time",
        ),
        (
            'test: "2020-01-01"',
            'test: "2018-01-01"',
            _SET.format(21)
            + "split.test: found '2018-01-01', expected a day after the validation begins, 2019-01-01",
        ),
        (
            'test: "2020-01-01"',
            'test: "2020-1-1"',
            _SET.format(21) + "split.test: found '2020-1-1', expected a day, as in \"2021-07-01\"",
        ),
    ],
)
def test_messages(tmp_path: Path, right: str, wrong: str, expected: str) -> None:
    assert RIGHT.count(right) == 1
    assert said(tmp_path, RIGHT.replace(right, wrong)) == expected


SCHEMAS = """\
import anything
COLUMNS = {"counts": {"timestamp": "timestamp", "num_rides": "long",
    "green": "long", "mean": "double", "name": "string"}}
"""
_OF_COUNTS = "expected a column of counts: 'timestamp', 'num_rides', 'green', 'mean' or 'name'"


def described(root: Path, text: str, schemas: str = SCHEMAS) -> str:
    """What is said where the jobs describe the table; nothing for a configuration that is right."""
    pipeline = PIPELINE.replace("    result: verdict\n", "    result: verdict\n    tables: [counts]\n")
    project(root, pipeline=pipeline, dev=text)
    (root / "jobs" / "taxi").mkdir()
    (root / "jobs" / "taxi" / "schemas.py").write_text(schemas)
    try:
        load_environment(root, "dev")
    except UserError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("right", "wrong", "expected"),
    [
        ("", "", ""),
        ("type: integral", "type: fractional", ""),
        (
            "type: integral",
            "type: string",
            "config/dev.yaml:13: features.rides.features.rides.type: found 'string', expected 'integral' or "
            "'fractional'; 'num_rides' of counts is long",
        ),
        (
            "rides: num_rides}",
            "rides: mean}",
            "config/dev.yaml:13: features.rides.features.rides.type: found 'integral', expected 'fractional'; 'mean' "
            "of counts is double",
        ),
        (
            "rides: num_rides}",
            "rides: num_ride}",
            f"config/dev.yaml:14: features.rides.records.all.rides: found 'num_ride', {_OF_COUNTS}; did you mean "
            "'num_rides'?",
        ),
        (
            "      rides: {type: integral}\n",
            "      rides: {type: integral}\n      who: {type: string, column: nam}\n",
            f"config/dev.yaml:14: features.rides.features.who.column: found 'nam', {_OF_COUNTS}; did you mean 'name'?",
        ),
        (
            "      rides: {type: integral}\n",
            "      rides: {type: integral}\n      at: {type: integral, column: timestamp}\n",
            "config/dev.yaml:14: features.rides.features.at.type: found 'integral', expected 'string'; "
            "'timestamp' of counts is timestamp",
        ),
        (
            "start: timestamp",
            "start: name",
            "config/dev.yaml:6: features.rides.window.start: found 'name', which is string, expected a column of "
            "counts that is a timestamp or timestamptz",
        ),
    ],
)
def test_types_are_those_of_the_columns_of_the_table(
    tmp_path: Path, right: str, wrong: str, expected: str
) -> None:
    """Of a table that the jobs describe, before anything is published."""
    found = described(tmp_path, RIGHT.replace(right, wrong, 1))
    assert (expected in found, bool(found)) == (True, bool(expected))


@pytest.mark.parametrize(
    ("schemas", "expected"),
    [
        ("COLUMNS = {", "jobs/taxi/schemas.py:1: '{' was never closed"),
        (
            "X = 1",
            "jobs/taxi/schemas.py: found no COLUMNS, expected the columns of the published tables: COLUMNS = {",
        ),
        ("\nCOLUMNS = made()", "jobs/taxi/schemas.py:2: COLUMNS: found no literal, expected COLUMNS = {"),
    ],
)
def test_columns_that_cannot_be_read(tmp_path: Path, schemas: str, expected: str) -> None:
    """Say where, and what is expected."""
    assert described(tmp_path, RIGHT, schemas).startswith(expected)
