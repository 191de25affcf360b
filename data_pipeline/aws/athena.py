"""A query of Athena: started, waited for, its result fetched as the CSV file that Athena leaves in S3."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from data_pipeline.core.errors import UserError

from .exports import read_export

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_LIMIT = "Bytes scanned limit was exceeded"


@dataclass(frozen=True)
class Result:
    """What a query has answered: columns with Athena's types, a CSV file with a header, and what it has cost."""

    columns: tuple[tuple[str, str], ...]
    csv: bytes
    scanned: int
    """Bytes."""


def run(
    athena: Any,
    s3: S3Client,
    text: str,
    database: str,
    workgroup: str,
    pause: Callable[[float], None] = time.sleep,
) -> Result:
    """Run a statement in ``workgroup`` and wait for its result; it is stopped when the wait is interrupted.

    UserError with Athena's own reason when it fails or reads more than the workgroup allows.
    """
    started = athena.start_query_execution(
        QueryString=text, QueryExecutionContext={"Database": database}, WorkGroup=workgroup
    )
    query = started["QueryExecutionId"]
    try:
        ended = _ended(athena, query, pause)
    except BaseException:
        athena.stop_query_execution(QueryExecutionId=query)
        raise
    status = ended["Status"]
    if status["State"] != "SUCCEEDED":
        raise UserError(_why(query, status))
    place = ended["ResultConfiguration"]["OutputLocation"]
    content = read_export(s3, place)
    if content is None:
        raise UserError(f"the result of the query {query} is gone from {place}; run it again")
    described = athena.get_query_results(QueryExecutionId=query, MaxResults=1)["ResultSet"][
        "ResultSetMetadata"
    ]
    columns = tuple((column["Name"], column["Type"]) for column in described["ColumnInfo"])
    return Result(columns, content, int(ended.get("Statistics", {}).get("DataScannedInBytes", 0)))


def _ended(athena: Any, query: str, pause: Callable[[float], None]) -> dict[str, Any]:
    wait = _FIRST_PAUSE
    while True:
        found: dict[str, Any] = athena.get_query_execution(QueryExecutionId=query)["QueryExecution"]
        if found["Status"]["State"] not in ("QUEUED", "RUNNING"):
            return found
        pause(wait)
        wait = min(wait * 1.5, _LONGEST_PAUSE)


def _why(query: str, status: dict[str, Any]) -> str:
    reason = str(status.get("StateChangeReason") or "Athena gives no reason")
    what = f"the query {query} {'was stopped' if status['State'] == 'CANCELLED' else 'failed'}: {reason}"
    return f"{what}. athena.gb_per_query in the configuration is the limit." if _LIMIT in reason else what
