"""Values that AWS takes are not refused; what is refused has its message in config_messages.txt."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data_pipeline.core.config import arguments
from data_pipeline.core.facts import limits
from data_pipeline.core.loading import secrets, yaml_lines
from data_pipeline.core.loading.load import load_environment
from data_pipeline.core.machine import execution, state_names, steps
from data_pipeline.core.machine.state_machine import state_machine
from data_pipeline.core.naming import JOB_NAME_LIMIT, JOB_SUFFIX
from data_pipeline.core.problems import RefusedError
from tests.core.config_project import message, project

ACCEPTED: list[tuple[Callable[[Any], Any], Any]] = [
    (limits.name, "nyc-tlc"),
    (limits.name, "a"),
    (limits.environment_name, "dev2"),
    (limits.step_name, "ride_counts_15"),
    (limits.table_name, "t" * 255),
    (limits.result_name, "decision"),
    (limits.script, "ride_counts.py"),
    (limits.account, "000000000000"),
    (limits.account, "012345678901"),
    (limits.region, "us-gov-west-1"),
    (limits.region, "eu-central-1"),
    (limits.instance_type, "ml.r5.24xlarge"),
    (limits.worker_type, "R.8X"),
    (limits.max_capacity, 0.0625),
    (limits.max_capacity, 1),
    (limits.max_capacity, 1.0),
    (limits.retention_days, 3653),
    (limits.timezone, "UTC"),
    (limits.timezone, "America/Argentina/Buenos_Aires"),
    (limits.bucket, "abc"),
    (limits.bucket, "0-trips-0"),
    (limits.bucket, "b" * 63),
    (limits.bucket, "trips-123456789012-us-east-1-an"),
    (limits.key_prefix, "input"),
    (limits.key_prefix, "trips/year=2026/v1.0"),
    (limits.key_prefix, "p" * 200),
    (limits.argument_name, "code-version"),
    (limits.argument_name, "class-weights"),
    (limits.argument_name, "jobs"),
    (limits.tag_key, "cost centre:ü/1"),
    (limits.tag_key, "k" * 128),
    (limits.tag_value, ""),
    (limits.tag_value, "v" * 256),
    (arguments.check, ""),
    (arguments.check, "glue:{database}"),
    (arguments.check, "{output}runs/{run}/plan.json"),
    (arguments.check, "v" * 256),
]


@pytest.mark.parametrize(
    ("check", "value"), ACCEPTED, ids=[f"{c.__name__}-{str(v)[:20]}" for c, v in ACCEPTED]
)
def test_accepted(check: Callable[[Any], Any], value: object) -> None:
    """The edges of what AWS takes pass, unchanged."""
    assert check(value) == value


@pytest.mark.parametrize(
    ("check", "value"),
    [
        (limits.bucket, "b" * 64),
        (limits.bucket, "-ab"),
        (limits.bucket, "ab-"),
        (limits.bucket, "192.168.0.1"),
        (limits.bucket, "xn--trips"),
        (limits.table_name, "t" * 256),
        (limits.key_prefix, "p" * 201),
        (limits.key_prefix, "/"),
        (limits.key_prefix, "a//b"),
        (limits.tag_key, "k" * 129),
        (limits.tag_key, ""),
        (limits.tag_key, "AWS:x"),
        (limits.tag_value, "v" * 257),
        (limits.account, "１２３４５６７８９０１２"),
        (limits.step_name, "ride__counts"),
        (limits.argument_name, "conf"),
        (arguments.check, "v" * 257),
        (arguments.check, "{}"),
        (arguments.check, "{{run}}"),
    ],
)
def test_refused(check: Callable[[Any], Any], value: object) -> None:
    """One step beyond the edge is refused."""
    with pytest.raises(RefusedError):
        check(value)


def test_longest_job_name(tmp_path: Path) -> None:
    """A step whose job names have exactly 63 characters is accepted, one character more is not."""
    fits = "s" * (JOB_NAME_LIMIT - JOB_SUFFIX - len("rides-dev-"))
    step = "steps: {%s: {script: count.py, service: glue, after: count}}\n"
    assert fits in load_environment(project(tmp_path / "a", dev=step % fits), "dev").steps
    assert "found job names of 64 characters" in message(project(tmp_path / "b", dev=step % (fits + "s")))


def test_longest_argument(tmp_path: Path) -> None:
    """A value fits if it has 256 characters with the longest bucket and run; one more is refused."""
    filled = len("s3:///") + 63 + len("output/") + 80
    fits = "steps: {count: {arguments: {plan: '{output}{run}%s'}}}\n"
    room = arguments.LONGEST - filled
    load_environment(project(tmp_path / "a", dev=fits % ("x" * room)), "dev")
    assert "up to 257 characters" in message(project(tmp_path / "b", dev=fits % ("x" * (room + 1))))


def test_one_set_of_placeholders(tmp_path: Path) -> None:
    """What the configuration accepts in braces is what the state machine can fill."""
    env = load_environment(project(tmp_path / "p"), "dev")
    assert set(arguments.PLACEHOLDERS) == {*steps.argument_values(env), *execution.PLACEHOLDERS}


def test_states_of_the_machine(tmp_path: Path) -> None:
    """The rule about names that clash knows every state that the machine really has."""
    env = load_environment(project(tmp_path / "p"), "dev")
    assert set(state_machine(env)["States"]) == state_names.all_states(env.steps)


@pytest.mark.parametrize(
    "text",
    [
        "max-tokens: '5'\n",
        "secretary: x\n",
        "key: x\n",
        "code-version: 0123456789abcdef0123456789abcdef01234567\n",
        "secret-arn: arn:aws:secretsmanager:us-east-1:123456789012:secret:x\n",
        "token_counts: {service: glue}\n",
        "source: https://example.com/a@b\n",
    ],
)
def test_no_secret(text: str) -> None:
    """Names and values that only resemble a secret's are left alone, an ARN of a secret included."""
    node, problems = yaml_lines.read(text.encode(), "f")
    assert node is not None
    assert problems == []
    assert list(secrets.findings(node)) == []


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("apiKey: x\n", "the name of a secret"),
        ("AWS_SECRET_ACCESS_KEY: x\n", "the name of a secret"),
        ("private-key: x\n", "the name of a secret"),
        ("a: {b: [x, ASIAABCDEFGHIJKLMNOP]}\n", "an access key id of AWS"),
        ("a: '-----BEGIN RSA PRIVATE KEY----- …'\n", "a private key"),
        (f"a: ghp_{'x' * 36}\n", "a token of GitHub"),
        (f"a: xoxb-{'1' * 12}\n", "a token of Slack"),
        ("a: postgres://me:hunter2@db/x\n", "a URI with a password"),
    ],
)
def test_secret(text: str, kind: str) -> None:
    """What looks like a secret is found wherever it stands, once."""
    node, _ = yaml_lines.read(text.encode(), "f")
    assert node is not None
    assert [finding.found for finding, _ in secrets.findings(node)] == [f"what looks like {kind}"]
