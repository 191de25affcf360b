"""Each resource of both stacks fails in turn, made and changed: the message names it, and the next deployment succeeds.

On an embedded AWS of its own, which fails what a file tells it to, once.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from deploy import weather
from randomness import SOAK

from data_pipeline.cli.deploying import deployment, package
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment import templates
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.cloudformation.faults import VARIABLE
from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint
from data_pipeline.stacks import render

pytestmark = pytest.mark.soak
#: the resources that fail, by stack; a test holds this against the templates.
STORAGE = ("DataBucket", "DataBucketPolicy", "Database")
PIPELINE = (
    *("DeadLetters", "DeadLettersPolicy", "LoadJobRole", "PrepareJob", "PrepareJobRole", "Schedule"),
    *("ScheduleGroup", "ScheduleRole", "StateMachine", "StateMachineAlias", "StateMachineLogs"),
    *("StateMachineRole", "StateMachineVersion", "WorkGroup"),
)
EACH = [*STORAGE, *PIPELINE]
#: the five that `make test` tries.
CREATED, UPDATED = (
    ("DataBucket", "PrepareJob", "StateMachineAlias"),
    ("StateMachineRole", "StateMachineVersion"),
)
#: those that take no tags, and so are changed otherwise.
UNTAGGED = ("DataBucketPolicy", "Database", "DeadLettersPolicy", "Schedule")
#: those that follow another definition of the state machine; the first by a version more.
FOLLOWING = ("StateMachineVersion", "StateMachineAlias")
TOUCHED = {
    "Sid: RefusePlainHttp": "Sid: Touched",
    "Description: Tables": "Description: All tables",
    "Description: Starts": "Description: Really starts",
}


@dataclass(frozen=True)
class World:
    """An embedded AWS, and the file that tells it what fails."""

    endpoint: Endpoint
    fault: Path
    root: Path

    def target(self, name: str, tag: str = "one") -> Target:
        """An environment of the project; its tag reaches every resource."""
        return weather.target(self.root, self.endpoint, name, {"tags": {"team": tag}})

    def fails(self, target: Target, step: str, name: str) -> str:
        """The message of a deployment in which this resource fails."""
        self.fault.write_text(f"{step} {name}")
        with pytest.raises(UserError) as found:
            weather.deploy(target)
        assert not self.fault.exists(), "the resource was reached"
        return str(found.value)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Its state and the project are in a temporary folder."""
    folder = tmp_path_factory.mktemp("faults")
    root, fault = weather.project(folder / "project"), folder / "fault"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(VARIABLE, str(fault))
        patch.setattr(deployment, "root", lambda: root)
        patch.setattr(package, "shipped", weather.own_code)
        endpoint = lifecycle.ensure_up(folder / "aws", 0)
        yield World(endpoint, fault, root)
    lifecycle.down(folder / "aws")


def _each(tried: Collection[str]) -> list[Any]:
    """Every resource; `make test` tries these alone."""
    rest = pytest.mark.skipif(not SOAK, reason="`make soak` lets every resource fail")
    return [pytest.param(name, marks=() if name in tried else rest) for name in EACH]


def test_every_resource_is_among_them(world: World) -> None:
    """Of both templates."""
    storage, pipeline = (
        templates.read(text)["Resources"] for text in render(world.target("all").environment).values()
    )
    assert sorted(storage) == sorted(STORAGE)
    assert sorted(pipeline) == sorted(PIPELINE)


@pytest.mark.parametrize("name", _each(CREATED))
def test_a_creation_in_which_it_fails_is_made_good_by_the_next(world: World, name: str) -> None:
    """The message names it with the reason; what was made is gone again, and deploying again is enough."""
    target = world.target(f"c{EACH.index(name)}")
    said = world.fails(target, "create", name)
    assert f"first failure: {name} (AWS::" in said
    assert "a fault that was asked for" in said
    stack = (
        target.environment.names.storage_stack if name in STORAGE else target.environment.names.pipeline_stack
    )
    assert target.stacks.find(stack) is None
    weather.deploy(target)
    assert weather.planned(target).nothing


@pytest.fixture(scope="module")
def deployed(world: World) -> str:
    """The name of an environment that is deployed."""
    weather.deploy(world.target("changed"))
    return "changed"


@pytest.mark.parametrize("name", _each(UPDATED))
def test_an_update_in_which_it_fails_is_made_good_by_the_next(world: World, deployed: str, name: str) -> None:
    """Rolled back, and then applied."""
    target = world.target(deployed, tag=name)
    if name in UNTAGGED:
        _touch(world.root / "templates", name, TOUCHED)
    if name in FOLLOWING:
        _touch(world.root / "templates", "StateMachine", {"Comment: '": f"Comment: 'With another {name}: "})
    said = world.fails(target, "create" if name == "StateMachineVersion" else "update", name)
    assert f"first failure: {name} (AWS::" in said
    assert "UPDATE_ROLLBACK_COMPLETE" in said
    weather.deploy(target)
    assert weather.planned(target).nothing


def _touch(folder: Path, name: str, texts: Mapping[str, str]) -> None:
    """Change a resource in the rendered template that has it: by the first of ``texts`` that is there."""
    for file in folder.glob("changed-*.yaml"):
        before, head, rest = file.read_text().partition(f"\n  {name}:\n    Type: ")
        for old, new in texts.items():
            if old in rest.partition("\n    Type: ")[0]:
                rest = rest.replace(old, new, 1)
        file.write_text(before + head + rest)
