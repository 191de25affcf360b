"""The record of the keys that are erased of a data set, as the command reads and changes it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from data_pipeline.aws import records, s3
from data_pipeline.aws.errors import explained
from data_pipeline.aws.session import Connection
from data_pipeline.core.errors import UserError
from data_pipeline.core.uploads import split_uri
from data_pipeline.etl.documents import erasures
from data_pipeline.etl.documents.erasures import Record
from data_pipeline.etl.errors import JobError

from .erasing import Keys

#: times that are begun again because somebody else has changed the record meanwhile.
_ATTEMPTS = 8


def load(connection: Connection, output: str, name: str) -> Record:
    """The keys that are erased of a data set. UserError for a record that cannot be read."""
    return _read(connection, output, name)[0]


def note(connection: Connection, output: str, keys: Keys, now: datetime) -> None:
    """Put ``keys`` on record: whatever reads them from now on leaves them out."""
    since = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def added(known: Record) -> Record:
        return (known if known.salt else erasures.new()).with_keys(
            keys.columns, keys.texts, since, keys.noted
        )

    _change(connection, output, keys.name, added)


def lift(connection: Connection, output: str, keys: Keys) -> None:
    """Take ``keys`` off the record. UserError for one that is not on it."""

    def left(known: Record) -> Record:
        for texts, typed in zip(keys.texts, keys.typed, strict=True):
            if known.find(keys.columns, texts) is None:
                raise UserError(
                    f"{keys.name}: the key {typed} is not erased, so there is nothing to take back"
                )
        return known.without(keys.columns, keys.texts)

    _change(connection, output, keys.name, left)


def look_again(connection: Connection, output: str, name: str) -> None:
    """Every erased key of a data set is pending again: the next run takes it out of what its tables have then."""
    _change(connection, output, name, Record.pending_again)


def _change(connection: Connection, output: str, name: str, to: Callable[[Record], Record]) -> None:
    bucket, key = split_uri(erasures.place(output, name))
    for _ in range(_ATTEMPTS):
        known, etag = _read(connection, output, name)
        content = erasures.write(to(known)).encode()
        with explained():
            if records.put_if(connection, bucket, key, content, etag):
                return
    raise UserError(f"s3://{bucket}/{key}: others write to it again and again; try again in a moment")


def _read(connection: Connection, output: str, name: str) -> tuple[Record, str | None]:
    """The record and its ETag, None where there is none."""
    place = erasures.place(output, name)
    with explained():
        found = s3.load(connection, *split_uri(place))
    if found is None:
        return erasures.NO_KEYS, None
    try:
        return erasures.read(found[0], place), found[1]
    except JobError as error:
        raise UserError(str(error)) from error
