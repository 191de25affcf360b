"""A CloudFormation template: its state machines, and what CloudFormation would only say after minutes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.facts import cron, service_limits
from data_pipeline.core.problems import Path, RefusedError, did_you_mean, quoted

from . import integrations, machine
from .cloudformation import dependencies, policies
from .cloudformation.conditions import truths
from .cloudformation.definitions import Variant, said, variants
from .command_line import CommandLine
from .findings import Finding
from .passed import check_states
from .tasks import Services
from .values import check_quoted
from .walk import scopes

MACHINE = "AWS::StepFunctions::StateMachine"
#: type of a state machine → the properties of which one has its definition.
_DEFINITIONS = {
    MACHINE: ("Definition", "DefinitionString", "DefinitionS3Location"),
    "AWS::Serverless::StateMachine": ("Definition", "DefinitionUri"),
}
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


def definitions(template: dict[str, Any]) -> Iterator[tuple[str, Variant]]:
    """(logical id, definition) of every state machine that can be read: one for each way its conditions can go."""
    possible = truths(template)
    for name, resource in _resources(template).items():
        if str(resource.get("Type")) in _DEFINITIONS:
            path: Path = ("Resources", name, "Properties")
            yield from ((name, variant) for variant in variants(path, resource["Properties"], possible))


def services(template: dict[str, Any]) -> set[str]:
    """The services that the template's state machines call."""
    found = [variant.definition for _, variant in definitions(template)]
    return {name for definition in found for name in integrations.services(definition)}


def check(template: dict[str, Any], models: Services, scripts: dict[str, CommandLine]) -> list[Finding]:
    """What is wrong with a template; ``scripts``: file name of a job's script → its command line."""
    found: list[Finding] = []
    if not isinstance(template.get("Resources"), dict):
        found.append(Finding("shape", ("Resources",), "expected an object: logical id → resource"))
    for name, resource in _resources(template).items():
        path: Path = ("Resources", name, "Properties")
        found += _resource(path, str(resource.get("Type")), resource["Properties"])
    found += _machines(template, models, scripts)
    found += dependencies.check(template)
    return found


def _machines(
    template: dict[str, Any], models: Services, scripts: dict[str, CommandLine]
) -> Iterator[Finding]:
    """Findings in the definitions; what holds for all variants of one, or is wrong in one of them, once each."""
    by_name: dict[str, list[Variant]] = {}
    for name, variant in definitions(template):
        by_name.setdefault(name, []).append(variant)
    for name, each in by_name.items():
        found = [list(_machine(template, name, variant, models, scripts)) for variant in each]
        # A state that no way leads to under one condition is there for another.
        everywhere = [
            finding
            for findings in found
            for finding in findings
            if finding.code != "state-unreachable" or all(finding in others for others in found)
        ]
        yield from dict.fromkeys(everywhere)


def _machine(
    template: dict[str, Any],
    name: str,
    variant: Variant,
    models: Services,
    scripts: dict[str, CommandLine],
) -> Iterator[Finding]:
    at, definition = variant.path, variant.definition
    if variant.text and definition is None:
        yield Finding("shape", at, "the text is no JSON")
        return
    properties = _resources(template)[name]["Properties"]
    is_express = "EXPRESS" in (properties.get("StateMachineType"), properties.get("Type"))
    yield from said(machine.check(definition, models, at, is_express=is_express), variant)
    given = properties.get("DefinitionSubstitutions", {})
    if isinstance(given, dict):
        if not variant.text or isinstance(properties["DefinitionString"], str):
            yield from _substitutions(at, _substituted(properties, variant), given)
        if isinstance(definition, dict):
            for scope in scopes(definition, at):
                yield from check_quoted(scope, given)
        yield from said(check_states(at, definition, given, _resources(template), scripts), variant)


def _substituted(properties: dict[str, Any], variant: Variant) -> Any:
    """Where substitutions may stand: in the text of a definition also without quotes."""
    return properties["DefinitionString"] if variant.text else variant.definition


def _resources(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The resources that are objects, each with properties; what is none, cfn-lint tells."""
    resources = template.get("Resources")
    found = {}
    for name, each in resources.items() if isinstance(resources, dict) else ():
        if isinstance(each, dict):
            properties = each.get("Properties")
            found[name] = {**each, "Properties": properties if isinstance(properties, dict) else {}}
    return found


def _resource(path: Path, kind: str, properties: dict[str, Any]) -> Iterator[Finding]:
    if kind in _NAME_LIMITS:
        field, limit = _NAME_LIMITS[kind]
        name = properties.get(field)
        if isinstance(name, str) and len(name) > limit:
            message = f"{quoted(name)} has {len(name)} characters, {limit} are allowed"
            yield Finding(
                "name-too-long", (*path, field), message, "shorten the pipeline's or the environment's name"
            )
    yield from policies.check(path, kind, properties)
    if kind in _DEFINITIONS and not any(str(key).startswith("Fn::") for key in properties):
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
        yield from _schedule(path, kind, properties)
    elif kind == "AWS::Glue::Trigger":
        yield from _trigger(path, properties)
    elif kind == "AWS::SageMaker::FeatureGroup":
        yield from _features(path, properties)


def _schedule(path: Path, kind: str, properties: dict[str, Any]) -> Iterator[Finding]:
    expression, zone = properties.get("ScheduleExpression"), properties.get("ScheduleExpressionTimezone")
    if isinstance(expression, str) and not expression.startswith("at("):
        try:
            cron.check(_regular(expression) if kind == "AWS::Scheduler::Schedule" else expression)
        except RefusedError as refused:
            message = f"found {quoted(expression)}, expected {refused.expected}"
            yield Finding("schedule", (*path, "ScheduleExpression"), message, refused.advice)
    if isinstance(zone, str) and zone not in service_limits.TIME_ZONES:
        near = did_you_mean(zone, service_limits.TIME_ZONES)
        yield Finding(
            "time-zone", (*path, "ScheduleExpressionTimezone"), f"no time zone is called {quoted(zone)}", near
        )


def _regular(expression: str) -> str:
    """``rate(1 minutes)`` as EventBridge's rules want it. Scheduler's user guide, "Schedule types", knows the plural
    alone, and AWS's own samples have it."""
    found = re.fullmatch(r"rate\(1 (minute|hour|day)s\)", expression)
    return f"rate(1 {found[1]})" if found else expression


def _trigger(path: Path, properties: dict[str, Any]) -> Iterator[Finding]:
    """A trigger that fires by the clock has a schedule, by cron alone.

    https://docs.aws.amazon.com/glue/latest/dg/monitor-data-warehouse-schedule.html
    """
    kind, expression = properties.get("Type"), properties.get("Schedule")
    if kind == "SCHEDULED" and "Schedule" not in properties:
        yield Finding(
            "schedule", path, "a trigger of type SCHEDULED has a Schedule", "as in cron(0 6 * * ? *)"
        )
    if isinstance(expression, str):
        if expression.startswith("rate("):
            message = f"found {quoted(expression)}, expected cron(…): Glue knows no rate"
            yield Finding("schedule", (*path, "Schedule"), message, "as in cron(0 6 * * ? *)")
            return
        try:
            cron.check(expression)
        except RefusedError as refused:
            message = f"found {quoted(expression)}, expected {refused.expected}"
            yield Finding("schedule", (*path, "Schedule"), message, refused.advice)


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
