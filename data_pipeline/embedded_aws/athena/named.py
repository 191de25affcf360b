"""Named queries, as the Athena API reference has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import athena

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused

from . import settings

_MOST = 50


async def create(data: Mapping[str, Any]) -> Response:
    """CreateNamedQuery, in a workgroup that there is; the same request again, by its token, names the query that
    it made.
    """
    settings.workgroup_of(data)
    token = data.get("ClientRequestToken")
    if token:
        for identity, query in athena._named_queries.items():
            if query.get("_request", {}).get("ClientRequestToken") != token:
                continue
            if query["_request"] != data:
                raise Refused("Idempotent parameters do not match: the token was used for another request.")
            return answer({"NamedQueryId": identity})
    made: Response = athena._create_named_query(data)
    if token:
        next(reversed(athena._named_queries.values()))["_request"] = dict(data)
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


async def list_all(data: Mapping[str, Any]) -> Response:
    """ListNamedQueries of a workgroup, of the primary one if none is named; the token is the id that comes next."""
    name = settings.workgroup_of(data)["Name"]
    ids = [key for key, query in athena._named_queries.items() if query.get("WorkGroup") == name]
    token, most = data.get("NextToken"), data.get("MaxResults") or _MOST
    if token and token not in ids:
        raise Refused("NextToken is not one of this workgroup.")
    rest = ids[ids.index(token) :] if token else ids
    more = {"NextToken": rest[most]} if rest[most:] else {}
    return answer({"NamedQueryIds": rest[:most], **more})


def _found(data: Mapping[str, Any]) -> dict[str, Any]:
    query: dict[str, Any] | None = athena._named_queries.get(data["NamedQueryId"])
    if query is None:
        raise Refused(f"NamedQuery {data['NamedQueryId']} was not found")
    return query
