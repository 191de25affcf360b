"""Causes of failures → the one line that matters."""

from __future__ import annotations

import json

import pytest

from data_pipeline.core.progress.failure_reason import reason, reason_from_log

TRACEBACK = "Traceback (most recent call last):\n  File \"x.py\", line 1\nKeyError: 'pickup'\n"


@pytest.mark.parametrize(
    ("cause", "expected"),
    [
        (
            {"ExitMessage": "error: no files", "FailureReason": "AlgorithmError: See job logs"},
            "no files",
        ),
        (
            {"FailureReason": "CapacityError: Unable to provision", "ProcessingJobStatus": "Failed"},
            "CapacityError: Unable to provision",
        ),
        ({"ErrorMessage": "SystemExit: error: no files", "JobRunState": "FAILED"}, "no files"),
        ({"ErrorMessage": TRACEBACK}, "KeyError: 'pickup'"),
        (
            {
                "ErrorMessage": "Error Category: UNCLASSIFIED_ERROR; Failed Line Number: 17; SystemExit: no files"
            },
            "no files",
        ),
        ({"JobRunState": "STOPPED", "Id": "jr_1"}, "the job ended as STOPPED and gave no reason"),
        (
            {"ProcessingJobStatus": "Stopped", "ExitMessage": ""},
            "the job ended as Stopped and gave no reason",
        ),
        (
            "Rate exceeded (Service: AWSGlue; Status Code: 400)",
            "Rate exceeded (Service: AWSGlue; Status Code: 400)",
        ),
        ("first line\nsecond line", "first line"),
        ('["a", "list"]', '["a", "list"]'),
        ("", "States.TaskFailed"),
        (None, "States.TaskFailed"),
    ],
)
def test_reason(cause: object, expected: str) -> None:
    """The job's own words come before the service's; plain text is taken as it is; never an empty line."""
    text = json.dumps(cause) if isinstance(cause, dict) else cause
    assert reason("States.TaskFailed", text) == expected  # type: ignore[arg-type]


LOG = ("counting", "error: prepare.py: no files", "run jr_1 ended: FAILED")


@pytest.mark.parametrize(
    ("said", "lines", "expected"),
    [
        ("Command failed with exit code 1", LOG, "prepare.py: no files"),
        ("AlgorithmError: See job logs for more information", ("x", "KeyError: 'a'"), "KeyError: 'a'"),
        (
            "AlgorithmError: See job logs",
            ("botocore.exceptions.ClientError: no",),
            "botocore.exceptions.ClientError: no",
        ),
        ("AlgorithmError: See job logs", ("all is well",), "AlgorithmError: See job logs"),
        ("no trip files", LOG, "no trip files"),
        ("CapacityError: none left", LOG, "CapacityError: none left"),
    ],
)
def test_told_by_log(said: str, lines: tuple[str, ...], expected: str) -> None:
    """The log speaks where the service says only that the script failed, and never over a real reason."""
    assert reason_from_log(said, lines) == expected


def test_a_reason_is_never_longer_than_a_screen() -> None:
    """A cause of 32 KB is cut."""
    assert len(reason("E", "x" * 32_768)) == 1000


def test_nothing_said() -> None:
    """Neither error nor cause is still a sentence."""
    assert reason(None, None) == "no reason was given"
