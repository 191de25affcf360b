"""The input of an execution."""

from __future__ import annotations

from cfnlint.jsonschema import StandardValidator

from data_pipeline.core.execution import SCHEMA, execution_input


def test_the_ordinary_input_is_valid() -> None:
    """What the schedule and the run command send is what the schema describes."""
    assert execution_input() == {"version": 1}
    assert StandardValidator(SCHEMA).is_valid(execution_input())


def test_every_field_has_a_default() -> None:
    """An execution that somebody starts with {} in the console is a valid run."""
    assert StandardValidator(SCHEMA).is_valid({})
    assert all("default" in field for field in SCHEMA["properties"].values())


def test_other_input_is_refused() -> None:
    """An unknown field, another version, another type."""
    validator = StandardValidator(SCHEMA)
    assert not any(validator.is_valid(given) for given in ({"months": "2019-01"}, {"version": 2}, [], "x"))
