"""What AWS demands of a role at a moment: ``required_actions.yaml``, read. ``iam.hold`` asks for it."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).with_name("required_actions.yaml")
#: The resource of what is asked for a resource of a stack: its own ARN.
_ITSELF = "{arn}"
_FIELDS = frozenset(["api", "role", "moment", "what", "page", "made", "asked", "context", "when", "beyond"])


@dataclass(frozen=True)
class Demand:
    """One entry of the file; ``asked`` maps an action to its resource, with ``{facts}`` of the moment."""

    api: str
    roles: tuple[str, ...]
    moment: str
    what: str
    page: str
    made: tuple[str, ...] = ()
    asked: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] = field(default_factory=dict)
    when: str | None = None
    beyond: tuple[str, ...] = ()
    because: str = ""

    @property
    def actions(self) -> frozenset[str]:
        """Every action that is demanded, enforced here or not."""
        return frozenset((*self.made, *self.asked, *self.beyond))


@functools.cache
def demands() -> tuple[Demand, ...]:
    """Every entry, in the order of the file; ValueError for one with an unknown or a missing field."""
    return tuple(_demand(entry) for entry in yaml.safe_load(SOURCE.read_text(encoding="utf-8")))


def at(moment: str, facts: Mapping[str, str]) -> list[tuple[str, str, dict[str, str]]]:
    """(action, resource, condition keys) of all that is asked at a moment, with the moment's facts."""
    return [
        (
            action,
            resource.format(**facts),
            {key: value.format(**facts) for key, value in demand.context.items()},
        )
        for demand in demands()
        if demand.moment == moment
        for action, resource in demand.asked.items()
    ]


def _demand(entry: Mapping[str, Any]) -> Demand:
    unknown = sorted(set(entry) - _FIELDS)
    if unknown:
        raise ValueError(f"{SOURCE}: {entry.get('moment')}: unknown {', '.join(unknown)}")
    asked = entry.get("asked", {})
    beyond = entry.get("beyond", {})
    roles = entry["role"]
    return Demand(
        api=entry["api"],
        roles=(roles,) if isinstance(roles, str) else tuple(roles),
        moment=entry["moment"],
        what=entry["what"],
        page=entry["page"],
        made=tuple(entry.get("made", ())),
        asked=dict.fromkeys(asked, _ITSELF) if isinstance(asked, list) else asked,
        context=entry.get("context", {}),
        when=entry.get("when"),
        beyond=tuple(beyond.get("actions", ())),
        because=beyond.get("because", ""),
    )
