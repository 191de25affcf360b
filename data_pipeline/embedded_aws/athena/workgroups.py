"""The end of a workgroup, as the Athena API reference has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ministack.services import athena

from data_pipeline.embedded_aws.answers import Response
from data_pipeline.embedded_aws.dispatch import Refused

from . import executions, settings


async def delete(data: Mapping[str, Any]) -> Response:
    """DeleteWorkGroup: with ``RecursiveDeleteOption`` its named queries, executions and prepared statements go, too;
    without, it must have none of the first two.
    """
    name = settings.workgroup_of(data)["Name"]
    queries = [key for key, query in athena._named_queries.items() if query.get("WorkGroup") == name]
    started = [key for key, query in athena._executions.items() if query.get("WorkGroup") == name]
    if (queries or started) and not data.get("RecursiveDeleteOption"):
        raise Refused(f"WorkGroup {name} is not empty")
    done: Response = athena._delete_workgroup(data)
    if done[0] == 200:
        for key in started:
            executions.cancel(athena._executions[key])
        for store, keys in ((athena._named_queries, queries), (athena._executions, started)):
            for key in keys:
                del store[key]
        for key in [key for key in athena._prepared_statements if key.startswith(f"{name}/")]:
            del athena._prepared_statements[key]
    return done
