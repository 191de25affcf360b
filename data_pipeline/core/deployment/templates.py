"""Reading a rendered template: just enough to know its resources and parameters."""

from __future__ import annotations

from typing import Any

import yaml

try:
    from yaml import CSafeLoader as _LibYAML
except ImportError:  # PyYAML built without libyaml
    from yaml import SafeLoader as _LibYAML  # type: ignore[assignment]


class _Meaning(yaml.constructor.SafeConstructor, yaml.resolver.Resolver):
    """YAML as CloudFormation reads it: short-form functions are plain values under the function's tag, times are
    texts, keys are texts and stand once.
    """

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if repeated := sorted({key for key in keys if keys.count(key) > 1}):
            what = f"an object has the key {', '.join(repeated)} twice"
            raise yaml.constructor.ConstructorError(None, None, what, node.start_mark)
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.tag != "tag:yaml.org,2002:merge":
                key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep)


class _Loader(_Meaning, yaml.SafeLoader):
    """Says where a text cannot be read, and stops where it is nested too deeply."""


class _QuickLoader(_Meaning, _LibYAML):
    """Ten times as quick, in C; a text that is nested a hundred thousand levels deep ends the process."""


def _function(loader: yaml.SafeLoader, tag: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        return {tag: loader.construct_scalar(node)}
    if isinstance(node, yaml.SequenceNode):
        return {tag: loader.construct_sequence(node, deep=True)}
    assert isinstance(node, yaml.MappingNode)
    return {tag: loader.construct_mapping(node, deep=True)}


_Meaning.add_multi_constructor("!", _function)
_Meaning.yaml_implicit_resolvers = {
    first: [(tag, form) for tag, form in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def read(body: str) -> dict[str, Any]:
    """A template's sections as plain values."""
    template: dict[str, Any] = yaml.load(body, _Loader)  # noqa: S506 - a SafeLoader with more tags
    return template


def read_rendered(body: str) -> dict[str, Any]:
    """The same of a template that was rendered here, not by somebody else."""
    template: dict[str, Any] = yaml.load(body, _QuickLoader)  # noqa: S506 - a SafeLoader with more tags
    return template


def parameters(template: dict[str, Any]) -> list[str]:
    """The names of the parameters that it asks for."""
    return list(template.get("Parameters", {}))
