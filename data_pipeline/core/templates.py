"""Reading a rendered template: just enough to know its resources and parameters."""

from __future__ import annotations

from typing import Any

import yaml


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short-form functions, read as plain values under the function's tag."""


def _function(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {tag: loader.construct_mapping(node, deep=True)}


_Loader.add_multi_constructor("!", _function)


def read(body: str) -> dict[str, Any]:
    """A template's sections as plain values."""
    template: dict[str, Any] = yaml.load(body, _Loader)  # noqa: S506 - a SafeLoader with more tags
    return template


def parameters(template: dict[str, Any]) -> list[str]:
    """The names of the parameters that it asks for."""
    return list(template.get("Parameters", {}))
