"""A template as YAML for people: CloudFormation's short form, in the order in which it was built.

Written here and not by PyYAML's dumper, which takes six times as long and writes the same: a template knows no
anchors, and how a scalar is quoted is asked of PyYAML once for each text.
"""

from __future__ import annotations

import io
import re
import sys
from functools import cache, lru_cache
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
#: a text that needs no quotes, whatever stands around it in block style: no colon or number sign that YAML minds.
_PLAIN = re.compile(r"(?:[A-Za-z/$]|--[a-z])(?:[!-9;-~]|:(?=[!-~])| (?!#))*(?<! )")
_DIGITS = re.compile(r"[1-9][0-9]*")
_PRINTABLE = re.compile(r"[ -~]*")
#: what YAML takes for the end of a line.
_BREAKS = frozenset("\n\x85\u2028\u2029")
#: words that YAML reads as something else than text, in any case of their letters.
_WORDS = frozenset(("yes", "no", "true", "false", "on", "off", "null"))
_SECTIONS = (
    "AWSTemplateFormatVersion",
    "Description",
    "Parameters",
    "Mappings",
    "Conditions",
    "Resources",
    "Outputs",
)
_RESOURCE = ("Type", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "Properties")


def to_yaml(template: dict[str, Any]) -> str:
    """The YAML of a template given as plain values (``Template.to_dict()``)."""
    resources = {name: _ordered(resource, _RESOURCE) for name, resource in template["Resources"].items()}
    ordered = _ordered({**template, "Resources": resources}, _SECTIONS)
    return _after(ordered, 0).removeprefix("\n") + "\n"


def _ordered(values: dict[str, Any], first: tuple[str, ...]) -> dict[str, Any]:
    """The same with these keys first, in this order; the others follow as they stand."""
    return {key: values[key] for key in (*first, *values) if key in values}


def _after(value: Any, indent: int) -> str:
    """What follows ``key:`` or a list's dash: a value in the same line, or lines that begin ``indent`` deep."""
    if function := _function(value):
        tag, inner = function
        if isinstance(inner, list):
            return f" {tag}{_after(inner, indent)}" if _nested(inner) else f" {tag} {_flow(inner)}"
        return f" {tag} {_scalar(inner, indent, tag)}"
    line = "\n" + " " * indent
    if value and isinstance(value, dict):
        return "".join(f"{line}{_key(key)}:{_after(each, indent + 2)}" for key, each in value.items())
    if value and isinstance(value, list):
        items = (_after(each, indent + 2) for each in value)
        # A map and a list begin in the line of the dash.
        return "".join(f"{line}- {item.removeprefix(line).lstrip(' ')}" for item in items)
    return f" {_flow(value)}" if isinstance(value, (dict, list)) else f" {_scalar(value, indent)}"


def _flow(value: Any) -> str:
    """A value in one line."""
    if function := _function(value):
        tag, inner = function
        return f"{tag} {_flow(inner) if isinstance(inner, list) else _scalar(inner, None, tag)}"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(key, flow=True)}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _scalar(value, None)


def _function(value: Any) -> tuple[str, Any] | None:
    """Tag and argument of a function that has a short form."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    ((name, inner),) = value.items()
    if name == "Fn::GetAtt":
        return "!GetAtt", ".".join(inner)
    return (_TAGS[name], inner) if name in _TAGS else None


def _nested(values: list[Any]) -> bool:
    return any(isinstance(value, dict) and "Ref" not in value for value in values)


def _scalar(value: Any, indent: int | None, tag: str = "") -> str:
    """A text, number, truth value or nothing; ``indent`` of its lines where it has several, None in one line."""
    if type(value) is int:
        return str(value)
    if isinstance(value, str) and indent is not None:
        if _is_plain(value):
            return value
        if _DIGITS.fullmatch(value) and not tag:
            return f"'{value}'"
        if _style(value) == '"' and _PRINTABLE.fullmatch(value):
            return f'"{value}"'
    first, *others = _as_pyyaml_writes(value, tag, indent is None).split("\n")
    return "\n".join([first, *(" " * (indent or 0) + line if line else line for line in others)])


def _key(key: str, *, flow: bool = False) -> str:
    return key if _is_plain(key) and not flow else _as_pyyaml_writes(key, "", True)


@cache
def _is_plain(text: str) -> bool:
    """Whether YAML surely reads the text as this text without quotes, outside of braces and brackets."""
    return _PLAIN.fullmatch(text) is not None and text.lower() not in _WORDS


def _style(text: str) -> str | None:
    """JSONata is full of single quotes: double ones spare their doubling, and a block spares both."""
    if not text.startswith("{%"):
        return None
    return "|" if '"' in text or "\\" in text else '"'


class _Dumper(yaml.SafeDumper):
    """Leaves the argument of a short-form function unquoted where YAML can read it so."""

    def choose_scalar_style(self) -> str:
        event = self.event
        if isinstance(event, yaml.ScalarEvent) and (event.tag or "").startswith("!") and not event.style:
            self.analysis = self.analyze_scalar(event.value)
            if self.analysis.allow_flow_plain if self.flow_level else self.analysis.allow_block_plain:
                return ""
        return str(super().choose_scalar_style())


@lru_cache(maxsize=None, typed=True)  # 1 is no true
def _as_pyyaml_writes(value: Any, tag: str, flow: bool) -> str:
    """The scalar as PyYAML writes it in a list, its lines after the first without their indentation."""
    scalar = yaml.SafeDumper(io.StringIO()).represent_data(value)
    assert isinstance(scalar, yaml.ScalarNode)
    if isinstance(value, str):
        breaks = _BREAKS if flow else _BREAKS - {"\n"}
        scalar.style = '"' if breaks & set(value) else _style(value)
    scalar.tag = tag or scalar.tag
    around = yaml.SequenceNode("tag:yaml.org,2002:seq", [scalar], flow_style=flow)
    text = yaml.serialize(around, Dumper=_Dumper, width=sys.maxsize, allow_unicode=True, line_break="\n")
    text = text[1:-2] if flow else text[2:-1].replace("\n  ", "\n")
    return text.removeprefix(tag).lstrip(" ") if tag else text
