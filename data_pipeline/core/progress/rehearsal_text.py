"""What ``try`` has found, for people: plain lines of at most 80 columns; pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Sequence
from typing import Any

from data_pipeline.etl.documents import rules
from data_pipeline.etl.documents.rehearsal import File, Rehearsal, Rule, Table

WIDTH = 80
FILES = 20
"""Files of which each has a line; the others are added up."""
EXAMPLES = 3
"""Refused rows of a reason that are shown."""
_HINTS = {"not-timestamptz": "if these times have no offset: name their `timezone` in the data set"}
"""Reason → what mostly mends it."""
_SIDE = "  "
_OUTCOMES = {"holds": "holds", "warns": "WARNS", "fails": "FAILS", "nothing": "nothing to judge"}


def lines(found: Rehearsal) -> list[str]:
    """The whole report."""
    sections = [
        _files(found),
        _first_rows(found["table"]),
        _refused(found),
        _checks(found),
        _made(found),
        _rules(found),
        _not_read(found),
        _end(found),
    ]
    return [line for section in sections for line in (*section, "") if section][:-1]


def _files(found: Rehearsal) -> list[str]:
    """A line for each file, those first that have anything wrong, and the sum of all."""
    weighed = sorted(found["files"], key=lambda file: (file["error"] is None, not file["rows"]["refused"]))
    shown = sorted(weighed[:FILES], key=lambda file: file["path"])
    rows = [_counted(file["path"], [file]) for file in shown]
    if weighed[FILES:]:
        rows.append(_counted(f"{len(weighed) - FILES:,} more files", weighed[FILES:]))
    if not rows:
        return []
    number = "1 file" if len(found["files"]) == 1 else f"{len(found['files']):,} files"
    made = _aligned([["file", "rows read", "accepted", "refused"], *rows, _counted(number, found["files"])])
    result = [made[0]]
    for line, file in zip(made[1:], [*shown, *[None] * 2], strict=False):
        result.append(line)
        if file and file["error"]:
            result += _wrapped(f"unreadable: {file['error']}", _SIDE)
    if found["left_out"]:
        left = "1 file is" if found["left_out"] == 1 else f"{found['left_out']:,} files are"
        result.append(f"not all was read: {left} left out by --file, for rules and tables, too")
    return result


def _counted(label: str, files: Sequence[File]) -> list[str]:
    if all(file["error"] for file in files):
        return [label, "-", "-", "-"]
    counts = ("read", "accepted", "refused")
    return [label, *(f"{sum(file['rows'][key] for file in files):,}" for key in counts)]  # type: ignore[literal-required]


def _first_rows(table: Table) -> list[str]:
    """The first rows, by column."""
    if not table["first_rows"]:
        return []
    number = len(table["first_rows"])
    return [f"first {number} of {_rows(table['rows'])} of {table['name']}", *_columns(table, _SIDE)]


def _columns(table: Table, side: str, shown: int | None = None) -> list[str]:
    """A line for each column, or for the first ``shown``, with its type and its first values."""
    columns = table["columns"][:shown]
    names = [_cut(name, 24) for name, _ in columns]
    types = [_cut(kind, 20) for _, kind in columns]
    wide, typed = max(map(len, names)), max(map(len, types))
    found = []
    for name, kind, (column, _) in zip(names, types, columns, strict=True):
        values = ", ".join(_value(row.get(column)) for row in table["first_rows"])
        found.append(_cut(f"{side}{name:<{wide}}  {kind:<{typed}}  {values}", WIDTH).rstrip())
    return found


def _refused(found: Rehearsal) -> list[str]:
    """Each reason with its number of rows, its columns and a few of them."""
    result = []
    for reason, number in sorted(found["reasons"].items(), key=lambda each: (-each[1], each[0])):
        rows = [row for row in found["refused"] if row["reason"] == reason]
        columns = list(dict.fromkeys(row["column"] for row in rows if row["column"]))
        about = f" in {', '.join(columns)}" if columns else ""
        result += _wrapped(f"{reason}{about}: {_rows(number)}", _SIDE)
        for row in rows[:EXAMPLES]:
            where = f"{_SIDE * 2}{_tail(row['path'], 40)} row {row['row']:,}"
            raw = "" if row["raw"] is None else f": {_printable(row['raw'])}"
            result.append(_cut(f"{where}{raw}", WIDTH))
        result += [f"{_SIDE * 2}{_HINTS[reason]}"] if reason in _HINTS else []
    if not result:
        return []
    withheld = " (personal data: without their text)" if found["private"] else ""
    return [f"refused: {_rows(found['rows']['refused'])}{withheld}", *result]


def _checks(found: Rehearsal) -> list[str]:
    if not found["checks"]:
        return []
    rows = [
        [_cut(check["name"], 36), f"{check['refused']:,}", " ".join(check["sql"].split())]
        for check in found["checks"]
    ]
    return _aligned([["check", "refuses", ""], *rows], last=True)


def _made(found: Rehearsal) -> list[str]:
    """What the data set's SQL or transform makes of its rows, and the tables that follow."""
    result = []
    if found["sql"]:
        accepted = found["rows"]["accepted"]
        result.append(
            f"made: {found['dataset']} has {_rows(found['table']['rows'])} of {_rows(accepted)} that are accepted"
        )
    for table in found["tables"]:
        result += _wrapped(f"table {table['name']}: {_state(table)}", "")
        if not table["first_rows"]:
            continue
        result += _columns(table, _SIDE * 2, EXAMPLES)
        more = len(table["columns"]) - EXAMPLES
        if more > 0:
            result.append(f"{_SIDE * 2}and {more} more column{'s' * (more > 1)}")
    return result


def _state(table: Table) -> str:
    if table["error"]:
        return f"it cannot be made: {table['error']}"
    if table["missing"]:
        return f"not made, since there are no rows of {', '.join(table['missing'])} here"
    held = table["held_by"]
    mine = "its own rules" if table["name"] in held else f"the rules of {', '.join(held)}"
    return f"{_rows(table['rows'])}{f'; a run holds it back by {mine}' if held else ''}"


def _rules(found: Rehearsal) -> list[str]:
    if not found["rules"]:
        return []
    several = len({rule["of"] for rule in found["rules"]}) > 1
    rows = [["rule", "limit", "found", ""]]
    notes = []
    for rule in found["rules"]:
        name = f"{rule['of']}: {rule['rule']}" if several else rule["rule"]
        limit = f"{rule['severity']} {_measured(rule, rule['limit'])}"
        value = "" if rule["value"] is None else _measured(rule, rule["value"])
        rows.append([_cut(name, 36), limit, value, _OUTCOMES[rule["outcome"]]])
        notes.append(_where(rule))
    result = []
    made = _aligned(rows, last=True)
    for line, note in zip(made, ["", *notes], strict=True):
        result.append(line)
        result += _wrapped(note, _SIDE) if note else []
    return result


def _where(rule: Rule) -> str:
    """Of a rule that does not hold: where, or an example."""
    if rule["outcome"] not in ("warns", "fails"):
        return ""
    if not rule["source"] or rule["source"] == rule["of"]:
        return rule["note"]
    more = rule["breaches"] - 1
    return f"{rule['source']}{f' and {more:,} more' if more > 0 else ''}"


def _measured(rule: Rule, value: float) -> str:
    kind = rules.KINDS.get(rule["rule"].partition("(")[0])
    return rules.measured(value, kind.unit if kind else rules.NUMBER)


def _not_read(found: Rehearsal) -> list[str]:
    """Files of the folder that are not in the accounts, and columns that are not loaded."""
    result = []
    for text in found["waiting"]:
        result += _wrapped(f"held back: {text}", "")
    if found["unclaimed"]:
        number = "1 file" if found["unclaimed"] == 1 else f"{found['unclaimed']:,} files"
        result.append(f"no data set claims {number}, which a run ignores:")
        for file in found["unclaimed_files"]:
            near = f" (nearest: {file['nearest']} of {file['of']})" if file["nearest"] else ""
            result += _wrapped(f"{file['path']}{near}", _SIDE)
        more = found["unclaimed"] - len(found["unclaimed_files"])
        result += [f"{_SIDE}and {more:,} more"] if more else []
    others = [
        f"{name} {number:,}{' (read for its tables)' if name in found['also_read'] else ''}"
        for name, number in found["others"].items()
    ]
    if others:
        result += _wrapped(f"files of other data sets: {', '.join(others)}", "")
    for text in found["messages"]:
        result += _wrapped(text, "")
    return result


def _end(found: Rehearsal) -> list[str]:
    if found["passed"]:
        warned = sum(rule["outcome"] == "warns" for rule in found["rules"])
        with_ = f", with {warned} warning{'s' * (warned > 1)}" if warned else ""
        return [
            f"a run would publish this{with_}"
            if found["files"]
            else "a run would load nothing of this folder"
        ]
    broken = []
    for rule in found["rules"]:
        if rule["outcome"] == "fails":
            value, limit = rules.compared(rule["rule"], rule["value"] or 0, rule["limit"])
            broken.append(f"{rule['rule']} of {rule['of']} is {value}, the limit is {limit}")
    result = []
    for text in [*found["errors"], *broken]:
        result += _wrapped(f"a run would fail: {text}", "")
    if found["accept"]:
        options = " ".join(f"--accept {name}" for name in found["accept"])
        result += _wrapped(f"after that run, this lets through what it has found: {options}", "")
    return result


def _aligned(rows: Sequence[Sequence[str]], last: bool = False) -> list[str]:
    """Columns side by side: numbers to the right of the first, which is cut in front where the line would be too long.
    With ``last`` all are to the left, and the last is cut behind.
    """
    widths = [max(len(row[n]) for row in rows) for n in range(len(rows[0]))]
    cut = len(widths) - 1 if last else 0
    room = WIDTH - 2 * (len(widths) - 1) - sum(width for n, width in enumerate(widths) if n != cut)
    widths[cut] = min(widths[cut], max(room, 12))
    return ["  ".join(_cell(text, n, widths[n], last) for n, text in enumerate(row)).rstrip() for row in rows]


def _cell(text: str, number: int, width: int, last: bool) -> str:
    if last:
        return _cut(text, width).ljust(width)
    return _tail(text, width).ljust(width) if number == 0 else text.rjust(width)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"


def _value(value: Any) -> str:
    """A value of a row: null, a text in one line, or JSON."""
    if value is None:
        return "null"
    return _cut(_printable(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)), 40)


def _printable(text: str) -> str:
    """In one line, without what a terminal would obey."""
    return "".join(char if char.isprintable() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 1]}…"


def _tail(text: str, width: int) -> str:
    """A path, cut in front."""
    return text if len(text) <= width else f"…{text[len(text) - width + 1 :]}"


def _wrapped(text: str, side: str) -> list[str]:
    """Lines with ``side`` in front, those after the first further in."""
    return textwrap.wrap(
        _printable(text),
        WIDTH,
        initial_indent=side,
        subsequent_indent=f"{side}{_SIDE}",
        break_on_hyphens=False,
    )
