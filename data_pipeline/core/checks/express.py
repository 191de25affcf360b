"""What Express workflows do not have: jobs and tokens that are waited for, activities, distributed Maps.

After the Step Functions developer guide, "Choosing workflow type".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from .findings import Finding
from .integrations import call_of
from .walk import Scope

_ACTIVITY = re.compile(r"arn:[^:]+:states:[^:]*:[^:]*:activity:.+")


def check(scope: Scope, name: str, state: dict[str, Any], express: bool) -> Iterator[Finding]:
    """Findings about one state; ``express``: whether the machine itself is an Express workflow."""
    if not _is_express(scope, express):
        return
    path, resource, call = scope.at(name), state.get("Resource"), call_of(state)
    if state.get("Type") == "Task" and call and call.pattern:
        message = f"an Express workflow does not wait for a job or a token, and {call.pattern!r} does"
        yield Finding("express", (*path, "Resource"), message, "make it a Standard one, or only start it")
    elif state.get("Type") == "Task" and isinstance(resource, str) and _ACTIVITY.fullmatch(resource):
        message = "an Express workflow has no activities"
        yield Finding("express", (*path, "Resource"), message, "make it a Standard one")
    processor = state.get("ItemProcessor")
    if state.get("Type") == "Map" and isinstance(processor, dict) and Scope((), processor, "").distributed:
        message = "an Express workflow has no distributed Map"
        yield Finding(
            "express", (*path, "ItemProcessor"), message, "make it a Standard one, or the Map inline"
        )


def _is_express(scope: Scope, express: bool) -> bool:
    """Whether the scope runs in an Express workflow: the machine's own, or that of a distributed Map's items."""
    if scope.distributed:
        return bool(scope.body["ProcessorConfig"].get("ExecutionType") == "EXPRESS")
    return _is_express(scope.parent[0], express) if scope.parent else express
