"""Arguments of jobs: ``{placeholders}`` in their values, and how long a value becomes when filled."""

from __future__ import annotations

import re
from collections.abc import Mapping

from data_pipeline.core.problems import RefusedError, did_you_mean, one_of

#: what a value may refer to, and what it stands for.
PLACEHOLDERS = {
    "input": "URI of the originals, ending in /",
    "output": "URI of everything the pipeline writes, ending in /",
    "run": "name of the run",
    "planned": "name of the run that made the plan: an earlier one, where a rerun begins behind that",
    "database": "name of the Glue database",
    "code_version": "SHA-256 of the deployed code",
    "reprocess": "true or false, of the execution's input",
    "datasets": "names joined by commas, of the execution's input, or all",
    "months": "a month or a range of months, of the execution's input, or all",
    "parts": "values of named parts (country=de) joined by commas, of the execution's input, or all",
    "periods": "a period or a range of periods, of the execution's input, or all",
    "prune": "true or false, of the execution's input",
    "rebuild": "names of data sets joined by commas, of the execution's input, or none",
    "from_now_on": "names of data sets joined by commas, of the execution's input, or none",
    "drop_columns": "columns (orders.status) joined by commas, of the execution's input, or none",
    "accept": "names of rules joined by commas, of the execution's input, or none",
    "defer_tables": "true or false, of the execution's input",
    "started_by": "who or what started the execution, as its input says, or unknown",
    "definitions": "URI of the list of data sets and tables, or none",
    "features": "URI of the list of feature groups that have a store, or none",
    "sources": "URI of the list of sources that the run mirrors, or none",
}

#: characters of one argument: SageMaker's ContainerArgument.
LONGEST = 256
#: the same in words, of a list that is joined by commas into one argument.
TOGETHER = f"{LONGEST} characters together at most"
#: arguments of one step: SageMaker's ContainerArguments holds 100 texts, a name and a value for each.
MOST = 50

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


def check(value: str) -> str:
    """The value, if every brace in it belongs to a known placeholder and it fits one line."""
    if not value.isprintable():
        raise RefusedError("text on one line", "remove line ends and control characters")
    if len(value) > LONGEST:
        raise RefusedError(f"at most {LONGEST} characters", "pass a long value in a file, and its URI here")
    if "${" in value or "{%" in value:
        raise RefusedError("text without '${' and '{%'", "CloudFormation and JSONata would evaluate them")
    for name in _PLACEHOLDER.findall(value):
        if name not in PLACEHOLDERS:
            choices = one_of([f"{{{p}}}" for p in PLACEHOLDERS])
            near = did_you_mean(f"{{{name}}}", [f"{{{p}}}" for p in PLACEHOLDERS])
            raise RefusedError(f"placeholders among {choices}", near)
    if re.search("[{}]", _PLACEHOLDER.sub("", value)):
        raise RefusedError("braces in pairs, around a placeholder's name")
    return value


def filled_length(value: str, longest: Mapping[str, int]) -> int:
    """Characters of the value when every placeholder is as long as ``longest`` says."""
    return len(_PLACEHOLDER.sub("", value)) + sum(longest[name] for name in _PLACEHOLDER.findall(value))
