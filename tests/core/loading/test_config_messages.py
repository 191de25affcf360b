"""Each kind of bad configuration, with the whole message that a user reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.core.config_project import PIPELINE, message, project


def _cases() -> dict[str, tuple[str, str]]:
    """Name → (content of dev.yaml, message), from ``config_messages.txt``."""
    text = Path(__file__).with_name("config_messages.txt").read_text(encoding="utf-8")
    cases: dict[str, tuple[str, str]] = {}
    for case in text.split("\n=== ")[1:]:
        name, _, rest = case.partition("\n")
        content, _, expected = rest.rpartition("\n---\n")
        assert name not in cases, name
        cases[name] = (content + "\n", expected.rstrip("\n"))
    return cases


CASES = _cases()

#: name → (text of pipeline.yaml, what it becomes, the message)
IN_PIPELINE = {
    "pipeline name": (
        "pipeline: rides",
        "pipeline: My_Rides",
        "config/pipeline.yaml:1: pipeline: found 'My_Rides', expected lower-case letters and digits in words "
        "joined by single '-', a letter first",
    ),
    "no region": (
        "region: us-east-1\n",
        "tags: {}\n",
        "config/pipeline.yaml:1: found no key 'region', expected a region of AWS; add 'region: …'",
    ),
    "no script": (
        "    script: count.py\n",
        "    tables: []\n",
        "config/pipeline.yaml:12: steps.count: found no key 'script', expected the name of a Python file in "
        "jobs/; add 'script: …'",
    ),
    "no steps": (
        PIPELINE[PIPELINE.index("steps:") : PIPELINE.index("schedule:")],
        "steps: {}\n",
        "config/pipeline.yaml:5: steps: found an empty map, expected at least one entry",
    ),
    "a list where steps begin": (
        "  prepare:\n",
        "  - prepare:\n",
        "config/pipeline.yaml:12: found YAML that cannot be read (expected <block end>, but found '?'); look "
        "at the indentation and the quotes of this line",
    ),
}


def test_there_are_many_kinds() -> None:
    """The file of cases was read whole: it holds more than a hundred kinds of mistakes."""
    assert len(CASES) > 100


@pytest.mark.parametrize("case", CASES)
def test_environment_file(case: str, tmp_path: Path) -> None:
    """A mistake in an environment's file is told with place, key, what was found, what was expected."""
    content, expected = CASES[case]
    assert message(project(tmp_path / "p", dev=content)) == expected


@pytest.mark.parametrize("case", IN_PIPELINE)
def test_pipeline_file(case: str, tmp_path: Path) -> None:
    """A mistake in pipeline.yaml is told at its own line, whatever environment is loaded."""
    text, instead, expected = IN_PIPELINE[case]
    assert PIPELINE.count(text) == 1
    assert message(project(tmp_path / "p", pipeline=PIPELINE.replace(text, instead))) == expected


@pytest.mark.parametrize("secret", ["hunter2", "AKIAABCDEFGHIJKLMNOP", "aB3" + 37 * "x"])
def test_no_secret_is_printed(secret: str) -> None:
    """What looks like a secret never stands in a message."""
    about_secrets = [(content, said) for content, said in CASES.values() if secret in content]
    assert about_secrets
    assert all(secret not in said for _, said in about_secrets)
