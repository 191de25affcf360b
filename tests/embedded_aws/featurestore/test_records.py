"""The feature-store runtime: newest event time wins, time to live, deletions, what is refused, the offline table."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pytest
from botocore.exceptions import ClientError
from embedded_aws.conftest import allow
from embedded_aws.featurestore.conftest import plain, record, request
from waiting import until

Offline = Callable[[str], pa.Table]


@pytest.fixture
def runtime(aws: Any) -> Any:
    return aws("sagemaker-featurestore-runtime")


def get(runtime: Any, group: str, identifier: str = "a", **more: Any) -> dict[str, Any]:
    found: dict[str, Any] = runtime.get_record(
        FeatureGroupName=group, RecordIdentifierValueAsString=identifier, **more
    )
    return found


def put(runtime: Any, group: str, at: str, **values: Any) -> None:
    given = record(**{"id": "a", "at": at, **values})
    runtime.put_record(FeatureGroupName=group, Record=given)


def test_the_newest_event_time_wins_online_and_all_are_appended(
    runtime: Any, group: str, offline: Offline
) -> None:
    for n, day in enumerate(("02", "03", "01", "03")):
        put(runtime, group, f"2024-01-{day}T00:00:00Z", n=n, x=n / 2)
    assert plain(get(runtime, group)) == {"id": "a", "at": "2024-01-03T00:00:00Z", "n": "1", "x": "0.5"}
    rows = until(lambda: (found := offline(group)).num_rows == 4 and found)
    assert rows["n"].to_pylist() == [0, 1, 2, 3]
    assert rows["x"].to_pylist() == [0.0, 0.5, 1.0, 1.5]
    assert rows.column_names[4:] == ["api_invocation_time", "write_time", "is_deleted"]
    assert not any(rows["is_deleted"].to_pylist())
    assert len(set(rows["api_invocation_time"].to_pylist())) == 4


def test_objects_lie_where_the_service_puts_them(
    runtime: Any, group: str, offline: Offline, bucket: str, aws: Any
) -> None:
    put(runtime, group, "2024-01-02T00:00:00Z")
    until(lambda: offline(group).num_rows)
    keys = [item["Key"] for item in aws("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    folder = rf"offline/\d{{12}}/sagemaker/us-east-1/offline-store/{group}-\d+"
    name = r"data/[0-9a-f]{8}/at_trunc=2024-01-02/20240102T000000Z_[0-9a-f]{16}\.parquet"
    assert [key for key in keys if re.fullmatch(f"{folder}/{name}", key)]
    assert [key for key in keys if re.fullmatch(rf"{folder}/metadata/.*\.metadata\.json", key)]


def test_a_record_expires_from_its_event_time_on(
    runtime: Any, aws: Any, bucket: str, writer: str, name: str
) -> None:
    """Not from its writing: one whose time is over already is never seen."""
    ttl = {"EnableOnlineStore": True, "TtlDuration": {"Unit": "Hours", "Value": 2}}
    aws("sagemaker").create_feature_group(**request(name, bucket, writer, OnlineStoreConfig=ttl))
    now = datetime.now(UTC)
    put(runtime, name, f"{now - timedelta(hours=3):%Y-%m-%dT%H:%M:%SZ}")
    assert plain(get(runtime, name)) == {}
    event = now - timedelta(hours=1)
    put(runtime, name, f"{event:%Y-%m-%dT%H:%M:%SZ}")
    found = get(runtime, name, ExpirationTimeResponse="Enabled")
    assert found["ExpiresAt"] == f"{event + timedelta(hours=2):%Y-%m-%dT%H:%M:%SZ}"
    short = {"Unit": "Seconds", "Value": 3602}
    given = record(id="b", at=f"{event:%Y-%m-%dT%H:%M:%SZ}")
    runtime.put_record(FeatureGroupName=name, Record=given, TtlDuration=short)
    assert plain(get(runtime, name, "b"))
    until(lambda: not plain(get(runtime, name, "b")))


def test_soft_and_hard_deletion(runtime: Any, group: str, offline: Offline) -> None:
    def delete(at: str, mode: str) -> None:
        runtime.delete_record(
            FeatureGroupName=group, RecordIdentifierValueAsString="a", EventTime=at, DeletionMode=mode
        )

    put(runtime, group, "2024-01-02T00:00:00Z", n=1)
    delete("2024-01-01T00:00:00Z", "SoftDelete")  # too early: only its marker is written
    assert plain(get(runtime, group))["n"] == "1"
    delete("2024-01-03T00:00:00Z", "SoftDelete")
    assert plain(get(runtime, group)) == {}
    put(runtime, group, "2024-01-02T12:00:00Z", n=2)  # older than the marker
    assert plain(get(runtime, group)) == {}
    put(runtime, group, "2024-01-04T00:00:00Z", n=3)
    with pytest.raises(ClientError, match="EventTime") as error:
        delete("2024-01-04T00:00:00Z", "HardDelete")
    assert error.value.response["Error"]["Code"] == "ValidationError"
    delete("2024-01-05T00:00:00Z", "HardDelete")
    put(runtime, group, "2024-01-01T00:00:00Z", n=4)
    assert plain(get(runtime, group))["n"] == "4"
    rows = until(lambda: (found := offline(group)).num_rows == 7 and found)
    assert rows["is_deleted"].to_pylist() == [False, True, True, False, False, True, False]
    assert rows.filter(rows["is_deleted"])["n"].to_pylist() == [None] * 3


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"id": "a", "at": "2024-01-01T00:00:00Z", "y": 1}, "FeatureName y is no feature"),
    ({"at": "2024-01-01T00:00:00Z"}, "no value of its RecordIdentifierFeatureName, id"),
    ({"id": "", "at": "2024-01-01T00:00:00Z"}, "no value of its RecordIdentifierFeatureName, id"),
    ({"id": "a"}, "no value of its EventTimeFeatureName, at"),
    ({"id": "a", "at": "2024-01-01 00:00:00"}, "not of the form yyyy-MM-dd"),
    ({"id": "a", "at": "2024-02-30T00:00:00Z"}, "not of the form yyyy-MM-dd"),
    ({"id": "a", "at": "2024-01-01T00:00:00Z", "n": "1.5"}, "'1.5', is not Integral"),
    ({"id": "a", "at": "2024-01-01T00:00:00Z", "n": 2**63}, "is not Integral"),
    ({"id": "a", "at": "2024-01-01T00:00:00Z", "x": "nan"}, "'nan', is not Fractional"),
    ({"id": "a" * 2049, "at": "2024-01-01T00:00:00Z"}, "longer than 2048 bytes"),
]


def test_a_wrong_record_is_refused(runtime: Any, group: str) -> None:
    """By itself, and in a batch, whose other entries are written."""
    for values, said in WRONG:
        with pytest.raises(ClientError, match=re.escape(said)) as error:
            runtime.put_record(FeatureGroupName=group, Record=record(**values))
        assert error.value.response["Error"]["Code"] == "ValidationError"
        right = record(id=f"right {said}", at="2024-01-01T00:00:00Z")
        entries = [{"FeatureGroupName": group, "Record": given} for given in (record(**values), right)]
        (failed,) = runtime.batch_write_record(Entries=entries)["Errors"]
        assert failed["ErrorCode"] == "ValidationError"
        assert failed["Entry"] == entries[0]
        assert plain(get(runtime, group, f"right {said}"))


def test_batches(runtime: Any, group: str) -> None:
    entries = [
        {"FeatureGroupName": group, "Record": record(id=f"r{n}", at="2024-01-01T00:00:00Z", n=n)}
        for n in range(25)
    ]
    assert runtime.batch_write_record(Entries=entries)["Errors"] == []
    asked = [{"FeatureGroupName": group, "RecordIdentifiersValueAsString": ["r3", "none", "r24"]}]
    found = runtime.batch_get_record(Identifiers=[{**asked[0], "FeatureNames": ["id", "n"]}])
    assert [plain(one) for one in found["Records"]] == [{"id": "r3", "n": "3"}, {"id": "r24", "n": "24"}]
    listed = runtime.list_records(FeatureGroupName=group, MaxResults=10)
    assert len(listed["RecordIdentifiers"]) == 10
    with pytest.raises(ClientError, match="less than or equal to 25"):
        runtime.batch_write_record(Entries=[*entries, entries[0]])


def test_stores_that_the_group_lacks(
    runtime: Any, aws: Any, name: str, bucket: str, writer: str, offline: Offline
) -> None:
    aws("sagemaker").create_feature_group(**request(name, bucket, writer, OnlineStoreConfig=None))
    put(runtime, name, "2024-01-01T00:00:00Z")
    until(lambda: offline(name).num_rows == 1)
    for call in (
        lambda: get(runtime, name),
        lambda: runtime.put_record(
            FeatureGroupName=name,
            Record=record(id="a", at="2024-01-01T00:00:00Z"),
            TargetStores=["OnlineStore"],
        ),
    ):
        with pytest.raises(ClientError, match="has no OnlineStore"):
            call()


def test_an_unknown_group_and_an_unknown_action(runtime: Any, group: str) -> None:
    with pytest.raises(runtime.exceptions.ResourceNotFound, match="nowhere does not exist"):
        get(runtime, "nowhere")
    with pytest.raises(ClientError, match="does not emulate sagemaker:UpdateRecord"):
        runtime.update_record(FeatureGroupName=group, RecordIdentifierValueAsString="a", Features=record(n=1))


def test_permissions_are_those_of_each_group(
    aws: Any, user: Callable[..., dict[str, str]], group: str
) -> None:
    """Also where a request names several."""
    mine = f"arn:aws:sagemaker:us-east-1:000000000000:feature-group/{group}"
    restricted = aws(
        "sagemaker-featurestore-runtime",
        **user(allow(["sagemaker:PutRecord", "sagemaker:BatchWriteRecord"], mine)),
    )
    put(restricted, group, "2024-01-01T00:00:00Z")
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:GetRecord"):
        get(restricted, group)
    entries = [
        {"FeatureGroupName": named, "Record": record(id="a", at="2024-01-01T00:00:00Z")}
        for named in (group, "another")
    ]
    restricted.batch_write_record(Entries=entries[:1])
    with pytest.raises(ClientError, match=r"BatchWriteRecord on resource: .*feature-group/another"):
        restricted.batch_write_record(Entries=entries)


def test_a_store_that_cannot_be_written_is_blocked_and_loses_nothing(
    aws: Any, runtime: Any, group: str, writer: str, offline: Offline
) -> None:
    iam, named = aws("iam"), writer.rpartition("/")[2]
    policy = iam.get_role_policy(RoleName=named, PolicyName="test")["PolicyDocument"]
    iam.delete_role_policy(RoleName=named, PolicyName="test")
    put(runtime, group, "2024-01-01T00:00:00Z", n=1)

    def status() -> dict[str, str]:
        told = aws("sagemaker").describe_feature_group(FeatureGroupName=group)
        found: dict[str, str] = told["OfflineStoreStatus"]
        return found

    blocked = until(lambda: (found := status())["Status"] == "Blocked" and found)
    assert "s3:PutObjectAcl" in blocked["BlockedReason"]
    iam.put_role_policy(RoleName=named, PolicyName="test", PolicyDocument=json.dumps(policy))
    put(runtime, group, "2024-01-02T00:00:00Z", n=2)
    rows = until(
        lambda: (found := offline(group)).num_rows == 2 and found, 180
    )  # a blocked store is tried each minute
    assert rows["n"].to_pylist() == [1, 2]
    until(lambda: status() == {"Status": "Active"})  # the rows are there a moment before
