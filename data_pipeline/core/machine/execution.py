"""The input of an execution: one versioned object, built here for the schedule and the run command alike.

``SCHEMA`` describes it, and ``CHECKED`` the two things for which JSON Schema has no word. From both are made
the condition by which the state machine's first state refuses an input, and the sentence that says why. A
field may be added to version 1, since each has a default and a schedule that was deployed before does not
know it; the version counts up when a field changes its meaning.
"""

from __future__ import annotations

from typing import Any

from data_pipeline.core.config import arguments

from . import jsonata

VERSION = 1

#: a name of a data set or of a quality rule; which ones there are, only the jobs know.
NAME = "[a-z][a-z0-9_-]{0,63}"
MONTH = "[0-9]{4}-(0[1-9]|1[0-2])"
#: a year, a month, a day or an hour.
PERIOD = "[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01])(T([01][0-9]|2[0-3]))?)?)?"
#: a named part of a pattern, and a value of it; no comma, which joins them in one argument of a job.
PART = "[a-z][a-z0-9_]{0,63}=[A-Za-z0-9 ._+@~:-]{1,100}"
#: a rule, and the run whose findings under it are let through.
RULE = f"{NAME}(@[A-Za-z0-9._-]{{1,80}})?"
#: a step, and the run with whose results an execution begins there.
BEGIN = f"{NAME}@[A-Za-z0-9._-]{{1,80}}"
COLUMN = f"{NAME}[.][A-Za-z_][A-Za-z0-9_]{{0,127}}"
#: an ARN, or a name; ``\\/`` is a slash in JSONata's expressions, too.
STARTER = "[A-Za-z0-9+=,.@_:\\/-]{1,300}"
#: what starts the executions of the schedule.
SCHEDULE = "schedule"


def _list(pattern: str) -> dict[str, Any]:
    items = {"type": "string", "pattern": f"^{pattern}$"}
    return {"type": "array", "items": items, "uniqueItems": True, "default": []}


_NAMES = {"type": "array", "items": {"type": "string", "pattern": f"^{NAME}$"}, "uniqueItems": True}

#: JSON Schema of the input. The state machine's first state refuses what this refuses.
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Input of an execution",
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "version": {
            "type": "integer",
            "const": VERSION,
            "default": VERSION,
            "title": f"the number {VERSION}",
            "description": "Version of this format.",
        },
        "reprocess": {
            "type": "boolean",
            "default": False,
            "title": "true or false",
            "description": "Read what is already processed once more.",
        },
        "datasets": {
            **_NAMES,
            "minItems": 1,
            "title": "a list of names of data sets, each once",
            "description": "The data sets to look at; all of them when left out.",
        },
        "months": {
            "type": "string",
            "pattern": rf"^{MONTH}(\.\.{MONTH})?$",
            "title": "a month or a range of months, as in '2019-01..2019-06'",
            "description": "The months to look at, both ends included; all of them when left out.",
        },
        "parts": {
            **_list(PART),
            "title": "a list of values of named parts, as in 'country=de', each once",
            "description": "The values of named parts to look at; of a part that is not named, all.",
        },
        "periods": {
            "type": "string",
            "pattern": rf"^{PERIOD}(\.\.{PERIOD})?$",
            "title": "a period or a range of periods, as in '2024-01..2024-06-15'",
            "description": "The years, months, days or hours to look at, both ends included; all when left out.",
        },
        "prune": {
            "type": "boolean",
            "default": False,
            "title": "true or false",
            "description": "Remove what came from source files that are gone.",
        },
        "rebuild": {
            **_list(NAME),
            "title": "a list of names of data sets, each once",
            "description": "Data sets whose tables are made anew from all their files.",
        },
        "from_now_on": {
            **_list(NAME),
            "title": "a list of names of data sets, each once",
            "description": "Data sets whose new definition holds for files from now on.",
        },
        "drop_columns": {
            **_list(COLUMN),
            "title": "a list of columns, as in 'orders.status', each once",
            "description": "Columns of tables that may be dropped.",
        },
        "accept": {
            **_list(RULE),
            "title": "a list of quality rules, as in 'rows-of-median' or 'rows-of-median@RUN', each once",
            "description": "Quality rules that may fail in this run; with RUN, only by what that run has found.",
        },
        "defer_tables": {
            "type": "boolean",
            "default": False,
            "title": "true or false",
            "description": "Leave what is made of data sets, exports and the ingestion for a later run.",
        },
        "concurrent": {
            "type": "boolean",
            "default": False,
            "title": "true or false",
            "description": "Run although another execution is running.",
        },
        "from": {
            "type": "string",
            "pattern": f"^{BEGIN}$",
            "title": "a step and a run, as in 'load@RUN'",
            "description": "Begin at this step, with what that run has left; at the first step when left out.",
        },
        "started_by": {
            "type": "string",
            "pattern": f"^{STARTER}$",
            "title": "an ARN or a name, at most 300 of letters, digits and +=,.@_:/-",
            "description": "Who or what starts the execution; unknown when left out.",
        },
    },
}

#: what must hold of a field besides, as JSONata over ``{value}``, and in words.
_TOGETHER = (f"$length($join({{value}}, ',')) <= {arguments.LONGEST}", arguments.TOGETHER)
_FIRST, _LAST = "$substringBefore({value}, '..')", "$substringAfter({value}, '..')"
CHECKED = {
    **dict.fromkeys(("datasets", "parts", "rebuild", "from_now_on", "drop_columns", "accept"), _TOGETHER),
    "months": (f"{_FIRST} <= {_LAST}", "the earlier one first"),
    # '2024-02..2024' ends with the year that it begins in
    "periods": (
        f"({_FIRST} <= {_LAST} or $substring({_FIRST}, 0, $length({_LAST})) = {_LAST})",
        "the earlier one first",
    ),
}

#: the input, as a state of the machine sees it wherever it stands.
_INPUT = "$states.context.Execution.Input"


def _joined(field: str, without: str) -> str:
    """JSONata of a list joined by commas, or ``without`` where it is empty."""
    return f"($count({_INPUT}.{field}) > 0 ? $join({_INPUT}.{field}, ',') : '{without}')"


#: placeholder → JSONata of the text that a job is given for it.
PLACEHOLDERS = {
    "run": jsonata.RUN,
    "planned": "$planned",
    "reprocess": f"({_INPUT}.reprocess = true ? 'true' : 'false')",
    "datasets": f"($exists({_INPUT}.datasets) ? $join({_INPUT}.datasets, ',') : 'all')",
    "months": f"($exists({_INPUT}.months) ? {_INPUT}.months : 'all')",
    "parts": _joined("parts", "all"),
    "periods": f"($exists({_INPUT}.periods) ? {_INPUT}.periods : 'all')",
    "prune": f"({_INPUT}.prune = true ? 'true' : 'false')",
    "rebuild": _joined("rebuild", "none"),
    "from_now_on": _joined("from_now_on", "none"),
    "drop_columns": _joined("drop_columns", "none"),
    "accept": _joined("accept", "none"),
    "defer_tables": f"({_INPUT}.defer_tables = true ? 'true' : 'false')",
    # an argument of a container has at most 256 characters
    "started_by": f"($exists({_INPUT}.started_by) ? $substring({_INPUT}.started_by, 0, 256) : 'unknown')",
}

#: JSONata: whether somebody wants this execution to run beside another one.
CONCURRENT = f"{_INPUT}.concurrent = true"
#: JSONata: whether what is made of data sets is left for a later run.
DEFERRED = f"{_INPUT}.defer_tables = true"


def execution_input(**fields: Any) -> dict[str, Any]:
    """The input with these fields; one at its default is left out, so that an ordinary run has none."""
    assert fields.keys() < SCHEMA["properties"].keys(), fields
    unset: tuple[Any, ...] = (None, False, [])
    given = ((name, fields.get(name)) for name in SCHEMA["properties"])
    return {"version": VERSION, **{name: value for name, value in given if value not in unset}}


def is_valid(given: str) -> str:
    """JSONata of whether ``given``, itself JSONata, is an input."""
    fields = " and ".join(f"({_field_is_valid(given, name)})" for name in SCHEMA["properties"])
    return f"$type({given}) = 'object' ? $count({_unknown(given)}) = 0 and {fields} : false"


def why_not(given: str) -> str:
    """JSONata of the sentence that says what is wrong with an input: of every field, at bounded length."""
    known = ", ".join(SCHEMA["properties"])
    wrong = [
        f"$not({_field_is_valid(given, name)}) ? {jsonata.literal(f'{name}: expected {_words(name)}')}"
        for name in SCHEMA["properties"]
    ]
    unknown = f"{_unknown(given)}.('unknown field ' & $substring($, 0, 50) & ', expected one of: {known}')"
    listed = ", ".join([unknown, *wrong])
    return jsonata.concatenation(
        [
            "'the input of an execution is not valid: '",
            f"($type({given}) = 'object' ? $substring($join([{listed}], '; '), 0, 4000)"
            " : 'expected an object, which is {} for an ordinary run')",
            f"'; found: ' & $substring($string({given}), 0, 1000)",
        ]
    )


def _unknown(given: str) -> str:
    known = ", ".join(jsonata.literal(name) for name in SCHEMA["properties"])
    return f"$keys({given})[$not($ in [{known}])]"


def _words(name: str) -> str:
    words: str = SCHEMA["properties"][name]["title"]
    return f"{words}, {CHECKED[name][1]}" if name in CHECKED else words


def _field_is_valid(given: str, name: str) -> str:
    value = f"{given}.{name}"
    return f"$exists({value}) ? {_value_is_valid(value, name)} : true"


def _value_is_valid(value: str, name: str) -> str:
    """The field's schema in JSONata. ``and`` evaluates both its sides, so that types are asked by ``?:``."""
    schema = SCHEMA["properties"][name]
    if "const" in schema:
        return f"{value} = {schema['const']}"
    if schema["type"] == "boolean":
        return f"$type({value}) = 'boolean'"
    more = CHECKED[name][0].format(value=value) if name in CHECKED else "true"
    if schema["type"] == "string":
        # As JSON text, in which a line end is no line end: what '$' means before one differs between engines.
        whole = f"$contains($string([{value}]), /^\\[{_quoted(schema['pattern'])}\\]$/)"
        return f"($type({value}) = 'string' ? ({whole} ? {more} : false) : false)"
    item = _quoted(schema["items"]["pattern"])
    some = f"{item}(,{item})*"
    items = some if schema.get("minItems") else f"({some})?"
    whole = f"$contains($string({value}), /^\\[{items}\\]$/)"
    once = f"$count($distinct({value})) = $count({value})"
    return f"($type({value}) = 'array' ? ({whole} ? {once} and {more} : false) : false)"


def _quoted(pattern: str) -> str:
    """A pattern of a whole text → of the same text as JSON writes it."""
    return f'"{pattern.removeprefix("^").removesuffix("$")}"'
