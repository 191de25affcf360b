"""The input of an execution: its schema, the check that is made of it, and what jobs are given of it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
import randomness
from asl import evaluate
from cfnlint.jsonschema import StandardValidator

from data_pipeline.core.machine.execution import PLACEHOLDERS, SCHEMA, execution_input, is_valid, why_not

NAMES_OF_256 = ["x" * 64, "y" * 64, "z" * 64, "u" * 61]
VALID: list[Any] = [
    {},
    {"version": 1},
    {"reprocess": True, "prune": False, "concurrent": True},
    {"datasets": ["yellow"]},
    {"datasets": ["yellow", "green", "fhv-2_x"]},
    {"datasets": NAMES_OF_256},
    {"months": "2019-01"},
    {"months": "2019-01..2019-01"},
    {"months": "2018-12..2019-01"},
    {"accept": []},
    {"accept": ["quarantined-share"]},
    {"accept": NAMES_OF_256},
    {"accept": ["rows-of-median@2026-11-30T05-00-00.1"]},
    {"parts": []},
    {"parts": ["country=de", "country=fr", "shop=Main St. 2"]},
    {"periods": "2024"},
    {"periods": "2024-01-31T05"},
    {"periods": "2024-01..2024-06-15"},
    {"periods": "2024-02..2024"},
    {"periods": "2024-01-31T05..2024-01-31"},
    {"rebuild": ["orders"], "from_now_on": ["weather", "sensors"]},
    {"drop_columns": ["orders.status", "orders._Old"]},
    {"defer_tables": True},
    {"from": "load@2026-11-30T05-00-00Z-4f1c2a"},
    {"started_by": "schedule"},
    {"started_by": "arn:aws:sts::123456789012:assumed-role/Data+Ops/ann.b@example.com"},
]
REFUSED: list[Any] = [
    {"version": 2},
    {"from": "load"},
    {"from": "load@"},
    {"from": "load@a/b"},
    {"from": {"step": "load"}},
    {"version": "1"},
    {"version": True},
    {"version": None},
    {"month": "2019-01"},
    {"x": None, "y": 1},
    {"reprocess": 1},
    {"reprocess": "true"},
    {"prune": None},
    {"concurrent": []},
    {"concurrent": [True]},
    {"datasets": []},
    {"datasets": "yellow"},
    {"datasets": {"yellow": True}},
    {"datasets": None},
    {"datasets": ["yellow", "yellow"]},
    {"datasets": ["yellow", 1]},
    {"datasets": [["yellow"]]},
    {"datasets": [[]]},
    {"datasets": [None]},
    {"datasets": ["yellow,green"]},
    {"datasets": ['x","y']},
    {"datasets": ["Yellow"]},
    {"datasets": ["yellow "]},
    {"datasets": ["x" * 65]},
    {"months": ""},
    {"months": "2019-13"},
    {"months": "2019-1"},
    {"months": "2019-01.."},
    {"months": "2019-01..2019-02..2019-03"},
    {"months": ["2019-01"]},
    {"months": 201901},
    {"accept": "quarantined-share"},
    {"accept": {}},
    {"accept": ["rows-of-median@"]},
    {"parts": "country=de"},
    {"parts": ["country"]},
    {"parts": ["country="]},
    {"parts": ["country=de,fr"]},
    {"parts": ["country=de/fr"]},
    {"parts": ["Country=de"]},
    {"parts": ["country=de", "country=de"]},
    {"periods": "2024-1"},
    {"periods": "2024-01-32"},
    {"periods": "2024-01-31T24"},
    {"periods": "2024-01-31 05"},
    {"periods": ["2024"]},
    {"rebuild": "orders"},
    {"rebuild": [""]},
    {"from_now_on": [1]},
    {"drop_columns": ["status"]},
    {"defer_tables": "true"},
    {"started_by": ""},
    {"started_by": "ann and bob"},
    {"started_by": 'a"b'},
    {"started_by": "x" * 301},
    {"started_by": ["ann"]},
    {"drop_columns": ["orders.2nd"]},
    [],
    [{"version": 1}],
    "version",
    1,
    True,
    None,
]
#: what JSON Schema cannot say, or (the last) what Python's regular expressions read otherwise than others.
REFUSED_BESIDES: list[Any] = [
    {"datasets": [*NAMES_OF_256[:3], "u" * 62]},
    {"accept": [*NAMES_OF_256, "v"]},
    {"months": "2019-03..2019-01"},
    {"periods": "2024-03..2024-01-31"},
    {"periods": "2024..2023-12"},
    {"rebuild": [*NAMES_OF_256, "v"]},
    {"months": "2019-01\n"},
]


def _accepts(given: Any) -> Any:
    return evaluate(f"{{% {is_valid('$states.input')} %}}", {"input": given})


def _reason(given: Any) -> str:
    reason: str = evaluate(f"{{% {why_not('$states.input')} %}}", {"input": given})
    return reason


def test_the_ordinary_input_is_valid() -> None:
    """What the schedule and the run command send is what the schema describes, and says no more than needed."""
    assert execution_input() == {"version": 1}
    assert execution_input(prune=False, months=None, datasets=None, accept=[]) == {"version": 1}
    fields = {"reprocess": True, "datasets": ["yellow"], "months": "2019-01", "accept": ["x"]}
    assert execution_input(**fields) == {"version": 1, **fields}
    assert StandardValidator(SCHEMA).is_valid(execution_input(**fields))


def test_no_field_is_needed() -> None:
    """An execution that somebody starts with {} in the console is a valid run; every field says what it is."""
    assert "required" not in SCHEMA
    for field in SCHEMA["properties"].values():
        assert field["title"]
        assert "default" in field or "when left out" in field["description"]


@pytest.mark.parametrize("given", VALID, ids=json.dumps)
def test_what_the_schema_allows_is_let_in(given: Any) -> None:
    """By the schema and by the state machine's condition alike."""
    assert StandardValidator(SCHEMA).is_valid(given)
    assert _accepts(given) is True


@pytest.mark.parametrize("given", [*REFUSED, *REFUSED_BESIDES], ids=lambda g: json.dumps(g)[:60])
def test_anything_else_is_refused(given: Any) -> None:
    """By the schema as far as it has words; by the condition always, with a sentence of bounded length."""
    assert StandardValidator(SCHEMA).is_valid(given) is (given in REFUSED_BESIDES)
    assert _accepts(given) is False
    assert _reason(given).startswith("the input of an execution is not valid: ")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "expected an object, which is {} for an ordinary run; found: []"),
        ({"prune": "yes"}, 'prune: expected true or false; found: {"prune":"yes"}'),
        (
            {"month": 1, "version": 3},
            "unknown field month, expected one of: version, reprocess, datasets, months, parts, periods, prune, "
            "rebuild, from_now_on, drop_columns, accept, defer_tables, concurrent, from, started_by; "
            "version: expected the number 1; "
            'found: {"month":1,"version":3}',
        ),
        (
            {"datasets": [], "months": "2019"},
            "datasets: expected a list of names of data sets, each once, 256 characters together at most; "
            "months: expected a month or a range of months, as in '2019-01..2019-06', the earlier one first; "
            'found: {"datasets":[],"months":"2019"}',
        ),
    ],
)
def test_refused_input_is_explained(given: Any, reason: str) -> None:
    """Every field that is wrong, what belongs there, and what was found."""
    assert _reason(given) == f"the input of an execution is not valid: {reason}"


def test_an_explanation_is_short_whatever_was_found() -> None:
    """A cause has 32,768 characters at most, and a reader has less patience."""
    assert len(_reason({"x": "y" * 9000})) < 1500
    assert len(_reason({"x" * 100 + str(n): n for n in range(500)})) < 6000


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(randomness.times("inputs")))
def test_schema_and_condition_agree_on_random_input(attempt: int) -> None:
    """On fields for which the schema has all the words, one refuses exactly what the other refuses."""
    chooser = random.Random(f"{randomness.SEED}-inputs-{attempt}")
    pieces = [None, True, False, 0, 1, "", "a", "b-1", "2019-01", "2019-01..2019-02", [], {}]
    values = [*pieces, *pieces, ["a"], ["a", "b"], chooser.choices(pieces, k=chooser.randint(1, 3))]
    names = chooser.sample([*SCHEMA["properties"], "other"], chooser.randint(0, 3))
    given = {name: chooser.choice(values) for name in names}
    assert _accepts(given) is StandardValidator(SCHEMA).is_valid(given), given


@pytest.mark.parametrize(
    ("given", "texts"),
    [
        ({}, {"reprocess": "false", "datasets": "all", "months": "all", "prune": "false", "accept": "none"}),
        (
            {"reprocess": True, "datasets": ["yellow"], "months": "2019-01", "prune": True, "accept": ["a"]},
            {
                "reprocess": "true",
                "datasets": "yellow",
                "months": "2019-01",
                "prune": "true",
                "accept": "a",
            },
        ),
        (
            {"reprocess": False, "datasets": ["yellow", "green"], "accept": ["a", "b-c"]},
            {"reprocess": "false", "datasets": "yellow,green", "months": "all", "accept": "a,b-c"},
        ),
        ({"accept": []}, {"accept": "none", "defer_tables": "false", "started_by": "unknown"}),
        (
            {"defer_tables": True, "started_by": "a" * 300},
            {"defer_tables": "true", "started_by": "a" * 256},
        ),
        (
            {},
            {"parts": "all", "periods": "all"}
            | dict.fromkeys(("rebuild", "from_now_on", "drop_columns"), "none"),
        ),
        (
            {
                "parts": ["country=de", "country=fr"],
                "periods": "2024..2024-02",
                "rebuild": ["orders"],
                "from_now_on": ["a", "b"],
                "drop_columns": ["orders.status"],
            },
            {
                "parts": "country=de,country=fr",
                "periods": "2024..2024-02",
                "rebuild": "orders",
                "from_now_on": "a,b",
                "drop_columns": "orders.status",
            },
        ),
    ],
)
def test_jobs_are_given_text(given: dict[str, Any], texts: dict[str, str]) -> None:
    """Never empty, and the word for everything or nothing where a field is left out."""
    context = {"Execution": {"Input": given, "Name": "r"}}
    found = {name: evaluate(f"{{% {PLACEHOLDERS[name]} %}}", {"context": context}) for name in texts}
    assert found == texts
