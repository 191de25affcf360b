"""Records to the feature store, in batches, several at a time; what was not processed is sent again, with patience.

BatchWriteRecord, not the Spark connector, which cannot delete records and leaves what was not processed to its caller;
docs/how-to/features.md compares. Where the service, boto3 or the role's policy does not know BatchWriteRecord, which
is younger than the rest, records go one by one by PutRecord.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from data_pipeline.etl import exits
from data_pipeline.etl.documents.features import Group
from data_pipeline.etl.errors import JobError

#: entries of one request, which the service sets; and requests at a time.
ENTRIES = 25
THREADS = 8
ATTEMPTS = 8
#: identifiers of one BatchGetRecord.
READ_AT_ONCE = 100
PASSING = frozenset(
    ("InternalFailure", "InternalServerError", "ServiceUnavailable", "Throttling", "ThrottlingException")
)

#: what the service answers to an operation that it does not know, or that the role may not call.
UNKNOWN = frozenset(
    ("AccessDenied", "AccessDeniedException", "UnknownOperation", "UnknownOperationException", "404")
)

Row = dict[str, str]
Sleep = Callable[[float], None]


class Sender:
    """Writes the records of one group."""

    def __init__(self, client: Any, group: Group, sleep: Sleep = time.sleep) -> None:
        self._client = client
        self._group = group
        self._sleep = sleep
        self._one_by_one = False

    def write(self, rows: Iterable[Row], store: str) -> int:
        """Write records to ``OnlineStore`` or ``OfflineStore``; how many. JobError for one that is refused."""
        entries = (
            {
                "FeatureGroupName": self._group.feature_group,
                "Record": [{"FeatureName": name, "ValueAsString": value} for name, value in row.items()],
                "TargetStores": [store],
            }
            for row in rows
        )
        return self._each(_batches(entries, ENTRIES), self._send)

    def mark_deleted(self, rows: Iterable[Row]) -> int:
        """Append to the offline store that these records are no more: markers at their own event times."""
        return self._each(([row] for row in rows), self._mark)

    def read(self, identifiers: Iterable[str]) -> dict[str, Row]:
        """Record identifier → record of those that the online store has."""
        found: dict[str, Row] = {}
        for asked in _batches(identifiers, READ_AT_ONCE):
            found.update(self._read(asked))
        return found

    def forget(self, identifier: str, event_time: str) -> None:
        """Take a record out of the online store; ``event_time`` is after its own."""
        self._delete(identifier, event_time, "OnlineStore", "HardDelete")

    def _each(self, batches: Iterable[list[Any]], send: Callable[[list[Any]], None]) -> int:
        """Send batches several at a time, without holding all of them."""
        number = 0
        with ThreadPoolExecutor(THREADS) as pool:
            for some in _batches(batches, 8 * THREADS):
                for _ in pool.map(send, some):
                    pass
                number += sum(len(batch) for batch in some)
        return number

    def _send(self, entries: list[Any]) -> None:
        left = entries

        def attempt() -> bool:
            nonlocal left
            answer = self._written(left)
            wrong = [error for error in answer["Errors"] if error["ErrorCode"] not in PASSING]
            if wrong:
                first = wrong[0]
                raise JobError(
                    f"{self._group.feature_group}: {len(wrong)} records were refused, the first because of "
                    f"{first['ErrorCode']}: {first['ErrorMessage']} Its values: {_described(first['Entry'])}"
                )
            left = [*answer["UnprocessedEntries"], *(error["Entry"] for error in answer["Errors"])]
            return not left

        self._patiently(attempt)

    def _written(self, entries: list[Any]) -> dict[str, Any]:
        """BatchWriteRecord's answer, or the same where PutRecord has taken all of them."""
        if not self._one_by_one:
            try:
                answer: dict[str, Any] = self._client.batch_write_record(Entries=entries)
                return answer
            except AttributeError as error:  # an older boto3
                self._fall_back(str(error))
            except ClientError as error:
                if error.response["Error"]["Code"] not in UNKNOWN:
                    raise
                self._fall_back(str(error))
        for entry in entries:
            self._put(entry)
        return {"Errors": [], "UnprocessedEntries": []}

    def _fall_back(self, reason: str) -> None:
        if not self._one_by_one:
            self._one_by_one = True
            exits.log(
                f"{self._group.feature_group}: records are put one by one, without BatchWriteRecord: {reason}"
            )

    def _put(self, entry: dict[str, Any]) -> None:
        def attempt() -> bool:
            self._client.put_record(**entry)
            return True

        self._patiently(attempt, about=f" Its values: {_described(entry)}")

    def _mark(self, rows: list[Row]) -> None:
        for row in rows:
            identifier, time_ = row[self._group.identifier], row[self._group.event_time]
            self._delete(identifier, time_, "OfflineStore", "SoftDelete")

    def _delete(self, identifier: str, event_time: str, store: str, mode: str) -> None:
        def attempt() -> bool:
            self._client.delete_record(
                FeatureGroupName=self._group.feature_group,
                RecordIdentifierValueAsString=identifier,
                EventTime=event_time,
                TargetStores=[store],
                DeletionMode=mode,
            )
            return True

        self._patiently(attempt)

    def _read(self, identifiers: list[str]) -> dict[str, Row]:
        found: dict[str, Row] = {}
        left = identifiers

        def attempt() -> bool:
            nonlocal left
            of = {"FeatureGroupName": self._group.feature_group, "RecordIdentifiersValueAsString": left}
            answer = self._client.batch_get_record(Identifiers=[of])
            wrong = [error for error in answer["Errors"] if error["ErrorCode"] not in PASSING]
            if wrong:
                raise JobError(
                    f"{self._group.feature_group}: {wrong[0]['ErrorCode']}: {wrong[0]['ErrorMessage']}"
                )
            for record in answer["Records"]:
                values = {value["FeatureName"]: value["ValueAsString"] for value in record["Record"]}
                found[record["RecordIdentifierValueAsString"]] = values
            unread = [
                i for one in answer["UnprocessedIdentifiers"] for i in one["RecordIdentifiersValueAsString"]
            ]
            left = [*unread, *(error["RecordIdentifierValueAsString"] for error in answer["Errors"])]
            return not left

        self._patiently(attempt)
        return found

    def _patiently(self, attempt: Callable[[], bool], about: str = "") -> None:
        """Try until it is done, with pauses that grow from a quarter of a second. JobError in the end, which ends with
        ``about`` where the service refuses.
        """
        reason = "the service has left records unprocessed"
        for number in range(ATTEMPTS):
            try:
                if attempt():
                    return
            except ClientError as error:
                details = error.response["Error"]
                status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 400)
                if details["Code"] not in PASSING and status < 500:
                    raise JobError(f"{self._group.feature_group}: {error}{about}") from error
                reason = str(error)
            except BotoCoreError as error:
                reason = str(error)
            if number < ATTEMPTS - 1:
                self._sleep(random.uniform(0.5, 1) * min(20, 0.25 * 2**number))  # noqa: S311 - no secret
        raise JobError(f"{self._group.feature_group}: given up after {ATTEMPTS} attempts: {reason}")


def client() -> Any:
    """The client of the feature store's runtime. boto3 decides endpoint, region and credentials."""
    once = Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=10,
        read_timeout=60,
        max_pool_connections=THREADS,
    )
    try:
        return boto3.client("sagemaker-featurestore-runtime", config=once)
    except BotoCoreError as error:
        raise JobError(f"the feature store: {error}") from error


def _batches(items: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _described(entry: dict[str, Any]) -> str:
    return ", ".join(f"{value['FeatureName']}={value['ValueAsString']}" for value in entry["Record"])
