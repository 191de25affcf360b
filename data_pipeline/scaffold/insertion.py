"""A data set's lines into the text of ``pipeline.yaml``, of which everything else stays byte for byte."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import yaml

from data_pipeline.core.errors import UserError
from data_pipeline.core.loading import yaml_lines

FILE = "config/pipeline.yaml"
Lines = Callable[[str], Sequence[str]]
"""One more level of indentation → the lines of a data set, from its own indentation on."""


def inserted(content: bytes, name: str, lines: Lines) -> bytes:
    """``content`` with the data set ``name`` at the end of ``datasets:``, which is added where it is not there.

    UserError if it has that data set, or cannot take it so that all else means the same.
    """
    text = content.decode("utf-8-sig")
    before = _plain(content)
    there = before.get("datasets")
    if there is not None and not isinstance(there, dict):
        raise UserError(
            f"{FILE}: found datasets that are no map, expected one data set a line; nothing was changed"
        )
    if there and name in there:
        raise UserError(
            f"{FILE}: found a data set {name} already, expected a new name; "
            "name another one, or remove that one first; nothing was changed"
        )
    newline = "\r\n" if "\r\n" in text else "\n"
    rows = text.splitlines(keepends=True)
    at, indent, step = _place(text, rows)
    made = [f"{indent}{line}".rstrip() for line in lines(step)]
    if at is None:
        at = len(rows)
        made = ["", "datasets:", *made]
    if at and not rows[at - 1].endswith(("\n", "\r")):
        made = ["", *made] if made[0] else [made[0], *made]
        joined = newline.join(made)
    else:
        joined = newline.join(made) + newline
    whole = "".join([*rows[:at], joined, *rows[at:]])
    mark = content[: len(content) - len(text.encode())]
    result = mark + whole.encode()
    _refuse_other_meaning(before, _plain(result), name)
    return result


def _plain(content: bytes) -> dict[str, yaml_lines.Plain]:
    node, problems = yaml_lines.read(content, FILE)
    if problems:
        raise UserError(f"{problems[0]}; nothing was changed")
    plain = node.plain() if node else {}
    if not isinstance(plain, dict):
        raise UserError(f"{FILE}:1: found no map, expected 'key: value' lines; nothing was changed")
    return plain


def _place(text: str, rows: Sequence[str]) -> tuple[int | None, str, str]:
    """Before which line the block goes (None: at the end, below a new key), its indentation and one more level."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    if not isinstance(root, yaml.MappingNode) or root.flow_style:
        raise _braces()
    step = _step(root)
    for at, (key, value) in enumerate(root.value):
        if key.value != "datasets":
            continue
        after = root.value[at + 1][0].start_mark.line if at + 1 < len(root.value) else len(rows)
        if (
            isinstance(value, yaml.MappingNode)
            and value.value
            and not value.flow_style
            and value.start_mark.line > key.start_mark.line
        ):
            column = value.value[0][0].start_mark.column
            return (
                _behind(rows, key.start_mark.line + 1, after, column),
                " " * column,
                _inner(value, column, step),
            )
        if isinstance(value, yaml.ScalarNode) and not value.value and value.style is None:
            return key.start_mark.line + 1, step, step
        raise _braces()
    return None, step, step


def _braces() -> UserError:
    return UserError(
        f"{FILE}: found datasets in braces or as an alias, expected one data set a line; write them so first; "
        "nothing was changed"
    )


def _step(root: yaml.MappingNode) -> str:
    """How the file indents: as its first map inside a map."""
    for _, value in root.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style and value.value:
            return " " * max(1, int(value.value[0][0].start_mark.column))
    return "  "


def _inner(datasets: yaml.MappingNode, column: int, step: str) -> str:
    """One more level, as the first data set has it."""
    for _, value in datasets.value:
        if isinstance(value, yaml.MappingNode) and not value.flow_style and value.value:
            return " " * max(1, int(value.value[0][0].start_mark.column) - column)
    return step


def _behind(rows: Sequence[str], first: int, after: int, column: int) -> int:
    """Behind the last line of the data sets: blank lines, and comments further to the left, belong to what follows."""
    at = after
    while at > first:
        row = rows[at - 1]
        bare = row.strip()
        indented = len(row) - len(row.lstrip(" "))
        if bare and bare not in ("...", "---") and not (bare.startswith("#") and indented < column):
            break
        at -= 1
    return at


def _refuse_other_meaning(
    before: dict[str, yaml_lines.Plain], after: dict[str, yaml_lines.Plain], name: str
) -> None:
    datasets = after.get("datasets")
    kept = (
        {key: value for key, value in datasets.items() if key != name} if isinstance(datasets, dict) else None
    )
    same = {**after, "datasets": kept or before.get("datasets")}
    expected = {**before, "datasets": before.get("datasets") or kept or None}
    if (
        not isinstance(datasets, dict)
        or name not in datasets
        or {**same, "datasets": same["datasets"] or None} != expected
    ):
        raise UserError(
            f"{FILE}: found no place for a data set that leaves all else as it is, expected 'datasets:' with one data "
            "set a line; write it so first; nothing was changed"
        )
