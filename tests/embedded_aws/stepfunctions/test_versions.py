"""Versions and aliases of state machines: what they run, what they are refused, and who may use them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import stepfunctions

from data_pipeline.embedded_aws.stepfunctions import aliases, arns, versions
from tests.embedded_aws.conftest import allow
from tests.embedded_aws.stepfunctions.test_states import definition, ended, output


def says(what: str) -> dict[str, Any]:
    """A machine whose output is ``what``."""
    return definition(Say={"Type": "Succeed", "Output": what})


def waits(what: str) -> dict[str, Any]:
    """A machine that waits a second and says ``what``."""
    return definition(
        Wait={"Type": "Wait", "Seconds": 1, "Next": "Say"}, Say={"Type": "Succeed", "Output": what}
    )


def code(call: Callable[..., Any], **members: Any) -> str:
    """The code of the error by which a call is refused."""
    with pytest.raises(ClientError) as refused:
        call(**members)
    return str(refused.value.response["Error"]["Code"])


@pytest.fixture
def states(aws: Any) -> Any:
    """A client of root."""
    return aws("stepfunctions")


def published(states: Any, machine: str, **members: Any) -> str:
    """The ARN of the version that is published."""
    return str(
        states.publish_state_machine_version(stateMachineArn=machine, **members)["stateMachineVersionArn"]
    )


def updated(states: Any, machine: str, new: dict[str, Any], **members: Any) -> Any:
    """The answer to an update of the definition."""
    return states.update_state_machine(stateMachineArn=machine, definition=json.dumps(new), **members)


def aliased(states: Any, name: str, *routes: tuple[str, int]) -> str:
    """The ARN of an alias that is made."""
    weighted = [{"stateMachineVersionArn": version, "weight": weight} for version, weight in routes]
    made = states.create_state_machine_alias(name=name, routingConfiguration=weighted)
    return str(made["stateMachineAliasArn"])


@pytest.fixture
def two(states: Any, create: Any) -> tuple[str, str, str]:
    """The ARNs of a machine that says "new", of version 1 that says "first" and of version 2 that says "second"."""
    machine = create(says("first"))
    first = published(states, machine)
    updated(states, machine, says("second"))
    second = published(states, machine)
    updated(states, machine, says("new"))
    return machine, first, second


def test_the_same_revision_is_published_once(states: Any, create: Any) -> None:
    """Its number is the next one, also behind one that was deleted; a stale revision is refused."""
    machine = create(says("first"))
    assert "revisionId" not in states.describe_state_machine(stateMachineArn=machine)
    first = published(states, machine, revisionId="INITIAL", description="the first")
    assert (first, published(states, machine)) == (f"{machine}:1", first)
    revision = updated(states, machine, says("second"))["revisionId"]
    assert updated(states, machine, says("second"))["revisionId"] == revision
    assert code(states.publish_state_machine_version, stateMachineArn=machine, revisionId="INITIAL") == (
        "ConflictException"
    )
    second = published(states, machine, revisionId=revision)
    assert states.describe_state_machine(stateMachineArn=machine)["revisionId"] == revision
    shown = states.describe_state_machine(stateMachineArn=first)
    assert (shown["stateMachineArn"], shown["description"]) == (first, "the first")
    assert (json.loads(shown["definition"]), "revisionId" in shown) == (says("first"), False)
    listed = states.list_state_machine_versions(stateMachineArn=machine)["stateMachineVersions"]
    assert [each["stateMachineVersionArn"] for each in listed] == [second, first]
    states.delete_state_machine_version(stateMachineVersionArn=second)
    states.delete_state_machine_version(stateMachineVersionArn=second)
    assert published(states, machine) == f"{machine}:3"


def test_create_and_update_publish(states: Any, create: Any, name: str, role: Any) -> None:
    """With ``publish``, each says the version's ARN; a description needs it."""
    wrong = {"name": name, "definition": json.dumps(says("x")), "roleArn": role("states.amazonaws.com")}
    assert code(states.create_state_machine, **wrong, versionDescription="no") == "ValidationException"
    made = states.create_state_machine(**wrong, publish=True, versionDescription="one")
    machine = made["stateMachineArn"]
    assert made["stateMachineVersionArn"] == f"{machine}:1"
    again = states.create_state_machine(**wrong, publish=True, versionDescription="one")
    assert again["stateMachineVersionArn"] == f"{machine}:1"
    changed = updated(states, machine, says("y"), publish=True, versionDescription="two")
    assert changed["stateMachineVersionArn"] == f"{machine}:2"
    shown = states.describe_state_machine(stateMachineArn=f"{machine}:2")
    assert (shown["description"], shown["revisionId"]) == ("two", changed["revisionId"])
    assert code(states.update_state_machine, stateMachineArn=machine) == "MissingRequiredParameter"
    assert code(states.update_state_machine, stateMachineArn=f"{machine}:2", roleArn="x") == "InvalidArn"


def test_an_execution_runs_what_its_arn_names(states: Any, two: tuple[str, str, str]) -> None:
    """The machine's newest definition, a version's, or that of the version of an alias; each is told and listed."""
    machine, first, second = two
    live = aliased(states, "live", (first, 100))
    found = {}
    for target in (machine, first, second, live):
        started = states.start_execution(stateMachineArn=target)["executionArn"]
        execution = ended(states, started)
        assert execution["stateMachineArn"] == machine
        found[target] = started
        told = [execution.get(key) for key in ("stateMachineVersionArn", "stateMachineAliasArn")]
        begun = execution["events"][0]["executionStartedEventDetails"]
        assert told == [begun.get(key) for key in ("stateMachineVersionArn", "stateMachineAliasArn")]
        expected = {
            machine: ("new", None, None),
            first: ("first", first, None),
            second: ("second", second, None),
        }
        assert (output(execution), *told) == expected.get(target, ("first", first, live))
        own = states.describe_state_machine_for_execution(executionArn=started)
        assert json.loads(own["definition"]) == says(output(execution))

    def listed(target: str) -> set[str]:
        return {each["executionArn"] for each in states.list_executions(stateMachineArn=target)["executions"]}

    assert listed(machine) == set(found.values())
    assert listed(first) == {found[first], found[live]}
    assert listed(live) == {found[live]}
    (one,) = states.list_executions(stateMachineArn=live)["executions"]
    assert (one["stateMachineVersionArn"], one["stateMachineAliasArn"]) == (first, live)
    pages = states.get_paginator("list_executions").paginate(
        stateMachineArn=machine, PaginationConfig={"PageSize": 3}
    )
    assert sum(len(page["executions"]) for page in pages) == 4
    for target in (f"{machine}:9", f"{machine}:gone"):
        assert code(states.start_execution, stateMachineArn=target) == "StateMachineDoesNotExist"
        assert code(states.list_executions, stateMachineArn=target) == "StateMachineDoesNotExist"


def test_a_running_execution_finishes_on_its_version(states: Any, create: Any) -> None:
    """The alias goes to another version and the first is deleted meanwhile; the next execution runs the other."""
    machine = create(waits("first"))
    first = published(states, machine)
    live = aliased(states, "live", (first, 100))
    running = states.start_execution(stateMachineArn=live)["executionArn"]
    assert code(states.delete_state_machine_version, stateMachineVersionArn=first) == "ConflictException"
    updated(states, machine, says("second"))
    second = published(states, machine)
    states.update_state_machine_alias(
        stateMachineAliasArn=live, routingConfiguration=[{"stateMachineVersionArn": second, "weight": 100}]
    )
    states.delete_state_machine_version(stateMachineVersionArn=first)
    assert code(states.start_execution, stateMachineArn=first) == "StateMachineDoesNotExist"
    following = ended(states, states.start_execution(stateMachineArn=live)["executionArn"])
    assert (output(following), following["stateMachineVersionArn"]) == ("second", second)
    finished = ended(states, running)
    assert (output(finished), finished["stateMachineVersionArn"]) == ("first", first)


def test_a_redrive_goes_on_with_its_version(states: Any, create: Any) -> None:
    """The definition is that of the version, though the alias has another since."""
    machine = create(definition(End={"Type": "Fail", "Error": "First"}))
    live = aliased(states, "live", (published(states, machine), 100))
    execution = states.start_execution(stateMachineArn=live)["executionArn"]
    ended(states, execution)
    updated(states, machine, says("second"))
    route = {"stateMachineVersionArn": published(states, machine), "weight": 100}
    states.update_state_machine_alias(stateMachineAliasArn=live, routingConfiguration=[route])
    states.redrive_execution(executionArn=execution)
    again = ended(states, execution)
    assert (again["error"], again["redriveCount"]) == ("First", 1)
    assert again["stateMachineVersionArn"] == f"{machine}:1"


def test_weights_divide_executions() -> None:
    """Of 1,000 draws, as many as its weight says come to each version, more or less; none at a weight of 0."""
    routes = [{"stateMachineVersionArn": "a", "weight": 20}, {"stateMachineVersionArn": "b", "weight": 80}]
    drawn = [aliases.chosen({"routingConfiguration": routes}) for _ in range(1000)]
    assert 100 < drawn.count("a") < 300  # seven standard deviations to each side
    routes[0]["weight"], routes[1]["weight"] = 0, 100
    assert {aliases.chosen({"routingConfiguration": routes}) for _ in range(100)} == {"b"}


def test_an_alias_is_told_listed_and_deleted(states: Any, two: tuple[str, str, str]) -> None:
    """All that was given comes back; the same again is no error, another one of its name is."""
    machine, first, second = two
    both = aliased(states, "both", (first, 30), (second, 70))
    assert aliased(states, "both", (first, 30), (second, 70)) == both
    routes = [
        {"stateMachineVersionArn": first, "weight": 30},
        {"stateMachineVersionArn": second, "weight": 70},
    ]
    assert code(
        states.create_state_machine_alias, name="both", routingConfiguration=[{**routes[0], "weight": 100}]
    ) == ("ConflictException")
    live = aliased(states, "live", (second, 100))
    shown = states.describe_state_machine_alias(stateMachineAliasArn=both)
    assert (shown["name"], shown["routingConfiguration"]) == ("both", routes)
    assert shown["updateDate"] == shown["creationDate"]
    states.update_state_machine_alias(stateMachineAliasArn=both, description="two")
    shown = states.describe_state_machine_alias(stateMachineAliasArn=both)
    assert (shown["description"], shown["routingConfiguration"]) == ("two", routes)
    assert json.loads(states.describe_state_machine(stateMachineArn=both)["definition"]) == says("second")

    def listed(target: str) -> list[str]:
        found = states.list_state_machine_aliases(stateMachineArn=target)["stateMachineAliases"]
        return [each["stateMachineAliasArn"] for each in found]

    assert (listed(machine), listed(first)) == ([live, both], [both])
    page = states.list_state_machine_aliases(stateMachineArn=machine, maxResults=1)
    rest = states.list_state_machine_aliases(stateMachineArn=machine, nextToken=page["nextToken"])
    assert [each["stateMachineAliasArn"] for each in rest["stateMachineAliases"]] == [both]
    assert code(states.list_state_machine_aliases, stateMachineArn=machine, nextToken="x") == "InvalidToken"
    states.delete_state_machine_alias(stateMachineAliasArn=both)
    assert code(states.describe_state_machine_alias, stateMachineAliasArn=both) == "ResourceNotFound"
    states.delete_state_machine(stateMachineArn=machine)
    assert code(states.describe_state_machine, stateMachineArn=first) == "StateMachineDoesNotExist"
    assert code(states.describe_state_machine_alias, stateMachineAliasArn=live) == "ResourceNotFound"


@pytest.mark.parametrize(
    ("called", "routes", "expected"),
    [
        ("7", [(1, 100)], "ValidationException"),
        ("a b", [(1, 100)], "ValidationException"),
        ("a" * 81, [(1, 100)], "ValidationException"),
        ("live", [(1, 99)], "ValidationException"),
        ("live", [(1, 50), (1, 50)], "ValidationException"),
        ("live", [(1, 30), (2, 30), (3, 40)], "ValidationException"),
        ("live", [(9, 100)], "ResourceNotFound"),
        ("live", [("live", 100)], "InvalidArn"),
    ],
)
def test_what_an_alias_is_refused(
    states: Any, create: Any, called: str, routes: list[tuple[Any, int]], expected: str
) -> None:
    """Names of digits, weights that do not make 100, versions that are not there or twice there."""
    machine = create(says("first"))
    published(states, machine)
    weighted = [
        {"stateMachineVersionArn": f"{machine}:{number}", "weight": weight} for number, weight in routes
    ]
    assert code(states.create_state_machine_alias, name=called, routingConfiguration=weighted) == expected


def test_an_arn_is_split_before_its_qualifier() -> None:
    """What is no state machine's stays whole."""
    machine = "arn:aws:states:eu-central-1:123456789012:stateMachine:m"
    assert arns.split(f"{machine}:7") == (machine, "7")
    assert arns.split(machine) == (machine, "")
    execution = f"{machine.replace('stateMachine', 'execution')}:7"
    assert arns.split(execution) == (execution, "")


def test_a_machine_has_so_many_versions_and_aliases(monkeypatch: pytest.MonkeyPatch) -> None:
    """1,000 and 100, as on AWS; one more is refused, the same revision or alias again is not."""
    assert (versions.MOST, aliases.MOST) == (1000, 100)
    arn = "arn:aws:states:eu-central-1:123456789012:stateMachine:full"
    machine = {"stateMachineArn": arn, "definition": "{}", "roleArn": "r", "revisionId": "1"}
    for table in ("_state_machines", "_state_machine_versions", "_state_machine_aliases"):
        monkeypatch.setattr(stepfunctions, table, {})
    stepfunctions._state_machines[arn] = machine
    monkeypatch.setattr(versions, "MOST", 1)
    monkeypatch.setattr(aliases, "MOST", 1)
    assert [versions.publish({"stateMachineArn": arn})[0] for _ in range(2)] == [200, 200]
    machine["revisionId"] = "2"
    assert versions.publish({"stateMachineArn": arn})[0] == 402
    routes = [{"stateMachineVersionArn": f"{arn}:1", "weight": 100}]
    made = [
        aliases.create({"name": name, "routingConfiguration": routes})[0] for name in ("live", "live", "two")
    ]
    assert made == [200, 200, 402]


def test_permissions_are_on_the_machine_and_its_qualifier(
    aws: Any, states: Any, two: tuple[str, str, str], user: Any
) -> None:
    """A policy names the state machine, never the version's ARN; a condition narrows it to one alias."""
    machine, first, second = two
    live = aliased(states, "live", (first, 100))
    test = aliased(states, "test", (second, 100))
    only = {"StringEquals": {"states:StateMachineQualifier": "live"}}
    statements = [
        {**allow("states:StartExecution", machine), "Condition": only},
        allow("states:StartExecution", test),
        allow(["states:UpdateStateMachineAlias", "states:CreateStateMachineAlias"], machine),
    ]
    theirs = aws("stepfunctions", **user(*statements))
    theirs.start_execution(stateMachineArn=live)
    for target in (machine, first, test):
        assert code(theirs.start_execution, stateMachineArn=target) == "AccessDeniedException"
    theirs.update_state_machine_alias(stateMachineAliasArn=live, description="mine")
    route = [{"stateMachineVersionArn": first, "weight": 100}]
    theirs.create_state_machine_alias(name="another", routingConfiguration=route)
    assert code(theirs.publish_state_machine_version, stateMachineArn=machine) == "AccessDeniedException"
    assert code(theirs.delete_state_machine_alias, stateMachineAliasArn=live) == "AccessDeniedException"
    publishing = {"stateMachineArn": machine, "definition": json.dumps(says("x")), "publish": True}
    assert code(theirs.update_state_machine, **publishing) == "AccessDeniedException"
