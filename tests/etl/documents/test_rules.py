"""Quality rules as a project writes them: what each spelling means, and what is said of a wrong one."""

from __future__ import annotations

import pytest
from paths import ROOT

from data_pipeline.etl.documents import rules
from data_pipeline.etl.documents.rules import Rule, RuleError

COLUMNS = {"order_id": "string", "amount": "decimal(12,2)", "at": "timestamptz", "tags": "list<string>"}

SPELLINGS = [
    ("quarantined-share", "fail 0.05", Rule("quarantined-share", "fail", 0.05)),
    ("quarantined-share", "fail", Rule("quarantined-share", "fail", 0.05)),
    ("unreadable-files", "off", Rule("unreadable-files", "off", 0)),
    ("rows-of-median", "warn 1", Rule("rows-of-median", "warn", 1)),
    ("null-share( amount )", "fail  0.01", Rule("null-share", "fail", 0.01, ("amount",))),
    ("unique(order_id, line)", "fail", Rule("unique", "fail", 0, ("order_id", "line"))),
    (
        "accepted(status, [new, paid, 'sent, ''late'''])",
        "warn 3",
        Rule("accepted", "warn", 3, ("status",), ("new", "paid", "sent, 'late'")),
    ),
    ("accepted(status, [''])", "warn", Rule("accepted", "warn", 0, ("status",), ("",))),
    ("freshness", "warn 2 days", Rule("freshness", "warn", 48)),
    ("freshness(at)", "fail 90 minutes", Rule("freshness", "fail", 1.5, ("at",))),
    ("freshness(at)", "fail 1 hour", Rule("freshness", "fail", 1, ("at",))),
    ("drift", "warn 1.5", Rule("drift", "warn", 1.5)),
    ("late", "fail 3 SELECT count(*) FROM t;", Rule("late", "fail", 3, query="SELECT count(*) FROM t")),
    ("late", "warn WITH a AS (FROM t) FROM a", Rule("late", "warn", 0, query="WITH a AS (FROM t) FROM a")),
]


@pytest.mark.parametrize(("key", "text", "rule"), SPELLINGS)
def test_what_a_spelling_means(key: str, text: str, rule: Rule) -> None:
    """And the rule's own key is a spelling of the same rule."""
    assert rules.parse(key, text) == rule
    assert rules.parse(rule.key, text) == rule


WRONG = [
    ("quarantined-share", "0.05", "'0.05' is not fail LIMIT, warn LIMIT or off"),
    ("quarantined-share", "fail 1.01", "1.01 is above 1; a share lies between 0 and 1"),
    ("rows-of-median", "fail 2", "a ratio lies between 0 and 1"),
    ("quarantined-share", "fail -1", "'-1' is no number from 0"),
    ("quarantined-share", "fail nan", "'nan' is no number from 0"),
    ("quarantined-share", "fail 1e-3", "'1e-3' is no number from 0"),
    ("quarantined-share", "off 3", "off has no limit, but '3' follows it"),
    ("quarantined-share(a)", "fail", "write it as quarantined-share"),
    ("null-share", "fail", r"write it as null-share\(COLUMN\)"),
    ("null-share(a, b)", "fail", "it is about one column; write it once for each"),
    ("unique()", "fail", "no list of names"),
    ("unique(a,)", "fail", "no list of names"),
    ("unique(a, a)", "fail", "'a' stands there twice"),
    ("accepted(status)", "fail", r"write it as accepted\(COLUMN, \[VALUE, …\]\)"),
    ("accepted(status, [a, a])", "fail", "'a' stands there twice"),
    ("accepted(status, [a b] c)", "fail", "write it as accepted"),
    ("accepted(status, [it's])", "fail", "no list of names"),
    ("freshness", "warn 36", "'36' is no age, such as 90 minutes, 36 hours or 2 days"),
    ("freshness", "warn 3 weeks", "'3 weeks' is no age"),
    ("qarantined-share", "fail 0.1", "there is no such rule; did you mean quarantined-share?"),
    ("mine", "off", "there is no such rule to turn off; the rules are quarantined-share, "),
    ("mine", "fail 0 DELETE FROM t", "one of your own is fail LIMIT SELECT …"),
    ("Mine", "fail 0 SELECT 1", "small letters, digits and hyphens"),
    ("mine(a)", "fail 0 SELECT 1", "no brackets"),
    ("a(b", "fail", "this is not a rule"),
]


@pytest.mark.parametrize(("key", "text", "message"), WRONG)
def test_what_is_no_rule(key: str, text: str, message: str) -> None:
    with pytest.raises(RuleError, match=message):
        rules.parse(key, text)


def names(given: dict[str, str], files: bool, period: bool, series: bool) -> list[str]:
    return [rule.key for rule in rules.effective(given, files=files, period=period, series=series)]


def test_the_defaults_are_those_of_what_is_there() -> None:
    """A table has no files; without a period or a series, whatever needs it has no default."""
    of_files = ["quarantined-share", "unreadable-files", "rows-of-earlier-issue"]
    of_series = ["missing-windows", "more-missing-windows", "drift"]
    assert names({}, files=True, period=True, series=True) == [*of_files, "rows-of-median", *of_series]
    assert names({}, files=True, period=False, series=False) == of_files
    assert names({}, files=False, period=True, series=True) == of_series
    assert names({}, files=False, period=False, series=False) == []


def test_what_is_written_takes_the_place_of_its_default() -> None:
    """Also as off; the same rule of two columns is two rules."""
    given = {
        "unreadable-files": "off",
        "quarantined-share": "fail 0.2",
        "null-share(a)": "warn",
        "null-share(b)": "off",
    }
    found = rules.effective(given, files=True, period=False, series=False)
    assert [(rule.key, rule.severity, rule.limit) for rule in found] == [
        ("quarantined-share", "fail", 0.2),
        ("rows-of-earlier-issue", "warn", 0.5),
        ("null-share(a)", "warn", 0),
    ]


PROBLEMS = [
    ("null-share(amout)", {}, "there is no column 'amout'; did you mean amount?"),
    ("null-share(x)", {}, "there is no column 'x', only order_id, amount, at, tags"),
    (
        "freshness(amount)",
        {},
        "amount is of type decimal(12,2); the rule is about date, timestamp, timestamptz",
    ),
    ("future-times(order_id)", {}, "order_id is of type string"),
    ("accepted(amount, [1])", {}, "values can be listed of boolean, int, long, date, string"),
    ("unique(order_id, tags)", {}, "lists and structs are not compared"),
    ("rows-of-median", {"period": False}, "it needs a period, such as {year}-{month}"),
    ("freshness", {"period": False}, "it needs a period"),
    ("freshness", {"files": False}, "a table has none; write freshness(COLUMN)"),
    ("quarantined-share", {"files": False}, "it is about files, and a table has none"),
    ("drift", {"series": False}, "it needs a series: {time: COLUMN, step: 15 minutes}"),
    ("null-share(tags)", {}, None),
    ("unique(order_id, at)", {}, None),
    ("accepted(order_id, [a])", {}, None),
    ("freshness(at)", {"files": False, "period": False}, None),
    ("drift", {}, None),
]


@pytest.mark.parametrize(("key", "missing", "expected"), PROBLEMS)
def test_a_rule_against_what_is_published(key: str, missing: dict[str, bool], expected: str | None) -> None:
    text = "warn 1 day" if key.startswith("freshness") else "warn"
    there = {"files": True, "period": True, "series": True, **missing}
    found = rules.problem(rules.parse(key, text), COLUMNS, **there)
    assert found is None if expected is None else found is not None and expected in found


def test_each_default_can_be_written() -> None:
    """A limit that a kind of rule names itself is one that may stand in its place."""
    for name, kind in rules.KINDS.items():
        key = {"none": name, "optional": name, "values": f"{name}(a, [b])"}.get(kind.columns, f"{name}(a)")
        rule = rules.parse(key, "warn")
        assert rules.parse(key, f"warn {rules.spelled(rule)}") == rule


@pytest.mark.parametrize(
    ("key", "value", "limit", "shown"),
    [
        ("rows-of-median", 0.125, 0.2, ("0.125", "0.2")),
        ("rows-of-median", 7, 0.2, ("7", "5")),
        ("rows-of-earlier-issue", 1.5, 0.8, ("1.5", "1.25")),
        ("rows-of-earlier-issue", 1.5, 0, ("1.5", "0")),
        ("freshness(at)", 357.893056, 48, ("357.893 hours", "48 hours")),
        ("unique(id)", 12_345_678, 0, ("12345678", "0")),
        ("mine", 0.5, 0, ("0.5", "0")),
    ],
)
def test_a_value_and_its_limit_in_a_message(key: str, value: float, limit: float, shown: object) -> None:
    """Of a ratio that is too high the limit is the upper one; a count has all its digits."""
    assert rules.compared(key, value, limit) == shown
    nearer = rules.nearer_limit(key, value, limit)
    assert rules.compared(key, value, nearer) == shown  # what a verdict says is shown as it is


def test_the_page_tells_each_rule_its_default_and_its_limit() -> None:
    page = (ROOT / "docs" / "how-to" / "quality-rules.md").read_text(encoding="utf-8")
    for name, kind in rules.KINDS.items():
        limit = rules.measured(kind.limit, kind.unit)
        rows = [line for line in page.splitlines() if line.startswith((f"| `{name}`", f"| `{name}("))]
        assert len(rows) == 1, name
        assert rows[0].split(" | ")[1:] == [kind.default, limit, f"{kind.about} |"]
