"""What the paths and intrinsic functions of JSONPath states use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..problems import did_you_mean, quoted
from .context import context_finding
from .findings import Finding
from .places import Text, texts
from .values import is_substituted
from .variables import Use
from .walk import Scope

INTRINSICS = frozenset(
    f"States.{name}"
    for name in [
        *(
            "Array",
            "ArrayContains",
            "ArrayGetItem",
            "ArrayLength",
            "ArrayPartition",
            "ArrayRange",
            "ArrayUnique",
        ),
        *("Base64Decode", "Base64Encode", "Format", "Hash", "JsonMerge", "JsonToString", "MathAdd"),
        *("MathRandom", "StringSplit", "StringToJson", "UUID"),
    ]
)
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")
_VARIABLE = re.compile(r"(?<![\w$])\$([A-Za-z_]\w*)")
_CONTEXT = re.compile(r"\$\$\.(\w+)(?:\.(\w+))?")
_CALL = re.compile(r"States\.\w+(?=\s*\()")


def check(scope: Scope, name: str, state: dict[str, Any]) -> Iterator[Finding | Use]:
    """Findings about the paths of one JSONPath state, and the variables that they use."""
    for text in texts(state):
        if is_substituted(text.text) or not _is_path(text):
            continue
        path = (*scope.at(name), *text.path)
        if not text.text.startswith(("$", "States.")):
            advice = "drop '.$' from the key if the text itself is meant"
            yield Finding(
                "jsonpath", path, f"{quoted(text.text)} is no path and no intrinsic function", advice
            )
            continue
        bare = _QUOTED.sub("''", text.text)
        for call in _CALL.findall(bare):
            if call not in INTRINSICS:
                near = did_you_mean(call, INTRINSICS)
                yield Finding("intrinsic-unknown", path, f"no intrinsic function is called {call}", near)
        for first, second in _CONTEXT.findall(bare):
            fields = (first, second) if second else (first,)
            if finding := context_finding(path, fields, "$$"):
                yield finding
        for variable in _VARIABLE.findall(bare):
            yield Use(variable, path)


def _is_path(text: Text) -> bool:
    last = text.path[-1]
    return (
        isinstance(last, str)
        and (last.endswith(".$") or last == "Variable" or last.endswith("Path"))
        and (
            last.endswith(".$")
            or text.path[0] not in ("Parameters", "ResultSelector", "ItemSelector", "Result", "Assign")
        )
    )
