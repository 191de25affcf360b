"""What the parts of a template name of each other: resources, attributes, conditions, maps; and circles of them.

https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html,
…/TemplateReference/aws-attribute-dependson.html, …/TemplateReference/intrinsic-function-reference-findinmap.html
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources as files
from typing import Any

from data_pipeline.core.checks.findings import Finding
from data_pipeline.core.problems import Path, did_you_mean, one_of, quoted

from .functions import function, objects, target

_IN_SUB = re.compile(r"\$\{([^!][^}]*)\}")
_READ = ("Resources", "Outputs", "Conditions")
Named = tuple[Path, str]
"""Where a template names something, and what: ``Name`` or ``Name.Attribute``."""


def check(template: Mapping[str, Any]) -> Iterator[Finding]:
    """Findings about names of what the template does not have; none where macros or modules bring more."""
    resources = _section(template, "Resources")
    if _is_completed_elsewhere(template, resources):
        return
    named = {section: [*_named((section,), template.get(section, {}))] for section in _READ}
    yield from _references(named, {*resources, *_section(template, "Parameters")})
    yield from _attributes(named, resources)
    yield from _depends_on(resources)
    yield from _conditions(template)
    yield from _maps(template)
    yield from _circles(resources)


def _is_completed_elsewhere(template: Mapping[str, Any], resources: Mapping[str, Any]) -> bool:
    """Whether a macro or a module adds resources: ``AWS::…::MODULE``, or those of a tool before CloudFormation."""
    if "Transform" in template or "Modules" in template:
        return True
    kinds = [each.get("Type") for each in resources.values() if isinstance(each, dict)]
    if any(not isinstance(kind, str) or kind.endswith("::MODULE") for kind in kinds):
        return True
    return any("Fn::Transform" in each for _, each in objects((), dict(template)))


def _section(template: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = template.get(name)
    return {str(key): value for key, value in found.items()} if isinstance(found, dict) else {}


def _references(named: Mapping[str, list[Named]], known: set[str]) -> Iterator[Finding]:
    for section in _READ:
        for path, name in named[section]:
            logical = name.partition(".")[0]
            if logical not in known and not logical.startswith("AWS::"):
                message = f"the template has no resource and no parameter {quoted(logical)}"
                yield Finding("reference-unknown", path, message, did_you_mean(logical, known))


def _named(path: Path, value: Any) -> Iterator[Named]:
    """Of every ``Ref``, ``GetAtt`` and ``Sub``."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            yield from _named((*path, index), each)
    if not isinstance(value, dict):
        return
    if target(value) is not None:
        yield path, _full(value)
        return
    sub = function(value, "Sub")
    if isinstance(sub, str):
        yield from ((path, name) for name in _in_sub(sub))
    elif isinstance(sub, list) and len(sub) == 2 and isinstance(sub[0], str) and isinstance(sub[1], dict):
        yield from ((path, name) for name in _in_sub(sub[0]) if name not in sub[1])
        yield from _named(path, sub[1])
    else:
        for key, each in value.items():
            yield from _named((*path, key), each)


def _full(value: Any) -> str:
    attribute = function(value, "GetAtt")
    if isinstance(attribute, list):
        return ".".join(part for part in attribute if isinstance(part, str))
    return str(attribute if attribute is not None else function(value, "Ref"))


def _in_sub(text: str) -> list[str]:
    return [name.strip() for name in _IN_SUB.findall(text)]


@cache
def _attributes_of() -> dict[str, list[str]]:
    """Resource type → the attributes of GetAtt, as patterns; a slice of the registry's schemas."""
    text = files.files("data_pipeline.core.facts").joinpath("attributes.json").read_text(encoding="utf-8")
    found: dict[str, list[str]] = json.loads(text)["types"]
    return found


def _attributes(named: Mapping[str, list[Named]], resources: Mapping[str, Any]) -> Iterator[Finding]:
    for section in ("Resources", "Outputs"):
        for path, name in named[section]:
            logical, point, attribute = name.partition(".")
            resource = resources.get(logical)
            kind = resource.get("Type") if isinstance(resource, dict) else None
            known = _attributes_of().get(str(kind))
            if not point or known is None or any(re.fullmatch(each, attribute) for each in known):
                continue
            message = f"an {kind} has no attribute {quoted(attribute)}"
            plain = [each for each in known if "\\" not in each]
            near = did_you_mean(attribute, plain) or (f"it has {one_of(plain)}" if len(plain) < 6 else "")
            yield Finding("attribute-unknown", path, message, near)


def _depends_on(resources: Mapping[str, Any]) -> Iterator[Finding]:
    for name, resource in resources.items():
        given = resource.get("DependsOn") if isinstance(resource, dict) else None
        for each in given if isinstance(given, list) else [given] if isinstance(given, str) else []:
            if isinstance(each, str) and each not in resources:
                message = f"the template has no resource {quoted(each)}"
                path = ("Resources", name, "DependsOn")
                yield Finding("reference-unknown", path, message, did_you_mean(each, resources))


def _conditions(template: Mapping[str, Any]) -> Iterator[Finding]:
    known = _section(template, "Conditions")
    for path, name in _used_conditions(template):
        if name not in known:
            message = f"the template has no condition {quoted(name)}"
            yield Finding("condition-unknown", path, message, did_you_mean(name, known))
    below = {name: {used for _, used in _in_condition((), value)} & {*known} for name, value in known.items()}
    if circle := _circle(below):
        message = f"these conditions need each other: {' → '.join((*circle, circle[0]))}"
        yield Finding("circle", ("Conditions", circle[0]), message, "take one of them out")


def _used_conditions(template: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    for section in ("Resources", "Outputs"):
        for name, each in _section(template, section).items():
            if isinstance(each, dict) and isinstance(each.get("Condition"), str):
                yield (section, name, "Condition"), each["Condition"]
        for path, value in objects((section,), template.get(section, {})):
            branches = function(value, "If")
            if isinstance(branches, list) and len(branches) == 3 and isinstance(branches[0], str):
                yield path, branches[0]
    yield from _in_condition(("Conditions",), template.get("Conditions", {}))


def _in_condition(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    for at, each in objects(path, value):
        if at != ("Conditions",) and isinstance(name := function(each, "Condition"), str):
            yield at, name


def _maps(template: Mapping[str, Any]) -> Iterator[Finding]:
    maps = _section(template, "Mappings")
    if "Fn::Transform" in maps:
        return
    for section in _READ:
        for path, value in objects((section,), template.get(section, {})):
            keys = function(value, "FindInMap")
            if not isinstance(keys, list) or len(keys) != 3 or not isinstance(keys[0], str):
                continue  # a fourth argument is a default
            if keys[0] not in maps:
                message = f"the template has no map {quoted(keys[0])}"
                yield Finding("map-unknown", path, message, did_you_mean(keys[0], maps))
                continue
            yield from _keys(path, maps[keys[0]], keys)


def _keys(path: Path, found: Any, keys: list[Any]) -> Iterator[Finding]:
    rows = found if isinstance(found, dict) else {}
    first, second = (str(key) if isinstance(key, str | int) else None for key in keys[1:])
    rows = {str(key): row for key, row in rows.items()}
    if first is not None and first not in rows:
        message = f"the map {keys[0]} has no key {quoted(first)}"
        yield Finding("map-unknown", path, message, did_you_mean(first, rows))
        return
    chosen = [rows[first]] if first is not None else [*rows.values()]
    names = {str(key) for row in chosen if isinstance(row, dict) for key in row}
    if second is not None and second not in names:
        message = f"the map {keys[0]} has no key {quoted(second)} below {first or 'any key'}"
        yield Finding("map-unknown", path, message, did_you_mean(second, names))


def _circles(resources: Mapping[str, Any]) -> Iterator[Finding]:
    """Resources that wait for each other, whatever conditions hold: what stands in an ``If`` is left out."""
    needs: dict[str, set[str]] = {}
    for name, resource in resources.items():
        if not isinstance(resource, dict) or "Condition" in resource:
            continue
        given = resource.get("DependsOn")
        direct = given if isinstance(given, list) else [given]
        named = {each for _, each in _named((), _without_branches(resource.get("Properties")))}
        needs[name] = {each.partition(".")[0] for each in named} | {n for n in direct if isinstance(n, str)}
    if circle := _circle({name: needed & {*needs} for name, needed in needs.items()}):
        message = f"these resources wait for each other: {' → '.join((*circle, circle[0]))}"
        yield Finding("circle", ("Resources", circle[0]), message, "take one of the references out")


def _without_branches(value: Any) -> Any:
    if function(value, "If") is not None:
        return None
    if isinstance(value, dict):
        return {key: _without_branches(each) for key, each in value.items()}
    return [_without_branches(each) for each in value] if isinstance(value, list) else value


def _circle(needs: Mapping[str, set[str]]) -> list[str]:
    """Names that need each other, in order; empty where there are none."""
    left = {name: set(needed) for name, needed in needs.items()}
    while free := [name for name, needed in left.items() if not needed & {*left}]:
        for name in free:
            del left[name]
    if not left:
        return []
    way = [min(left)]
    while (following := min(left[way[-1]] & {*left})) not in way:
        way.append(following)
    return way[way.index(following) :]
