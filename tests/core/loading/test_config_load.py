"""Loading the configuration: merging, places, several problems at once, which environments there are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from data_pipeline.core.errors import UserError
from data_pipeline.core.loading.load import load_all, load_environment
from data_pipeline.core.problems import ConfigurationError, Place
from tests.core.config_project import PIPELINE, message, project

ROOT = Path(__file__).resolve().parents[3]


def test_shipped_configuration_loads() -> None:
    """The three environments of the project are valid, and local is the embedded one."""
    environments = load_all(ROOT)
    assert list(environments) == ["dev", "local", "prod"]
    assert {name: env.embedded for name, env in environments.items()} == {
        "dev": False,
        "local": True,
        "prod": False,
    }
    assert all(list(env.steps) == ["prepare", "load"] for env in environments.values())
    assert [env.schedule.enabled for env in environments.values()] == [False, False, True]


def test_one_word_moves_a_step(tmp_path: Path) -> None:
    """An environment that changes a step's service changes nothing else of it."""
    root = project(tmp_path / "p", dev="", cheap="steps: {count: {service: glue}}\n")
    dev, cheap = load_environment(root, "dev"), load_environment(root, "cheap")
    assert (dev.steps["count"].service, cheap.steps["count"].service) == ("sagemaker", "glue")
    assert cheap.steps["count"].model_copy(update={"service": "sagemaker"}) == dev.steps["count"]
    assert cheap.steps["prepare"] == dev.steps["prepare"]


def test_maps_are_merged_and_lists_replaced(tmp_path: Path) -> None:
    """Maps deep, lists and single values replaced, the environment wins, null takes back an option."""
    pipeline = PIPELINE + "tags: {team: a, cost: b}\naccount: '123456789012'\nlog_retention_days: 7\n"
    notify = "notify: {when: [%s]}\n"
    pipeline += notify % "failure, success"
    dev = "tags: {cost: c}\ndata: {input: shop}\naccount: null\nlog_retention_days: 14\n" + notify % "warning"
    env = load_environment(project(tmp_path / "p", pipeline=pipeline, dev=dev), "dev")
    assert env.tags == {"team": "a", "cost": "c"}
    assert env.notify is not None
    assert env.notify.when == ("warning",)
    assert (env.data.input, env.data.output) == ("shop", "output")
    assert (env.account, env.log_retention_days, env.name) == (None, 14, "dev")


def test_a_new_step_of_one_environment(tmp_path: Path) -> None:
    """An environment may have a whole step of its own, behind the others."""
    dev = "steps:\n  again: {script: count.py, service: glue, after: count}\n"
    env = load_environment(project(tmp_path / "p", dev=dev), "dev")
    assert list(env.steps) == ["prepare", "count", "again"]


def test_an_empty_file_changes_nothing(tmp_path: Path) -> None:
    """An environment that differs in nothing may have an empty file, or one of comments."""
    root = project(tmp_path / "p", dev="", prod="# as pipeline.yaml says\n")
    dev, prod = load_environment(root, "dev"), load_environment(root, "prod")
    assert dev.model_copy(update={"name": "prod"}) == prod


def test_all_problems_of_both_files_at_once(tmp_path: Path) -> None:
    """Wrong types, unknown keys, refused values and broken rules of both files come together, sorted."""
    pipeline = PIPELINE.replace("us-east-1", "us-eats-1").replace(
        "    result: verdict\n", "    result: decision\n"
    )
    dev = "schedule:\n  enabled: on\n  colour: red\nsteps:\n  prepare: {timeout_minutes: '5'}\n"
    assert message(project(tmp_path / "p", pipeline=pipeline, dev=dev)) == (
        "the configuration has 5 problems\n"
        "  config/dev.yaml:2: schedule.enabled: found 'on' (text), expected true or false; write true\n"
        "  config/dev.yaml:3: schedule.colour: found an unknown key, expected 'enabled', 'expression' "
        "or 'timezone'\n"
        "  config/dev.yaml:5: steps.prepare.timeout_minutes: found '5' (text), expected a whole number "
        "from 1 to 10080; take off the quotes\n"
        "  config/pipeline.yaml:2: region: found 'us-eats-1', expected a region of AWS, as in 'us-east-1'; "
        "did you mean 'us-east-1'?\n"
        "  config/pipeline.yaml:16: steps.count.result: found 'decision', the result of 'prepare' too, "
        "expected a name of its own; two steps would write one file"
    )


def test_lines_are_sorted_as_numbers(tmp_path: Path) -> None:
    """A problem of line 3 comes before one of line 20."""
    dev = "\n\nregions: x\n" + "\n" * 16 + "tag: {}\n"
    with pytest.raises(ConfigurationError) as caught:
        load_environment(project(tmp_path / "p", dev=dev), "dev")
    assert [p.place for p in caught.value.problems] == [Place("config/dev.yaml", n) for n in (3, 20)]


def test_a_broken_file_does_not_hide_the_other(tmp_path: Path) -> None:
    """With pipeline.yaml unreadable, the environment's own mistakes are told, none of them a missing key."""
    dev = "schedule: {enabled: on}\nregoin: x\n"
    assert message(project(tmp_path / "p", pipeline="steps: [\n", dev=dev)) == (
        "the configuration has 3 problems\n"
        "  config/dev.yaml:1: schedule.enabled: found 'on' (text), expected true or false; write true\n"
        "  config/dev.yaml:2: regoin: found an unknown key; did you mean 'region'?\n"
        "  config/pipeline.yaml:2: found YAML that cannot be read (expected the node content, but found "
        "'<stream end>'); look at the indentation and the quotes of this line"
    )


def test_no_rule_is_applied_to_half_a_configuration(tmp_path: Path) -> None:
    """With pipeline.yaml unreadable, a step that follows one of its steps is no mistake."""
    dev = "steps: {again: {script: count.py, service: glue, after: count}}\n"
    said = message(project(tmp_path / "p", pipeline="steps: [\n", dev=dev))
    assert said.startswith("config/pipeline.yaml:2: found YAML that cannot be read")


def test_both_files_broken(tmp_path: Path) -> None:
    """Two files that cannot be read are both named."""
    lines = message(project(tmp_path / "p", pipeline="a: b: c\n", dev=b"a: \xff\n")).splitlines()
    assert [line.split(": ")[0].strip() for line in lines[1:]] == [
        "config/dev.yaml:1",
        "config/pipeline.yaml:1",
    ]


@pytest.mark.parametrize(
    ("dev", "place"),
    [
        ("data: {output: input}\n", "config/dev.yaml:1"),
        ("data:\n  input: output\n", "config/pipeline.yaml:3"),
        ("steps:\n  count:\n    timeout_minutes: 9000\n", "config/dev.yaml:3"),
        ("steps:\n  prepare:\n    glue:\n      runtime: glue-spark\n      workers: 0\n", "config/dev.yaml:5"),
    ],
)
def test_place_after_merging(dev: str, place: str, tmp_path: Path) -> None:
    """A value is reported in the file that it came from; a default, where the map that lacks it stands."""
    assert message(project(tmp_path / "p", dev=dev)).startswith(place + ": ")


def test_pipelines_value_under_an_environments_map(tmp_path: Path) -> None:
    """A wrong value of pipeline.yaml keeps its line when the environment changes its neighbour."""
    pipeline = PIPELINE.replace("cron(0 6 * * ? *)", "cron(0 6 * * *)")
    said = message(project(tmp_path / "p", pipeline=pipeline, dev="schedule: {enabled: false}\n"))
    assert said.startswith("config/pipeline.yaml:18: schedule.expression: found 'cron(0 6 * * *)'")


def test_unknown_environment(tmp_path: Path) -> None:
    """A mistyped environment is never another one: the message names those that exist, and the nearest."""
    root = project(tmp_path / "p", prod="")
    known = "config/ has dev, prod"
    assert (
        message(root, "production") == f"there is no environment 'production': {known}; did you mean 'prod'?"
    )
    assert message(root, "prdo") == f"there is no environment 'prdo': {known}; did you mean 'prod'?"
    assert message(root, "x") == f"there is no environment 'x': {known}"
    assert message(root, "Dev") == f"there is no environment 'Dev': {known}; did you mean 'dev'?"


@pytest.mark.parametrize("name", ["pipeline", "../config/dev", "", "schema"])
def test_no_file_but_an_environments(name: str, tmp_path: Path) -> None:
    """Nothing but the file of an environment in config/ is one."""
    said = message(project(tmp_path / "p"), name)
    assert said.startswith(f"there is no environment '{name}': config/ has dev")


def test_no_environment_at_all(tmp_path: Path) -> None:
    """Without any environment's file, the message says how to have one."""
    root = project(tmp_path / "p")
    (root / "config" / "dev.yaml").unlink()
    assert (
        message(root) == "there is no environment 'dev': config/ has none; write one, as in config/dev.yaml"
    )
    with pytest.raises(UserError, match=r"^config/ has no environment; write one, as in config/dev\.yaml$"):
        load_all(root)


def test_file_with_the_other_ending(tmp_path: Path) -> None:
    """A file that ends in .yml is not left out silently."""
    root = project(tmp_path / "p")
    (root / "config" / "prod.yml").touch()
    assert (
        message(root, "prod") == "there is no environment 'prod'; rename config/prod.yml to config/prod.yaml"
    )
    with pytest.raises(
        UserError, match=r"^config/prod\.yml:1: found the ending '\.yml', expected '\.yaml'; rename"
    ):
        load_all(root)


def test_name_of_an_environment(tmp_path: Path) -> None:
    """An environment called dev-eu would lie within the reach of dev's roles, which end at 'dev-'."""
    assert message(project(tmp_path / "p", **{"dev-eu": ""}), "dev-eu") == (
        "config/dev-eu.yaml:1: found 'dev-eu' as the environment's name, expected lower-case letters and "
        "digits, a letter first; rename the file"
    )


def test_missing_and_empty_pipeline_file(tmp_path: Path) -> None:
    """Without pipeline.yaml, or with nothing in it, the message names the file."""
    root = project(tmp_path / "p", pipeline="# nothing\n")
    assert message(root) == (
        "config/pipeline.yaml:1: found nothing, expected the pipeline's name, region, data and steps"
    )
    (root / "config" / "pipeline.yaml").unlink()
    reason = os.strerror(2)
    assert message(root) == f"config/pipeline.yaml:1: found none ({reason}), expected a file that can be read"


def test_load_all_reports_every_environment_once(tmp_path: Path) -> None:
    """A mistake that two environments share is told once, beside those of each."""
    pipeline = PIPELINE.replace("us-east-1", "mars")
    root = project(tmp_path / "p", pipeline=pipeline, dev="a: 1\n", prod="b: 1\n")
    with pytest.raises(ConfigurationError) as caught:
        load_all(root)
    places = [(p.place.file, p.place.line) for p in caught.value.problems]
    assert places == [("config/dev.yaml", 1), ("config/pipeline.yaml", 2), ("config/prod.yaml", 1)]


def test_environments_that_share_data(tmp_path: Path) -> None:
    """Two environments in one bucket with overlapping output are refused, at the second one's line."""
    same = "data:\n  bucket: trips\n"
    root = project(tmp_path / "p", dev=same, prod=same + "  output: output/prod\n")
    with pytest.raises(ConfigurationError) as caught:
        load_all(root)
    assert str(caught.value) == (
        "config/prod.yaml:3: data.output: found 'output/prod' in 'trips', where 'dev' is too, expected data "
        "apart from every other environment's; give each environment a bucket, or prefixes, of its own"
    )


def test_environment_that_reads_anothers_output(tmp_path: Path) -> None:
    """The input of one environment may not be what another one writes."""
    dev = "data: {bucket: trips, output: dev}\n"
    prod = "data:\n  bucket: trips\n  output: prod\n  input: dev/export\n"
    with pytest.raises(
        ConfigurationError, match=r"^config/prod\.yaml:4: data\.input: found 'dev/export' in 'trips'"
    ):
        load_all(project(tmp_path / "p", dev=dev, prod=prod))


@pytest.mark.parametrize(
    ("dev", "prod"),
    [
        ("", ""),
        ("data: {bucket: one-trips}\n", "data: {bucket: two-trips}\n"),
        ("data: {bucket: trips, output: dev}\n", "data: {bucket: trips, output: prod}\n"),
        ("data: {bucket: trips}\n", "data: {bucket: trips}\nendpoint: embedded\n"),
    ],
    ids=["each its own", "two buckets", "same originals, two outputs", "two worlds"],
)
def test_environments_apart(dev: str, prod: str, tmp_path: Path) -> None:
    """Environments that cannot touch each other's data are accepted, sharing originals included."""
    assert list(load_all(project(tmp_path / "p", dev=dev, prod=prod))) == ["dev", "prod"]
