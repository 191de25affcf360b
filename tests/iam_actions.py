"""The actions that AWS has, and which of them know a resource: the list that cfn-lint brings along.

cfn-lint (MIT-0) makes it of the Service Authorization Reference.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import cfnlint


@cache
def _services() -> dict[str, Any]:
    path = Path(cfnlint.__file__).parent / "data" / "AdditionalSpecs" / "Policies.json"
    services: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return services


def is_real(action: str) -> bool:
    """Whether AWS has the action; a pattern, if it has one that matches."""
    service, _, name = action.partition(":")
    known = _services().get(service, {}).get("Actions", {})
    if name.endswith("*"):
        return any(other.startswith(name[:-1].lower()) for other in known)
    return name.lower() in known


def has_resources(action: str) -> bool:
    """Whether a statement can name resources for it."""
    service, _, name = action.partition(":")
    return bool(_services()[service]["Actions"][name.lower()].get("Resources"))
