"""Records of deployments in a bucket: written by condition, and what they free is deleted; what is adopted by them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from clients import client
from deploy.conftest import environment
from deployer import deployer

from data_pipeline.aws import records
from data_pipeline.aws.session import Connection, EmbeddedCredentials, connect
from data_pipeline.cli.deploying import adopt
from data_pipeline.cli.deploying.deployment import tidy
from data_pipeline.cli.deploying.recording import Record, Tidied
from data_pipeline.cli.deploying.target import Target
from data_pipeline.core.deployment.deployment_record import MACHINE_VERSION, Deployment, dump
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.server.endpoint import Endpoint

TEMPLATE = {"Resources": {"DataBucket": {"Type": "AWS::S3::Bucket"}}}


def deployment(code: str, days_ago: float = 0) -> Deployment:
    time = datetime.now(UTC) - timedelta(days=days_ago)
    return Deployment(time.isoformat(), "arn:me", (f"nyc-tlc/dev/code/{code}/",), {"DataBucket": "b"})


@pytest.fixture
def record(connection: Connection, name: str, embedded: Endpoint) -> Record:
    client(embedded, "s3").create_bucket(Bucket=name)
    return Record(connection, name, "nyc-tlc/dev")


def test_a_record_that_another_deployment_writes_in_between_is_read_again(record: Record) -> None:
    """Neither is lost: the first time there is no record yet, the second it has changed."""
    for number, other in enumerate(("other-1", "other-2")):
        met: list[str] = []

        def to(before: Any, other: str = other, number: int = number, met: list[str] = met) -> Any:
            if not met:
                met.append(other)
                record.note(deployment(other))
            return [*before, deployment(f"mine-{number}")]

        records.change(record.connection, record.bucket, record.key, to)
    codes = [each.artifacts[0].split("/")[3] for each in record.read()]
    assert codes == ["other-1", "mine-0", "other-2", "mine-1"]


def test_a_deployment_that_failed_and_is_there_all_the_same_has_ended_well(record: Record) -> None:
    """As one that failed when all but its end was done: the next one, which changes nothing, says so."""
    record.note(deployment("a"))
    record.fail(record.read()[0], "no")
    (failed,) = record.read()
    assert failed.failed == "no"
    record.end(failed, {"a": "b"})
    (ended,) = record.read()
    assert (ended.well, ended.failed) == (True, "")


def test_artifacts_of_deployments_that_were_replaced_long_ago_are_deleted(
    record: Record, embedded: Endpoint
) -> None:
    """What no record names stays, and the record itself grows no further."""
    s3 = client(embedded, "s3")
    for key in ("code/a/x.py", "code/a/y.py", "code/b/x.py", "code/c/x.py", "code/unknown/x.py"):
        s3.put_object(Bucket=record.bucket, Key=f"nyc-tlc/dev/{key}", Body=b"x")
    for each in (deployment("a", 90), deployment("b", 80), deployment("c", 50)):
        record.note(each)
    assert record.tidy(85).deleted == 0, "a was in use until 80 days ago"
    assert record.tidy(30) == Tidied(3, {})
    left = {
        o["Key"] for o in s3.list_objects_v2(Bucket=record.bucket, Prefix="nyc-tlc/dev/code/")["Contents"]
    }
    assert left == {f"nyc-tlc/dev/code/{code}/x.py" for code in ("c", "unknown")}
    assert [each.artifacts[0] for each in record.read()] == ["nyc-tlc/dev/code/c/"]


def test_a_version_that_aws_refuses_to_delete_is_told_and_keeps_nothing_else(
    record: Record, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """An alias of somebody's own routes to version 1: version 2 goes, and so does the record of both deployments."""
    machine = "arn:aws:states:us-east-1:000000000000:stateMachine:m"
    for number, days_ago in enumerate((90, 80, 50), 1):
        outputs = {MACHINE_VERSION: f"{machine}:{number}"}
        record.note(replace(deployment(str(number), days_ago), outputs=outputs))
    deleted = []

    def delete(stateMachineVersionArn: str) -> None:  # noqa: N803 - as AWS has it
        if stateMachineVersionArn == f"{machine}:1":
            told = {"Code": "ConflictException", "Message": "an alias references it: [mine]"}
            raise ClientError({"Error": told}, "DeleteStateMachineVersion")
        deleted.append(stateMachineVersionArn)

    states, real = SimpleNamespace(delete_state_machine_version=delete), Connection.client
    monkeypatch.setattr(
        Connection, "client", lambda self, name: states if name == "stepfunctions" else real(self, name)
    )
    retention = SimpleNamespace(artifacts_days=30)
    tidy(cast(Target, SimpleNamespace(environment=SimpleNamespace(retention=retention), record=record)))
    assert capsys.readouterr().err == f"{machine}:1 is kept: an alias references it: [mine]\n"
    assert deleted == [f"{machine}:2"]
    assert [each.machine_version for each in record.read()] == ["3"]


def test_an_artifact_that_may_not_be_deleted_is_named(record: Record, embedded: Endpoint) -> None:
    """The deployer's policy of an earlier version: the deployment is told, and goes on."""
    client(embedded, "s3").put_object(Bucket=record.bucket, Key="other/x", Body=b"x")
    with pytest.raises(UserError, match=r"(?i)access ?denied|not authorized"):
        records.remove(record.connection, record.bucket, ["other/x"])


def test_a_bucket_that_the_record_names_and_that_has_gone_is_told(record: Record) -> None:
    found = adopt.find(record.connection, TEMPLATE, {"DataBucket": "nyc-tlc-gone"}, record.uri)
    assert found.leftovers == ()
    (warning,) = found.warnings
    assert (
        warning
        == "DataBucket nyc-tlc-gone, which the last deployment left, has gone: a new, empty one is made"
    )


def test_a_bucket_that_cannot_be_seen_is_an_error_and_not_a_new_bucket(
    record: Record, embedded: Endpoint
) -> None:
    """Somebody else's, or hidden: with the way to say that a new one is wanted."""
    client(embedded, "s3").create_bucket(Bucket=f"hidden-{record.bucket}")
    known = {"DataBucket": f"hidden-{record.bucket}"}
    other = connect(
        environment(), EmbeddedCredentials(embedded.url, **deployer(embedded, "other", "other-artifacts"))
    )
    with pytest.raises(UserError) as found:
        adopt.find(other, TEMPLATE, known, record.uri)
    assert f"left the data in bucket 'hidden-{record.bucket}'" in str(found.value)
    assert f"aws s3 rm s3://{record.bucket}/nyc-tlc/dev/deployments.json" in str(found.value)


def test_a_record_that_cannot_be_read_stops_the_deployment(record: Record, embedded: Endpoint) -> None:
    content = dump([deployment("a")]).replace(b'"version": 2', b'"version": 9')
    client(embedded, "s3").put_object(Bucket=record.bucket, Key=record.key, Body=content)
    with pytest.raises(UserError, match="version 9"):
        record.read()
    with pytest.raises(UserError, match="version 9"):
        record.note(deployment("b"))
