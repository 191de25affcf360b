"""What is typed for a run becomes the fields of its input, or is refused with what was probably meant."""

from __future__ import annotations

import pytest

from data_pipeline.core.machine import run_input
from data_pipeline.core.machine.execution import execution_input
from data_pipeline.core.problems import RefusedError


@pytest.mark.parametrize("text", ["2019-01", "2019-01..2019-06", "2018-12..2019-01", "2019-01..2019-01"])
def test_months_are_taken_as_they_are(text: str) -> None:
    """The state machine checks the same form."""
    assert run_input.months(text) == text


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2019-1", "2019-01"),
        ("201901", "2019-01"),
        ("2019/01", "2019-01"),
        ("2019-01-2019-06", "2019-01..2019-06"),
        ("2019-01...2019-06", "2019-01..2019-06"),
        ("2019-01:2019-06", "2019-01..2019-06"),
        ("2019-06..2019-01", "2019-01..2019-06"),
        ("2019-6..2019-1", "2019-01..2019-06"),
        ("2019-13", ""),
        ("2019", ""),
        ("", ""),
        ("2019-01,2019-02,2019-03", ""),
        ("2019-01-15", "2019-01"),
        ("2019-01\n", "2019-01"),
    ],
)
def test_other_months_are_refused(text: str, meant: str) -> None:
    """With the months that the text seems to name, earlier first, where it names one or two."""
    with pytest.raises(RefusedError) as caught:
        run_input.months(text)
    assert caught.value.advice == (f"did you mean '{meant}'?" if meant else "")


def test_days_that_no_calendar_has_are_refused() -> None:
    """The end of a range, too; an hour of one as well."""
    for text in ("2024-02-30", "2024-02-28..2024-02-30", "2023-02-29T05..2023-03"):
        with pytest.raises(RefusedError) as caught:
            run_input.periods(text)
        assert caught.value.expected == "days of the calendar"
    assert caught.value.advice == "'2023-02-29T05' is none"
    assert run_input.periods("2024-02-29T05..2024-03") == "2024-02-29T05..2024-03"


@pytest.mark.parametrize("text", ["yellow", "rows-of-median", "a_b2", "x" * 64])
def test_names_are_taken_as_they_are(text: str) -> None:
    """Which of them exist, the jobs know."""
    assert run_input.name(text) == text


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("Yellow", "did you mean 'yellow'?"),
        ("rows of median", "did you mean 'rows-of-median'?"),
        (" yellow ", "did you mean 'yellow'?"),
        ("yellow,green", "repeat the option for each"),
        ("", ""),
        ("9", ""),
        ("x" * 65, ""),
    ],
)
def test_other_names_are_refused(text: str, advice: str) -> None:
    """With the nearest spelling that is a name."""
    with pytest.raises(RefusedError) as caught:
        run_input.name(text)
    assert caught.value.advice == advice


def test_names_together_fit_an_argument() -> None:
    """Each once; a job is given at most 256 characters."""
    assert run_input.names(["b", "a", "b"]) == ["b", "a"]
    assert len(run_input.names(["x" * 64, "y" * 64, "z" * 64, "u" * 61])) == 4
    with pytest.raises(RefusedError, match="at most 256 characters together"):
        run_input.names(["x" * 64, "y" * 64, "z" * 64, "u" * 62])


def test_an_input_is_said_by_options() -> None:
    """So that a message can give the whole command that was meant."""
    assert run_input.options(execution_input()) == []
    value = execution_input(
        reprocess=True, datasets=["a", "b"], months="2019-01", prune=True, accept=["r"], concurrent=True
    )
    assert " ".join(run_input.options(value)) == (
        "--reprocess --prune --concurrent --dataset a --dataset b --months 2019-01 --accept r"
    )
