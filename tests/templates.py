"""Reading templates: CloudFormation's YAML as plain values, long form."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """YAML with CloudFormation's short-form functions; by libyaml, ten times as quick, where PyYAML has it."""


def _function(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    name = tag if tag in ("Ref", "Condition") else f"Fn::{tag}"
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        return {name: value.split(".", 1) if tag == "GetAtt" else value}
    assert isinstance(node, yaml.SequenceNode)
    return {name: loader.construct_sequence(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


def parse(text: str) -> dict[str, Any]:
    """A template's values; functions in their long form."""
    parsed: dict[str, Any] = yaml.load(text, _Loader)
    return parsed


def of_type(template: dict[str, Any], kind: str) -> dict[str, dict[str, Any]]:
    """Logical id → properties of the resources of one type."""
    found = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in found if resource["Type"] == kind}


def statements(template: dict[str, Any], role: str) -> dict[str, dict[str, Any]]:
    """Sid → statement of a role's permissions."""
    (policy,) = template["Resources"][role]["Properties"]["Policies"]
    found = policy["PolicyDocument"]["Statement"]
    by_sid = {statement["Sid"]: statement for statement in found}
    assert len(by_sid) == len(found)
    return by_sid


def text(value: Any) -> str:
    """A function's value as readable text: ``{"Fn::Sub": "arn:…"}`` unwrapped, pseudo parameters short."""
    if isinstance(value, dict) and "Fn::Sub" in value:
        value = value["Fn::Sub"][0] if isinstance(value["Fn::Sub"], list) else value["Fn::Sub"]
    elif isinstance(value, dict) and "Fn::GetAtt" in value:
        value = ".".join(value["Fn::GetAtt"])
    elif isinstance(value, dict) and "Ref" in value:
        value = value["Ref"]
    short = str(value).replace("${AWS::Partition}:", "p:").replace("${AWS::Region}:", "r:")
    return short.replace("${AWS::AccountId}:", "a:")
