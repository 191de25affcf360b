"""Mistakes that troposphere and cfn-lint were seen to accept together, each made in our own template."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from environments import environment

from data_pipeline.aws.service_models import load
from data_pipeline.core.checks import template
from data_pipeline.core.deployment import templates
from data_pipeline.stacks import render

MACHINE = "Resources.StateMachine.Properties"
STATES = f"{MACHINE}.Definition.States"


def _states(resources: dict[str, Any]) -> dict[str, Any]:
    states: dict[str, Any] = resources["StateMachine"]["Properties"]["Definition"]["States"]
    return states


def _next_to_nowhere(resources: dict[str, Any]) -> None:
    _states(resources)["ReadDecision"]["Next"] = "CheckDecison"


def _no_definition(resources: dict[str, Any]) -> None:
    del resources["StateMachine"]["Properties"]["Definition"]


def _no_arguments(resources: dict[str, Any]) -> None:
    properties = resources["StateMachine"]["Properties"]
    del _states(resources)["Load"]["Arguments"]
    left = json.dumps(properties["Definition"])
    given = properties["DefinitionSubstitutions"]
    properties["DefinitionSubstitutions"] = {k: v for k, v in given.items() if f"${{{k}}}" in left}


def _broken_jsonata(resources: dict[str, Any]) -> None:
    _states(resources)["PrepareBackoff"]["Seconds"] = "{% 60 * $power(4, $attempt %}"


def _bad_time_zone(resources: dict[str, Any]) -> None:
    resources["Schedule"]["Properties"]["ScheduleExpressionTimezone"] = "America/NewYork"


def _capacity_and_workers(resources: dict[str, Any]) -> None:
    resources["PrepareJob"]["Properties"] |= {"WorkerType": "G.1X", "NumberOfWorkers": 2}


def _no_such_feature(resources: dict[str, Any]) -> None:
    features = [{"FeatureName": "window", "FeatureType": "String"}]
    resources["Features"] = {
        "Type": "AWS::SageMaker::FeatureGroup",
        "Properties": {
            "FeatureGroupName": "rides",
            "RecordIdentifierFeatureName": "windows",
            "EventTimeFeatureName": "window",
            "FeatureDefinitions": features,
        },
    }


@pytest.mark.parametrize(
    ("mistake", "found"),
    [
        (
            _next_to_nowhere,
            [
                f"{STATES}.ReadDecision.Next: no state is called 'CheckDecison'; did you mean 'CheckDecision'? "
                "[target-unknown]"
            ],
        ),
        (
            _no_definition,
            [f"{MACHINE}: the state machine has no definition; give a Definition [definition]"],
        ),
        (
            _no_arguments,
            [
                f"{STATES}.Load: {name} is missing [argument-missing]"
                for name in ("ProcessingJobName", "ProcessingResources", "AppSpecification", "RoleArn")
            ],
        ),
        (
            _broken_jsonata,
            [
                f"{STATES}.PrepareBackoff.Seconds: Expected ) before end of expression at character 23 [jsonata-syntax]"
            ],
        ),
        (
            _bad_time_zone,
            [
                "Resources.Schedule.Properties.ScheduleExpressionTimezone: no time zone is called 'America/NewYork'; "
                "did you mean 'America/New_York'? [time-zone]"
            ],
        ),
        (
            _capacity_and_workers,
            [
                "Resources.PrepareJob.Properties.MaxCapacity: a job has MaxCapacity or workers, and this one has "
                "WorkerType and NumberOfWorkers too; delete MaxCapacity, unless it is a Python shell [capacity]"
            ],
        ),
        (
            _no_such_feature,
            [
                "Resources.Features.Properties.RecordIdentifierFeatureName: no feature is called 'windows'; "
                "did you mean 'window'? [feature-unknown]"
            ],
        ),
    ],
)
def test_it_is_found(mistake: Callable[[dict[str, Any]], None], found: list[str]) -> None:
    """That, and nothing else."""
    ours = templates.read(render(environment())["dev-pipeline.yaml"])
    mistake(ours["Resources"])
    assert [str(f) for f in template.check(ours, load(template.services(ours)), {})] == found
