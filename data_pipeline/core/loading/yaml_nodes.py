"""YAML as PyYAML's nodes, each scalar as it is spelt: read by libyaml where it reads as PyYAML does."""

from __future__ import annotations

import re
from typing import Any

import yaml

try:
    from yaml import CSafeLoader
except ImportError:  # PyYAML built without libyaml
    CSafeLoader = None  # type: ignore[assignment, misc]

#: what libyaml takes and PyYAML does not, or takes otherwise: tabs, tags, line ends and byte order marks of Unicode,
#: complex keys, and comments right behind the sign of a block of text.
_READ_OTHERWISE = re.compile(r"[\t!\x85\u2028\u2029\ufeff]|^[\s-]*\?|[|>][-+0-9]*#", re.MULTILINE)


class _Loader(yaml.SafeLoader):
    """In Python: says what is wrong in words of its own."""

    yaml_implicit_resolvers = {}  # noqa: RUF012  (PyYAML declares it so)


def compose(text: str) -> yaml.Node | None:
    """The one document in ``text``; ``None`` when it is empty. Raises ``yaml.YAMLError`` as PyYAML does.

    libyaml reads ten times as quick. Where it refuses a text, PyYAML says why.
    """
    return by_libyaml(text) or by_python(text)


def by_python(text: str) -> yaml.Node | None:
    """The document as PyYAML's own reader composes it."""
    return _composed(_Loader(text))


def by_libyaml(text: str) -> yaml.Node | None:
    """The same document by libyaml; ``None`` where the text is left to PyYAML, and where libyaml is not there."""
    if CSafeLoader is None or _READ_OTHERWISE.search(text):
        return None
    try:
        root = _composed(_by_events(text))
    except yaml.YAMLError:
        return None
    return None if root is None or _has_question_in_flow(root) else root


def _by_events(text: str) -> Any:
    """libyaml's events, composed in Python: its own composer ends the process on a text nested too deeply."""

    class QuickLoader(yaml.composer.Composer, CSafeLoader):
        yaml_implicit_resolvers = _Loader.yaml_implicit_resolvers

        def __init__(self) -> None:
            CSafeLoader.__init__(self, text)
            yaml.composer.Composer.__init__(self)

    return QuickLoader()


def _composed(loader: Any) -> yaml.Node | None:
    try:
        root: yaml.Node | None = loader.get_single_node()
        return root
    finally:
        loader.dispose()


def _has_question_in_flow(root: yaml.Node) -> bool:
    """Whether an unquoted text inside of { } or [ ] holds a question mark, at which PyYAML ends it."""
    waiting, seen = [(root, False)], set()
    while waiting:
        node, in_flow = waiting.pop()
        if isinstance(node, yaml.ScalarNode):
            if in_flow and not node.style and "?" in node.value:
                return True
        elif (id(node), in_flow) not in seen:  # an alias may stand for what is around it
            seen.add((id(node), in_flow))
            assert isinstance(node, yaml.CollectionNode)
            pairs = node.value if isinstance(node, yaml.MappingNode) else [node.value]
            waiting += [(child, in_flow or bool(node.flow_style)) for pair in pairs for child in pair]
    return False
