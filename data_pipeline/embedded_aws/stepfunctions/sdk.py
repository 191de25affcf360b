"""Calls that a state machine makes to a service: signed with its role's temporary credentials, sent to our
own gateway.

So the policy of the role is evaluated exactly as for any other caller, and parameters and answers have the
wire's form. Step Functions spells members in PascalCase, and names errors after the classes of the Java
SDK.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

import botocore.exceptions

from data_pipeline.embedded_aws.identity import caller, sessions
from data_pipeline.embedded_aws.identity.sessions import Credentials

from .integrations import TaskError

#: Service in ``aws-sdk:<service>`` → botocore's name of it.
SERVICES = {
    "cloudwatchlogs": "logs",
    "eventbridge": "events",
    "glue": "glue",
    "s3": "s3",
    "sagemaker": "sagemaker",
    "scheduler": "scheduler",
    "sfn": "stepfunctions",
    "sns": "sns",
    "sqs": "sqs",
}
#: Service → (prefix of its errors, the class of errors that its model does not name: optimized, aws-sdk).
ERRORS = {
    "cloudwatchlogs": ("CloudWatchLogs", "", "CloudWatchLogsException"),
    "eventbridge": ("EventBridge", "", "EventBridgeException"),
    "events": ("EventBridge", "AmazonEventBridgeException", ""),
    "glue": ("Glue", "AWSGlueException", "GlueException"),
    "s3": ("S3", "", "S3Exception"),
    "sagemaker": ("SageMaker", "AmazonSageMakerException", "SageMakerException"),
    "scheduler": ("Scheduler", "", "SchedulerException"),
    "sfn": ("Sfn", "", "SfnException"),
    "sns": ("SNS", "AmazonSNSException", "SnsException"),
    "sqs": ("SQS", "AmazonSQSException", "SqsException"),
}


class Caller:
    """Makes calls as one role, in one region; clients are made when first needed."""

    def __init__(self, credentials: Credentials, region: str) -> None:
        self._credentials = credentials
        self._region = region
        self._clients: dict[str, Any] = {}

    def __call__(
        self, service: str, operation: str, parameters: Mapping[str, Any], *, optimized: bool
    ) -> dict[str, Any]:
        """The answer to one call in PascalCase; TaskError named as Step Functions names it."""
        if service not in SERVICES:
            message = f"The embedded AWS has no integration with '{service}'; it has: {', '.join(SERVICES)}."
            raise TaskError("States.Runtime", message)
        client = self._client(SERVICES[service])
        name = operation[0].upper() + operation[1:]
        model = client.meta.service_model
        if name not in model.operation_names:
            raise TaskError("States.Runtime", f"{service} has no operation '{operation}'.")
        shape = model.operation_model(name)
        arguments = _rename(parameters, shape.input_shape) if shape.input_shape else {}
        try:
            answer = client._make_api_call(name, arguments)
        except botocore.exceptions.ParamValidationError as error:
            message = f"The Parameters {sorted(parameters)} could not be used to start the Task: [{error}]"
            raise TaskError("States.Runtime", message) from error
        except botocore.exceptions.ClientError as error:
            details = error.response["Error"]
            code = details["Code"]
            modelled = code in {name for e in shape.error_shapes for name in (e.name, e.error_code)}
            name = error_name(service, code, modelled, optimized=optimized)
            raise TaskError(name, details.get("Message", "")) from error
        answer.pop("ResponseMetadata", None)
        return dict(_answer(answer, shape.output_shape)) if shape.output_shape else {}

    def close(self) -> None:
        """End the role's session: nobody calls any more."""
        sessions.revoke(self._credentials)

    def _client(self, name: str) -> Any:
        if name not in self._clients:
            given = self._credentials
            self._clients[name] = caller.make(
                name, given.access_key, given.secret_key, given.token, self._region
            )
        return self._clients[name]


def error_name(service: str, code: str, modelled: bool, *, optimized: bool) -> str:
    """``Glue.ConcurrentRunsExceededException``: the service's prefix and the Java SDK's class for an error
    code.
    """
    prefix, generic_optimized, generic_sdk = ERRORS[service]
    if not modelled:
        return f"{prefix}.{generic_optimized if optimized else generic_sdk}"
    return f"{prefix}.{code if code.endswith('Exception') else code + 'Exception'}"


def pascal(name: str) -> str:
    """A member's name as Step Functions spells it."""
    return name[:1].upper() + name[1:]


def _rename(value: Any, shape: Any) -> Any:
    """Parameters with members spelt as the service's model spells them; unknown members stay, to be
    refused.
    """
    if shape.type_name == "structure" and isinstance(value, Mapping):
        spelt = {pascal(name): name for name in shape.members}
        renamed = {}
        for key, item in value.items():
            name = key if key in shape.members else spelt.get(key, key)
            renamed[name] = _rename(item, shape.members[name]) if name in shape.members else item
        return renamed
    if shape.type_name == "list" and isinstance(value, list):
        return [_rename(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _rename(item, shape.value) for key, item in value.items()}
    return value


def _answer(value: Any, shape: Any) -> Any:
    """A botocore answer as JSON, its members (not the keys of its maps) in PascalCase."""
    if shape.type_name == "structure" and isinstance(value, Mapping):
        return {
            pascal(key): _answer(item, shape.members[key])
            for key, item in value.items()
            if key in shape.members
        }
    if shape.type_name == "list" and isinstance(value, list):
        return [_answer(item, shape.member) for item in value]
    if shape.type_name == "map" and isinstance(value, Mapping):
        return {key: _answer(item, shape.value) for key, item in value.items()}
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"
    if hasattr(value, "read"):
        value = value.read()
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
