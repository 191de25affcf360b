"""Named queries, and workgroups that are not empty."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_named_queries_and_their_workgroup(aws: Any, name: str) -> None:
    """A query that there is not is not deleted; a workgroup goes with its queries, where that is asked for."""
    athena = aws("athena")
    query = {"Name": "n", "Database": "d", "QueryString": "SELECT 1", "WorkGroup": name}
    with pytest.raises(ClientError, match=f"WorkGroup {name} is not found"):
        athena.create_named_query(**query)
    athena.create_work_group(Name=name)
    kept = {"ClientRequestToken": f"{name:x<32}"}
    made = athena.create_named_query(**query, **kept)["NamedQueryId"]
    assert athena.create_named_query(**query, **kept)["NamedQueryId"] == made
    assert athena.get_named_query(NamedQueryId=made)["NamedQuery"] == {**query, "NamedQueryId": made}
    with pytest.raises(ClientError, match="is not empty"):
        athena.delete_work_group(WorkGroup=name)
    athena.delete_work_group(WorkGroup=name, RecursiveDeleteOption=True)
    for ask in (athena.get_named_query, athena.delete_named_query):
        with pytest.raises(ClientError, match="was not found"):
            ask(NamedQueryId=made)
