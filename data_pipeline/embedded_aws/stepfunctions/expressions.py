"""JSONata as Step Functions evaluates it: ``{% … %}`` strings inside the fields of a state.

``$states`` holds ``input``, ``context`` and, where there is one, ``result`` or ``errorOutput``; ``$name``
is a workflow variable. An expression that fails, or whose value JSON cannot hold, is
``States.QueryEvaluationError``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import jsonata  # type: ignore[import-untyped]
from ministack.services import stepfunctions

from .integrations import TaskError

#: Milliseconds that one expression may take.
TIMEOUT_MS = 1000
#: Bytes of JSON text that a state's input, output, result, arguments, or one variable may have.
DATA_LIMIT = 262_144
_UNDEFINED = object()


def is_expression(value: Any) -> bool:
    """Whether a field's value is an expression rather than a literal."""
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


def text_of(value: str) -> str:
    """The JSONata text inside ``{% … %}``."""
    return value[2:-2].strip()


def syntax_error(value: str) -> str | None:
    """Why the expression cannot be parsed, or None."""
    try:
        jsonata.Jsonata.jsonata(text_of(value))
    except Exception as error:  # noqa: BLE001 - the parser raises whatever its position in the text provokes
        return str(error)
    return None


class Bindings:
    """What the expressions of one state see."""

    def __init__(self, states: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        self._states = dict(states)
        self._variables = variables

    def fill(self, template: Any, field: str) -> Any:
        """A template with every expression in it replaced by its value; ``field`` names it in errors."""
        if is_expression(template):
            return self.evaluate(template, field)
        if isinstance(template, dict):
            return {key: self.fill(value, f"{field}/{key}") for key, value in template.items()}
        if isinstance(template, list):
            return [self.fill(value, f"{field}[{index}]") for index, value in enumerate(template)]
        return template

    def evaluate(self, expression: str, field: str) -> Any:
        """The value of one expression, as plain JSON."""
        text = text_of(expression)
        bindings = {
            # A binding of None reads as undefined; null has a value of its own in this engine.
            name: jsonata.utils.Utils.NULL_VALUE if value is None else value
            for name, value in self._variables.items()
        }
        bindings["states"] = self._states
        try:
            # An object leaves out what is undefined, and keeps null: that is how the two are told apart.
            engine = jsonata.Jsonata.jsonata('{"value": (' + text + "\n)}", timeout=TIMEOUT_MS)
            stepfunctions._register_sfn_jsonata_functions(engine)
            value = plain(engine.evaluate(None, bindings)).get("value", _UNDEFINED)
        except Exception as error:
            code = getattr(error, "error", None)
            raise TaskError(
                "States.QueryEvaluationError",
                f"The JSONata expression '{text}' specified for the field '{field}' threw an error during "
                f"evaluation. {code + ': ' if isinstance(code, str) else ''}{error}",
            ) from error
        if value is _UNDEFINED:
            raise TaskError(
                "States.QueryEvaluationError",
                f"The JSONata expression '{text}' specified for the field '{field}' returned nothing.",
            )
        return value

    def field(self, template: Any, field: str, kind: type | tuple[type, ...]) -> Any:
        """The value of a field that must have a type."""
        value = self.fill(template, field)
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            wanted = " or ".join(k.__name__ for k in (kind if isinstance(kind, tuple) else (kind,)))
            raise TaskError(
                "States.QueryEvaluationError",
                f"The field '{field}' must be of type {wanted}, but its value is {json.dumps(value)}.",
            )
        return value


def plain(value: Any) -> Any:
    """A JSONata result as JSON: whole floats are integers, sequences are lists; ValueError for what JSON
    cannot hold.
    """
    if value is None or isinstance(value, (str, bool, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"{value} is not a JSON number")
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if value is jsonata.utils.Utils.NULL_VALUE:
        return None
    raise ValueError(f"a {type(value).__name__} is not a JSON value")


def dumps(value: Any) -> str:
    """JSON text as Step Functions stores it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def limited(value: Any, what: str) -> str:
    """The JSON text of a value; ``States.DataLimitExceeded`` when it has more than 262,144 bytes."""
    text = dumps(value)
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > DATA_LIMIT:
        raise TaskError(
            "States.DataLimitExceeded",
            f"{what} has {size} bytes, exceeding the maximum number of bytes service limit ({DATA_LIMIT}).",
        )
    return text
