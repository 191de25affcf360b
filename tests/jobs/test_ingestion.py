"""Sending records, patiently, and what the online store needs to have the newest ones."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from data_pipeline.etl.documents.features import Feature, Group, RecordSource
from data_pipeline.etl.errors import JobError
from data_pipeline.etl.ingestion.newest import plan
from data_pipeline.etl.ingestion.sending import ATTEMPTS, ENTRIES, Sender

SOURCE = RecordSource(
    table="counts",
    identifier="id",
    event_time="at",
    features={name: Feature(name) for name in ("id", "at", "n")},
    records={},
    time_column="",
    window_minutes=0,
    available="",
    ends="",
    lag_minutes=None,
    period="",
    periods={},
    timezone="UTC",
)
GROUP = Group("counts", "p-e-counts", SOURCE, ["id", "at", "n"], online=True, offline=True, ttl_days=None)
NOW = 1_704_153_600.0  # 2024-01-02T00:00:00Z


def row(identifier: str, day: int, n: int = 0) -> dict[str, str]:
    return {"id": identifier, "at": f"2024-01-{day:02}T00:00:00Z", "n": str(n)}


def refusal(code: str, status: int) -> ClientError:
    error = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(error, "BatchWriteRecord")  # type: ignore[arg-type]


@dataclass
class Service:
    """A feature store that answers the first requests as it is told, and takes every other one."""

    answers: list[Any]
    taken: list[str] = field(default_factory=list)
    requests: int = 0
    put: list[Any] = field(default_factory=list)

    def batch_write_record(self, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 - boto3's name
        assert len(Entries) <= ENTRIES
        self.requests += 1
        answer = self.answers.pop(0) if self.answers else {}
        if isinstance(answer, ClientError):
            raise answer
        left = Entries[: answer.get("unprocessed", 0)]
        wrong = Entries[len(left) : len(left) + answer.get("wrong", 0)]
        self.taken += [e["Record"][0]["ValueAsString"] for e in Entries[len(left) + len(wrong) :]]
        code = answer.get("code", "ValidationError")
        errors = [{"Entry": entry, "ErrorCode": code, "ErrorMessage": "it is wrong."} for entry in wrong]
        return {"Errors": errors, "UnprocessedEntries": left}

    def put_record(self, **entry: Any) -> None:
        answer = self.put.pop(0) if self.put else None
        if isinstance(answer, ClientError):
            raise answer
        assert set(entry) == {"FeatureGroupName", "Record", "TargetStores"}
        self.taken.append(entry["Record"][0]["ValueAsString"])


class WithoutBatches(Service):
    """A client of an older boto3."""

    batch_write_record = property()  # type: ignore[assignment]  # to get it is an AttributeError


def sent(service: Service, number: int) -> list[float]:
    """The pauses that were made while so many records were sent."""
    pauses: list[float] = []
    sender = Sender(service, GROUP, pauses.append)
    assert sender.write((row(f"{n:03}", 1) for n in range(number)), "OfflineStore") == number
    assert sorted(service.taken) == [f"{n:03}" for n in range(number)]
    return pauses


def test_records_go_in_batches() -> None:
    service = Service([])
    assert sent(service, 60) == []
    assert service.requests == 3


@pytest.mark.parametrize(
    "answer",
    [
        {"unprocessed": 7},
        {"wrong": 3, "code": "InternalFailure"},
        refusal("ThrottlingException", 400),
        refusal("ServiceUnavailable", 503),
    ],
)
def test_what_was_not_processed_is_sent_again(answer: Any) -> None:
    """And nothing else: a record that was taken is not sent twice."""
    (pause,) = sent(Service([answer]), 20)
    assert 0.125 <= pause <= 0.25


def test_pauses_grow_and_end() -> None:
    service, pauses = Service([{"unprocessed": 20}] * 100), []
    with pytest.raises(JobError, match=f"given up after {ATTEMPTS} attempts: the service has left"):
        Sender(service, GROUP, pauses.append).write([row("a", 1)], "OnlineStore")
    assert len(pauses) == ATTEMPTS - 1
    assert all(later > earlier for earlier, later in zip(pauses[:-2:2], pauses[2::2], strict=False))


def test_a_refused_record_is_told_with_its_values() -> None:
    service = Service([{"wrong": 2}])
    with pytest.raises(
        JobError,
        match=r"p-e-counts: 2 records were refused, the first because of ValidationError: it is wrong. Its values: "
        "id=a, at=2024-01-01T00:00:00Z, n=0",
    ):
        Sender(service, GROUP).write([row("a", 1), row("b", 1), row("c", 1)], "OfflineStore")
    denied = Service([refusal("AccessDeniedException", 403)], put=[refusal("AccessDeniedException", 403)])
    with pytest.raises(JobError, match=r"AccessDenied.*Its values: id=a"):
        Sender(denied, GROUP).write([row("a", 1)], "OfflineStore")


@pytest.mark.parametrize(
    "service",
    [
        Service([refusal("AccessDeniedException", 403)] * 8),
        Service([refusal("UnknownOperationException", 400)] * 8),
        WithoutBatches([]),
    ],
)
def test_records_are_put_one_by_one_where_batches_are_unknown(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    """To the service, to the role's policy, or to boto3; a record that was not taken is put again."""
    service.put = [refusal("ThrottlingException", 400)]
    assert len(sent(service, 60)) == 1
    assert service.requests <= 8
    assert "p-e-counts: records are put one by one, without BatchWriteRecord:" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("there", "put", "remove"),
    [
        ({}, 1, []),
        ({"a": row("a", 3, 5)}, 0, []),
        ({"a": row("a", 2, 5)}, 1, []),
        ({"a": row("a", 3, 4)}, 1, [("a", "2024-01-03T00:00:01Z")]),  # issued again
        ({"a": row("a", 4, 5)}, 1, [("a", "2024-01-04T00:00:01Z")]),  # the newest is gone
    ],
)
def test_the_newest_record_is_put_where_it_is_not(
    there: dict[str, Any], put: int, remove: list[tuple[str, str]]
) -> None:
    made = plan(GROUP, [row("a", 3, 5)], there, [], NOW)
    assert (len(made.put), made.remove) == (put, remove)


def test_an_identifier_that_is_gone_is_removed() -> None:
    made = plan(GROUP, [], {"a": row("a", 3)}, ["a", "b"], NOW)
    assert made.remove == [("a", "2024-01-03T00:00:01Z")]


def test_a_record_past_its_time_to_live_is_not_put() -> None:
    """It would be gone at once, and be put again by every run."""
    group = replace(GROUP, ttl_days=1)
    made = plan(group, [row("a", 1), row("b", 2)], {}, [], NOW + 60)
    assert ([one["id"] for one in made.put], made.expired) == (["b"], 1)
