"""More of what CloudFormation refuses of a template: arguments of functions, conditions, rules, mappings, parameters.

Each case names its page in the CloudFormation User Guide, and cfn-lint's rule where it has one.
"""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from botocore.exceptions import ClientError
from clients import client
from randomness import SOAK

from data_pipeline.embedded_aws.server.endpoint import Endpoint
from tests.embedded_aws.cloudformation.templates.test_references import (
    LARGE,
    MAP,
    SIZE,
    TOPIC,
    assert_clean,
    assert_found,
    names,
    of,
    queue,
)

LIST = {"Parameters": {"Many": {"Type": "CommaDelimitedList", "Default": "a,b"}}}


def when(condition: Any, **sections: Any) -> dict[str, Any]:
    """A template with a queue and this condition."""
    return of("q", Conditions={"A": condition}, **sections)


def parameter(**given: Any) -> dict[str, Any]:
    """A template with this parameter."""
    return of("q", Parameters={"A": given})


def rule(assertion: Any, **more: Any) -> dict[str, Any]:
    """A template with a rule of this assertion."""
    return of("q", Rules={"R": {"Assertions": [{"Assert": assertion}], **more}}, **SIZE)


#: (source: page, and cfn-lint's rule where it has one; template; words of the refusal)
REFUSED: list[tuple[str, dict[str, Any], str]] = [
    # Arguments of functions
    ("Ref, E3012", of({"Ref": "Size", "Other": 1}, **SIZE), "must be the only key"),
    ("Fn::Join, E3012", of({"Fn::Join": ["-", ["a"]], "x": "y"}), "must be the only key"),
    ("Fn::Join, E1022", of({"Fn::Join": "a"}), "Fn::Join object requires two parameters"),
    ("Fn::Join, E1022", of({"Fn::Join": [["-"], ["a"]]}), "a string delimiter"),
    ("Fn::Join, E1022", of({"Fn::Join": ["-", "a"]}), "a list of strings to be joined"),
    ("Fn::Join, E1022", of({"Fn::Join": ["-", [["a"], "b"]]}), "a list of strings to be joined"),
    ("Fn::Select, E1017", of({"Fn::Select": [0]}), "Fn::Select object requires two parameters"),
    ("Fn::Select, E1017", of({"Fn::Select": ["x", ["a"]]}), "an integer index"),
    ("Fn::Select, E1017", of({"Fn::Select": [2, ["a", "b"]]}), "nonexistent value at index 2"),
    ("Fn::Select, E1017", of({"Fn::Select": [-1, ["a", "b"]]}), "an integer index"),
    ("Fn::Select, E1017", of({"Fn::Select": [0, "a,b"]}), "a list to select from"),
    (
        "Fn::Split, E1017",
        of({"Fn::Select": [0, {"Fn::Split": ["-"]}]}),
        "Fn::Split object requires two parameters",
    ),
    ("Fn::Split", of({"Fn::Select": [0, {"Fn::Split": [1, "a"]}]}), "a string delimiter"),
    ("Fn::Split, E1017", of({"Fn::Select": [0, {"Fn::Split": ["-", ["a"]]}]}), "a string to be split"),
    ("Fn::Base64, E1021", of({"Fn::Base64": ["a"]}), "Fn::Base64 object must have a String-typed value"),
    (
        "Fn::GetAZs, E1017",
        of({"Fn::Select": [0, {"Fn::GetAZs": ["a"]}]}),
        "Fn::GetAZs object must have a String-typed",
    ),
    ("Fn::Cidr, E1017", of({"Fn::Select": [0, {"Fn::Cidr": ["10.0.0.0/16"]}]}), "Fn::Cidr object requires"),
    ("Fn::ImportValue, E1016", of({"Fn::ImportValue": ["a"]}), "Fn::ImportValue"),
    (
        "Fn::ImportValue",
        {"Resources": {"Q": queue({"Fn::ImportValue": {"Ref": "T"}}), "T": TOPIC}},
        "must not depend on any resources, imported values, or Fn::GetAZs",
    ),
    (
        "Fn::ImportValue, E1016",
        {"Resources": {"Q": queue({"Fn::ImportValue": {"Fn::Sub": "${T.TopicArn}"}}), "T": TOPIC}},
        "must not depend on any resources",
    ),
    (
        "Fn::FindInMap, E1011",
        of({"Fn::FindInMap": ["M", {"Fn::GetAtt": ["T", "TopicArn"]}, "b"]}, **MAP),
        "FindInMap",
    ),
    (
        "Fn::FindInMap, E1011",
        of({"Fn::FindInMap": ["M", {"Fn::Join": ["", ["a"]]}, "b"]}, **MAP),
        "FindInMap",
    ),
    (
        "Fn::FindInMap",
        of({"Fn::FindInMap": ["M", {"Ref": "Size"}, "b"]}, **MAP, **SIZE),
        "mapping for M::small::b",
    ),
    (
        "Fn::FindInMap",
        of({"Fn::FindInMap": ["M", "a", "n", {"DefaultValue": "d"}]}, **MAP),
        "LanguageExtensions",
    ),
    ("Fn::Sub", of({"Fn::Sub": "${}"}), "must contain only alphanumeric"),
    ("Fn::Sub", of({"Fn::Sub": "${ Size }"}, **SIZE), "must contain only alphanumeric"),
    ("Fn::Sub, E1019", of({"Fn::Sub": ["${A}", {"A": ["x"]}]}), "Fn::Sub"),
    ("Fn::Sub, E1019", of({"Fn::Sub": "${Many}"}, **LIST), "does not resolve to a string"),
    ("Fn::Sub, E1019", of({"Fn::Sub": ["a", {}, "b"]}), "requires a string"),
    ("Fn::Length, Fn::ToJsonString, E1031", of({"Fn::ToJsonString": {"a": 1}}), "LanguageExtensions"),
    ("Condition functions, E3012", of({"Fn::Equals": ["a", "b"]}), "Fn::Equals"),
    ("Fn::If, E1028", of({"Fn::If": [{"Fn::Equals": ["a", "b"]}, "a", "b"]}), "the first a condition"),
    ("Fn::GetAtt, E1010", of({"Fn::GetAtt": ["T", {"Ref": "Size"}]}, **SIZE), "LanguageExtensions"),
    ("Fn::GetAtt, E1010", of({"Fn::GetAtt": {"a": "b"}}), "requires two non-empty parameters"),
    ("Null values", of(None), "'null' values are not allowed in templates"),
    # Conditions
    ("Conditions, E8001", when("text"), "Every Conditions member"),
    ("Conditions", when(True), "Every Conditions member"),
    ("Conditions, E8001", when({"Ref": "Size"}, **SIZE), "Every Conditions member"),
    ("Conditions, E8001", when({"Fn::If": ["A", "a", "b"]}), "Fn::If"),
    (
        "Conditions, E8003",
        when({"Fn::Equals": [{"Fn::GetAtt": ["Q", "Arn"]}, "a"]}),
        "Cannot reference resources",
    ),
    ("Conditions, E8003", when({"Fn::Equals": [{"Fn::Sub": "${Q.Arn}"}, "a"]}), "Cannot reference resources"),
    ("Fn::Equals, E8003", when({"Fn::Equals": [["a"], "a"]}), "string parameters"),
    ("Fn::Equals, E8003", when({"Fn::Equals": [{"a": "b"}, "a"]}), "string parameters"),
    ("Fn::Equals", when({"Fn::Equals": [{"Fn::FindInMap": ["Nope", "a", "b"]}, "a"]}), "Nope"),
    ("Fn::Equals", when({"Fn::Equals": [{"Fn::FindInMap": ["M", "a", "Nope"]}, "a"]}, **MAP), "M::a::Nope"),
    (
        "Fn::Equals, E8003",
        when({"Fn::Equals": [{"Fn::Select": [5, ["a"]]}, "a"]}),
        "nonexistent value at index 5",
    ),
    ("Fn::Equals, E8003", when({"Fn::Equals": [{"Fn::ImportValue": "x"}, "a"]}), "Fn::ImportValue"),
    ("Fn::Not, E8005", when({"Fn::Not": ["text"]}), "Fn::Not"),
    ("Fn::Not, E8005", when({"Fn::Not": {"Fn::Equals": ["a", "b"]}}), "requires a list"),
    ("Fn::And, E8004", when({"Fn::And": [{"Fn::Equals": ["a", "a"]}]}), "list of 2 to 10"),
    ("Fn::And, E8004", when({"Fn::And": [{"Fn::Equals": ["a", "a"]}, {"Ref": "Size"}]}, **SIZE), "found Ref"),
    ("Fn::Or, E8006", when({"Fn::Or": [{"Fn::Equals": ["a", "a"]}] * 11}), "list of 2 to 10"),
    ("Condition, E8001", when({"Condition": ["B"]}), "Condition"),
    ("Rules, E8001", when({"Fn::Contains": [["a"], "a"]}), "Fn::Contains is only for the Rules section"),
    (
        "Rules, E8001",
        when({"Fn::EachMemberIn": [["a"], ["a"]]}),
        "Fn::EachMemberIn is only for the Rules section",
    ),
    (
        "Fn::Equals, what is not emulated",
        when({"Fn::Equals": [{"Ref": "AWS::StackName"}, "a"]}),
        "does not emulate AWS::StackName in a condition",
    ),
    # Rules
    ("Rules, E1020", rule({"Fn::Equals": [{"Ref": "Nope"}, "a"]}), "Nope"),
    ("Rules", rule({"Fn::Equals": [{"Ref": "Size"}, "large"]}), "assertion"),
    ("Rules", rule({"Fn::Equals": [{"Ref": "Q"}, "a"]}), "Q"),
    ("Rules", rule({"Fn::Contains": [{"Fn::ValueOf": ["Size", "x"]}, "a"]}), "does not emulate Fn::ValueOf"),
    (
        "Rules",
        rule({"Fn::Contains": [{"Fn::RefAll": "AWS::EC2::VPC::Id"}, "a"]}),
        "does not emulate Fn::RefAll",
    ),
    ("Rules, E1701", rule("text"), "assertion 1 of rule R must"),
    # Mappings
    ("Mappings, E7001", of("q", Mappings={"M": "a"}), "Every Mappings member"),
    ("Mappings, E7001", of("q", Mappings={"M": {"a": "b"}}), "Every Mappings member"),
    ("Mappings, E7001", of("q", Mappings={"M": {"a": {"b": {"c": "d"}}}}), "must be a String or a List"),
    (
        "Mappings, E7001",
        of("q", Mappings={"M": {"a": {"b": {"Ref": "Size"}}}}, **SIZE),
        "must be a String or a List",
    ),
    ("Mappings, E7001", of("q", Mappings={"M-1": {"a": {"b": "c"}}}), "non alphanumeric"),
    ("Mappings, E7001", of("q", Mappings={"M": {"a": {"b c": "c"}}}), "b c"),
    # Parameters
    ("Parameters, E2002", parameter(Type="Text", Default="a"), "Unrecognized parameter type: Text"),
    ("Parameters, E2001", parameter(Type="String", Default={"a": "b"}), "Default"),
    ("Parameters, E2015", parameter(Type="String", Default="c", AllowedValues=["a", "b"]), "AllowedValues"),
    ("Parameters, E2015", parameter(Type="String", Default="c", AllowedPattern="[ab]"), "pattern"),
    ("Parameters", parameter(Type="String", Default="c", AllowedPattern="["), "AllowedPattern"),
    ("Parameters, E2001", parameter(Type="String", Default="c", AllowedValues="c"), "AllowedValues"),
    ("Parameters, E2015", parameter(Type="Number", Default=5, MaxValue=4), "not greater than 4"),
    ("Parameters", parameter(Type="Number", Default="x"), "Number"),
    (
        "Parameters",
        parameter(Type="AWS::EC2::VPC::Id", Default="vpc-1"),
        "does not emulate parameters of type",
    ),
    ("Parameters, E2001", parameter(Type="String", Default="a", NoEcho="perhaps"), "NoEcho"),
    ("Names, E3007", of("q", Parameters={"Q": {"Type": "String", "Default": "a"}}), "Q"),
    # Resources and their attributes
    ("DependsOn, E3001", {"Resources": {"Q": queue("q", DependsOn={"Ref": "T"}), "T": TOPIC}}, "DependsOn"),
    ("DependsOn, E3001", {"Resources": {"Q": queue("q", DependsOn=[["T"]]), "T": TOPIC}}, "DependsOn"),
    (
        "DeletionPolicy, E3035",
        {"Resources": {"Q": queue("q", DeletionPolicy="Snapshot")}},
        "does not support deletion policy Snapshot",
    ),
    (
        "CreationPolicy",
        {"Resources": {"Q": queue("q", CreationPolicy={"ResourceSignal": {"Count": 1}})}},
        "CreationPolicy",
    ),
    (
        "UpdatePolicy, E3016",
        {"Resources": {"Q": queue("q", UpdatePolicy={"AutoScalingRollingUpdate": {}})}},
        "UpdatePolicy",
    ),
    ("Metadata", {"Resources": {"Q": queue("q", Metadata="text")}}, "Metadata"),
    (
        "Properties",
        {
            "Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": {"Fn::If": ["Large", {}, {}]}}},
            **LARGE,
        },
        "Properties",
    ),
    (
        "Properties, E3012",
        {"Resources": {"Q": {"Type": "AWS::SQS::Queue", "Properties": ["a"]}}},
        "must be an object",
    ),
    ("Condition, E3001", {"Resources": {"Q": queue("q", Condition=["Large"])}, **LARGE}, "Condition"),
    (
        "Types, E3006",
        {"Resources": {"Q": {"Type": "AWS::SQS::Nope"}}},
        "Unrecognized resource types: [AWS::SQS::Nope]",
    ),
    (
        "Types",
        {"Resources": {"Q": {"Type": "Custom::Thing"}}},
        "Custom::Thing",
    ),
    (
        "Types",
        {"Resources": {"Q": {"Type": "AWS::CloudFormation::WaitConditionHandle"}}},
        "WaitConditionHandle",
    ),
    # Outputs
    ("Outputs, E6101", of("q", Outputs={"A": {"Value": ["a"]}}), "must evaluate to a String"),
    ("Outputs, E6101", of("q", Outputs={"A": {"Value": {"a": "b"}}}), "must evaluate to a String"),
    (
        "Outputs, E6101",
        of("q", Outputs={"A": {"Value": {"Ref": "Many"}}}, **LIST),
        "must evaluate to a String",
    ),
    (
        "Outputs, E6101",
        of("q", Outputs={"A": {"Value": {"Fn::Split": ["-", "a-b"]}}}),
        "must evaluate to a String",
    ),
    ("Outputs, E6003", of("q", Outputs={"A": {"Value": "a", "Export": "name"}}), "Export"),
    ("Outputs, E6001", of("q", Outputs={"A": {"Value": "a", "Export": {"Nope": "n"}}}), "Export"),
    ("Outputs", of("q", Outputs={n: {"Value": "a", "Export": {"Name": "n"}} for n in "AB"}), "Export"),
    (
        "Outputs, E6003",
        of("q", Outputs={"A": {"Value": "a", "Description": {"Ref": "Size"}}}, **SIZE),
        "Description",
    ),
    # Sections
    ("Description, E1004", of("q", Description=["a"]), "Description"),
    ("Metadata", of("q", Metadata="a"), "Metadata"),
    ("Hooks, E1001", of("q", Hooks={"H": {"Type": "AWS::CodeDeploy::BlueGreen"}}), "Hooks"),
    ("Conditions, E8001", of("q", Conditions=["a"]), "Conditions must be an object"),
]

TAKEN: list[dict[str, Any]] = [
    of(
        {"Fn::If": ["A", "yes", "no"]},
        Conditions={"A": {"Fn::Equals": [{"Fn::FindInMap": ["M", {"Ref": "Size"}, "b"]}, "c"]}},
        Mappings={"M": {"small": {"b": "c"}}},
        **SIZE,
    ),
    of(
        {"Fn::If": ["A", "yes", "no"]},
        Conditions={"A": {"Fn::Equals": [{"Fn::Join": ["", [{"Ref": "Size"}, "x"]]}, "smallx"]}},
        **SIZE,
    ),
    of({"Fn::Select": ["0", {"Fn::Split": ["-", "a-b"]}]}),
    of({"Fn::Select": [0, {"Ref": "Many"}]}, **LIST),
    of({"Fn::Join": ["-", {"Ref": "Many"}]}, **LIST),
    rule({"Fn::Contains": [["small", "large"], {"Ref": "Size"}]}),
    parameter(Type="List<Number>", Default="1,2"),
    parameter(Type="Number", Default="5", MinValue=5, NoEcho=True),
]


@pytest.fixture(scope="module")
def cloudformation(embedded: Endpoint) -> Any:
    """A client, made once."""
    return client(embedded, "cloudformation")


@pytest.mark.parametrize(("source", "template", "words"), REFUSED, ids=names(REFUSED))
def test_refused(cloudformation: Any, name: str, source: str, template: dict[str, Any], words: str) -> None:
    """A change set is refused with the reason."""
    given = {"StackName": name, "TemplateBody": json.dumps(template)}
    with pytest.raises(ClientError) as refused:
        cloudformation.create_change_set(**given, ChangeSetName="c", ChangeSetType="CREATE")
    error = refused.value.response["Error"]
    assert error["Code"] == "ValidationError", source
    assert words in error["Message"]


@pytest.mark.parametrize("template", TAKEN)
def test_taken(cloudformation: Any, name: str, template: dict[str, Any]) -> None:
    """What is right is taken."""
    given = {"StackName": name, "TemplateBody": json.dumps(template)}
    cloudformation.create_change_set(**given, ChangeSetName="c", ChangeSetType="CREATE")
    found = cloudformation.describe_change_set(StackName=name, ChangeSetName="c")
    cloudformation.delete_stack(StackName=name)
    assert found["Status"] == "CREATE_COMPLETE"
    cloudformation.validate_template(TemplateBody=given["TemplateBody"])


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
