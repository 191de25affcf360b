"""Athena on the embedded AWS: queries and the catalog by the modules beside this one, the rest by MiniStack.

MiniStack runs DuckDB's SQL over files that are not Iceberg's, keeps every row in its state, and knows neither the
caller's permissions nor a workgroup's limits; so its data plane is replaced.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError
from ministack import app
from ministack.services import athena

from data_pipeline.embedded_aws.answers import Response, error

from . import executions, metadata, pages, refusals, settings

Operation = Callable[[Mapping[str, Any]], Awaitable[Response]]

OPERATIONS: dict[str, Operation] = {
    "BatchGetQueryExecution": executions.get_batch,
    "GetDataCatalog": metadata.get_catalog,
    "GetDatabase": metadata.get_database,
    "GetQueryExecution": executions.get,
    "GetQueryResults": pages.get,
    "GetTableMetadata": metadata.get_table,
    "GetWorkGroup": settings.get,
    "ListDataCatalogs": metadata.list_catalogs,
    "ListDatabases": metadata.list_databases,
    "ListQueryExecutions": executions.list_all,
    "ListTableMetadata": metadata.list_tables,
    "StartQueryExecution": executions.start,
    "StopQueryExecution": executions.stop,
}


def install() -> None:
    """Put these operations in front of MiniStack's."""
    app.SERVICE_HANDLERS["athena"] = _served(app.SERVICE_HANDLERS["athena"])


def recover() -> None:
    """After a server that was killed: its queries ended with it, and say so."""
    executions.end_all()


def shutdown() -> None:
    """End every query now; called in the event loop, so nothing is waited for."""
    executions.end_all()
    executions.engine().end()


def _served(theirs: Callable[..., Awaitable[Response]]) -> Callable[..., Awaitable[Response]]:
    async def served(
        method: str, path: str, headers: dict[str, str], body: bytes, query: dict[str, Any]
    ) -> Response:
        operation = OPERATIONS.get(headers.get("x-amz-target", "").rpartition(".")[2])
        if operation is None:
            return await theirs(method, path, headers, body, query)
        athena._ensure_default_workgroup()
        try:
            return await operation(json.loads(body or b"{}"))
        except ValueError:
            return error("SerializationException", "The body is no JSON object.")
        except refusals.Refused as refused:
            return refused.answer()
        except ClientError as failed:
            return refusals.of_call(failed)
        except PermissionError as failed:
            return error("MetadataException", str(failed))

    return served
