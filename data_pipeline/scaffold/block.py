"""A proposal as lines of YAML, and a text as YAML writes it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from data_pipeline.core.config import column_types
from data_pipeline.core.config.column_types import Written
from data_pipeline.core.loading import yaml_lines
from data_pipeline.core.problems import RefusedError

from .proposal import Proposal, ProposedColumn

_WIDEST, _LONGEST_ABOUT = 44, 90
_PLAIN_IN_BRACES = re.compile("[A-Za-z_][A-Za-z0-9_.-]*")
_WORDS = frozenset(["true", "false", "null", "yes", "no", "on", "off", "y", "n"])


def lines(proposal: Proposal, step: str = "  ") -> list[str]:
    """The entry of the data set below ``datasets:``, from its own indentation on. ``step``: one more level."""
    content = proposal.content
    found = [f"{_in_braces(proposal.name)}:", *(_comment(step, each) for each in proposal.heading)]
    files = [scalar(pattern) for pattern in proposal.patterns]
    found += (
        [f"{step}files: {files[0]}"]
        if len(files) == 1
        else [f"{step}files:", *(f"{step}{step}- {f}" for f in files)]
    )
    found += [f"{step}{key}: {_value(value)}" for key, value in content.options.items()]
    found.append(f"{step}columns:")
    found += [f"{step}{step}{line}" for line in _columns(content.columns)]
    found += [_comment(step + step, f"left out: {each}") for each in content.left_out]
    return [*found, *(_comment(step, each) for each in proposal.candidates)]


def _columns(columns: Sequence[ProposedColumn]) -> Iterator[str]:
    written = [f"{_in_braces(each.name)}: {_column(each)}" for each in columns]
    width = min(_WIDEST, max(map(len, written)))
    for each, text in zip(columns, written, strict=True):
        yield f"{text:{width}}   # {_clean(each.about)}" if each.about else text


def _column(column: ProposedColumn) -> str:
    """The short form where it means the same, else a map."""
    type_ = f"{column.type}{'?' if column.nullable else ''}"
    if column.default is None and len(column.named) < 2 and "" not in column.named:
        short = " ".join([type_, *column.named])
        named = column.named[0] if column.named else ""
        if _reads_as(short, Written(column.type, column.nullable, named)):
            return scalar(short)
    keys = [f"type: {_in_braces(type_)}"]
    if column.named:
        names = [_in_braces(name) for name in column.named]
        keys.append(f"from: {names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}")
    if column.default is not None:
        keys.append(f"default: {_in_braces(column.default)}")
    return "{" + ", ".join(keys) + "}"


def _reads_as(text: str, wanted: Written) -> bool:
    try:
        return column_types.read(text) == wanted
    except RefusedError:
        return False


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_in_braces(str(each)) for each in value) + "]"
    return _quoted(str(value)) if not _PLAIN_IN_BRACES.fullmatch(str(value)) else scalar(str(value))


def scalar(text: str) -> str:
    """``text`` as a value of YAML: plain where that is read as the same text."""
    node, problems = yaml_lines.read(f"k: {text}".encode("utf-8", "replace"), "")
    same = not problems and node is not None and node.plain() == {"k": text} and text.lower() not in _WORDS
    return text if same and text.isprintable() else _quoted(text)


def _in_braces(text: str) -> str:
    return text if _PLAIN_IN_BRACES.fullmatch(text) and text.lower() not in _WORDS else _quoted(text)


def _quoted(text: str) -> str:
    """In double quotes."""
    return '"' + "".join(map(_character, text)) + '"'


def _character(sign: str) -> str:
    if sign in '"\\':
        return "\\" + sign
    if sign.isprintable():
        return sign
    return {"\t": "\\t", "\n": "\\n", "\r": "\\r"}.get(sign) or f"\\U{ord(sign):08x}"


def _comment(indent: str, text: str) -> str:
    return f"{indent}# {_clean(text, 200)}"


def _clean(text: str, most: int = _LONGEST_ABOUT) -> str:
    line = "".join(sign if sign.isprintable() else "?" for sign in text)
    return line if len(line) <= most else f"{line[: most - 1]}…"
