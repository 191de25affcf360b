"""Which resources a request needs: decided by its operation, whatever else its body has."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ministack.services import athena

from data_pipeline.embedded_aws.identity import permissions

#: service, operation, members, the rest of the ARNs that must be allowed. Each body has a member too many, which
#: names what the caller would rather be held against.
NEEDS: list[tuple[str, str, dict[str, Any], list[str]]] = [
    ("athena", "StartQueryExecution", {"WorkGroup": "a", "QueryExecutionId": "of b"}, ["workgroup/a"]),
    ("athena", "StartQueryExecution", {"WorkGroup": "a", "NamedQueryId": "of b"}, ["workgroup/a"]),
    ("athena", "StartQueryExecution", {"WorkGroup": "a", "CatalogName": "c"}, ["workgroup/a"]),
    ("athena", "StartQueryExecution", {"ResourceARN": "arn:b"}, ["workgroup/primary"]),
    ("athena", "GetQueryResults", {"QueryExecutionId": "of b", "CatalogName": "c"}, ["workgroup/b"]),
    ("athena", "GetQueryExecution", {"QueryExecutionId": "of b", "WorkGroup": "a"}, ["workgroup/b"]),
    ("athena", "StopQueryExecution", {"QueryExecutionId": "of b", "ResourceARN": "a"}, ["workgroup/b"]),
    (
        "athena",
        "BatchGetQueryExecution",
        {"QueryExecutionIds": ["of b", "of a", "none"], "QueryExecutionId": "of a"},
        ["workgroup/a", "workgroup/b"],
    ),
    ("athena", "GetNamedQuery", {"NamedQueryId": "of b", "QueryExecutionId": "of a"}, ["workgroup/b"]),
    ("athena", "GetDataCatalog", {"Name": "d", "CatalogName": "c"}, ["datacatalog/d"]),
    ("athena", "ListDatabases", {"CatalogName": "c", "WorkGroup": "a"}, ["datacatalog/c"]),
    ("athena", "GetDatabase", {"CatalogName": "awsDATAcatalog"}, ["datacatalog/AwsDataCatalog"]),
    ("athena", "CreateWorkGroup", {"Name": "n", "WorkGroup": "a"}, ["workgroup/n"]),
    ("athena", "DeleteWorkGroup", {"WorkGroup": "a", "Name": "n"}, ["workgroup/a"]),
    (
        "glue",
        "GetTable",
        {"DatabaseName": "d", "Name": "t", "JobName": "j"},
        ["catalog", "database/d", "table/d/t"],
    ),
    (
        "glue",
        "GetTable",
        {
            "DatabaseName": "d",
            "Name": "t",
            "TableName": "u",
            "TableInput": {"Name": "u"},
            "TablesToDelete": ["u"],
        },
        ["catalog", "database/d", "table/d/t"],
    ),
    (
        "glue",
        "GetTables",
        {"DatabaseName": "d", "Name": "u", "ResourceArn": "a"},
        ["catalog", "database/d", "table/d/*"],
    ),
    (
        "glue",
        "GetPartitions",
        {"DatabaseName": "d", "TableName": "t", "Name": "u"},
        ["catalog", "database/d", "table/d/t"],
    ),
    ("glue", "GetDatabase", {"Name": "d", "DatabaseName": "e"}, ["catalog", "database/d"]),
    ("glue", "CreateDatabase", {"DatabaseInput": {"Name": "d"}, "Name": "e"}, ["catalog", "database/d"]),
    ("glue", "GetDatabase", {"Name": "Shop"}, ["catalog", "database/shop"]),
    (
        "glue",
        "DeleteDatabase",
        {"Name": "Shop"},
        ["catalog", "database/shop", "table/shop/*", "userDefinedFunction/shop/*"],
    ),
    ("glue", "CreateDatabase", {"DatabaseInput": {"Name": "Shop"}}, ["catalog", "database/shop"]),
    (
        "glue",
        "BatchDeleteTable",
        {"DatabaseName": "SHOP", "TablesToDelete": ["A", "b"]},
        ["catalog", "database/shop", "table/shop/a", "table/shop/b"],
    ),
    (
        "glue",
        "UpdateTable",
        {"DatabaseName": "Shop", "TableInput": {"Name": "T"}},
        ["catalog", "database/shop", "table/shop/t"],
    ),
    (
        "glue",
        "GetPartitions",
        {"DatabaseName": "Shop", "TableName": "T"},
        ["catalog", "database/shop", "table/shop/t"],
    ),
    ("glue", "GetJobs", {"JobName": "j"}, ["job/*"]),
    ("glue", "GetJob", {"JobName": "j", "Name": "k", "DatabaseName": "d"}, ["job/j"]),
    ("glue", "CreateJob", {"Name": "j", "JobName": "k"}, ["job/j"]),
]


@pytest.mark.parametrize(("service", "operation", "members", "expected"), NEEDS)
def test_the_operation_decides(
    monkeypatch: pytest.MonkeyPatch,
    service: str,
    operation: str,
    members: dict[str, Any],
    expected: list[str],
) -> None:
    queries = {f"of {name}": {"WorkGroup": name} for name in ("a", "b")}
    monkeypatch.setattr(athena, "_executions", queries)
    monkeypatch.setattr(athena, "_named_queries", queries)
    request = permissions.parse(operation, "/", json.dumps(members).encode(), {}, "eu-west-1", "1" * 12)
    found = permissions.needs(service, request)
    assert {need.action for need in found} == {f"{service}:{operation}"}
    assert [need.resource for need in found] == [
        f"arn:aws:{service}:eu-west-1:{'1' * 12}:{each}" for each in expected
    ]
