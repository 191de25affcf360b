"""A CloudFormation template: its state machines, and what CloudFormation would only say after minutes.

Functions are read in both spellings: ``{"GetAtt": …}``, as ``templates.read`` makes it of YAML's ``!GetAtt``, and
``{"Fn::GetAtt": …}``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.facts import cron, service_limits
from data_pipeline.core.problems import Path, RefusedError, did_you_mean, quoted

from . import integrations, machine
from .command_line import CommandLine
from .findings import Finding
from .passed import check_states
from .references import check_references, function
from .tasks import Services

MACHINE = "AWS::StepFunctions::StateMachine"
#: type of a state machine → the properties of which one has its definition.
_DEFINITIONS = {
    MACHINE: ("Definition", "DefinitionString", "DefinitionS3Location"),
    "AWS::Serverless::StateMachine": ("Definition", "DefinitionUri"),
}
#: functions whose value CloudFormation puts into a definition.
_FUNCTIONS = ("Ref", "GetAtt", "Join", "Select", "If", "FindInMap", "ImportValue", "Base64", "ToJsonString")
_SUBSTITUTION = re.compile(r"\$\{([\w:.]+)\}")

#: type → (property that names it, the longest name)
_NAME_LIMITS = {
    "AWS::Athena::NamedQuery": ("Name", 128),
    "AWS::Athena::WorkGroup": ("Name", 128),
    "AWS::Glue::Job": ("Name", 255),
    "AWS::IAM::Role": ("RoleName", 64),
    "AWS::Lambda::Function": ("FunctionName", 64),
    "AWS::Logs::LogGroup": ("LogGroupName", 512),
    "AWS::S3::Bucket": ("BucketName", 63),
    "AWS::SNS::Topic": ("TopicName", 256),
    "AWS::SQS::Queue": ("QueueName", 80),
    "AWS::SageMaker::FeatureGroup": ("FeatureGroupName", 64),
    "AWS::Scheduler::Schedule": ("Name", 64),
    "AWS::Scheduler::ScheduleGroup": ("Name", 64),
    MACHINE: ("StateMachineName", 80),
}


def definitions(template: dict[str, Any]) -> Iterator[tuple[str, Path, Any]]:
    """(logical id, path, definition) of every state machine that can be read."""
    for name, resource in _resources(template).items():
        if str(resource.get("Type")) in _DEFINITIONS:
            properties = resource["Properties"]
            path: Path = ("Resources", name, "Properties")
            if isinstance(properties.get("Definition"), dict):
                yield name, (*path, "Definition"), _with_values(properties["Definition"])
            elif text := _text(properties.get("DefinitionString")):
                try:
                    yield name, (*path, "DefinitionString"), json.loads(text)
                except ValueError:
                    yield name, (*path, "DefinitionString"), None


def _with_values(value: Any) -> Any:
    """A definition in which CloudFormation's functions stand as texts with substitutions, as which they are checked."""
    if isinstance(value, list):
        return [_with_values(each) for each in value]
    if isinstance(text := function(value, "Sub"), str):
        return text.replace("${", "${AWS::")
    if any(function(value, name) is not None for name in (*_FUNCTIONS, "Sub")):
        return "${AWS::Value}"
    return {key: _with_values(each) for key, each in value.items()} if isinstance(value, dict) else value


def services(template: dict[str, Any]) -> set[str]:
    """The services that the template's state machines call."""
    return {name for _, _, definition in definitions(template) for name in integrations.services(definition)}


def check(template: dict[str, Any], models: Services, scripts: dict[str, CommandLine]) -> list[Finding]:
    """What is wrong with a template; ``scripts``: file name of a job's script → its command line."""
    found: list[Finding] = []
    if not isinstance(template.get("Resources"), dict):
        found.append(Finding("shape", ("Resources",), "expected an object: logical id → resource"))
    for name, resource in _resources(template).items():
        path: Path = ("Resources", name, "Properties")
        found += _resource(path, str(resource.get("Type")), resource["Properties"])
    for name, at, definition in definitions(template):
        if definition is None:
            found.append(Finding("shape", at, "the text is no JSON"))
            continue
        properties = _resources(template)[name]["Properties"]
        is_express = "EXPRESS" in (properties.get("StateMachineType"), properties.get("Type"))
        found += machine.check(definition, models, at, is_express=is_express)
        given = properties.get("DefinitionSubstitutions", {})
        if isinstance(given, dict):
            if not function(properties.get("DefinitionString"), "Sub"):
                found += _substitutions(at, definition, given)
            found += check_states(at, definition, given, _resources(template), scripts)
    found += check_references(template)
    return found


def _resources(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources that are objects, each with properties; what is none, cfn-lint tells."""
    resources = template.get("Resources")
    found = {}
    for name, each in resources.items() if isinstance(resources, dict) else ():
        if isinstance(each, dict):
            properties = each.get("Properties")
            found[name] = {**each, "Properties": properties if isinstance(properties, dict) else {}}
    return found


def _text(value: Any) -> str | None:
    sub = function(value, "Sub")
    text = sub[0] if isinstance(sub, list) and sub else sub if sub else value
    return text if isinstance(text, str) else None


def _resource(path: Path, kind: str, properties: dict[str, Any]) -> Iterator[Finding]:
    if kind in _NAME_LIMITS:
        field, limit = _NAME_LIMITS[kind]
        name = properties.get(field)
        if isinstance(name, str) and len(name) > limit:
            message = f"{quoted(name)} has {len(name)} characters, {limit} are allowed"
            yield Finding(
                "name-too-long", (*path, field), message, "shorten the pipeline's or the environment's name"
            )
    if kind in _DEFINITIONS:
        given = [each for each in _DEFINITIONS[kind] if each in properties]
        if len(given) != 1:
            message = f"the state machine has {' and '.join(given) or 'no definition'}"
            yield Finding("definition", path, message, "keep one" if given else "give a Definition")
    elif kind == "AWS::Glue::Job":
        workers = [each for each in ("WorkerType", "NumberOfWorkers") if each in properties]
        if "MaxCapacity" in properties and workers:
            message = f"a job has MaxCapacity or workers, and this one has {' and '.join(workers)} too"
            yield Finding(
                "capacity", (*path, "MaxCapacity"), message, "delete MaxCapacity, unless it is a Python shell"
            )
    elif kind in ("AWS::Scheduler::Schedule", "AWS::Events::Rule"):
        yield from _schedule(path, properties)
    elif kind == "AWS::SageMaker::FeatureGroup":
        yield from _features(path, properties)


def _schedule(path: Path, properties: dict[str, Any]) -> Iterator[Finding]:
    expression, zone = properties.get("ScheduleExpression"), properties.get("ScheduleExpressionTimezone")
    if isinstance(expression, str) and not expression.startswith("at("):
        try:
            cron.check(expression)
        except RefusedError as refused:
            message = f"found {quoted(expression)}, expected {refused.expected}"
            yield Finding("schedule", (*path, "ScheduleExpression"), message, refused.advice)
    if isinstance(zone, str) and zone not in service_limits.TIME_ZONES:
        near = did_you_mean(zone, service_limits.TIME_ZONES)
        yield Finding(
            "time-zone", (*path, "ScheduleExpressionTimezone"), f"no time zone is called {quoted(zone)}", near
        )


def _features(path: Path, properties: dict[str, Any]) -> Iterator[Finding]:
    given = properties.get("FeatureDefinitions")
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        return
    names = [str(each.get("FeatureName")) for each in given]
    for field in ("RecordIdentifierFeatureName", "EventTimeFeatureName"):
        name = properties.get(field)
        if isinstance(name, str) and name not in names:
            yield Finding(
                "feature-unknown",
                (*path, field),
                f"no feature is called {quoted(name)}",
                did_you_mean(name, names),
            )


def _substitutions(path: Path, definition: Any, given: dict[str, Any]) -> Iterator[Finding]:
    used: dict[str, Path] = {}
    for where, text in _strings(path, definition):
        for name in _SUBSTITUTION.findall(text):
            used.setdefault(name, where)
    for name, where in used.items():
        if name not in given and not name.startswith("AWS::"):
            message = f"DefinitionSubstitutions do not give {quoted(name)}"
            yield Finding("substitution-missing", where, message, did_you_mean(name, given))
    for name in given:
        if name not in used:
            message = f"the definition does not use {quoted(name)}"
            advice = did_you_mean(name, set(used) - set(given))
            yield Finding(
                "substitution-unused", (*path[:-1], "DefinitionSubstitutions", name), message, advice
            )


def _strings(path: Path, value: Any) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from _strings((*path, index), each)
    elif isinstance(value, dict):
        for key, each in value.items():
            yield (*path, key), key
            yield from _strings((*path, key), each)
