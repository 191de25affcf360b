"""A pause of the schedule: its note, and what a schedule's state means beside it."""

from __future__ import annotations

import json

import pytest

from data_pipeline.core.deployment import pausing
from data_pipeline.core.deployment.pausing import Pause
from data_pipeline.core.errors import UserError

PAUSE = Pause("arn:aws:iam::123456789012:user/ann", "2026-11-30T11:15:54+01:00", "the source is away")


def test_a_note_is_read_as_it_was_written() -> None:
    """The time is shown in UTC."""
    assert pausing.parse(json.loads(pausing.dump(PAUSE)), "s3://b/k") == PAUSE
    assert str(PAUSE) == (
        "paused since 2026-11-30 10:15 UTC by arn:aws:iam::123456789012:user/ann: the source is away"
    )
    assert str(Pause("ann", PAUSE.at)) == "paused since 2026-11-30 10:15 UTC by ann"
    assert pausing.key("shop/dev") == "shop/dev/pause.json"


@pytest.mark.parametrize("content", [[], {}, {"by": "ann"}, {"by": "ann", "at": "yesterday"}])
def test_what_is_no_note_is_named(content: object) -> None:
    """With what to do."""
    with pytest.raises(UserError, match=r"s3://b/k: is no note of a pause .* Delete it, and pause"):
        pausing.parse(content, "s3://b/k")


@pytest.mark.parametrize(
    ("configured", "enabled", "pause", "said"),
    [
        (True, True, None, "on"),
        (False, False, None, "off in the configuration"),
        (False, True, None, "on, though off in the configuration: deploy to switch it off"),
        (True, False, None, "switched off by hand"),
        (True, False, PAUSE, str(PAUSE)),
        (False, False, PAUSE, str(PAUSE)),
        (True, True, PAUSE, f"{PAUSE}, but something has switched it on again since"),
    ],
)
def test_each_state_is_a_sentence(configured: bool, enabled: bool, pause: Pause | None, said: str) -> None:
    """What is not as it should be says what to do."""
    assert pausing.state(configured, enabled, pause).startswith(said)
