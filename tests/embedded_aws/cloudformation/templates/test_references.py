"""What CloudFormation refuses of a template before it makes anything, case by case, each with its source.

cfn-lint, which reads the templates by code of its own, finds an error in each of them too, and none in what is
taken: the rules are named below, the pages are those of the AWS CloudFormation User Guide.
"""

from __future__ import annotations

import copy
import json
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clients import client
from randomness import SEED, SOAK, times

from data_pipeline.embedded_aws.cloudformation.templates import known, references
from data_pipeline.embedded_aws.server.endpoint import Endpoint

ATTRIBUTES = {
    "AWS::SQS::Queue": frozenset({"Arn", "QueueName", "QueueUrl"}),
    "AWS::SNS::Topic": frozenset({"TopicArn"}),
}
QUEUE: dict[str, Any] = {"Type": "AWS::SQS::Queue"}
TOPIC: dict[str, Any] = {"Type": "AWS::SNS::Topic"}


def queue(name: Any, **more: Any) -> dict[str, Any]:
    """A queue with a name."""
    return {**QUEUE, "Properties": {"QueueName": name}, **more}


def of(value: Any, **sections: Any) -> dict[str, Any]:
    """A template with a queue whose name is this value."""
    return {"Resources": {"Q": queue(value)}, **sections}


SIZE = {"Parameters": {"Size": {"Type": "String", "Default": "small"}}}
LARGE = {"Conditions": {"Large": {"Fn::Equals": [{"Ref": "Size"}, "large"]}}, **SIZE}
MAP = {"Mappings": {"M": {"a": {"b": "c"}}}}

#: (source: page, and cfn-lint's rule where it has one; template; words of the refusal)
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("Ref, E1020", of({"Ref": "Nope"}), "Unresolved resource dependencies [Nope] in the Resources block"),
    ("Ref, E1020", of({"Ref": ["Q"]}), "must be of type string"),
    ("Pseudo parameters, E1020", of({"Ref": "AWS::Nope"}), "dependencies [AWS::Nope]"),
    ("Fn::GetAtt, E1010", of({"Fn::GetAtt": ["Nope", "Arn"]}), "dependencies [Nope]"),
    ("Fn::GetAtt, E1010", of({"Fn::GetAtt": "Nope.Arn"}), "dependencies [Nope]"),
    (
        "Fn::GetAtt, E1010",
        {"Resources": {"Q": queue({"Fn::GetAtt": ["T", "Nope"]}), "T": TOPIC}},
        "resource T does not support attribute type Nope",
    ),
    ("Fn::GetAtt, E1010", of({"Fn::GetAtt": ["Q"]}), "requires two non-empty parameters"),
    ("Fn::GetAtt, E1010", of({"Fn::GetAtt": ["Q", ""]}), "requires two non-empty parameters"),
    ("Fn::Sub, E1019", of({"Fn::Sub": "a-${Nope}"}), "dependencies [Nope]"),
    ("Fn::Sub, E1019", of({"Fn::Sub": "a-${Nope.Arn}"}), "dependencies [Nope]"),
    (
        "Fn::Sub, E1019",
        {"Resources": {"Q": queue({"Fn::Sub": "${T.Nope}"}), "T": TOPIC}},
        "does not support attribute type Nope",
    ),
    ("Fn::Sub, E1020", of({"Fn::Sub": ["${A}", {"A": {"Ref": "Nope"}}]}), "dependencies [Nope]"),
    ("Fn::Sub, E1019", of({"Fn::Sub": "${a b}"}), "must contain only alphanumeric"),
    ("Fn::Sub, E1019", of({"Fn::Sub": {"a": "b"}}), "requires a string"),
    ("Fn::Join, E1020", of({"Fn::Join": ["-", ["a", {"Ref": "Nope"}]]}), "dependencies [Nope]"),
    (
        "Fn::If, E1028",
        of({"Fn::If": ["Nope", "a", "b"]}),
        "Unresolved condition dependency Nope in the Resources",
    ),
    ("Fn::If, E1028", of({"Fn::If": ["Large", "a"]}, **LARGE), "list argument with three elements"),
    ("Fn::FindInMap", of({"Fn::FindInMap": ["Nope", "a", "b"]}), "Nope"),
    (
        "Fn::FindInMap",
        of({"Fn::FindInMap": ["M", "a", "Nope"]}, **MAP),
        "Unable to get mapping for M::a::Nope",
    ),
    ("Fn::FindInMap, E1011", of({"Fn::FindInMap": ["M", "a"]}, **MAP), "requires three parameters"),
    ("Functions, E3012", of({"Fn::Nope": "a"}), "Unrecognized function Fn::Nope"),
    ("DependsOn, E3005", {"Resources": {"Q": queue("q", DependsOn="Nope")}}, "dependencies [Nope]"),
    (
        "DependsOn, E3005",
        {"Resources": {"Q": queue("q", DependsOn=["T", "Nope"]), "T": TOPIC}},
        "dependencies [Nope]",
    ),
    (
        "DependsOn, E3004",
        {"Resources": {"Q": queue("q", DependsOn="Q")}},
        "Circular dependency between resources: [Q]",
    ),
    ("Resources, E3004", of({"Ref": "Q"}), "Circular dependency between resources: [Q]"),
    (
        "Resources, E3004",
        {
            "Resources": {
                "A": queue({"Ref": "B"}),
                "B": queue({"Fn::Sub": "${C}"}),
                "C": queue("c", DependsOn="A"),
            }
        },
        "Circular dependency between resources: [A, B, C]",
    ),
    ("Condition, E3015", {"Resources": {"Q": queue("q", Condition="Nope")}}, "condition dependency Nope"),
    (
        "Conditions, E1020",
        of("q", Conditions={"A": {"Fn::Equals": [{"Ref": "Q"}, "a"]}}),
        "Cannot reference resources",
    ),
    ("Conditions, E8001", of("q", Conditions={"A": {"Condition": "Nope"}}), "condition dependency Nope"),
    (
        "Conditions",
        of("q", Conditions={"A": {"Fn::Not": [{"Condition": "B"}]}, "B": {"Condition": "A"}}),
        "Circular dependency between conditions: [A, B]",
    ),
    ("Conditions, E8001", of("q", Conditions={"A": {"Fn::Nope": []}}), "Conditions can only be boolean"),
    (
        "Conditions, E8003",
        of("q", Conditions={"A": {"Fn::Equals": ["a"]}}),
        "requires a list of 2 parameters",
    ),
    ("Conditions, E8005", of("q", Conditions={"A": {"Fn::Not": []}}), "requires a list of 1 parameters"),
    ("Sections, E1001", of("q", Nope={}), "Invalid template property or properties [Nope]"),
    ("Sections, E1001", {"Parameters": {}}, "At least one Resources member"),
    ("Resources", {"Resources": {}}, "At least one Resources member"),
    ("Resources, E3001", {"Resources": {"Q": {"Properties": {}}}}, "must contain a Type member"),
    (
        "Resource attributes, E3001",
        {"Resources": {"Q": queue("q", DependOn="T"), "T": TOPIC}},
        "property 'DependOn'",
    ),
    ("Resources, E3001", {"Resources": {"Q-1": QUEUE}}, "Q-1 is non alphanumeric"),
    (
        "DeletionPolicy, E3035",
        {"Resources": {"Q": queue("q", DeletionPolicy="Nope")}},
        "Unrecognized DeletionPolicy Nope",
    ),
    (
        "UpdateReplacePolicy, E3036",
        {"Resources": {"Q": queue("q", UpdateReplacePolicy="X")}},
        "UpdateReplacePolicy X",
    ),
    ("Parameters, E2001", of("q", Parameters={"A": {}}), "must contain a Type member"),
    (
        "Parameters, E2001",
        of("q", Parameters={"A": {"Type": "String", "Nope": 1}}),
        "parameter property 'Nope'",
    ),
    ("Outputs, E6101", of("q", Outputs={"A": {"Value": {"Ref": "Nope"}}}), "[Nope] in the Outputs block"),
    ("Outputs, E6002", of("q", Outputs={"A": {}}), "must contain a Value object"),
    ("Outputs, E6001", of("q", Outputs={"A": {"Value": "a", "Nope": 1}}), "output property 'Nope'"),
    (
        "Outputs, E6005",
        of("q", Outputs={"A": {"Value": "a", "Condition": "Nope"}}),
        "condition dependency Nope",
    ),
    ("Format version, E1001", of("q", AWSTemplateFormatVersion="2011-01-01"), "unsupported value"),
    (
        "Conditions, a resource that is not made",
        {"Resources": {"Q": queue({"Ref": "T"}), "T": {**TOPIC, "Condition": "Large"}}, **LARGE},
        "Unresolved resource dependencies [T]",
    ),
    (
        "Conditions, a dependency that is not made, E3005",
        {"Resources": {"Q": queue("q", DependsOn="T"), "T": {**TOPIC, "Condition": "Large"}}, **LARGE},
        "Unresolved resource dependencies [T]",
    ),
    (
        "Conditions, an output of a resource that is not made",
        {
            "Resources": {"Q": QUEUE, "T": {**TOPIC, "Condition": "Large"}},
            "Outputs": {"A": {"Value": {"Ref": "T"}}},
            **LARGE,
        },
        "Unresolved resource dependencies [T]",
    ),
]

TAKEN: list[dict[str, Any]] = [
    of("q", Description="d", Metadata={"a": {"Ref": "Nope"}}, AWSTemplateFormatVersion="2010-09-09"),
    of({"Ref": "AWS::StackName"}),
    of({"Ref": "Size"}, **SIZE),
    of({"Fn::Sub": "${AWS::Region}-${Size}-${!Literal}"}, **SIZE),
    of({"Fn::Sub": ["${A}-${Size}", {"A": "b"}]}, **SIZE),
    of({"Fn::If": ["Large", "a", {"Ref": "AWS::NoValue"}]}, **LARGE),
    of({"Fn::FindInMap": ["M", "a", "b"]}, **MAP),
    {"Resources": {"Q": queue({"Fn::GetAtt": ["T", "TopicArn"]}), "T": TOPIC}},
    {
        "Resources": {
            "Q": queue("q", DependsOn=["T"], Condition="Large"),
            "T": {**TOPIC, "Condition": "Large"},
        },
        **LARGE,
    },
    {
        "Resources": {
            "Q": queue({"Fn::If": ["Large", {"Ref": "T"}, "none"]}),
            "T": {**TOPIC, "Condition": "Large"},
        },
        "Outputs": {"A": {"Value": {"Ref": "T"}, "Condition": "Large"}, "B": {"Value": {"Fn::GetAtt": "Q.Arn"}}},
        **LARGE,
    },
    of("q", Conditions={"A": {"Fn::Or": [{"Condition": "B"}, {"Fn::Not": [{"Condition": "B"}]}]},
                        "B": {"Fn::Equals": [{"Ref": "AWS::Region"}, "x"]}}),
]  # fmt: skip


def names(cases: list[Any]) -> Iterator[str]:
    """An id for each case."""
    return (f"{number}-{case[0] if isinstance(case, tuple) else ''}" for number, case in enumerate(cases))


@pytest.fixture(scope="module")
def cloudformation(embedded: Endpoint) -> Any:
    """A client, made once."""
    return client(embedded, "cloudformation")


@pytest.fixture
def changes(cloudformation: Any, name: str) -> Any:
    """``changes(template)``: the status of a change set that makes the template's stack; ClientError."""

    def make(template: dict[str, Any], **more: Any) -> str:
        given = {"StackName": name, "ChangeSetName": "c", "ChangeSetType": "CREATE"}
        cloudformation.create_change_set(**given, TemplateBody=json.dumps(template), **more)
        found = cloudformation.describe_change_set(StackName=name, ChangeSetName="c")
        cloudformation.delete_stack(StackName=name)
        return str(found["Status"])

    return make


@pytest.mark.parametrize(("source", "template", "words"), REFUSED, ids=names(REFUSED))
def test_refused(
    cloudformation: Any, changes: Any, name: str, source: str, template: dict[str, Any], words: str
) -> None:
    """A change set, a stack and a validation are refused with the reason, and nothing is left."""
    with pytest.raises(ClientError) as refused:
        changes(template)
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationError", source
    assert words in error["Message"]
    with pytest.raises(ClientError, match="ValidationError"):
        cloudformation.create_stack(StackName=name, TemplateBody=json.dumps(template))
    if "is not made" not in source:  # a validation is given no values of parameters
        with pytest.raises(ClientError, match="ValidationError"):
            cloudformation.validate_template(TemplateBody=json.dumps(template))
    with pytest.raises(ClientError, match="does not exist"):
        cloudformation.describe_stacks(StackName=name)


@pytest.mark.parametrize("template", TAKEN, ids=names(TAKEN))
def test_taken(cloudformation: Any, changes: Any, template: dict[str, Any]) -> None:
    """What is right is taken."""
    assert changes(template) == "CREATE_COMPLETE"
    cloudformation.validate_template(TemplateBody=json.dumps(template))


def test_values_of_parameters(changes: Any) -> None:
    """A value for no parameter, and a parameter without a value: page of CreateChangeSet."""
    template = of({"Ref": "A"}, Parameters={"A": {"Type": "String"}})
    with pytest.raises(ClientError, match=r"Parameters: \[A\] must have values"):
        changes(template)
    given = [{"ParameterKey": key, "ParameterValue": "v"} for key in ("A", "B")]
    with pytest.raises(ClientError, match=r"Parameters: \[B\] do not exist in the template"):
        changes(template, Parameters=given)
    assert changes(template, Parameters=given[:1]) == "CREATE_COMPLETE"


def assert_found(source: str, template: dict[str, Any]) -> None:
    """cfn-lint finds an error of each rule that the source names."""
    from cfnlint.api import lint_all

    rules = {match.rule.id for match in lint_all(json.dumps(template))}
    assert rules >= set(re.findall(r"E\d{4}", source))


def assert_clean(template: dict[str, Any]) -> None:
    """cfn-lint finds no error."""
    from cfnlint.api import lint_all

    assert not [match for match in lint_all(json.dumps(template)) if match.rule.id.startswith("E")]


WITH_RULE = [(source, template) for source, template, _ in REFUSED if re.search(r"E\d{4}", source)]


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="cfn-lint takes half a second for a template: `make soak` does")
@pytest.mark.parametrize(("source", "template"), WITH_RULE, ids=names(WITH_RULE))
def test_cfn_lint_agrees(source: str, template: dict[str, Any]) -> None:
    """It does not look for what has no rule beside it."""
    assert_found(source, template)


@pytest.mark.soak
@pytest.mark.skipif(not SOAK, reason="cfn-lint takes half a second for a template: `make soak` does")
@pytest.mark.parametrize("template", TAKEN, ids=names(TAKEN))
def test_cfn_lint_takes(template: dict[str, Any]) -> None:
    assert_clean(template)


def any_text(chance: random.Random, made: list[str], depth: int = 0) -> Any:
    """Text, or a function that gives some, and that names parameters and resources that were made before."""
    parts: list[Any] = ["text", {"Ref": "Size"}, {"Ref": "AWS::Region"}, {"Fn::FindInMap": ["M", "a", "b"]}]
    parts += [{"Ref": name} for name in made] + [{"Fn::GetAtt": [name, "Arn"]} for name in made]
    parts += [{"Fn::Sub": f"x-${{{name}}}-${{{name}.Arn}}"} for name in made]
    if depth > 3 or chance.random() < 0.4:
        return chance.choice(parts)
    inner = [any_text(chance, made, depth + 1) for _ in range(2)]
    return chance.choice(
        [
            {"Fn::Join": ["-", chance.choice([inner, {"Fn::Split": ["-", inner[0]]}])]},
            {"Fn::If": ["Large", *inner]},
            {"Fn::Sub": ["${A}", {"A": inner[0]}]},
            {"Fn::Select": [chance.choice([0, "1"]), inner]},
            {"Fn::Base64": inner[0]},
        ]
    )


def any_value(chance: random.Random, made: list[str]) -> Any:
    """Text, or a list or an object with some."""
    inner = [any_text(chance, made) for _ in range(2)]
    return chance.choice(
        [inner[0], inner, {"key": inner[0], "other": inner[1]}, {"Fn::Split": ["-", inner[0]]}]
    )


def any_template(chance: random.Random) -> dict[str, Any]:
    """A template that CloudFormation would take."""
    resources: dict[str, Any] = {}
    for number in range(chance.randint(1, 5)):
        made = list(resources)
        resources[f"R{number}"] = queue(any_value(chance, made))
        if made and chance.random() < 0.4:
            resources[f"R{number}"]["DependsOn"] = chance.choice(made)
    outputs = {"O": {"Value": any_text(chance, list(resources))}}
    return copy.deepcopy({"Resources": resources, "Outputs": outputs, **LARGE, **MAP})


def positions(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every (owner, key or index) below a value whose content is a name of something."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        if key in ("Ref", "DependsOn", "Condition") and isinstance(item, str):
            yield value, key
        elif key in ("Fn::GetAtt", "Fn::If", "Fn::FindInMap"):
            yield item, 0
        yield from positions(item)


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("references")))
def test_any_template(attempt: int) -> None:
    """A template that names what is there is taken; with any one name changed to nothing, it is refused, and so it
    is when a resource needs what needs it.
    """
    chance = random.Random(f"{SEED}-references-{attempt}")
    template = any_template(chance)
    references.check(template, ATTRIBUTES)
    found = list(positions(template["Resources"])) + list(positions(template["Outputs"]))
    found += list(positions(template["Conditions"]))
    owner, key = chance.choice(found)
    before, owner[key] = owner[key], "Nope"
    with pytest.raises(known.Wrong, match="Nope"):
        references.check(template, ATTRIBUTES)
    owner[key] = before
    first, *_, last = [*template["Resources"], *template["Resources"]]
    for name in (first, last):
        if name != last:
            template["Resources"][last]["DependsOn"] = first
    template["Resources"][first]["DependsOn"] = last
    with pytest.raises(known.Wrong, match="Circular"):
        references.check(template, ATTRIBUTES)
