"""Why a query failed, in Athena's words; what is none of the user's mistakes has no reason."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from data_pipeline.athena_engine import errors
from data_pipeline.athena_engine.errors import QueryError
from data_pipeline.core.errors import UserError
from data_pipeline.features.queries import TooManyBytesError

DENIED = {
    "Error": {
        "Code": "AccessDeniedException",
        "Message": "User: me is not authorized to perform: glue:GetTable",
    }
}
REASONS = [
    (
        UserError("line 1, column 8, at 'a': column 'a' cannot be resolved\n  SELECT a\n         ^"),
        "SYNTAX_ERROR: line 1:8: column 'a' cannot be resolved",
    ),
    (
        UserError("line 2, column 1, at 'x': the embedded AWS does not translate x, Athena may run it"),
        "NOT_SUPPORTED: line 2:1: the embedded AWS does not translate x, Athena may run it",
    ),
    (
        UserError("the query cannot be run: Division by zero"),
        "GENERIC_USER_ERROR: the query cannot be run: Division by zero",
    ),
    (
        QueryError("TABLE_NOT_FOUND", "Table 'a.b.c' does not exist"),
        "TABLE_NOT_FOUND: Table 'a.b.c' does not exist",
    ),
    (TooManyBytesError(2, 1), "Bytes scanned limit was exceeded"),
    (ClientError(DENIED, "GetTable"), f"PERMISSION_DENIED: {DENIED['Error']['Message']}"),
    (
        OSError("When reading information for key 'k': AWS Error ACCESS_DENIED"),
        "PERMISSION_DENIED: When reading information for key 'k': AWS Error ACCESS_DENIED",
    ),
    (FileNotFoundError("s3://b/k"), "ICEBERG_MISSING_METADATA: s3://b/k"),
    (ValueError("a mistake of ours"), None),
]


@pytest.mark.parametrize(("error", "reason"), REASONS)
def test_reasons(error: Exception, reason: str | None) -> None:
    assert errors.reason(error) == reason
