"""SageMaker on the embedded AWS: routing, permissions and state of what `jobs.processing_api` does.

MiniStack has no SageMaker; this module takes the place of one of its service modules (request handler,
persisted state, reset). Every action but those of processing_api.ACTIONS is refused by name.
"""

from __future__ import annotations

import copy
import sys
from typing import Any

from ministack import app
from ministack.core import iam_actions, persistence, router
from ministack.core.concurrency import run_reentrant

from .jobs import answers, processing_api, run
from .jobs.answers import ServiceError
from .jobs.processing_api import ACTIONS, JOBS

SERVICE = "sagemaker"


async def handle_request(
    _method: str, _path: str, headers: dict[str, str], body: bytes, _query: dict[str, Any]
) -> answers.Response:
    """Answer one request; its own action is already authorised."""
    response: answers.Response = await run_reentrant(_answer, headers, body, thread_name="sagemaker")
    return response


def _answer(headers: dict[str, str], body: bytes) -> answers.Response:
    def act() -> dict[str, Any]:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if action not in ACTIONS:
            served = ", ".join(ACTIONS)
            raise ServiceError(
                "NotImplemented",
                f"The embedded AWS does not emulate sagemaker:{action}. It has: {served}.",
                501,
            )
        request = answers.parsed(body)
        answers.check(SERVICE, action, request)
        return ACTIONS[action](request, headers)

    return answers.answer(act)


def get_state() -> dict[str, Any]:
    """What is persisted."""
    return {"jobs": copy.deepcopy(JOBS)}


def load_persisted_state(data: dict[str, Any]) -> None:
    """Restore what was persisted."""
    JOBS.clear()
    JOBS.update(data.get("jobs", {}))


def reset() -> None:
    """Forget everything; running jobs end."""
    shutdown()
    JOBS.clear()


def install() -> None:
    """Register the service with MiniStack: routing, permissions, state."""
    app.SERVICE_HANDLERS[SERVICE] = handle_request
    app.SERVICE_REGISTRY[SERVICE] = {"module": SERVICE}
    app._state_map[SERVICE] = SERVICE
    app._loaded_modules[SERVICE] = sys.modules[__name__]
    router.SERVICE_PATTERNS[SERVICE] = {
        "target_prefixes": ["SageMaker."],
        "host_patterns": [r"api\.sagemaker\."],
    }
    iam_actions.SERVICE_TO_IAM_NAMESPACE[SERVICE] = SERVICE
    theirs = iam_actions.extract_resource_arn

    def resource_arn(service: str, *rest: Any, **named: Any) -> Any:
        return _resource(*rest) if service == SERVICE else theirs(service, *rest, **named)

    iam_actions.extract_resource_arn = resource_arn
    processing_api.on_end.append(lambda: persistence.save_state(SERVICE, get_state()))
    run.clear_scratch()


def _resource(
    _method: str, _path: str, _headers: Any, body: bytes, _query: Any, region: str, account: str
) -> str:
    """The ARN that a policy must allow for a request: SageMaker spells a job's name in lower case there."""
    try:
        request = answers.parsed(body)
    except ServiceError:
        return "*"
    name = request.get("ProcessingJobName")
    if isinstance(name, str):
        return f"arn:aws:sagemaker:{region}:{account}:processing-job/{name.lower()}"
    return str(request.get("ResourceArn", "*"))


def recover() -> None:
    """After a server that was killed: its jobs ended with it, and say so."""
    for record in JOBS._data.values():
        processing_api.end(record)


def shutdown() -> None:
    """End every job now; called in the event loop, so nothing is waited for."""
    for record in JOBS._data.values():
        running = run.RUNNING.get(record["ProcessingJobArn"])
        if running is not None:
            running.abandon()
        processing_api.end(record)
