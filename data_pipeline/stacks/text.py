"""A template as YAML for people: CloudFormation's short form, in the order in which it was built."""

from __future__ import annotations

from typing import Any

import yaml

_TAGS = {
    "Ref": "!Ref",
    "Fn::Sub": "!Sub",
    "Fn::FindInMap": "!FindInMap",
    "Fn::If": "!If",
    "Fn::Not": "!Not",
    "Fn::Equals": "!Equals",
}

_analysed: dict[str, yaml.emitter.ScalarAnalysis] = {}


class _Dumper(yaml.SafeDumper):
    """Block style, no aliases, short-form functions, strings in the style that needs least escaping."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - a template repeats itself rather than refer
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002
        super().increase_indent(flow, False)

    def analyze_scalar(self, scalar: str) -> yaml.emitter.ScalarAnalysis:
        """Kept: the same few words are all over every template."""
        if scalar not in _analysed:
            _analysed[scalar] = super().analyze_scalar(scalar)
        return _analysed[scalar]

    def choose_scalar_style(self) -> str:
        """Leave the argument of a short-form function unquoted where YAML can read it so."""
        event = self.event
        if isinstance(event, yaml.ScalarEvent) and (event.tag or "").startswith("!") and not event.style:
            self.analysis = self.analyze_scalar(event.value)
            if self.analysis.allow_flow_plain if self.flow_level else self.analysis.allow_block_plain:
                return ""
        return str(super().choose_scalar_style())


_SECTIONS = ("Description", "Parameters", "Mappings", "Conditions", "Resources", "Outputs")
_RESOURCE = ("Type", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties")


def to_yaml(template: dict[str, Any]) -> str:
    """The YAML of a template given as plain values (``Template.to_dict()``)."""
    resources = {name: _ordered(resource, _RESOURCE) for name, resource in template["Resources"].items()}
    ordered = {
        "AWSTemplateFormatVersion": "2010-09-09",
        **_ordered({**template, "Resources": resources}, _SECTIONS),
    }
    return yaml.dump(
        ordered, Dumper=_Dumper, sort_keys=False, width=10_000, allow_unicode=True, line_break="\n"
    )


def _ordered(values: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    """The same with these keys first, in this order; the others follow as they stand."""
    return {key: values[key] for key in (*first, *values) if key in values}


def _represent_dict(dumper: yaml.SafeDumper, data: dict[str, Any]) -> yaml.Node:
    if len(data) == 1:
        ((name, value),) = data.items()
        if name == "Fn::GetAtt":
            return dumper.represent_scalar("!GetAtt", ".".join(value))
        if name in _TAGS:
            return _tagged(dumper, _TAGS[name], value)
    return dumper.represent_dict(data)


def _tagged(dumper: yaml.SafeDumper, tag: str, value: Any) -> yaml.Node:
    if isinstance(value, list):
        return dumper.represent_sequence(tag, value, flow_style=not _nested(value))
    return dumper.represent_scalar(tag, value, style=_style(value))


def _nested(values: list[Any]) -> bool:
    return any(isinstance(value, dict) and "Ref" not in value for value in values)


def _represent_str(dumper: yaml.SafeDumper, data: str) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:str", data, style=_style(data))


def _style(text: str) -> str | None:
    """JSONata is full of single quotes: double ones spare their doubling, and a block spares both."""
    if not text.startswith("{%"):
        return None
    return "|" if '"' in text or "\\" in text else '"'


_Dumper.add_representer(dict, _represent_dict)
_Dumper.add_representer(str, _represent_str)
