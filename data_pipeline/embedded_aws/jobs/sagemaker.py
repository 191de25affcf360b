"""SageMaker on the embedded AWS: routing and state of what `jobs.processing_api` and `featurestore` do.

MiniStack has no SageMaker; this module takes the place of one of its service modules (request handler,
persisted state, reset). Every action but theirs is refused by name. The actions on records have paths of their own,
as in AWS, and are signed for SageMaker too.
"""

from __future__ import annotations

import copy
import logging
import sys
from typing import Any
from urllib.parse import unquote

from ministack import app
from ministack.core import iam_actions, persistence, router
from ministack.core.concurrency import run_reentrant

from data_pipeline.embedded_aws.featurestore import groups, offline, runtime
from data_pipeline.embedded_aws.featurestore.online import STORE
from data_pipeline.embedded_aws.featurestore.register import GROUPS

from . import answers, processing_api, run
from .answers import ServiceError
from .processing_api import JOBS

SERVICE = "sagemaker"
ACTIONS = {**processing_api.ACTIONS, **groups.ACTIONS}


async def handle_request(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> answers.Response:
    """Answer one request; its own action is already authorised."""
    response: answers.Response
    if "x-amz-target" in headers:
        response = await run_reentrant(_answer, headers, body, thread_name="sagemaker")
    else:
        given = (method, path, headers, body, query)
        response = await run_reentrant(_answer_runtime, *given, thread_name="sagemaker")
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


def _answer_runtime(
    method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
) -> answers.Response:
    def act() -> dict[str, Any]:
        named = (
            iam_actions.extract_iam_action(SERVICE, method, path, headers, body, query) or f":{method} {path}"
        )
        action = named.partition(":")[2]
        if action not in runtime.ACTIONS:
            served = ", ".join(runtime.ACTIONS)
            raise ServiceError(
                "NotImplemented",
                f"The embedded AWS does not emulate sagemaker:{action}. It has: {served}.",
                501,
            )
        request = runtime.request_of(unquote(path), query, answers.parsed(body))
        answers.check(runtime.SERVICE, action, request, "ValidationError")
        return runtime.ACTIONS[action](request)

    return answers.answer(act)


def get_state() -> dict[str, Any]:
    """What is persisted."""
    return {"jobs": copy.deepcopy(JOBS), "groups": copy.deepcopy(GROUPS)}


def load_persisted_state(data: dict[str, Any]) -> None:
    """Restore what was persisted."""
    JOBS.clear()
    JOBS.update(data.get("jobs", {}))
    GROUPS.clear()
    GROUPS.update(data.get("groups", {}))


def reset() -> None:
    """Forget everything; running jobs end."""
    shutdown()
    JOBS.clear()
    GROUPS.clear()
    STORE.forget()


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
    iam_actions._BOTOCORE_SERVICE_MAP[SERVICE] = [SERVICE, runtime.SERVICE]
    logging.getLogger("pyiceberg").setLevel(logging.WARNING)
    processing_api.on_end.append(lambda: persistence.save_state(SERVICE, get_state()))
    run.clear_scratch()


def recover() -> None:
    """After a server that was killed: its jobs ended with it, and say so."""
    for record in JOBS._data.values():
        processing_api.end(record)
    if STORE.groups_waiting():
        offline.start()


def shutdown() -> None:
    """End every job now; called in the event loop, so nothing is waited for."""
    for record in JOBS._data.values():
        running = run.RUNNING.get(record["ProcessingJobArn"])
        if running is not None:
            running.abandon()
        processing_api.end(record)
