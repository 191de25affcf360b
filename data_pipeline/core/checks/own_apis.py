"""Optimised integrations that take what no API of AWS takes: Step Functions has an API of its own there.

Each is described as botocore describes an API, so that it is checked like one. After the Step Functions developer
guide: "Create and manage Amazon EMR clusters", "Call HTTPS APIs", "Create API Gateway REST APIs", "Create and
manage Amazon EKS clusters" and "Invoke and customize Amazon Bedrock models".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from data_pipeline.core.problems import Path, quoted

from .findings import Finding
from .integrations import OPTIMISED, Call
from .shapes import structure

#: operations and shapes, as in botocore's models
Model = dict[str, dict[str, Any]]

_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"]
_ANY = {"type": "structure", "members": {}, "document": True}


_SHAPES: dict[str, Any] = {
    "any": _ANY,
    "text": {"type": "string"},
    "some text": {"type": "string", "min": 1},
    "flag": {"type": "boolean"},
    "number": {"type": "integer"},
    "map": {"type": "map", "key": {"shape": "text"}, "value": {"shape": "any"}},
    "method": {"type": "string", "enum": _METHODS},
    "answer": structure(
        {"Headers": "map", "ResponseBody": "any", "StatusCode": "number", "StatusText": "text"}
    ),
    # HTTP
    "url": {"type": "string", "pattern": r"https://.+"},
    "connection ARN": {"type": "string", "pattern": r"arn:aws[\w-]*:events:[\w-]*:\d*:connection/.+"},
    "connection": structure({"ConnectionArn": "connection ARN"}, "ConnectionArn"),
    "body encoding": {"type": "string", "enum": ["NONE", "URL_ENCODED"]},
    "array format": {"type": "string", "enum": ["INDICES", "REPEAT", "COMMAS", "BRACKETS"]},
    "encoding options": structure({"ArrayFormat": "array format"}),
    "transform": structure(
        {"RequestBodyEncoding": "body encoding", "RequestEncodingOptions": "encoding options"}
    ),
    "http": structure(
        {
            **{"ApiEndpoint": "url", "Method": "method", "Headers": "map", "QueryParameters": "any"},
            **{"RequestBody": "any", "Transform": "transform"},
            **{"Authentication": "connection", "InvocationConfig": "connection"},
        },
        "ApiEndpoint Method",
    ),
    # API Gateway
    "host": {"type": "string", "pattern": r"[\w-]+(\.[\w-]+)+"},
    "auth type": {"type": "string", "enum": ["NO_AUTH", "IAM_ROLE", "RESOURCE_POLICY"]},
    "apigateway": structure(
        {
            **{"ApiEndpoint": "host", "Method": "method", "Headers": "map", "QueryParameters": "map"},
            **{"RequestBody": "any", "Stage": "text", "Path": "text", "AuthType": "auth type"},
        },
        "ApiEndpoint Method",
    ),
    # EKS
    "log options": structure({"RetrieveLogs": "flag", "RawLogs": "flag", "LogParameters": "map"}),
    "eks job": structure(
        {
            **dict.fromkeys(("ClusterName", "CertificateAuthority", "Endpoint", "Namespace"), "text"),
            **{"Job": "any", "LogOptions": "log options"},
        },
        "ClusterName CertificateAuthority Endpoint Job",
    ),
    "eks call": structure(
        {
            **dict.fromkeys(("ClusterName", "CertificateAuthority", "Endpoint", "Path"), "text"),
            **{"Method": "method", "QueryParameters": "map", "RequestBody": "any"},
        },
        "ClusterName CertificateAuthority Endpoint Method Path",
    ),
    # Bedrock
    "object": structure({"S3Uri": "object URI"}, "S3Uri"),
    "object URI": {"type": "string", "pattern": r"s3://[^/]+/.+"},
    "trace": {"type": "string", "enum": ["ENABLED", "DISABLED", "ENABLED_FULL"]},
    "latency": {"type": "string", "enum": ["standard", "optimized"]},
    "invokeModel": structure(
        {
            **{"ModelId": "some text", "Body": "any", "Input": "object", "Output": "object"},
            **dict.fromkeys(("Accept", "ContentType", "GuardrailIdentifier", "GuardrailVersion"), "text"),
            **{"Trace": "trace", "PerformanceConfigLatency": "latency"},
        },
        "ModelId",
    ),
}


def _operation(given: str, answer: str) -> dict[str, Any]:
    return {"input": {"shape": given}, "output": {"shape": answer}}


#: service → operations
_OWN: dict[str, dict[str, Any]] = {
    "http": {"Invoke": _operation("http", "answer")},
    "apigateway": {"Invoke": _operation("apigateway", "answer")},
    "eks": {"RunJob": _operation("eks job", "any"), "Call": _operation("eks call", "any")},
    "bedrock": {"InvokeModel": _operation("invokeModel", "any")},
}

#: action of EMR or a part of its arguments → EMR's own shape, members that it lacks here, members that it has instead:
#: one cluster and one step in place of lists, names in place of ids.
_EMR: dict[str, tuple[str, str, dict[str, str]]] = {
    "createCluster": ("RunJobFlowInput", "Steps", {"Instances": "instances"}),
    "terminateCluster": ("TerminateJobFlowsInput", "JobFlowIds", {"ClusterId": "ClusterId"}),
    "setClusterTerminationProtection": (
        "SetTerminationProtectionInput",
        "JobFlowIds",
        {"ClusterId": "ClusterId"},
    ),
    "addStep": ("AddJobFlowStepsInput", "JobFlowId Steps", {"ClusterId": "ClusterId", "Step": "StepConfig"}),
    "cancelStep": ("CancelStepsInput", "StepIds", {"StepId": "StepId"}),
    "modifyInstanceFleetByName": (
        "ModifyInstanceFleetInput",
        "",
        {"InstanceFleetName": "XmlStringMaxLen256", "InstanceFleet": "fleet"},
    ),
    "modifyInstanceGroupByName": (
        "ModifyInstanceGroupsInput",
        "InstanceGroups",
        {"ClusterId": "ClusterId", "InstanceGroupName": "XmlStringMaxLen256", "InstanceGroup": "group"},
    ),
    "instances": ("JobFlowInstancesConfig", "", {"KeepJobFlowAliveWhenNoSteps": "kept alive"}),
    "fleet": ("InstanceFleetModifyConfig", "InstanceFleetId", {}),
    "group": ("InstanceGroupModifyConfig", "InstanceGroupId", {}),
}
#: action of EMR → the members of its answer; those that are not here answer nothing.
_EMR_ANSWERS = {
    "createCluster": {"ClusterId": "ClusterId"},
    "addStep": {"StepId": "StepId"},
    "cancelStep": {"CancelStepsInfo": "CancelStepsInfo"},
}

#: service → headers that it refuses, in small letters; a ``*`` at the end stands for anything.
_REFUSED_HEADERS = {
    "http": """
        a-im accept-charset accept-datetime accept-encoding authorization cache-control connection content-encoding
        content-md5 date expect forwarded from host http2-settings if-match if-modified-since if-none-match if-range
        if-unmodified-since max-forwards origin pragma proxy-authorization referer server te trailer
        transfer-encoding upgrade via warning x-forwarded-* x-amz-* x-amzn-*
    """,
    "apigateway": """
        authorization connection content-md5 expect host max-forwards proxy-authenticate server te
        transfer-encoding trailer upgrade via www-authenticate x-forwarded* x-amz* x-amzn*
    """,
}


def model(call: Call, models: dict[str, Model]) -> Model | None:
    """What a call is checked against: botocore's model or one from here; ``None`` where nothing is known."""
    theirs = models.get(call.botocore)
    if call.sdk:
        return theirs
    if call.service == "elasticmapreduce":
        return _emr(theirs["shapes"]) if theirs else None
    own = _OWN.get(call.service, {})
    return {"operations": own, "shapes": _SHAPES} if call.operation in own else theirs


def check(call: Call, given: Any, path: Path) -> Iterator[Finding]:
    """Findings about arguments that no shape can describe; ``given`` stands at ``path``."""
    if call.sdk or call.service not in _REFUSED_HEADERS or not isinstance(given, dict):
        return
    if call.service == "http":
        ways = [key for key in given if key.removesuffix(".$") in ("Authentication", "InvocationConfig")]
        if not ways:
            message = "no connection of EventBridge is named"
            yield Finding("argument-missing", path, message, "give InvocationConfig with its ConnectionArn")
        elif len(ways) > 1:
            yield Finding("fields-exclusive", (*path, ways[1]), f"there is {ways[0]} too", "keep one")
    headers = given.get("Headers")
    for header in headers if isinstance(headers, dict) else ():
        plain = header.removesuffix(".$").lower()
        refused = _REFUSED_HEADERS[call.service].split()
        if any(re.fullmatch(each.replace("*", ".*"), plain) for each in refused):
            advice = (
                "a connection of EventBridge holds what proves who calls" if call.service == "http" else ""
            )
            message = f"Step Functions refuses the header {quoted(header)}"
            yield Finding("header", (*path, "Headers", header), message, advice)


def _emr(theirs: dict[str, Any]) -> Model:
    shapes = {name: _changed(theirs[of], without, given) for name, (of, without, given) in _EMR.items()}
    answers = {f"{action} answer": structure(members) for action, members in _EMR_ANSWERS.items()}
    operations = {}
    for action in OPTIMISED["elasticmapreduce"][1]:
        output = {"output": {"shape": f"{action} answer"}} if action in _EMR_ANSWERS else {}
        operations[action[:1].upper() + action[1:]] = {"input": {"shape": action}, **output}
    kept_alive = {"kept alive": {"type": "boolean", "enum": [True]}}
    return {"operations": operations, "shapes": {**theirs, **shapes, **answers, **kept_alive}}


def _changed(shape: dict[str, Any], without: str, members: dict[str, str]) -> dict[str, Any]:
    """A structure without some of its members and with others, which are required: name → shape."""
    left_out = {*without.split(), *members}
    kept = {member: of for member, of in shape["members"].items() if member not in left_out}
    required = [member for member in shape.get("required", ()) if member not in left_out]
    added = {member: {"shape": of} for member, of in members.items()}
    return {"type": "structure", "members": {**kept, **added}, "required": [*required, *members]}
