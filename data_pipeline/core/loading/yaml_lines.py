"""YAML with the file and line of every value.

Scalars are read by the rules of YAML 1.2, as editors do: only ``true`` and ``false`` are booleans, ``on``,
``no``, ``12:30`` and ``2026-01-31`` are text, and digits are a number however many zeros they begin with.
Tags, second documents and keys that are no text are problems, each with its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

import yaml

from data_pipeline.core.problems import Path, Place, Problem, quoted

from . import yaml_nodes

#: more values than any configuration has: an alias that multiplies itself stops here.
MOST_VALUES = 20_000

_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    spelling: word == "true" for word in ("true", "false") for spelling in (word, word.title(), word.upper())
}
_INT = re.compile(r"[-+]?[0-9]{1,40}")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")

#: what stands for something else in YAML at the beginning of a value: braces before more text, and signs.
_UNQUOTED = re.compile(
    r"(?:[:-]\s+|[\[,]\s*)(?:(?=\{[^{}]*\}[^\s,}\]])|(?=\[[^\[\]]*\][^\s,}\]])|(?=[*&!%@`]))(.)"
)

#: a value that begins with a quoted text and goes on behind it.
_HALF_QUOTED = re.compile(r"[:-]\s+('[^']*'|\"[^\"]*\")\s*[^\s#,}\]'\"]")

_TAGS = {f"tag:yaml.org,2002:{kind}" for kind in ("str", "map", "seq")}

Scalar: TypeAlias = "str | int | float | bool | None"
Plain: TypeAlias = "Scalar | tuple[Plain, ...] | dict[str, Plain]"


@dataclass(frozen=True)
class Node:
    """A value, where it stands, and how it was spelt (``source``: the scalar's own characters)."""

    value: Scalar | tuple[Node, ...] | dict[str, Node]
    place: Place
    source: str = ""

    @property
    def keys(self) -> dict[str, Node]:
        """The children of a map; empty for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def plain(self) -> Plain:
        """The value without places: scalars, tuples and dicts."""
        if isinstance(self.value, dict):
            return {key: child.plain() for key, child in self.value.items()}
        if isinstance(self.value, tuple):
            return tuple(child.plain() for child in self.value)
        return self.value

    def at(self, path: Path) -> Node:
        """The deepest node along the path: the value itself, or the map or list that lacks it."""
        node: Node = self
        for part in path:
            children = node.value
            if isinstance(children, dict) and part in children:
                node = children[str(part)]
            elif isinstance(children, tuple) and isinstance(part, int) and part < len(children):
                node = children[part]
            else:
                break
        return node

    def walk(self, path: Path = ()) -> Iterator[tuple[Path, Node]]:
        """This node and all below it, each with its path."""
        yield path, self
        if isinstance(self.value, dict):
            for key, child in self.value.items():
                yield from child.walk((*path, key))
        elif isinstance(self.value, tuple):
            for index, child in enumerate(self.value):
                yield from child.walk((*path, index))


def read(content: bytes, file: str) -> tuple[Node | None, list[Problem]]:
    """The document in ``content`` and what is wrong in it; ``None`` when it is empty or cannot be read."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = f"the byte 0x{content[error.start]:02x}"
        return None, [Problem(Place(file, line), (), found, "text in UTF-8", "save the file as UTF-8")]
    try:
        return _build(text, file)
    except yaml.MarkedYAMLError as error:
        return None, [_syntax(error, text, file)]
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        found = f"the control character 0x{ord(text[error.position]):02x}"
        return None, [Problem(Place(file, line), (), found, "text", "remove the character")]
    except _RefusedError as refused:
        return None, [refused.problem]
    except RecursionError:
        return None, [Problem(Place(file, 1), (), "maps or lists nested hundreds deep", "a few levels")]


def merge(base: Node, over: Node) -> Node:
    """Maps deep, lists and scalars replaced, ``over`` wins; every value keeps the place that it came from."""
    if not (isinstance(base.value, dict) and isinstance(over.value, dict)):
        return over
    both = {
        key: merge(base.value[key], child) if key in base.value else child
        for key, child in over.value.items()
    }
    return Node({**base.value, **both}, base.place)


def _build(text: str, file: str) -> tuple[Node | None, list[Problem]]:
    try:
        root = yaml_nodes.compose(text)
    except yaml.composer.ComposerError as error:
        if error.context == "expected a single document in the stream" and error.problem_mark:
            place = Place(file, error.problem_mark.line + 1)
            return None, [Problem(place, (), "a second document", "one per file", "remove the line '---'")]
        raise
    if root is None:
        return None, []
    builder = _Builder(file)
    node = builder.node(root, (), Place(file, root.start_mark.line + 1))
    if node.value is None:
        return None, builder.problems
    return node, builder.problems


class _RefusedError(Exception):
    def __init__(self, problem: Problem) -> None:
        self.problem = problem


class _Builder:
    """PyYAML's nodes → ours, collecting problems on the way."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self.made = 0
        self.above: list[int] = []

    def node(self, raw: yaml.Node, path: Path, place: Place) -> Node:
        """``place`` is the line of the key (or the list's dash) that the value belongs to."""
        self.made += 1
        if self.made > MOST_VALUES or id(raw) in self.above:
            raise _RefusedError(
                Problem(place, path, "an alias that multiplies itself", "plain values", "write them out")
            )
        if raw.tag not in _TAGS:
            tag = raw.tag.replace("tag:yaml.org,2002:", "!!")
            self._problem(place, path, f"the tag {quoted(tag)}", "plain YAML", "remove the tag")
        self.above.append(id(raw))
        try:
            if isinstance(raw, yaml.MappingNode):
                return Node(self._map(raw, path), place)
            if isinstance(raw, yaml.SequenceNode):
                items = enumerate(raw.value)
                return Node(tuple(self.node(r, (*path, i), self._place_of(r)) for i, r in items), place)
            assert isinstance(raw, yaml.ScalarNode)
            return Node(_scalar(raw), self._place_of(raw), raw.value)
        finally:
            self.above.pop()

    def _map(self, raw: yaml.MappingNode, path: Path) -> dict[str, Node]:
        children: dict[str, Node] = {}
        first: dict[str, int] = {}
        for raw_key, raw_value in raw.value:
            place = self._place_of(raw_key)
            key = self._key(raw_key, path, place)
            if key is None:
                continue
            child = self.node(raw_value, (*path, key), place)
            if key in first:
                advice = f"remove this one or the one in line {first[key]}"
                self._problem(place, (*path, key), "the key a second time", "each key once", advice)
                continue
            first[key] = place.line
            children[key] = child
        return children

    def _key(self, raw: yaml.Node, path: Path, place: Place) -> str | None:
        if not isinstance(raw, yaml.ScalarNode):
            self._problem(
                place, path, "a list or map as a key", "a word", "a text that begins with { or [ needs quotes"
            )
            return None
        value = _scalar(raw)
        if isinstance(value, str):
            return value
        found = "a line without a key" if raw.value == "" else f"{raw.value} as a key"
        self._problem(place, path, found, "text", f'write "{raw.value}" in quotes' if raw.value else "")
        return None

    def _place_of(self, raw: yaml.Node) -> Place:
        return Place(self.file, raw.start_mark.line + 1)

    def _problem(self, place: Place, path: Path, found: str, expected: str, advice: str = "") -> None:
        self.problems.append(Problem(place, path, found, expected, advice))


def _scalar(raw: yaml.ScalarNode) -> Scalar:
    text: str = raw.value
    if raw.style:  # of a plain one None or, from libyaml, an empty text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text


def _syntax(error: yaml.MarkedYAMLError, text: str, file: str) -> Problem:
    """PyYAML's complaint in the report's shape, at the line that a reader has to mend."""
    ends = error.problem is not None and "end of stream" in error.problem
    mark = error.context_mark if ends and error.context_mark else error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1 if mark else 1)
    line = text.splitlines()[place.line - 1] if place.line <= len(text.splitlines()) else ""
    if mark and not ends and line[mark.column : mark.column + 1] == "\t":
        return Problem(place, (), "a tab", "spaces", "indent with spaces")
    found = f"YAML that cannot be read ({error.problem or error.context})"
    if special := _UNQUOTED.search(line):
        return Problem(place, (), found, "", f"put quotes around the text that begins with {special[1]}")
    if _HALF_QUOTED.search(line):
        return Problem(
            place, (), found, "", "a quote ends the text at its second sign: put quotes around the whole"
        )
    if re.search(r"[:\[,]\s*[^\s\[\]{},'\"#][^\[\]{},'\"#]*\{", line):
        return Problem(
            place, (), found, "", "put quotes around a text with braces that stands inside { } or [ ]"
        )
    if re.search(r"[{\[].*\([^()]*,[^()]*\)", line):
        return Problem(
            place, (), found, "", "put quotes around a text with a comma that stands inside { } or [ ]"
        )
    if "?" in line and re.search("[{\\[]", line):
        return Problem(place, (), found, "", "put quotes around a text with ? that stands inside { } or [ ]")
    return Problem(place, (), found, "", "look at the indentation and the quotes of this line")
