"""The YAML of templates."""

from __future__ import annotations

import random
from typing import Any

import pytest
from randomness import SEED, times

import templates
from data_pipeline.stacks.text import to_yaml


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"Ref": "Bucket"}, "!Ref Bucket"),
        ({"Ref": "AWS::Region"}, "!Ref AWS::Region"),
        ({"Fn::GetAtt": ["Role", "Arn"]}, "!GetAtt Role.Arn"),
        ({"Fn::Sub": "s3://${Bucket}/a/*"}, "!Sub s3://${Bucket}/a/*"),
        (
            {"Fn::FindInMap": ["Map", {"Ref": "AWS::Region"}, "Key"]},
            "!FindInMap [Map, !Ref 'AWS::Region', Key]",
        ),
        ({"Fn::Equals": [{"Ref": "X"}, ""]}, "!Equals [!Ref X, '']"),
        ("{% $a & 'b' %}", "\"{% $a & 'b' %}\""),
        ("no", "'no'"),
        ("2012-10-17", "'2012-10-17'"),
        (True, "true"),
    ],
)
def test_values_are_written_for_people(value: Any, written: str) -> None:
    """Functions in short form, JSONata without doubled quotes; quotes where YAML would see another type."""
    assert f"  Value: {written}\n" in to_yaml({"Resources": {}, "Outputs": {"Value": value}})


def test_the_text_says_what_the_template_says() -> None:
    """Read back, every function and awkward string is the same, and the order is kept."""
    values = {
        "Z": '{% "it\'s" & $match(x, /"a\\d"/) %}',
        "A": {"Fn::If": ["C", {"Fn::Sub": ["${X}", {"X": {"Ref": "R"}}]}, {"Fn::GetAtt": ["A", "B.C"]}]},
        "M": [
            "",
            "*",
            "a: b",
            "# c",
            "x\ny\n",
            "ü",
            0.0625,
            None,
            {},
            [],
            {"Fn::Not": [{"Fn::Equals": [1, 2]}]},
        ],
    }
    template = {"Outputs": {"O": values}, "Resources": {"R": {"Properties": values, "Type": "T"}}}
    text = to_yaml(template)
    parsed = templates.parse(text)
    assert parsed == template
    assert [*parsed["Outputs"]["O"]] == ["Z", "A", "M"]
    assert text.index("Resources:") < text.index("Outputs:")
    assert text.index("Type: T") < text.index("Properties:")


_AWKWARD = [
    "{%",
    "%}",
    "a",
    "Z",
    "1",
    "0",
    " ",
    "  ",
    ":",
    ": ",
    "#",
    " #",
    "-",
    "--",
    "?",
    "!",
    "&",
    "*",
    "|",
    ">",
    "'",
]
_AWKWARD += [
    '"',
    "%",
    "@",
    "`",
    "\\",
    "/",
    "$",
    "${X}",
    "{",
    "}",
    "[",
    "]",
    ",",
    "\n",
    "\n ",
    "\t",
    "ü",
    "\u2028",
    "\x07",
    "no",
]
_AWKWARD += ["Null", "~", "=", "<<", "12:30", "1e3", ".5", "---", "...", "2026-01-31", "true"]


def _random_text(choose: random.Random) -> str:
    return "".join(choose.choices(_AWKWARD, k=choose.randrange(5)))


def _random_value(choose: random.Random, depth: int) -> Any:
    kind = choose.randrange(9 if depth else 5)
    if kind < 4:
        return _random_text(choose)
    if kind == 4:
        return choose.choice([True, False, None, 0, -1, 7, 10**12, 0.25])
    inside = [_random_value(choose, depth - 1) for _ in range(choose.randrange(4))]
    if kind == 5:
        return {choose.choice(["Ref", "Fn::Sub"]): _random_text(choose)}
    if kind == 6:
        return {choose.choice(["Fn::If", "Fn::Equals", "Fn::Sub"]): inside}
    keys = ["".join(choose.choices(_AWKWARD, k=3)) for _ in inside]
    return inside if kind == 7 else dict(zip(keys, inside, strict=True))


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("texts")))
def test_any_value_is_read_back_as_it_was(attempt: int) -> None:
    """Whatever YAML could take for something else, at any place: alone, in a list, as a key, in a function."""
    choose = random.Random(f"{SEED}-text-{attempt}")
    for _ in range(10):
        value = {"A": [_random_value(choose, 3) for _ in range(3)], "B": {"C": _random_value(choose, 3)}}
        parsed = templates.parse(to_yaml({"Resources": {}, "Outputs": value}))
        assert parsed["Outputs"] == value
