"""The rules of Choice states: their comparisons, and those that can never be met as far as that can be told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, quoted

from .expressions import constant, is_no_condition
from .findings import Finding
from .values import check_timestamp, is_expression, is_substituted
from .walk import JSONATA, Scope, items

_COMPARED = {
    "String": (str, "a text", ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals")),
    "Numeric": (
        (int, float),
        "a number",
        ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    ),
    "Timestamp": (
        str,
        "a time as text",
        ("Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"),
    ),
    "Boolean": (bool, "true or false", ("Equals",)),
}
#: comparison → (type of its value, that type in words)
OPERATORS: dict[str, tuple[Any, str]] = {
    **{f"{kind}{how}": (of, words) for kind, (of, words, hows) in _COMPARED.items() for how in hows},
    **{f"{kind}{how}Path": (str, "a path") for kind, (_, _, hows) in _COMPARED.items() for how in hows},
    **{
        f"Is{what}": (bool, "true or false")
        for what in ["Null", "Present", "Numeric", "String", "Boolean", "Timestamp"]
    },
    "StringMatches": (str, "a text"),
}
_COMBINED = ("And", "Or", "Not")
_AROUND = {
    JSONATA: ("Condition", "Next", "Output", "Assign", "Comment"),
    "JSONPath": ("Next", "Assign", "Comment"),
}


def check(scope: Scope, name: str, state: dict[str, Any]) -> Iterator[Finding]:
    """Findings about the rules of one Choice state."""
    path, language = (*scope.at(name), "Choices"), scope.language_of(state)
    rules = state.get("Choices")
    if rules is None:
        return  # the missing field is reported as such
    if not isinstance(rules, list) or not rules:
        yield Finding("choice-empty", path, "a Choice state needs a list with at least one rule")
        return
    for below, rule in items(state, "Choices"):
        where = (*path, below[-1])
        if "Next" not in rule:
            yield Finding("field-missing", where, "a rule needs Next")
        if language == JSONATA:
            yield from _condition(where, rule)
        else:
            yield from _comparison(where, rule, top=True)
    yield from _order(path, state, language)


def _condition(path: Path, rule: dict[str, Any]) -> Iterator[Finding]:
    for field in rule:
        if field in OPERATORS or field in (*_COMBINED, "Variable"):
            message = f"{field} belongs to JSONPath, and this is JSONata"
            yield Finding("field-language", (*path, field), message, "write a Condition")
        elif field not in _AROUND[JSONATA]:
            near = did_you_mean(field, _AROUND[JSONATA])
            yield Finding("field-unknown", (*path, field), f"a rule has no field {quoted(field)}", near)
    condition = rule.get("Condition")
    if "Condition" not in rule:
        if not set(rule) & {*OPERATORS, *_COMBINED, "Variable"}:
            yield Finding("choice-rule", path, "the rule has no Condition")
    elif not isinstance(condition, bool) and not is_expression(condition) and not is_substituted(condition):
        message = "a Condition is true, false or an expression"
        advice = "write '{% … %}' around it" if isinstance(condition, str) else ""
        yield Finding("choice-rule", (*path, "Condition"), message, advice)
    elif is_expression(condition) and is_no_condition(condition):
        yield Finding("choice-rule", (*path, "Condition"), "the expression is neither true nor false")


def _comparison(path: Path, rule: dict[str, Any], top: bool) -> Iterator[Finding]:
    around = _AROUND["JSONPath"] if top else ()
    found = [f for f in rule if f in OPERATORS or f in _COMBINED]
    for field in rule:
        if field in ("Condition", "Output"):
            yield Finding(
                "field-language", (*path, field), f"{field} belongs to JSONata, and this is JSONPath"
            )
        elif field in ("Next", "Assign") and not top:
            yield Finding("field-unknown", (*path, field), f"{field} belongs to the outermost rule")
        elif field not in OPERATORS and field not in (*_COMBINED, *around, "Variable", "Comment"):
            near = did_you_mean(field, [*OPERATORS, *_COMBINED, *around, "Variable"])
            yield Finding("choice-operator", (*path, field), f"no comparison is called {quoted(field)}", near)
            found.append(field)
    if len(found) != 1 and "Condition" not in rule:
        message = f"a rule has one comparison, not {' and '.join(found) or 'none'}"
        yield Finding("choice-rule", path, message, "join several by And or Or" if found else "")
    for field in found:
        yield from _operand(path, rule, field)


def _operand(path: Path, rule: dict[str, Any], field: str) -> Iterator[Finding]:
    value = rule[field]
    if field in ("And", "Or"):
        if not isinstance(value, list) or not value:
            yield Finding("choice-rule", (*path, field), "expected a list of rules with at least one")
        for below, member in items(rule, field):
            yield from _comparison((*path, *below), member, top=False)
    elif field == "Not":
        if isinstance(value, dict):
            yield from _comparison((*path, field), value, top=False)
        else:
            yield Finding("choice-rule", (*path, field), "expected a rule")
    elif field in OPERATORS:
        of, words = OPERATORS[field]
        wrong_bool = isinstance(value, bool) and of is not bool
        if not is_substituted(value) and (not isinstance(value, of) or wrong_bool):
            yield Finding("value", (*path, field), f"expected {words}")
        elif field.startswith("Timestamp") and not field.endswith("Path"):
            yield from check_timestamp((*path, field), value, evaluated=False)
        if not isinstance(rule.get("Variable"), str):
            yield Finding("choice-rule", path, f"{field} needs a Variable")


def _order(path: Path, state: dict[str, Any], language: str) -> Iterator[Finding]:
    """Rules that are never met, and rules behind one that always is."""
    seen: dict[str, int] = {}
    always: int | None = None
    for index, rule in enumerate(state["Choices"]):
        if not isinstance(rule, dict):
            continue
        where = (*path, index)
        test = {k: v for k, v in rule.items() if k not in ("Next", "Output", "Assign", "Comment")}
        key = json.dumps(test, sort_keys=True, default=str)
        outcome = _outcome(rule) if language == JSONATA else _possible(test)
        if always is not None:
            message = f"the rule is never tried: rule {always} is always met"
            yield Finding("choice-never", where, message)
        elif test and key in seen:
            message = f"the rule is never met: rule {seen[key]} has the same condition"
            yield Finding("choice-never", where, message)
        elif outcome is False:
            yield Finding("choice-never", where, "the rule is never met: its condition is always false")
        elif outcome is True:
            always = index
        seen.setdefault(key, index)
    if always is not None and "Default" in state:
        message = f"the default is never taken: rule {always} is always met"
        yield Finding("choice-never", (*path[:-1], "Default"), message)


def _outcome(rule: dict[str, Any]) -> bool | None:
    """What a condition always is; ``None`` where that depends."""
    condition = rule.get("Condition")
    return condition if isinstance(condition, bool) else constant(condition)


def _possible(test: dict[str, Any]) -> bool | None:
    """False where an And asks one variable to have two values, or a number between limits that cross."""
    members = (
        [m for m in test.get("And", ()) if isinstance(m, dict)] if isinstance(test.get("And"), list) else []
    )
    by_variable: dict[str, list[dict[str, Any]]] = {}
    for member in members:
        by_variable.setdefault(str(member.get("Variable")), []).append(member)
    for variable, each in by_variable.items():
        for kind in ("String", "Boolean", "Numeric", "Timestamp"):
            values = {json.dumps(m[f"{kind}Equals"]) for m in each if f"{kind}Equals" in m}
            if variable != "None" and len(values) > 1:
                return False
        least, most = (
            [
                m[f"Numeric{how}"]
                for m in each
                for how in (than, f"{than}Equals", "Equals")
                if f"Numeric{how}" in m
            ]
            for than in ("GreaterThan", "LessThan")
        )
        numbers = all(isinstance(value, (int, float)) for value in (*least, *most))
        if variable != "None" and numbers and least and most and max(least) > min(most):
            return False
    return None
