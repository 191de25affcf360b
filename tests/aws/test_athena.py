"""A query of Athena: what is asked, how it is waited for, what becomes of failures, limits and ^C."""

from __future__ import annotations

import io
from typing import Any

import boto3
import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from data_pipeline.aws import athena
from data_pipeline.core.errors import UserError

ID = "1f6e0c5e-0000-4000-8000-000000000000"
REQUEST = {"QueryExecutionId": ID}
START = {
    "QueryString": "SELECT 1 AS n",
    "QueryExecutionContext": {"Database": "trips_dev"},
    "WorkGroup": "trips-dev",
}


class Athena:
    """Real clients of Athena and S3 that answer what they are told to, and the pauses that were made."""

    def __init__(self) -> None:
        keys = {"region_name": "eu-west-1", "aws_access_key_id": "a", "aws_secret_access_key": "b"}
        self.athena, self.s3 = boto3.client("athena", **keys), boto3.client("s3", **keys)
        self.stub, self.bucket = Stubber(self.athena), Stubber(self.s3)
        self.stub.add_response("start_query_execution", REQUEST, START)
        self.pauses: list[float] = []

    def state(self, state: str, **more: Any) -> None:
        status = {"State": state, **{k: v for k, v in more.items() if k == "StateChangeReason"}}
        execution = {
            "QueryExecutionId": ID,
            "Status": status,
            "ResultConfiguration": {"OutputLocation": f"s3://data/output/athena/{ID}.csv"},
            "Statistics": {"DataScannedInBytes": 1234},
        }
        self.stub.add_response("get_query_execution", {"QueryExecution": execution}, {"QueryExecutionId": ID})

    def result(self, content: bytes) -> None:
        columns = [{"Name": "n", "Type": "integer"}]
        answer = {"ResultSet": {"Rows": [], "ResultSetMetadata": {"ColumnInfo": columns}}}
        self.stub.add_response("get_query_results", answer, {**REQUEST, "MaxResults": 1})
        body = {"Body": StreamingBody(io.BytesIO(content), len(content))}
        self.bucket.add_response("get_object", body, {"Bucket": "data", "Key": f"output/athena/{ID}.csv"})

    def run(self) -> athena.Result:
        with self.stub, self.bucket:
            found = athena.run(
                self.athena, self.s3, "SELECT 1 AS n", "trips_dev", "trips-dev", self.pauses.append
            )
            self.stub.assert_no_pending_responses()
            return found


def test_a_query_is_waited_for_and_fetched() -> None:
    """In its workgroup and database; longer pauses after each look; columns, bytes and cost come back."""
    there = Athena()
    for state in ("QUEUED", "RUNNING", "SUCCEEDED"):
        there.state(state)
    there.result(b'"n"\n"1"\n')
    assert there.run() == athena.Result((("n", "integer"),), b'"n"\n"1"\n', 1234)
    assert there.pauses == [0.2, pytest.approx(0.3)]


@pytest.mark.parametrize(
    ("state", "reason", "words"),
    [
        (
            "FAILED",
            "COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved",
            "failed: COLUMN_NOT_FOUND: line 1:8",
        ),
        (
            "CANCELLED",
            "Bytes scanned limit was exceeded",
            "was stopped: Bytes scanned limit was exceeded. athena.gb_",
        ),
        ("CANCELLED", None, "was stopped: Athena gives no reason"),
    ],
)
def test_what_failed_says_why(state: str, reason: str | None, words: str) -> None:
    """In Athena's own words, and with the limit's name where that was it."""
    there = Athena()
    there.state(state, **({"StateChangeReason": reason} if reason else {}))
    with pytest.raises(UserError) as raised:
        there.run()
    assert f"the query {ID} {words}" in str(raised.value)


def test_a_result_that_is_gone() -> None:
    """Says where it was."""
    there = Athena()
    there.state("SUCCEEDED")
    there.bucket.add_client_error("get_object", "NoSuchKey", http_status_code=404)
    with pytest.raises(UserError, match=rf"is gone from s3://data/output/athena/{ID}.csv; run it again"):
        there.run()


def test_an_interrupted_wait_stops_the_query() -> None:
    """^C leaves nothing running that costs."""
    there = Athena()
    there.state("RUNNING")
    there.stub.add_response("stop_query_execution", {}, REQUEST)

    def interrupt(_: float) -> None:
        raise KeyboardInterrupt

    with there.stub, pytest.raises(KeyboardInterrupt):
        athena.run(there.athena, there.s3, "SELECT 1 AS n", "trips_dev", "trips-dev", interrupt)
    there.stub.assert_no_pending_responses()
