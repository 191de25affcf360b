"""Each action of each role is needed: taken away, the shortest thing that needs it is denied."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from botocore.exceptions import ClientError
from randomness import times
from removal import cases, services, stacks
from removal.cases import Case
from removal.world import World

from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.identity import required

#: (role, moment) → the actions that were denied to the whole role: none, or what the scenario means to be denied.
_whole: dict[tuple[str, str], set[str]] = {}


def chosen() -> list[Case]:
    """All cases, or a fixed slice through all roles."""
    every = cases.shipped()
    return every[:: max(1, len(every) // times("removals"))]


def scenario(moment: str) -> Callable[[World, Case], None] | None:
    """What is done at a moment."""
    kind, _, step = moment.rpartition(" ")
    if kind.startswith("AWS::") and step in stacks.STEPS:
        return partial(stacks.resource, moment=moment)
    return services.SCENARIOS.get(moment) or stacks.SCENARIOS.get(moment)


@pytest.mark.parametrize("case", cases.shipped(), ids=str)
def test_every_action_has_its_scenario(case: Case) -> None:
    """Whoever adds an action adds the page of AWS that demands it, and what shows that it is needed."""
    assert case.moments, (
        f"{case.role} may do {case.action} ({case.sid}), and nothing demands it of a role of the kind {case.kind!r}: "
        f"add an entry to {required.SOURCE.name} with the page of AWS that does, or take the action away"
    )
    for moment in case.moments:
        assert scenario(moment), (
            f"{case.role} needs {case.action} at the moment {moment!r}, and no scenario shows it: add the shortest one "
            f"to SCENARIOS in tests/removal/services.py, or in stacks.py for the deployer"
        )


@pytest.mark.soak
@pytest.mark.parametrize("case", chosen(), ids=str)
def test_a_removed_action_is_felt(world: World, case: Case) -> None:
    """The whole role is not denied the action; the role without it is."""
    tried = []
    for moment in case.moments:
        act = scenario(moment)
        assert act is not None
        key = (case.role, moment)
        if key not in _whole:
            with world.removed(None, case.role):
                found = world.denials(partial(act, world, case), case.role)
            _whole[key] = {denial.action for denial in found}
        assert not any(case.covers(action) for action in _whole[key]), f"{moment}: denied to the whole role"
        with world.removed(case, case.role):
            denials = world.denials(partial(_tried, act, world, case), case.role)
        if any(case.covers(denial.action) for denial in denials):
            return
        tried.append((moment, denials))
    raise AssertionError(
        f"{case.action} of {case.sid} in {case.role} was taken away, and nothing missed it: {tried}"
    )


def _tried(act: Callable[[World, Case], None], world: World, case: Case) -> None:
    """Do it, whatever its end: AWS's own errors, and what the product makes of them."""
    with suppress(ClientError, UserError):
        act(world, case)
