"""Two witnesses: what the product derives for each role, and what AWS's pages demand of it."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import import_module
from pathlib import Path

import pytest
from environments import (
    ALL_ON_GLUE,
    CLUSTER,
    CLUSTER_ON_GLUE,
    NOTIFY,
    SECURITY,
    SECURITY_WITH_KEY,
    STORES,
    SWAPPED,
    environment,
)
from removal import cases
from removal.cases import Case
from removal.differences import BEYOND_DEMAND, FEATURES, NOT_DERIVED, NOT_REMOVED

import templates
from data_pipeline.embedded_aws.identity import required
from data_pipeline.embedded_aws.identity.required import Demand
from data_pipeline.embedded_aws.server import main
from data_pipeline.stacks import render

#: moments that come with every job of a kind, whatever it does.
OF_EVERY_JOB = {
    "processing": {"image", "processing log", "metrics", "processing inputs"},
    "glue": {"glue script", "glue log"},
}
#: what a state machine's definition calls → when that demands something of its role.
OF_STATES = {
    "sagemaker:createProcessingJob.sync": {"managed rule", "sagemaker task", "sagemaker task stopped"},
    "glue:startJobRun.sync": {"glue task", "glue task stopped"},
    "aws-sdk:s3:getObject": {"reading a result"},
    "aws-sdk:sfn:listExecutions": {"looking for other executions"},
    "aws-sdk:sagemaker:listProcessingJobs": {"looking for other jobs"},
    "sns:publish": {"notification"},
}
STORES_ON_GLUE = {**STORES, "steps": {"ingest": {"service": "glue"}}}
VARIANTS = (
    {},
    NOTIFY,
    SWAPPED,
    CLUSTER,
    CLUSTER_ON_GLUE,
    ALL_ON_GLUE,
    {**SWAPPED, "mirror": {"on_run": True}},
    STORES,
    STORES_ON_GLUE,
    SECURITY,
    {**SECURITY_WITH_KEY, **ALL_ON_GLUE},
    SECURITY_WITH_KEY,
)


@cache
def derived() -> frozenset[Case]:
    """The cases of the shipped templates and of every placement of their steps."""
    found = set(cases.shipped())
    for changes in VARIANTS:
        for text in render(environment(changes)).values():
            found |= set(cases.of_template(templates.parse(text)))
    return frozenset(found)


def covered(kind: str, action: str, among: frozenset[Case]) -> bool:
    return any(case.kind == kind and case.covers(action) for case in among)


def demanded() -> Iterator[tuple[str, str, Demand]]:
    """(kind, action, entry) of all that AWS demands."""
    for demand in required.demands():
        for kind in demand.roles:
            for action in sorted(demand.actions):
                yield kind, action, demand


def test_what_is_derived_is_demanded() -> None:
    """No role may do what no page of AWS demands of it, unless differences.py says why."""
    beyond = {
        (case.kind, case.action)
        for case in derived()
        if not any(kind == case.kind and case.covers(action) for kind, action, _ in demanded())
    }
    assert beyond == BEYOND_DEMAND.keys()


def test_what_is_demanded_is_derived() -> None:
    """What AWS's pages demand without any option is in the roles, unless differences.py says why not."""
    missing = {
        (kind, action)
        for kind, action, demand in demanded()
        if demand.when is None and not covered(kind, action, derived())
    }
    assert missing == NOT_DERIVED.keys()
    assert {demand.when for _, _, demand in demanded()} - {None} == FEATURES.keys()
    assert all((*BEYOND_DEMAND.values(), *NOT_DERIVED.values(), *FEATURES.values()))


@pytest.mark.parametrize("changes", VARIANTS)
def test_each_role_has_all_that_its_service_demands(changes: dict[str, object]) -> None:
    """Role by role: a job's role for its service, the machine's role for each integration that it uses."""
    for text in render(environment(changes)).values():  # type: ignore[arg-type]
        template = templates.parse(text)
        has = frozenset(cases.of_template(template))
        for role, kind in {(case.role, case.kind) for case in has}:
            its = frozenset(case for case in has if case.role == role)
            moments = OF_EVERY_JOB.get(kind, set())
            if kind == "states":
                machines = templates.of_type(template, "AWS::StepFunctions::StateMachine")
                machine = machines[role.removesuffix("Role")]
                called = str(machine["Definition"])
                moments = {"log delivery"}.union(*(m for name, m in OF_STATES.items() if name in called))
            if kind == "featurestore":
                moments = {"offline store made", "offline store written"}
            if kind == "scheduler":
                moments = {"scheduled start", "undeliverable start"}
            for demand in required.demands():
                if kind in demand.roles and demand.moment in moments:
                    lacks = [action for action in demand.actions if not covered(kind, action, its)]
                    assert not lacks, f"{role} lacks {lacks}: {demand.what} ({demand.page})"


def test_exactly_the_listed_actions_have_no_removal() -> None:
    """Of all that an option gives to a role: the report says of each of these why it cannot be taken away."""
    without = {(case.kind, case.action) for case in derived() if not case.moments}
    assert without == NOT_REMOVED.keys()
    assert all(reason for reason in NOT_REMOVED.values())


def test_entries_name_a_page_and_real_actions() -> None:
    """Every entry has its page of AWS's documentation, and every action is one that awacs knows, too."""
    for kind, action, demand in demanded():
        assert demand.page.startswith("https://docs.aws.amazon.com/"), demand.moment
        service, _, name = action.partition(":")
        module = import_module(f"awacs.{service.replace('-', '_')}")
        assert hasattr(module, name), f"{kind}: {action}"


def test_what_cannot_be_enforced_says_why() -> None:
    """Either the service is refused by name, or the option that would need it is; and nothing else asks for it."""
    for demand in required.demands():
        assert bool(demand.beyond) == bool(demand.because), demand.moment
        if demand.beyond:
            assert not demand.made, demand.moment
            assert not demand.asked, demand.moment
            services = {action.partition(":")[0] for action in demand.beyond}
            assert not services & set(main.SERVICES) or "refused by name" in demand.because


def test_the_derivation_does_not_read_the_demand() -> None:
    """Nothing but the embedded AWS reads required_actions.yaml."""
    package = Path(required.__file__).resolve().parents[2]
    readers = {
        path.relative_to(package).parts[0]
        for path in package.rglob("*.py")
        if "required_actions" in path.read_text(encoding="utf-8")
        or "required import" in path.read_text(encoding="utf-8")
    }
    assert readers == {"embedded_aws"}
