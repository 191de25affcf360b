"""Recorded deployments as text: every state once, no wider than a terminal."""

from __future__ import annotations

import pytest

from data_pipeline.cli.columns import columns
from data_pipeline.core.deployment.deployment_record import Deployment
from data_pipeline.core.deployment.deployment_text import rows, status, table

BY = "arn:aws:sts::123456789012:assumed-role/deployer-of-everything/GitHubActions"


def made(number: int, **more: object) -> Deployment:
    given = {"outputs": {"DataBucket": "b"}, "ended": "2026-11-30T14:05:00+00:00", **more}
    return Deployment("2026-11-30T14:00:59+00:00", BY, ("p/code/a/", "p/t.yaml"), number=number, **given)  # type: ignore[arg-type]


ENDED = made(1, commit="3f2a9c17d0", dirty=True, templates=("p/t.yaml",), parameters={"CodeVersion": "a"})
KILLED = made(2, outputs={}, ended="")
FAILED = made(3, outputs={}, ended="", failed="Queue (AWS::SQS::Queue): Invalid value")
BACK = made(12345, back_to=1, commit="3f2a9c17d0", dirty=True)


def test_the_newest_stands_first_and_what_is_deployed_is_marked() -> None:
    lines = columns(table([ENDED, KILLED, FAILED, BACK], BACK), right=(0,))
    assert lines == [
        "         began (UTC)       by                  commit",
        "* 12345  2026-11-30 14:00  hing/GitHubActions  3f2a9c1+  back to 1",
        "      3  2026-11-30 14:00  hing/GitHubActions  -         failed: Queue (AWS::SQ…",
        "      2  2026-11-30 14:00  hing/GitHubActions  -         did not end",
        "      1  2026-11-30 14:00  hing/GitHubActions  3f2a9c1+",
    ]
    assert max(map(len, lines)) <= 80


def test_one_is_shown_with_all_that_it_was_made_of() -> None:
    shown = rows(ENDED, deployed=True)
    assert shown == [
        ("deployment", "1, deployed now"),
        ("began", "2026-11-30 14:00:59 UTC"),
        ("ended", "2026-11-30 14:05:00 UTC"),
        ("by", BY),
        ("commit", "3f2a9c17d0, and changes that were not committed"),
        ("templates", "p/t.yaml"),
        ("artifacts", "p/code/a/"),
        ("parameters", "CodeVersion a"),
        ("outputs", "DataBucket b"),
    ]


@pytest.mark.parametrize(
    ("one", "word", "line"),
    [
        (KILLED, "not ended", "did not end: it was stopped, or it goes on"),
        (FAILED, "failed", "failed: Queue (AWS::SQS::Queue): Invalid value"),
        (made(1, ended=""), "ended", "well; an older data-pipeline has not noted when"),
    ],
)
def test_how_it_ended_is_told(one: Deployment, word: str, line: str) -> None:
    shown = dict(rows(one, deployed=False))
    assert (status(one), shown["ended"], shown["commit"]) == (word, line, "none: the project was in no git")


def test_what_was_brought_back_is_told() -> None:
    assert ("brought back", "deployment 1") in rows(BACK, deployed=False)
