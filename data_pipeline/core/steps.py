"""Steps as the state machine needs them: their order, their states' names, their arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping

from . import jsonata
from .config import Environment, Step
from .errors import UserError
from .locations import key_prefix, output_prefix

#: what a step's arguments may name in braces, and what it becomes.
PLACEHOLDERS = {
    "input": "URI of the input, ending in /",
    "output": "URI of the output, ending in /",
    "run": "name of the execution",
    "code_version": "SHA-256 of the jobs' code",
    "database": "name of the Glue database",
}
_PLACEHOLDER = re.compile(r"\{(\w*)\}")


def camel(name: str) -> str:
    """``ride_counts`` → ``RideCounts``."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[_-]", name))


def in_order(steps: Mapping[str, Step]) -> list[tuple[str, Step]]:
    """Steps one after the other, each behind the one that it follows; otherwise as they are written.

    Raises ``UserError`` for a step that follows none or itself, directly or in a circle.
    """
    for name, step in steps.items():
        if step.after is not None and step.after not in steps:
            raise UserError(
                f"steps.{name}.after: no step is called {step.after!r}\n  expected one of: {', '.join(steps)}"
            )
    ordered: dict[str, Step] = {}
    while len(ordered) < len(steps):
        ready = [n for n, s in steps.items() if n not in ordered and (s.after is None or s.after in ordered)]
        if not ready:
            circle = ", ".join(n for n in steps if n not in ordered)
            raise UserError(f"steps: these follow each other in a circle: {circle}\n  remove one `after`")
        ordered[ready[0]] = steps[ready[0]]
    return list(ordered.items())


def argument_values(env: Environment) -> dict[str, str]:
    """Placeholder → text with the template's substitutions, for those that are known before an execution."""
    return {
        "input": f"s3://${{DataBucketName}}/{key_prefix(env, 'input')}",
        "output": f"s3://${{DataBucketName}}/{output_prefix(env)}",
        "code_version": "${CodeVersionHash}",
        "database": "${DatabaseName}",
    }


def expand(where: str, text: str, values: Mapping[str, str]) -> str:
    """An argument's value in the state machine: plain text, or JSONata where it names the run.

    ``where`` is for the error: the argument's place in the configuration.
    """
    if "${" in text or "{%" in text:
        raise UserError(
            f"{where}: {text!r} holds '${{' or '{{%', which CloudFormation or JSONata would evaluate"
        )
    pieces: list[str] = []  # alternately plain text and the name of a placeholder
    for index, piece in enumerate(_PLACEHOLDER.split(text)):
        if index % 2 and piece not in PLACEHOLDERS:
            raise UserError(
                f"{where}: {{{piece}}} is no placeholder\n"
                f"  expected one of: {', '.join(f'{{{name}}}' for name in PLACEHOLDERS)}"
            )
        pieces.append(piece if index % 2 == 0 or piece == "run" else values[piece])
    return _joined(pieces)


def _joined(pieces: list[str]) -> str:
    parts: list[str] = []
    plain = ""
    for index, piece in enumerate(pieces):
        if index % 2 and piece == "run":
            parts += [jsonata.literal(plain)] if plain else []
            parts.append(jsonata.RUN)
            plain = ""
        else:
            plain += piece
    if not parts:
        return plain
    return jsonata.expression(jsonata.concatenation(parts + ([jsonata.literal(plain)] if plain else [])))
