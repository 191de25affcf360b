"""The thread that writes to the offline stores."""

import logging

import pytest

from data_pipeline.embedded_aws.featurestore import offline


def test_what_goes_wrong_does_not_end_the_writing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The error is in the log, and the next look writes again."""

    def broken() -> list[str]:
        raise RuntimeError("the disk is full")

    monkeypatch.setattr(offline.STORE, "groups_waiting", broken)
    with caplog.at_level(logging.ERROR):
        offline.flush_all()
    assert "the disk is full" in caplog.text
