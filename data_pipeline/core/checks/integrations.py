"""What the ``Resource`` of a task may name: optimised integrations, SDK calls, functions and activities.

After the Step Functions developer guide, "Integrating services" and "Optimized integrations".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from data_pipeline.core.problems import Path, did_you_mean, one_of, quoted

from .findings import Finding
from .walk import Scope, scopes

_SYNC, _TOKEN, _SYNC2 = ".sync", ".waitForTaskToken", ".sync:2"

#: service in a Resource → (botocore's name of it, action → what may follow it)
OPTIMISED: dict[str, tuple[str, dict[str, tuple[str, ...]]]] = {
    "apigateway": ("", {"invoke": (_TOKEN,)}),
    "athena": (
        "athena",
        {
            "startQueryExecution": (_SYNC,),
            "stopQueryExecution": (),
            "getQueryExecution": (),
            "getQueryResults": (),
        },
    ),
    "batch": ("batch", {"submitJob": (_SYNC,)}),
    "bedrock": (
        "bedrock",
        {"invokeModel": (_TOKEN,), "createModelCustomizationJob": (_SYNC,)},
    ),
    "bedrockagentcore": ("bedrock-agentcore", {"invokeHarness": ()}),
    "codebuild": (
        "codebuild",
        {
            **dict.fromkeys(("startBuild", "startBuildBatch", "retryBuildBatch"), (_SYNC,)),
            **dict.fromkeys(("stopBuild", "batchDeleteBuilds", "batchGetReports", "stopBuildBatch"), ()),
            "deleteBuildBatch": (),
        },
    ),
    "databrew": ("databrew", {"startJobRun": (_SYNC,)}),
    "dynamodb": ("dynamodb", dict.fromkeys(("getItem", "putItem", "deleteItem", "updateItem"), ())),
    "ecs": ("ecs", {"runTask": (_SYNC, _TOKEN)}),
    "eks": (
        "eks",
        {
            **dict.fromkeys(("runJob", "createCluster", "deleteCluster", "createNodegroup"), (_SYNC,)),
            **dict.fromkeys(("deleteNodegroup", "createFargateProfile", "deleteFargateProfile"), (_SYNC,)),
            "call": (_TOKEN,),
        },
    ),
    "elasticmapreduce": (
        "emr",
        {
            **dict.fromkeys(("createCluster", "addStep", "terminateCluster"), (_SYNC,)),
            **dict.fromkeys(
                ("cancelStep", "setClusterTerminationProtection", "modifyInstanceFleetByName"), ()
            ),
            "modifyInstanceGroupByName": (),
        },
    ),
    "emr-containers": (
        "emr-containers",
        {"createVirtualCluster": (), "deleteVirtualCluster": (_SYNC,), "startJobRun": (_SYNC,)},
    ),
    "emr-serverless": (
        "emr-serverless",
        {
            **dict.fromkeys(("createApplication", "startApplication", "stopApplication"), (_SYNC,)),
            **dict.fromkeys(("deleteApplication", "startJobRun", "cancelJobRun"), (_SYNC,)),
        },
    ),
    "events": ("events", {"putEvents": (_TOKEN,)}),
    "glue": ("glue", {"startJobRun": (_SYNC,)}),
    "http": ("", {"invoke": ()}),
    "lambda": ("lambda", {"invoke": (_TOKEN,)}),
    "mediaconvert": ("mediaconvert", {"createJob": (_SYNC,)}),
    "sagemaker": (
        "sagemaker",
        {
            **dict.fromkeys(("createProcessingJob", "createTrainingJob", "createTransformJob"), (_SYNC,)),
            **dict.fromkeys(("createHyperParameterTuningJob", "createLabelingJob"), (_SYNC,)),
            **dict.fromkeys(("createModel", "createEndpoint", "createEndpointConfig", "updateEndpoint"), ()),
        },
    ),
    "sns": ("sns", {"publish": (_TOKEN,)}),
    "sqs": ("sqs", {"sendMessage": (_TOKEN,)}),
    "states": ("stepfunctions", {"startExecution": (_SYNC, _SYNC2, _TOKEN)}),
}

#: service → action → the call whose answer is the result of the action with ``.sync``, and the member that is taken
#: of it. After the examples of results in "Integrating services"; what stands in none of them is not known.
ANSWERS: dict[str, dict[str, tuple[str, str | None]]] = {
    "athena": {"startQueryExecution": ("GetQueryExecution", None)},
    "batch": {"submitJob": ("DescribeJobs", "jobs")},
    "glue": {"startJobRun": ("GetJobRun", "JobRun")},
    "sagemaker": {
        f"create{job}": (f"Describe{job}", None) for job in ("ProcessingJob", "TrainingJob", "TransformJob")
    },
    "states": {"startExecution": ("DescribeExecution", None)},
}

#: service in ``aws-sdk:<service>`` → botocore's name, where that is not the same but for hyphens.
SDK_NAMES = {
    "applicationdiscovery": "discovery",
    "applicationdiscoveryservice": "discovery",
    "cloudwatchlogs": "logs",
    "cognitoidentityprovider": "cognito-idp",
    "configservice": "config",
    "costandusagereport": "cur",
    "costandusagereportservice": "cur",
    "costexplorer": "ce",
    "databasemigration": "dms",
    "databasemigrationservice": "dms",
    "directory": "ds",
    "directoryservice": "ds",
    "directoryservicedata": "ds-data",
    "elasticloadbalancing": "elb",
    "elasticloadbalancingv2": "elbv2",
    "elasticsearch": "es",
    "elasticsearchservice": "es",
    "eventbridge": "events",
    "iotdataplane": "iot-data",
    "iotjobsdataplane": "iot-jobs-data",
    "lexmodelbuilding": "lex-models",
    "lexmodelbuildingservice": "lex-models",
    "lexmodelsv2": "lexv2-models",
    "lexruntime": "lex-runtime",
    "lexruntimeservice": "lex-runtime",
    "lexruntimev2": "lexv2-runtime",
    "marketplaceentitlement": "marketplace-entitlement",
    "marketplaceentitlementservice": "marketplace-entitlement",
    "marketplacemetering": "meteringmarketplace",
    "migrationhub": "mgh",
    "pinpointsmsvoice": "sms-voice",
    "serverlessapplicationrepository": "serverlessrepo",
    "sfn": "stepfunctions",
    "simpledb": "sdb",
}
#: names that are taken for SDK names and are none.
_NOT_SDK = {"logs": "cloudwatchlogs", "events": "eventbridge", "stepfunctions": "sfn", "states": "sfn"}

_RESOURCE = re.compile(
    r"arn:(?:aws[\w-]*|\$\{[\w:.]+\}):states:[\w-]*:\d*:(aws-sdk:)?([\w-]+):(\w+)((?:\.\w+(?::\d)?)?)"
)
_OTHER = re.compile(
    r"arn:aws[\w-]*:(lambda:[\w-]+:\d{12}:function:[\w-]+(:[\w$-]+)?|states:[\w-]+:\d{12}:activity:.+)"
)


@dataclass(frozen=True)
class Call:
    """A call that a task makes; ``pattern`` is what follows the action, with its dot."""

    sdk: bool
    service: str
    action: str
    pattern: str

    @property
    def operation(self) -> str:
        return self.action[:1].upper() + self.action[1:]

    @property
    def botocore(self) -> str:
        """Botocore's name of the service; empty where none of its actions is an API of AWS."""
        if not self.sdk:
            return OPTIMISED.get(self.service, ("", {}))[0]
        return "" if self.service in _NOT_SDK else SDK_NAMES.get(self.service, self.service)


def call_of(state: dict[str, Any]) -> Call | None:
    """The service call of a Task state; ``None`` for a function, an activity or what is not known yet."""
    resource = state.get("Resource")
    if not isinstance(resource, str) or _OTHER.fullmatch(resource):
        return None
    match = _RESOURCE.fullmatch(resource)
    return Call(bool(match[1]), match[2], match[3], match[4]) if match else None


def services(definition: Any) -> set[str]:
    """The services of all calls of a machine, as botocore or the SDK names them: what ``machine.check`` needs."""
    if not isinstance(definition, dict):
        return set()
    every = [state for scope in scopes(definition) for state in scope.states.values()]
    calls = (call_of(state) for state in every if state.get("Type") == "Task")
    readers = {"s3" for state in every if state.get("Type") == "Map" and "ItemReader" in state}
    return readers | {call.botocore for call in calls if call and call.botocore}


def check(
    path: Path, state: dict[str, Any], models: dict[str, dict[str, Any]], names: frozenset[str]
) -> Iterator[Finding]:
    """Findings about what a task calls; ``names``: the services that botocore has, without hyphens."""
    resource, path = state.get("Resource"), (*path, "Resource")
    if not isinstance(resource, str):
        if "Resource" in state:
            yield Finding("resource", path, "expected the ARN of an integration, a function or an activity")
        return
    call = call_of(state)
    if call is None:
        if "${" not in resource and not _OTHER.fullmatch(resource):
            advice = (
                "as in 'arn:aws:states:::glue:startJobRun.sync' or 'arn:aws:states:::aws-sdk:s3:getObject'"
            )
            yield Finding(
                "resource", path, f"{quoted(resource)} is no integration, function or activity", advice
            )
    elif call.sdk:
        yield from _sdk(path, call, models, names)
    else:
        yield from _optimised(path, call)


def _optimised(path: Path, call: Call) -> Iterator[Finding]:
    if call.service not in OPTIMISED:
        sdk = f"write aws-sdk:{call.service}:{call.action}" if call.service in ("s3", "ec2", "ssm") else ""
        near = sdk or did_you_mean(call.service, OPTIMISED)
        message = f"no optimised integration is called {quoted(call.service)}"
        yield Finding("service-unknown", path, message, near or "write aws-sdk:<service>:<action> for others")
        return
    actions = OPTIMISED[call.service][1]
    if call.action not in actions:
        message = f"{call.service} has no optimised action {quoted(call.action)}"
        near = did_you_mean(call.action, actions)
        yield Finding("action-unknown", path, message, near or f"write aws-sdk:{call.service}:{call.action}")
    elif call.pattern and call.pattern not in actions[call.action]:
        allowed = actions[call.action]
        near = did_you_mean(call.pattern, allowed) or (
            f"it has {one_of(allowed)}" if allowed else "leave it away"
        )
        message = f"{call.service}:{call.action} has no {quoted(call.pattern)}"
        yield Finding("pattern-unknown", path, message, near)


def _sdk(
    path: Path, call: Call, models: dict[str, dict[str, Any]], names: frozenset[str]
) -> Iterator[Finding]:
    model = models.get(call.botocore)
    if model is None:
        near = f"write {quoted(_NOT_SDK[call.service])}" if call.service in _NOT_SDK else ""
        near = near or did_you_mean(call.service, {*names, *SDK_NAMES})
        yield Finding("service-unknown", path, f"the SDK has no service {quoted(call.service)}", near)
    elif call.operation not in model["operations"]:
        actions = [name[:1].lower() + name[1:] for name in model["operations"]]
        message = f"{call.service} has no action {quoted(call.action)}"
        yield Finding("action-unknown", path, message, did_you_mean(call.action, actions))
    elif call.action[:1].isupper():
        right = call.action[:1].lower() + call.action[1:]
        yield Finding(
            "action-unknown", path, f"{call.service} has no action {quoted(call.action)}", f"write {right}"
        )
    elif call.pattern not in ("", _TOKEN):
        message = f"an SDK call has no {quoted(call.pattern)}"
        known = OPTIMISED.get(call.service, ("", {}))[1]
        advice = (
            f"write {call.service}:{call.action}{call.pattern}" if call.action in known else "poll in a loop"
        )
        yield Finding("pattern-unknown", path, message, advice)


def token_finding(scope: Scope, name: str, state: dict[str, Any], given: Any) -> Finding | None:
    """That a task which waits for a token does not pass it on."""
    call = call_of(state)
    if call is None or call.pattern != _TOKEN or _mentions_token(given):
        return None
    field = "Arguments" if "Arguments" in state else "Parameters" if "Parameters" in state else ""
    path = (*scope.at(name), field) if field else scope.at(name)
    return Finding(
        "token-not-passed",
        path,
        "the task waits for a token that nobody gets",
        "pass Task.Token of the context",
    )


def _mentions_token(value: Any) -> bool:
    """Whether a text within mentions it; an expression that takes the whole context, or all input, may."""
    if isinstance(value, dict):
        return any(_mentions_token(each) for each in value.values())
    if isinstance(value, list):
        return any(_mentions_token(each) for each in value)
    return isinstance(value, str) and (
        "Task" in value
        or "${" in value
        or value == "$$"
        or (
            value.startswith("{%")
            and (("context" in value and "context." not in value) or "context.*" in value)
        )
    )
