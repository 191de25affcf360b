"""JSONata as Step Functions writes it: small expressions built from literals and paths."""

from __future__ import annotations

import json

#: name of this execution; a run's folder is called after it.
RUN = "$states.context.Execution.Name"


def expression(code: str) -> str:
    """A string that Step Functions evaluates."""
    return f"{{% {code} %}}"


def literal(text: str) -> str:
    """A string literal; single quotes where possible, since the whole stands inside a YAML or JSON string."""
    return json.dumps(text, ensure_ascii=False) if "'" in text or "\\" in text else f"'{text}'"


def concatenation(parts: list[str]) -> str:
    """Pieces of code joined by ``&``."""
    return " & ".join(parts)
