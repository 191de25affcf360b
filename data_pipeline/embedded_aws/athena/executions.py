"""The operations on queries: StartQueryExecution, GetQueryExecution and their like.

A query runs in the background with the credentials of whoever started it. Its record is AWS's ``QueryExecution``;
members that begin with an underscore stay here.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
import uuid
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError
from ministack.core import iam_evaluator, persistence
from ministack.core.responses import get_account_id, get_region
from ministack.services import athena

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused
from data_pipeline.embedded_aws.identity import caller
from data_pipeline.embedded_aws.identity.resources import CATALOG

from . import metadata, prepared, settings
from .engine import EndedError, Engine
from .settings import Settings

KEPT_SECONDS = 45 * 86400
"""https://docs.aws.amazon.com/athena/latest/ug/querying.html: Athena keeps the history of queries for 45 days."""
_MOST_LISTED = 50
_GOING = ("QUEUED", "RUNNING")
_log = logging.getLogger("embedded.athena")
_tasks: set[asyncio.Task[None]] = set()


@functools.cache
def engine() -> Engine:
    """The server's processes for queries."""
    return Engine()


async def start(data: Mapping[str, Any]) -> Response:
    """StartQueryExecution."""
    text, parameters = str(data.get("QueryString") or ""), list(data.get("ExecutionParameters") or [])
    metadata.check_catalog((data.get("QueryExecutionContext") or {}).get("Catalog") or CATALOG)
    if (before := _of_token(data)) is not None:
        return before
    text, parameters = prepared.executed(text, parameters, data.get("WorkGroup") or "primary")
    kind = await _kind(text, parameters)
    decided = settings.of_request(data)
    await asyncio.to_thread(_check_bucket, decided.bucket)
    if (before := _of_token(data)) is not None:  # the same request, meanwhile
        return before
    record = _record(data, decided, kind)
    _forget_old()
    athena._executions[record["QueryExecutionId"]] = record
    task = asyncio.create_task(_run(record, text, parameters, decided.most_bytes))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return answer({"QueryExecutionId": record["QueryExecutionId"]})


async def get(data: Mapping[str, Any]) -> Response:
    """GetQueryExecution."""
    return answer({"QueryExecution": shown(found(data.get("QueryExecutionId")))})


async def get_batch(data: Mapping[str, Any]) -> Response:
    """BatchGetQueryExecution."""
    ids = data.get("QueryExecutionIds") or []
    if not 1 <= len(ids) <= _MOST_LISTED:
        raise Refused(f"QueryExecutionIds has {len(ids)} items; expected 1 to {_MOST_LISTED}.")
    known = [athena._executions[each] for each in ids if each in athena._executions]
    missing = [
        {"QueryExecutionId": each, "ErrorCode": "NOT_FOUND", "ErrorMessage": _not_found(each)}
        for each in ids
        if each not in athena._executions
    ]
    return answer({"QueryExecutions": list(map(shown, known)), "UnprocessedQueryExecutionIds": missing})


async def list_all(data: Mapping[str, Any]) -> Response:
    """ListQueryExecutions, the newest first."""
    workgroup = data.get("WorkGroup") or "primary"
    records = [each for each in athena._executions.values() if each["WorkGroup"] == workgroup]
    records.sort(key=lambda each: each["Status"]["SubmissionDateTime"], reverse=True)
    ids = [each["QueryExecutionId"] for each in records]
    token, most = data.get("NextToken"), int(data.get("MaxResults") or _MOST_LISTED)
    if token and token not in ids:
        raise Refused("NextToken is not one of this workgroup.")
    first = ids.index(token) if token else 0
    listed: dict[str, Any] = {"QueryExecutionIds": ids[first : first + most]}
    if ids[first + most :]:
        listed["NextToken"] = ids[first + most]
    return answer(listed)


async def stop(data: Mapping[str, Any]) -> Response:
    """StopQueryExecution; of a query that has ended, nothing."""
    cancel(found(data.get("QueryExecutionId")))
    return answer({})


def cancel(record: dict[str, Any]) -> None:
    """End a query that has not ended, and the process that runs it."""
    if record["Status"]["State"] in _GOING:
        _end(record, "CANCELLED", "Query cancelled by user")
        engine().stop(record["QueryExecutionId"])


def end_all() -> None:
    """The server ends, or has been killed: so have its queries."""
    for record in athena._executions._data.values():
        if record["Status"]["State"] in _GOING:
            _end(record, "FAILED", "GENERIC_INTERNAL_ERROR: the embedded AWS was stopped while the query ran")


def found(query: Any) -> dict[str, Any]:
    """The record of a query. Refused if there is none."""
    record: dict[str, Any] | None = athena._executions.get(query)
    if record is None:
        raise Refused(_not_found(query))
    return record


def shown(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as AWS shows it."""
    return {name: value for name, value in record.items() if not name.startswith("_")}


def _not_found(query: Any) -> str:
    return f"QueryExecution {query} was not found"


async def _kind(text: str, parameters: list[str]) -> dict[str, str]:
    """Athena's names of the statement's kind. Refused, as Athena does, where it is none at all."""
    try:
        checked = await engine().check(text, parameters)
    except (EndedError, OSError) as error:
        raise Refused(str(error), "InternalServerException") from error
    reason = checked.get("refused") or checked.get("failed")
    if reason:
        raise Refused(reason, reason="MALFORMED_QUERY")
    return checked


def _check_bucket(bucket: str) -> None:
    """Refused where the caller may not ask for the bucket of the result, or it is not there."""
    try:
        caller.client("s3").get_bucket_location(Bucket=bucket)
    except (ClientError, PermissionError) as error:
        raise Refused(f"Unable to verify/create output bucket {bucket}") from error


def _record(data: Mapping[str, Any], decided: Settings, kind: Mapping[str, str]) -> dict[str, Any]:
    query = str(uuid.uuid4())
    context = data.get("QueryExecutionContext") or {}
    record = {
        "QueryExecutionId": query,
        "Query": data["QueryString"],
        "StatementType": kind["type"],
        "SubstatementType": kind["kind"],
        "ResultConfiguration": {"OutputLocation": f"{decided.location}{query}{_ending(kind)}"},
        "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        "QueryExecutionContext": {
            "Database": str(context.get("Database") or "default").lower(),
            "Catalog": str(context.get("Catalog") or "awsdatacatalog").lower(),
        },
        "Status": {"State": "QUEUED", "SubmissionDateTime": _now()},
        "Statistics": {"ResultReuseInformation": {"ReusedPreviousResult": False}},
        "WorkGroup": decided.workgroup,
        "EngineVersion": decided.engine,
        "_request": dict(data),
        "_columns": [],
    }
    if data.get("ExecutionParameters"):
        record["ExecutionParameters"] = data["ExecutionParameters"]
    return record


def _ending(kind: Mapping[str, str]) -> str:
    """Of the name of a result's file; what writes files elsewhere has none of its own."""
    if kind["type"] != "DML":
        return ".txt"
    return ".csv" if kind["kind"] == "SELECT" else ""


async def _run(record: dict[str, Any], text: str, parameters: list[str], most_bytes: int | None) -> None:
    """Run a query of this text to its end; whatever happens, its record says so."""
    began = submitted = time.monotonic()

    def request() -> dict[str, Any] | None:
        nonlocal began
        if record["Status"]["State"] != "QUEUED":  # it was stopped
            return None
        record["Status"]["State"], began = "RUNNING", time.monotonic()
        return {
            "run": text,
            "parameters": parameters,
            "database": record["QueryExecutionContext"]["Database"],
            "output": record["ResultConfiguration"]["OutputLocation"],
            "most_bytes": most_bytes,
            "access": access,
        }

    try:
        access = _access()
        answered = await engine().run(record["QueryExecutionId"], request)
    except EndedError as error:
        answered = {"failed": f"GENERIC_INTERNAL_ERROR: {error}"}
    except Exception as error:  # noqa: BLE001 - whatever goes wrong here, the query must end
        _log.exception("query %s", record["QueryExecutionId"])
        answered = {"failed": f"GENERIC_INTERNAL_ERROR: {type(error).__name__}: {error}"}
    ended = time.monotonic()
    record["Statistics"] |= {
        "DataScannedInBytes": (answered or {}).get("scanned", 0),
        "EngineExecutionTimeInMillis": round(1000 * (ended - began)),
        "QueryQueueTimeInMillis": round(1000 * (began - submitted)),
        "TotalExecutionTimeInMillis": round(1000 * (ended - submitted)),
    }
    _say_end(record, answered or {})
    with contextlib.suppress(OSError):  # the next save says that the disk is full
        persistence.save_state("athena", athena.get_state())


def _access() -> dict[str, str | None]:
    """Where AWS is, and the credential of whoever asks now."""
    credential = iam_evaluator.resolve_credential(caller.ACCESS_KEY.get(), get_account_id())
    return {
        "endpoint": caller.url(),
        "region": get_region(),
        "access_key": credential.access_key_id,
        "secret_key": credential.secret_access_key,
        "token": credential.session_token,
    }


def _say_end(record: dict[str, Any], answered: Mapping[str, Any]) -> None:
    if record["Status"]["State"] not in _GOING:
        return
    if "failed" in answered:
        _end(record, "CANCELLED" if answered.get("cancelled") else "FAILED", answered["failed"])
    else:
        record["_columns"] = answered["columns"]
        if "manifest" in answered:
            record["Statistics"]["DataManifestLocation"] = answered["manifest"]
        _end(record, "SUCCEEDED")


def _end(record: dict[str, Any], state: str, reason: str = "") -> None:
    record["Status"] |= {"State": state, "CompletionDateTime": _now()}
    if reason:
        record["Status"]["StateChangeReason"] = reason
    if state == "FAILED":
        category = (
            1 if reason.startswith("GENERIC_INTERNAL_ERROR") else 2
        )  # the system's mistake, or the user's
        record["Status"]["AthenaError"] = {
            "ErrorCategory": category,
            "Retryable": False,
            "ErrorMessage": reason,
        }


def _of_token(data: Mapping[str, Any]) -> Response | None:
    """The answer to the request with this token that came before, if one did. Refused if it was not the same one."""
    token = data.get("ClientRequestToken")
    if not token:
        return None
    for record in athena._executions.values():
        request = record.get("_request", {})
        if request.get("ClientRequestToken") == token:
            if request != data:
                raise Refused("Idempotent parameters do not match: the token was used for another request.")
            return answer({"QueryExecutionId": record["QueryExecutionId"]})
    return None


def _forget_old() -> None:
    before = _now() - KEPT_SECONDS
    for query, record in list(athena._executions.items()):
        if record["Status"]["SubmissionDateTime"] < before:
            del athena._executions[query]


def _now() -> float:
    return round(time.time(), 3)
