"""Records of deployments in the artifact bucket: read, written by condition; and objects that they free deleted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from typing import Any

from botocore.exceptions import ClientError

from data_pipeline.core.deployment.deployment_record import Deployment, dump, parse
from data_pipeline.core.errors import UserError

from . import s3
from .errors import error_code, explained
from .session import Connection

#: how often a record is read again because another deployment has written it meanwhile.
_ATTEMPTS = 8
_CHANGED = frozenset(["412", "PreconditionFailed", "409", "ConditionalRequestConflict"])
#: keys of one DeleteObjects.
_MOST = 1000

Change = Callable[[Sequence[Deployment]], Sequence[Deployment]]


def read(connection: Connection, bucket: str, key: str) -> tuple[Deployment, ...]:
    """The deployments of a record; none where there is no record. UserError for one that cannot be read."""
    return _read(connection, bucket, key)[0]


def change(connection: Connection, bucket: str, key: str, to: Change) -> None:
    """Write what ``to`` makes of the record, unless that is nothing new; begin again if another has written it."""
    for _ in range(_ATTEMPTS):
        before, etag = _read(connection, bucket, key)
        after = to(before)
        if tuple(after) == before or put_if(connection, bucket, key, dump(after), etag):
            return
    raise UserError(
        f"s3://{bucket}/{key}: {_ATTEMPTS} times another deployment has written the record of deployments in between. "
        "Deploy again when it has ended."
    )


def remove(connection: Connection, bucket: str, keys: Iterable[str]) -> None:
    """Delete these objects; UserError for the first that may not be deleted."""
    left = iter(sorted(keys))
    while some := list(islice(left, _MOST)):
        with explained():
            answer = connection.client("s3").delete_objects(
                Bucket=bucket,
                Delete={"Objects": [{"Key": key} for key in some], "Quiet": True},
                ExpectedBucketOwner=connection.account,
            )
        for failed in answer.get("Errors", []):
            raise UserError(f"s3://{bucket}/{failed.get('Key')}: not deleted: {failed.get('Message')}")


def _read(connection: Connection, bucket: str, key: str) -> tuple[tuple[Deployment, ...], str | None]:
    """The deployments, and the record's ETag; None where there is none."""
    found = s3.load(connection, bucket, key)
    return ((), None) if found is None else (parse(found[0], f"s3://{bucket}/{key}"), found[1])


def put_if(connection: Connection, bucket: str, key: str, content: bytes, etag: str | None) -> bool:
    """Whether the object was as it had been read (None: not there), and is written."""
    condition: dict[str, Any] = {"IfMatch": etag} if etag else {"IfNoneMatch": "*"}
    try:
        connection.client("s3").put_object(
            Bucket=bucket, Key=key, Body=content, ExpectedBucketOwner=connection.account, **condition
        )
    except ClientError as error:
        # An If-Match on an object that has gone answers as if there were none.
        if error_code(error) in _CHANGED or (etag and error_code(error) in ("NoSuchKey", "404")):
            return False
        raise
    return True
