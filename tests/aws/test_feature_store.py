"""BatchGetRecord: at most a hundred identifiers a request, what is left unread asked for again, refusals told."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from data_pipeline.aws import feature_store
from data_pipeline.core.errors import UserError


class Runtime:
    """A real client of the runtime that answers what it is told to, and the pauses that were made."""

    def __init__(self) -> None:
        keys = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
        self.client = boto3.client("sagemaker-featurestore-runtime", **keys)
        self.stub = Stubber(self.client)
        self.pauses: list[float] = []

    def answer(self, asked: list[str], read: list[str], left: list[str], errors: dict[str, str]) -> None:
        """One request and its answer; ``errors``: identifier → code."""
        found = [{**_named(one), "Record": [{"FeatureName": "id", "ValueAsString": one}]} for one in read]
        refused = [
            {**_named(one), "ErrorCode": code, "ErrorMessage": "not now."} for one, code in errors.items()
        ]
        again = [_of(left)] if left else []
        told = {"Records": found, "Errors": refused, "UnprocessedIdentifiers": again}
        self.stub.add_response("batch_get_record", told, {"Identifiers": [_of(asked)]})

    def newest(self, *identifiers: str) -> dict[str, Any]:
        with self.stub:
            found = feature_store.newest(self.client, "g", identifiers, self.pauses.append)
            self.stub.assert_no_pending_responses()
        return found


def _named(identifier: str) -> dict[str, str]:
    return {"FeatureGroupName": "g", "RecordIdentifierValueAsString": identifier}


def _of(identifiers: list[str]) -> dict[str, Any]:
    return {"FeatureGroupName": "g", "RecordIdentifiersValueAsString": identifiers}


def test_in_batches_each_once_until_all_are_read() -> None:
    """One that is asked for twice is read once; one without a record is left out; pauses grow."""
    there = Runtime()
    names = [f"n{n}" for n in range(102)]
    first = names[:100]
    there.answer(first, first[:97], ["n97", "n98"], {"n99": "ThrottlingException"})
    there.answer(first[97:], [], ["n97"], {"n99": "InternalFailure"})
    there.answer(["n97", "n99"], ["n97", "n99"], [], {})
    there.answer(names[100:], ["n100"], [], {})
    found = there.newest(*names, "n1")
    assert found == {name: {"id": name} for name in names if name not in ("n98", "n101")}
    assert there.pauses == [0.2, 0.4]


def test_what_is_refused_is_told_at_once() -> None:
    there = Runtime()
    there.answer(["a", "b"], ["a"], [], {"b": "AccessForbidden"})
    with pytest.raises(UserError, match=r"g: the online store refuses 'b': AccessForbidden: not now\."):
        there.newest("a", "b")
    assert there.pauses == []


def test_patience_has_an_end() -> None:
    there = Runtime()
    for _ in range(8):
        there.answer(["a"], [], ["a"], {})
    with pytest.raises(UserError, match=r"left 1 of 1 records unread in 8 attempts\. Wait a minute"):
        there.newest("a")
    assert there.pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5, 5]
