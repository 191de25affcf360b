"""Why files of the input are not published, as the runs that read them say in their summaries."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from data_pipeline.aws import source
from data_pipeline.aws.errors import explained
from data_pipeline.aws.run_documents import RunDocuments
from data_pipeline.aws.session import Connection
from data_pipeline.core.progress.coverage import Refusal
from data_pipeline.core.progress.refusals import of_summary
from data_pipeline.core.uploads import StoredObject, split_uri
from data_pipeline.etl.documents import summary

#: runs that are looked at, the newest first, and how many of them at a time.
MOST, _TOGETHER = 400, 8
_EVER = datetime.min.replace(tzinfo=UTC)


def refusals(connection: Connection, output: str, unread: Mapping[str, StoredObject]) -> dict[str, Refusal]:
    """Path → why the last run that has read this version of the file did not publish it. ``unread``: path → object of
    the input that is not published. A run that ended before a file was written has not read it, so no more summaries
    are read than that takes.
    """
    left, found = dict(unread), dict[str, Refusal]()
    if not left:
        return found
    documents = RunDocuments(connection, f"{output}runs/")
    bucket, prefix = split_uri(documents.where)
    with explained():
        every = source.stored_objects(connection.client("s3"), bucket, prefix, folders=True)
    ended = {
        path: each.modified or _EVER
        for path, each in every.items()
        if path.endswith(f"/{summary.NAME}") and path.count("/") == 1
    }
    newest = sorted(ended, key=lambda path: ended[path], reverse=True)[:MOST]
    while newest and left:
        since = min(each.modified or _EVER for each in left.values())
        some = [path for path in newest[:_TOGETHER] if ended[path] >= since]
        newest = newest[_TOGETHER:] if some else []
        with explained():
            contents = documents.read_all(some)
        for path in some:
            told = of_summary(json_object(contents[path]), path.partition("/")[0])
            for file, (etag, refusal) in told.items():
                if file in left and left[file].etag == etag:
                    del left[file]
                    if refusal is not None:
                        found[file] = refusal
    return found


def json_object(content: bytes | None) -> dict[str, Any]:
    """A document; empty where there is none, or none that can be read."""
    try:
        found = json.loads(content or b"{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
