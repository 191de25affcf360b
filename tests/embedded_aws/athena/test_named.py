"""Named queries, and workgroups that are not empty."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from botocore.exceptions import ClientError
from ministack.services import athena as kept

from data_pipeline.embedded_aws.athena import executions, workgroups


def test_named_queries_and_their_workgroup(aws: Any, name: str) -> None:
    """A query that there is not is not deleted; a workgroup goes with its queries, where that is asked for."""
    athena = aws("athena")
    query = {"Name": "n", "Database": "d", "QueryString": "SELECT 1", "WorkGroup": name}
    with pytest.raises(ClientError, match=f"WorkGroup {name} is not found"):
        athena.create_named_query(**query)
    athena.create_work_group(Name=name)
    token = {"ClientRequestToken": f"{name:x<32}"}
    made = athena.create_named_query(**query, **token)["NamedQueryId"]
    assert athena.create_named_query(**query, **token)["NamedQueryId"] == made
    with pytest.raises(ClientError, match="Idempotent parameters do not match"):
        athena.create_named_query(**query | {"QueryString": "SELECT 2"}, **token)
    assert athena.get_named_query(NamedQueryId=made)["NamedQuery"] == {**query, "NamedQueryId": made}
    with pytest.raises(ClientError, match="is not empty"):
        athena.delete_work_group(WorkGroup=name)
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
    for ask in (athena.get_named_query, athena.delete_named_query):
        with pytest.raises(ClientError, match="was not found"):
            ask(NamedQueryId=made)


def test_lists_of_named_queries(aws: Any, name: str) -> None:
    """Of one workgroup, in pages; of the primary one if none is named."""
    athena = aws("athena")
    athena.create_work_group(Name=name)
    query = {"Database": "d", "QueryString": "SELECT 1", "WorkGroup": name}
    made = [athena.create_named_query(Name=f"n{n}", **query)["NamedQueryId"] for n in range(3)]
    pages = athena.get_paginator("list_named_queries").paginate(
        WorkGroup=name, PaginationConfig={"PageSize": 2}
    )
    assert [page["NamedQueryIds"] for page in pages] == [made[:2], made[2:]]
    assert not set(made) & set(athena.list_named_queries()["NamedQueryIds"])
    with pytest.raises(ClientError, match="NextToken"):
        athena.list_named_queries(WorkGroup=name, NextToken=name)
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)


def test_a_workgroup_ends_its_queries(monkeypatch: pytest.MonkeyPatch) -> None:
    """With their processes; those that have ended are left as they are."""

    class Engine:
        stopped: list[str] = []  # noqa: RUF012 - of this test alone

        def stop(self, query: str) -> None:
            self.stopped.append(query)

    records = {
        state: {"WorkGroup": "w", "QueryExecutionId": state, "Status": {"State": state}}
        for state in ("QUEUED", "RUNNING", "SUCCEEDED")
    }
    monkeypatch.setattr(kept, "_workgroups", {"w": {"Name": "w"}})
    monkeypatch.setattr(kept, "_executions", dict(records))
    monkeypatch.setattr(executions, "engine", Engine)
    assert asyncio.run(workgroups.delete({"WorkGroup": "w", "RecursiveDeleteOption": True}))[0] == 200
    assert Engine.stopped == ["QUEUED", "RUNNING"]
    assert [each["Status"]["State"] for each in records.values()] == ["CANCELLED", "CANCELLED", "SUCCEEDED"]
    assert kept._executions == {}
