"""References between the parts of a template."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, quoted

from .findings import Finding

_IN_SUB = re.compile(r"\$\{([^!][^}]*)\}")


def function(value: Any, name: str) -> Any:
    """The argument of an intrinsic function, in either spelling; ``None`` for anything else."""
    if not isinstance(value, dict) or len(value) != 1:
        return None
    spellings = (name, f"Fn::{name}")
    return next((value[spelling] for spelling in spellings if spelling in value), None)


def target(value: Any) -> str | None:
    """The logical id that a ``Ref`` or ``GetAtt`` leads to."""
    if isinstance(name := function(value, "Ref"), str):
        return name
    attribute = function(value, "GetAtt")
    if isinstance(attribute, list) and attribute:
        attribute = attribute[0]
    return attribute.partition(".")[0] if isinstance(attribute, str) else None


def check_references(template: dict[str, Any]) -> Iterator[Finding]:
    """Findings about references to what the template does not have."""
    if "Transform" in template:
        return  # a macro may add whatever is referred to
    sections = [template.get("Resources"), template.get("Parameters")]
    known = {str(name) for section in sections if isinstance(section, dict) for name in section}
    for section in ("Resources", "Outputs", "Conditions"):
        for path, name in _references((section,), template.get(section, {}), frozenset()):
            if name not in known and not name.startswith("AWS::"):
                message = f"the template has no resource and no parameter {quoted(name)}"
                yield Finding("reference-unknown", path, message, did_you_mean(name, known))


def _references(path: Path, value: Any, local: frozenset[str]) -> Iterator[tuple[Path, str]]:
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _references((*path, index), each, local)
    if not isinstance(value, dict):
        return
    if (name := target(value)) is not None:
        yield path, name
        return
    sub = function(value, "Sub")
    if isinstance(sub, str):
        yield from ((path, name) for name in _in_sub(sub))
    elif isinstance(sub, list) and len(sub) == 2 and isinstance(sub[0], str) and isinstance(sub[1], dict):
        yield from ((path, name) for name in _in_sub(sub[0]) if name not in sub[1])
        yield from _references(path, sub[1], local)
    else:
        for key, each in value.items():
            yield from _references((*path, key), each, local)


def _in_sub(text: str) -> list[str]:
    return [name.partition(".")[0].strip() for name in _IN_SUB.findall(text)]
