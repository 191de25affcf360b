"""Named queries and the end of a workgroup, as the Athena API reference has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import athena

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused

from . import settings


async def create(data: Mapping[str, Any]) -> Response:
    """CreateNamedQuery, in a workgroup that there is; a token that was used names the query that it made."""
    settings.workgroup_of(data)
    token = data.get("ClientRequestToken")
    if token:
        for identity, query in athena._named_queries.items():
            if query.get("_token") == token:
                return answer({"NamedQueryId": identity})
    made: Response = athena._create_named_query(data)
    if token:
        next(reversed(athena._named_queries.values()))["_token"] = token
    return made


async def get(data: Mapping[str, Any]) -> Response:
    """GetNamedQuery."""
    query = {name: value for name, value in _found(data).items() if value and not name.startswith("_")}
    return answer({"NamedQuery": query})


async def delete(data: Mapping[str, Any]) -> Response:
    """DeleteNamedQuery. Refused where there is none."""
    _found(data)
    done: Response = athena._delete_named_query(data)
    return done


async def delete_workgroup(data: Mapping[str, Any]) -> Response:
    """DeleteWorkGroup: with ``RecursiveDeleteOption`` its named queries, executions and prepared statements go, too;
    without, it must have none of the first two.
    """
    name = settings.workgroup_of(data)["Name"]
    queries = [key for key, query in athena._named_queries.items() if query.get("WorkGroup") == name]
    executions = [key for key, query in athena._executions.items() if query.get("WorkGroup") == name]
    if (queries or executions) and not data.get("RecursiveDeleteOption"):
        raise Refused(f"WorkGroup {name} is not empty")
    done: Response = athena._delete_workgroup(data)
    if done[0] == 200:
        for store, keys in ((athena._named_queries, queries), (athena._executions, executions)):
            for key in keys:
                del store[key]
        for key in [key for key in athena._prepared_statements if key.startswith(f"{name}/")]:
            del athena._prepared_statements[key]
    return done


def _found(data: Mapping[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] | None = athena._named_queries.get(data["NamedQueryId"])
    if query is None:
        raise Refused(f"NamedQuery {data['NamedQueryId']} was not found")
    return query
