"""What the names of a template may mean, and how a template is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

Template = Mapping[str, Any]

PSEUDO = frozenset(
    f"AWS::{name}"
    for name in (
        *("AccountId", "NotificationARNs", "NoValue", "Partition", "Region", "StackId", "StackName"),
        "URLSuffix",
    )
)
#: Functions that make a value; those of a transform are gone when a template comes here.
FUNCTIONS = frozenset(
    f"Fn::{name}"
    for name in (
        *("Base64", "Cidr", "FindInMap", "GetAtt", "GetAZs", "If", "ImportValue", "Join", "Length", "Select"),
        *("Split", "Sub", "ToJsonString", "Transform"),
    )
)
#: "Condition functions" of the User Guide, Fn::If apart.
CONDITION_FUNCTIONS = frozenset(f"Fn::{name}" for name in ("And", "Equals", "Not", "Or"))
#: "Rule-specific intrinsic functions" of the User Guide.
RULE_FUNCTIONS = frozenset(
    f"Fn::{name}"
    for name in ("Contains", "EachMemberEquals", "EachMemberIn", "RefAll", "ValueOf", "ValueOfAll")
)


class Use(NamedTuple):
    """Something that is named: by ``Ref``, ``Fn::GetAtt``, ``Fn::If``, ``Fn::FindInMap`` or ``DependsOn``."""

    by: str
    name: str
    attribute: str = ""


class Wrong(ValueError):  # noqa: N818 - what it is, not an error of ours
    """A template that CloudFormation refuses."""


@dataclass(frozen=True)
class Known:
    """What the names of a template may mean. ``conditions``: whether they hold, as far as that is known;
    ``attributes``: type → what Fn::GetAtt gives.
    """

    template: Template
    attributes: Mapping[str, frozenset[str]]
    conditions: Mapping[str, bool] = field(default_factory=dict)

    def section(self, name: str) -> Mapping[str, Any]:
        """A section; empty when it is not there."""
        found = self.template.get(name)
        if found is None:
            return {}
        if not isinstance(found, Mapping):
            raise Wrong(f"Template format error: {name} must be an object.")
        return found

    def is_made(self, resource: str) -> bool:
        """Whether a resource is made, as far as its condition is known."""
        condition = self.section("Resources")[resource].get("Condition")
        return self.conditions.get(condition, True)

    def is_list(self, parameter: str) -> bool:
        """Whether a parameter is a list of values."""
        given = str(self.section("Parameters").get(parameter, {}).get("Type", ""))
        return given == "CommaDelimitedList" or "List<" in given


def function_of(value: Any) -> str:
    """The intrinsic function that an object is, or ``Condition``; empty for a plain object. Wrong for one that has
    another key beside it.
    """
    found = [key for key in value if key == "Ref" or str(key).startswith("Fn::")]
    if not found:
        return "Condition" if list(value) == ["Condition"] and isinstance(value["Condition"], str) else ""
    if len(value) > 1:
        others = ", ".join(sorted(str(key) for key in value if key != found[0]))
        raise Wrong(
            f"Template format error: {found[0]} must be the only key of its object; found {others} too."
        )
    return str(found[0])


def unresolved(names: list[Any], block: str) -> Wrong:
    """That names of resources or parameters stand for nothing."""
    found = ", ".join(dict.fromkeys(str(name) for name in names))
    return Wrong(
        f"Template format error: Unresolved resource dependencies [{found}] in the {block} block of the template"
    )


def unresolved_condition(name: Any, block: str) -> Wrong:
    """That the name of a condition stands for nothing."""
    return Wrong(
        f"Template format error: Unresolved condition dependency {name} in the {block} block of the template"
    )


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The names that lead back to themselves or to such; empty when none does."""
    left = {name: set(others) for name, others in graph.items()}
    while free := [name for name, others in left.items() if not others & set(left)]:
        for name in free:
            del left[name]
    return sorted(left)
