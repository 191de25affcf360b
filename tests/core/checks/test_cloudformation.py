"""CloudFormation's own means in a template: what is right gives no finding, what AWS refuses gives its own.

A: docs.aws.amazon.com/AWSCloudFormation/latest, TR its TemplateReference, UG its UserGuide; G: the Glue developer guide;
S: states-language.net. Sources stand beside the cases.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from data_pipeline.aws.service_models import load
from data_pipeline.core.checks import machine, template
from data_pipeline.core.checks.cloudformation.conditions import truths
from data_pipeline.core.checks.cloudformation.policies import actions
from data_pipeline.core.deployment import templates

HEAD = """
Parameters:
  Env: {Type: String, Default: dev}
  Secs: {Type: Number, Default: 5}
Conditions:
  IsProd: !Equals [!Ref Env, prod]
  IsDev: !Not [!Condition IsProd]
Mappings: {M: {dev: {n: 1}, prod: {n: 2}}}
Resources:
"""
MACHINE = "  M: {Type: 'AWS::StepFunctions::StateMachine', Properties: {RoleArn: a, %s}}"
A_TO_B = '{"StartAt":"A","States":{"A":%s,"B":{"Type":"Succeed"}}}'


def string(text: str, more: str = "") -> str:
    """A machine by DefinitionString."""
    return MACHINE % f"DefinitionString: {json.dumps(text)}{more}"


def object_(text: str, more: str = "") -> str:
    """A machine by Definition."""
    return MACHINE % f"Definition: {text}{more}"


def policy(text: str) -> str:
    """A managed policy with a statement."""
    statement = "{Effect: Allow, " + text + "}"
    return (
        "  P: {Type: 'AWS::IAM::ManagedPolicy', Properties: {PolicyDocument: {Statement: ["
        + statement
        + "]}}}"
    )


WAIT = '{"StartAt":"A","States":{"A":{"Type":"Wait","Seconds":%s,"End":true}}}'
RIGHT = {
    # TR aws-resource-stepfunctions-statemachine, DefinitionSubstitutions: text is replaced before it is JSON
    "a number for a substitution": string(WAIT % "${S}", ", DefinitionSubstitutions: {S: !Ref Secs}"),
    "a literal number": string(WAIT % "${S}", ", DefinitionSubstitutions: {S: 7}"),
    "a boolean": string('{"StartAt":"A","States":{"A":{"Type":"Pass","End":${E}}}}', ", DefinitionSubstitutions: {E: true}"),
    "an object": string(A_TO_B % "${X}", ", DefinitionSubstitutions: {X: '{\"Type\": \"Pass\", \"Next\": \"B\"}'}"),
    "an object that is not known": string(A_TO_B % "${X}", ", DefinitionSubstitutions: {X: !Ref Env}"),
    "a list that is not known": string(A_TO_B % '{"Type":"Pass","Next":"B"}' + " ", ""),
    "retriers that are not known": string(
        '{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"${R}","Retry":${X},"End":true}}}',
        ", DefinitionSubstitutions: {X: !Ref Env, R: !Ref Env}",
    ),
    "Sub with a number": MACHINE % ("DefinitionString: !Sub [" + json.dumps(WAIT % "${S}") + ", {S: !Ref Secs}]"),
    "Join": MACHINE % 'DefinitionString: !Join ["", [\'{"StartAt":"A","States":{"A":{"Type":"Wait","End":true,"Seconds":\', !Ref Secs, "}}}"]]',
    "a brace within a text": string('{"StartAt":"A","States":{"A":{"Type":"Pass","Result":"a\\"${S}","End":true}}}', ", DefinitionSubstitutions: {S: x}"),
    # TR intrinsic-function-reference-conditions: Fn::If in the properties of a resource
    "If for a definition": object_("!If [IsProd, {StartAt: A, States: {A: {Type: Succeed}}}, {StartAt: B, States: {B: {Type: Succeed}}}]"),
    "If for a text": MACHINE % "DefinitionString: !If [IsProd, '{\"StartAt\":\"A\",\"States\":{\"A\":{\"Type\":\"Succeed\"}}}', '{\"StartAt\":\"B\",\"States\":{\"B\":{\"Type\":\"Succeed\"}}}']",
    "If for a state": object_("{StartAt: A, States: {A: !If [IsProd, {Type: Succeed}, {Type: Pass, End: true}]}}"),
    "If for a transition": object_("{StartAt: A, States: {A: {Type: Pass, Next: !If [IsProd, B, C]}, B: {Type: Succeed}, C: {Type: Succeed}}}"),
    "If for one end or another": object_("{StartAt: A, States: {A: {Type: Pass, Next: !If [IsProd, B, !Ref AWS::NoValue], End: !If [IsProd, !Ref AWS::NoValue, true]}, B: {Type: Succeed}}}"),
    "conditions that exclude each other": object_("{StartAt: A, States: {A: {Type: Pass, Next: !If [IsProd, B, C]}, B: !If [IsDev, {Type: Pass}, {Type: Succeed}], C: {Type: Succeed}}}".replace("{Type: Pass},", "!Ref AWS::NoValue,")),
    # TR pseudo-parameter-reference, AWS::NoValue: the property is removed
    "NoValue": object_("{StartAt: A, States: {A: {Type: Succeed, Comment: !Ref AWS::NoValue}}}"),
    "NoValue in a list": object_("{StartAt: A, States: {A: {Type: Parallel, End: true, Branches: [!Ref AWS::NoValue, {StartAt: B, States: {B: {Type: Succeed}}}]}}}"),
    # TR intrinsic-function-reference-transform: what it brings is not known
    "Transform in a definition": object_("{'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: 's3://b/k'}}}"),
    "Transform among states": object_("{StartAt: A, States: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: 's3://b/k'}}}}"),
    "Transform in the properties": "  M: {Type: 'AWS::StepFunctions::StateMachine', Properties: {'Fn::Transform': {Name: 'AWS::Include', Parameters: {Location: 's3://b/k'}}}}",
    "a value for a state's name": object_("{StartAt: !Ref Env, States: {dev: {Type: Succeed}, prod: {Type: Succeed}}}"),
    # TR aws-attribute-dependson, UG conditions-section-structure, TR intrinsic-function-reference-findinmap
    "DependsOn a resource": "  A: {Type: 'AWS::SQS::Queue'}\n  B: {Type: 'AWS::SQS::Queue', DependsOn: [A], Condition: IsProd}",
    "keys by reference": "  A: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !FindInMap [M, !Ref Env, n]}}",
    "a default for a map": "  A: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !FindInMap [N, x, y, {DefaultValue: 1}]}}",
    "attributes": "  A: {Type: 'AWS::SQS::Queue'}\n  B: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${A.Arn}-${A.QueueName}'}}",
    "attributes of a type of one's own": "  A: {Type: 'Custom::Thing'}\n  B: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !GetAtt A.Whatever}}",
    "outputs of a nested stack": "  A: {Type: 'AWS::CloudFormation::Stack'}\n  B: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !GetAtt A.Outputs.Name}}",
    "a circle that no condition closes": "  A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !If [IsProd, !Ref B, x]}}\n  B: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !If [IsDev, !Ref A, y]}}",
    # IAM user guide, reference_policies_elements_action: any case of letters, * and ?
    "actions by pattern": policy("Action: ['s3:get*', '*', 'S3:PutObject', 'lambda:Invoke?unction', !Ref Env, 'execute-api:Invoke'], Resource: '*'"),
    "resources by pattern": policy("Action: 's3:*', Resource: ['arn:aws:s3:::b/*', '*', !Sub '${Env}', 'arn:*']"),
    # G monitor-data-warehouse-schedule
    "a trigger by the clock": "  T: {Type: 'AWS::Glue::Trigger', Properties: {Type: SCHEDULED, Schedule: 'cron(0/15 * ? * MON-FRI *)', Actions: []}}",
    "a trigger on demand": "  T: {Type: 'AWS::Glue::Trigger', Properties: {Type: ON_DEMAND, Actions: []}}",
    "the last weekday": "  E: {Type: 'AWS::Events::Rule', Properties: {ScheduleExpression: 'cron(0 10 LW * ? *)'}}",
}  # fmt: skip
WRONG = {
    "a number between quotes": (string(WAIT % '"${S}"', ", DefinitionSubstitutions: {S: !Ref Secs}"), ["number"]),
    "a number between quotes in an object": (object_("{StartAt: A, States: {A: {Type: Wait, Seconds: '${S}', End: true}}}", ", DefinitionSubstitutions: {S: '5'}"), ["number"]),
    "attempts between quotes": (object_("{StartAt: A, States: {A: {Type: Task, Resource: r, End: true, Retry: [{ErrorEquals: [States.ALL], MaxAttempts: '${S}'}]}}}", ", DefinitionSubstitutions: {S: '5'}"), ["resource", "number"]),
    "a literal that is no JSON": (string(WAIT % "${S}", ", DefinitionSubstitutions: {S: soon}"), ["shape"]),
    "a literal that is no number": (string(WAIT % "${S}", ", DefinitionSubstitutions: {S: '\"5\"'}"), ["number"]),
    "one branch of If": (object_("!If [IsProd, {StartAt: A, States: {A: {Type: Succeed}}}, {StartAt: B, States: {A: {Type: Succeed}}}]"), ["start-unknown"]),
    "a state that no condition leads to": (object_("{StartAt: A, States: {A: {Type: Pass, Next: !If [IsProd, B, B]}, B: {Type: Succeed}, C: {Type: Succeed}}}"), ["state-unreachable"]),
    "a value beside what is known": (object_("{StartAt: A, States: {A: {Type: Wait, Seconds: !Ref Secs, End: true, Nxt: 1}}}"), ["field-unknown"]),
    "If by no condition": (object_("!If [Prod, {StartAt: A, States: {A: {Type: Succeed}}}, {StartAt: B, States: {B: {Type: Succeed}}}]"), ["condition-unknown"]),
    "DependsOn a parameter": ("  A: {Type: 'AWS::SQS::Queue', DependsOn: Env}", ["reference-unknown"]),
    "a condition of a resource": ("  A: {Type: 'AWS::SQS::Queue', Condition: IsProduction}", ["condition-unknown"]),
    "a map": ("  A: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !FindInMap [N, dev, n]}}", ["map-unknown"]),
    "a first key": ("  A: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !FindInMap [M, test, n]}}", ["map-unknown"]),
    "a second key": ("  A: {Type: 'AWS::SQS::Queue', Properties: {DelaySeconds: !FindInMap [M, !Ref Env, m]}}", ["map-unknown"]),
    "an attribute": ("  A: {Type: 'AWS::SQS::Queue'}\n  B: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Sub '${A.Url}'}}", ["attribute-unknown"]),
    "a circle": ("  A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !GetAtt B.QueueName}}\n  B: {Type: 'AWS::SQS::Queue', DependsOn: A}", ["circle"]),
    "a resource that needs itself": ("  A: {Type: 'AWS::SQS::Queue', Properties: {QueueName: !Ref A}}", ["circle"]),
    "an action": (policy("Action: 's3:GetObjects', Resource: '*'"), ["policy-action"]),
    "a pattern without actions": (policy("NotAction: 's3:Fetch*', Resource: '*'"), ["policy-action"]),
    "a service": (policy("Action: 'nope:Nope', Resource: '*'"), ["policy-action"]),
    "no service": (policy("Action: GetObject, Resource: '*'"), ["policy-action"]),
    "no ARN": (policy("Action: 's3:GetObject', Resource: bucket"), ["policy-resource"]),
    "a rate for a trigger": ("  T: {Type: 'AWS::Glue::Trigger', Properties: {Type: SCHEDULED, Schedule: 'rate(1 day)', Actions: []}}", ["schedule"]),
    "a trigger that never fires": ("  T: {Type: 'AWS::Glue::Trigger', Properties: {Type: SCHEDULED, Schedule: 'cron(0 6 31 2 ? *)', Actions: []}}", ["schedule"]),
    "a trigger without a clock": ("  T: {Type: 'AWS::Glue::Trigger', Properties: {Type: SCHEDULED, Actions: []}}", ["schedule"]),
}  # fmt: skip


def codes(text: str) -> list[str]:
    """The codes of what is found in a template."""
    document: dict[str, Any] = templates.read(HEAD + text)
    found = template.check(document, load(template.services(document)), {})
    return [finding.code for finding in found]


@pytest.mark.parametrize("name", RIGHT)
def test_what_is_right_is_not_blamed(name: str) -> None:
    """No finding."""
    assert codes(RIGHT[name]) == []


@pytest.mark.parametrize("name", WRONG)
def test_what_aws_refuses_is_found(name: str) -> None:
    """Each by its rule, once."""
    text, wanted = WRONG[name]
    assert codes(text) == wanted


def test_a_result_is_what_it_is() -> None:
    """S: only Parameters, ResultSelector and the like are payload templates; the Result of a Pass state is none."""
    definition = {
        "StartAt": "A",
        "States": {"A": {"Type": "Pass", "Result": {"x.$": "literal", "y": "$.z"}, "End": True}},
    }
    assert list(machine.check(definition, {})) == []


def test_conditions_that_can_be_true_together() -> None:
    """By the values that parameters allow; what is compared with something unknown goes either way."""
    document = templates.read(
        "Parameters: {E: {Type: String, AllowedValues: [a, b]}}\n"
        "Conditions: {A: !Equals [!Ref E, a], B: !Equals [b, !Ref E], Both: !And [!Condition A, !Condition B], "
        "One: !Or [!Condition A, !Condition B], R: !Equals [!Select [0, x], y]}\n"
    )
    found = truths(document)
    assert {(each["A"], each["B"]) for each in found} == {(True, False), (False, True)}
    assert {each["Both"] for each in found} == {False}
    assert {each["One"] for each in found} == {True}
    assert len(found) == 4
    assert truths(templates.read("Conditions: {A: !Condition A}")) == []


def test_actions_are_aws_s() -> None:
    """Those of a service by its prefix, also where awacs names its module otherwise."""
    assert {"GetObject", "PutObject"} <= actions("s3")
    assert "InvokeFunction" in actions("lambda")
    assert "StartExecution" in actions("states")
    assert actions("os") == actions("aws") == actions("..s3") == frozenset()
