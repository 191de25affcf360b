"""Quality rules: their names, their limits, and how a project writes them.

A data set or a table has a map ``rules``. A key is a rule, with the columns that it is about in brackets; its value is
``fail LIMIT`` (nothing is published that breaks it), ``warn LIMIT`` (it leaves a message) or ``off``::

    rules:
      quarantined-share: fail 0.05
      null-share(amount): fail 0.01
      unique(order_id, line): fail
      accepted(status, [new, paid, 'sent, late']): warn
      freshness: warn 2 days
      freshness(ordered_at): fail 36 hours
      future-times(ordered_at): fail 0
      drift: warn 0.25
      shipped-early: fail 0 SELECT count(*) FROM orders WHERE shipped_at < ordered_at

- Without LIMIT, the rule's own holds. It is a number from 0, and one from 0 to 1 where it is a share or a ratio. The
  limit of ``freshness`` is ``N minutes``, ``N hours`` or ``N days``.
- In brackets stand columns of what is published. ``accepted`` has a list of values behind its column; a value with a
  comma, a bracket or an apostrophe stands in apostrophes, of which one inside is doubled.
- Some rules have a default, which holds where they are not written: ``KINDS``. A rule that needs a period in the file
  pattern, files, or a ``series`` has none where that is missing; to write it there is an error.
- A series is ``series: {time: COLUMN, step: 15 minutes, by: [COLUMN], weight: COLUMN, values: [COLUMN]}``: ``step`` is
  the length of a window, which divides a day or is one; ``by``, ``weight`` and
  ``values`` may be left out. ``period`` is what is compared with those before it: a month, unless it says
  ``hour``, ``day`` or ``year``.
- A name that is no rule's is a rule of one's own: a SELECT that returns one number, over the rows that are to be
  published under the name of their data set or table. Above LIMIT it is broken.

Standard library alone, Python 3.9: the tool checks with it, the jobs judge with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from . import types

NUMBER, SHARE, RATIO, AGE = "number", "share", "ratio", "age"
FILES, PERIOD, SERIES = "files", "period", "series"
_SEVERITIES = ("fail", "warn", "off")
_HOURS = {"minute": 1 / 60, "hour": 1.0, "day": 24.0}
_TIMES = ("date", "timestamp", "timestamptz")
_LISTED = ("boolean", "int", "long", "date", "string")
_WHOLE = re.compile(r"0|-?[1-9][0-9]*")
_WRITTEN = {
    "boolean": re.compile("true|false"),
    "int": _WHOLE,
    "long": _WHOLE,
    "date": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}"),
}
_AS = {"boolean": "true or false", "int": "7", "long": "7", "date": "2026-01-31"}
_OWN_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_KEY = re.compile(r"\s*([^()\s]+)\s*(?:\((.*)\))?\s*", re.DOTALL)
_QUERY = re.compile(r"(?:select|with|from)\b", re.IGNORECASE)
_ITEM = re.compile(r"\s*(?:'((?:[^']|'')*)'|([^,\[\]()']+?))\s*(,|$)")


class RuleError(ValueError):
    """A text is no rule; the message says what was found and what is meant."""


@dataclass(frozen=True)
class Kind:
    """A rule as the tool knows it. ``default``: what holds where it is not written, or ``off``; ``limit``: the LIMIT
    that stands for none; ``unit``: NUMBER, SHARE, RATIO or AGE (in hours); ``about``: what LIMIT is; ``columns``:
    ``none``, ``one``, ``some``, ``optional`` or ``values`` (a column and a list); ``needs``: FILES, PERIOD, SERIES or
    nothing.
    """

    default: str
    limit: float
    unit: str
    about: str
    columns: str = "none"
    needs: str = ""


KINDS: Mapping[str, Kind] = {
    "quarantined-share": Kind(
        "warn", 0.05, SHARE, "most of a file's rows that may be in quarantine", "none", FILES
    ),
    "unreadable-files": Kind(
        "fail",
        0,
        NUMBER,
        "most files that may be unreadable, or have several rows of which all are refused",
        "none",
        FILES,
    ),
    "rows-of-earlier-issue": Kind(
        "warn",
        0.5,
        RATIO,
        "least rows of a file that was issued again against the issue before; 1/LIMIT is the most",
        "none",
        FILES,
    ),
    "rows-of-median": Kind(
        "warn",
        0.2,
        RATIO,
        "least rows of a period against the median of the periods before, for each series; 1/LIMIT is the most",
        "none",
        PERIOD,
    ),
    "missing-windows": Kind(
        "warn", 0.5, SHARE, "most of a period's windows that may be without rows", "none", SERIES
    ),
    "more-missing-windows": Kind(
        "warn",
        0.1,
        SHARE,
        "most that a period's share of windows without rows may be above that of the periods before",
        "none",
        SERIES,
    ),
    "drift": Kind(
        "warn",
        0.25,
        NUMBER,
        "most that a distribution of a period may differ from the periods before, as a population stability index",
        "none",
        SERIES,
    ),
    "null-share": Kind("off", 0, SHARE, "most of the rows that may be null in the column", "one"),
    "unique": Kind("off", 0, NUMBER, "most rows that may repeat the columns' values of another row", "some"),
    "accepted": Kind("off", 0, NUMBER, "most rows with another value in the column; null is none", "values"),
    "freshness": Kind(
        "off",
        48,
        AGE,
        "most age of the newest value of the time column or, without one, of the end of the newest period",
        "optional",
    ),
    "future-times": Kind("off", 0, NUMBER, "most rows with a time that is more than a day ahead", "one"),
}


@dataclass(frozen=True)
class Rule:
    """``name`` of ``KINDS`` or of one's own; ``severity``: ``fail``, ``warn`` or ``off``; ``limit``: an AGE in hours;
    ``values``: the listed ones; ``query``: the SELECT of a rule of one's own.
    """

    name: str
    severity: str
    limit: float
    columns: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    query: str = ""

    @property
    def key(self) -> str:
        """What stands before the colon, always written the same way: by this, a run names and accepts the rule."""
        listed = [f"[{', '.join(map(_item, self.values))}]"] if self.values else []
        inside = ", ".join([*map(_item, self.columns), *listed])
        return f"{self.name}({inside})" if inside else self.name

    @property
    def own(self) -> bool:
        return bool(self.query)


def parse(key: str, text: str) -> Rule:
    """The rule that ``key: text`` spells. RuleError says what is wrong with it."""
    name, inside = _key(key)
    severity, rest = _word(text.strip())
    if severity not in _SEVERITIES:
        raise RuleError(f"{key}: {text!r} is not fail LIMIT, warn LIMIT or off")
    kind = KINDS.get(name)
    if kind is None:
        return _own(name, inside, severity, rest)
    columns, values = _columns(name, kind.columns, inside)
    if severity == "off" and rest:
        raise RuleError(f"{key}: off has no limit, but {rest!r} follows it")
    return Rule(name, severity, _limit(key, kind, rest), columns, values)


def effective(given: Mapping[str, str], *, files: bool, period: bool, series: bool) -> tuple[Rule, ...]:
    """The rules that hold, in order: those that are written, and the defaults of the others as far as there is what
    they need: ``files`` (a data set, no table), a ``period`` in its file pattern, a ``series``.
    """
    there = {"": True, FILES: files, PERIOD: files and period, SERIES: series}
    written = {rule.key: rule for rule in (parse(key, text) for key, text in given.items())}
    default = {
        name: Rule(name, kind.default, kind.limit)
        for name, kind in KINDS.items()
        if kind.default != "off" and there[kind.needs]
    }
    return tuple(rule for rule in {**default, **written}.values() if rule.severity != "off")


def problem(rule: Rule, columns: Mapping[str, str], *, files: bool, period: bool, series: bool) -> str | None:
    """What is wrong with a rule of something that publishes ``columns`` (name → type, as in ``types``), if anything."""
    missing = _missing(rule, files, period, series)
    if missing:
        return f"{rule.key}: {missing}"
    for column in rule.columns:
        if column not in columns:
            near = get_close_matches(column, columns, 1)
            hint = f"; did you mean {near[0]}?" if near else f", only {', '.join(columns)}"
            return f"{rule.key}: there is no column {column!r}{hint}"
        wrong = _wrong_type(rule.name, types.parse(columns[column]))
        if wrong:
            return f"{rule.key}: {column} is of type {columns[column]}; {wrong}"
    if rule.values:
        return _wrong_value(rule, columns[rule.columns[0]])
    return None


def spelled(rule: Rule) -> str:
    """How a limit is shown: ``0.05``, ``36 hours``."""
    kind = KINDS.get(rule.name)
    return measured(rule.limit, kind.unit if kind else NUMBER)


def measured(value: float, unit: str) -> str:
    """A value of this unit, as a message shows it: a whole number with all its digits."""
    shown = f"{value:.0f}" if float(value).is_integer() else f"{value:g}"
    return f"{shown} hours" if unit == AGE else shown


def compared(key: str, value: float, limit: float) -> tuple[str, str]:
    """The value of the rule with this key and the limit that it is held against, as messages show them."""
    kind = KINDS.get(key.partition("(")[0])
    unit = kind.unit if kind else NUMBER
    return measured(value, unit), measured(nearer_limit(key, value, limit), unit)


def nearer_limit(key: str, value: float, limit: float) -> float:
    """The limit that ``value`` is held against: of a ratio above 1 the most, which is 1/``limit``."""
    kind = KINDS.get(key.partition("(")[0])
    most = kind is not None and kind.unit == RATIO and value > 1 and 0 < limit < 1
    return 1 / limit if most else limit


def hint(name: str) -> str:
    """What to say of a name that is no rule's."""
    near = get_close_matches(name, KINDS, 1)
    return f"; did you mean {near[0]}?" if near else f"; the rules are {', '.join(KINDS)}"


def _key(key: str) -> tuple[str, str | None]:
    found = _KEY.fullmatch(key)
    if found is None:
        raise RuleError(f"{key}: this is not a rule, such as null-share(COLUMN)")
    return found[1], found[2]


def _word(text: str) -> tuple[str, str]:
    word, *rest = text.split(None, 1)
    return word, rest[0] if rest else ""


def _own(name: str, inside: str | None, severity: str, rest: str) -> Rule:
    known = name.partition("(")[0]
    first, behind = _word(rest) if rest else ("", "")
    number = _number(first)
    query = behind if number is not None else rest
    if severity == "off" and not rest and inside is None:
        raise RuleError(f"{name}: there is no such rule to turn off{hint(known)}")
    if not _QUERY.match(query):
        raise RuleError(f"{name}: there is no such rule{hint(known)}; one of your own is fail LIMIT SELECT …")
    if inside is not None or not _OWN_NAME.fullmatch(name):
        raise RuleError(
            f"{name}: a rule of your own has a name of small letters, digits and hyphens, and no brackets"
        )
    return Rule(name, severity, number or 0, query=query.strip().rstrip(";"))


def _columns(name: str, wanted: str, inside: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The columns and the values in brackets, as ``wanted`` of ``Kind.columns``."""
    form = {"none": name, "one": "(COLUMN)", "some": "(COLUMN, …)", "optional": "(COLUMN)"}
    form["values"] = "(COLUMN, [VALUE, …])"
    if inside is None and wanted in ("none", "optional"):
        return (), ()
    if inside is None or wanted == "none":
        raise RuleError(f"{name}: write it as {form[wanted] if wanted == 'none' else name + form[wanted]}")
    text = inside
    values: tuple[str, ...] = ()
    if wanted == "values":
        before, bracket, listed = inside.partition("[")
        if not bracket or not listed.rstrip().endswith("]") or not before.rstrip().endswith(","):
            raise RuleError(f"{name}({inside}): write it as {name}{form[wanted]}")
        text, values = before.rstrip()[:-1], _items(name, listed.rstrip()[:-1])
    columns = _items(name, text)
    if len(columns) > 1 and wanted != "some":
        raise RuleError(f"{name}({inside}): it is about one column; write it once for each")
    for one in (columns, values):
        if len(set(one)) < len(one):
            raise RuleError(
                f"{name}({inside}): {next(v for v in one if one.count(v) > 1)!r} stands there twice"
            )
    return columns, values


def _items(name: str, text: str) -> tuple[str, ...]:
    """What commas part."""
    found: list[str] = []
    at = 0
    while True:
        item = _ITEM.match(text, at)
        if item is None:
            raise RuleError(f"{name}: {text!r} is no list of names or values with commas between them")
        found.append(item[2] if item[1] is None else item[1].replace("''", "'"))
        at = item.end()
        if not item[3]:
            return tuple(found)


def _item(text: str) -> str:
    plain = text == text.strip() and text and not re.search(r"[,\[\]()']", text)
    return text if plain else "'" + text.replace("'", "''") + "'"


def _limit(key: str, kind: Kind, text: str) -> float:
    if not text:
        return kind.limit
    if kind.unit == AGE:
        return _age(key, text)
    number = _number(text)
    if number is None:
        raise RuleError(f"{key}: {text!r} is no number from 0")
    if kind.unit in (SHARE, RATIO) and number > 1:
        raise RuleError(f"{key}: {text} is above 1; a {kind.unit} lies between 0 and 1")
    return number


def _age(key: str, text: str) -> float:
    number, unit = _word(text)
    count = _number(number)
    hours = _HOURS.get(unit[:-1] if unit.endswith("s") else unit)
    if count is None or hours is None:
        raise RuleError(f"{key}: {text!r} is no age, such as 90 minutes, 36 hours or 2 days")
    return count * hours


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"\d+(\.\d+)?", text) else None


def _missing(rule: Rule, files: bool, period: bool, series: bool) -> str | None:
    needs = KINDS[rule.name].needs if rule.name in KINDS else ""
    if rule.name == "freshness" and not rule.columns:
        needs = PERIOD
    if needs in (FILES, PERIOD) and not files:
        return "it is about files, and a table has none" + (
            "; write freshness(COLUMN)" if rule.name == "freshness" else ""
        )
    if needs == PERIOD and not period:
        return "it needs a period, such as {year}-{month}, in the pattern of the files"
    if needs == SERIES and not series:
        return "it needs a series: {time: COLUMN, step: 15 minutes}"
    return None


def _wrong_type(name: str, found: types.Type) -> str | None:
    primitive = found.name if isinstance(found, types.Primitive) else ""
    if name in ("freshness", "future-times") and primitive not in _TIMES:
        return f"the rule is about {', '.join(_TIMES)}"
    if name == "accepted" and primitive not in _LISTED:
        return f"values can be listed of {', '.join(_LISTED)}"
    if name == "unique" and not primitive:
        return "lists and structs are not compared"
    return None


def _wrong_value(rule: Rule, kind: str) -> str | None:
    """A listed value that no row can have: values are compared as texts."""
    written = _WRITTEN.get(kind)
    wrong = [each for each in rule.values if written and not written.fullmatch(each)]
    if not wrong:
        return None
    column = rule.columns[0]
    return f"{rule.key}: {column} is of type {kind}, and no {kind} is written {wrong[0]!r}; write it as {_AS[kind]}"
