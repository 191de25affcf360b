"""The YAML of templates."""

from __future__ import annotations

from typing import Any

import pytest

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
    assert parsed == {"AWSTemplateFormatVersion": "2010-09-09", **template}
    assert [*parsed["Outputs"]["O"]] == ["Z", "A", "M"]
    assert text.index("Resources:") < text.index("Outputs:")
    assert text.index("Type: T") < text.index("Properties:")
