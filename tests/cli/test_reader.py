"""docs/reference/reader-policy.json: a user who has exactly this reads, asks and freezes, and can do nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.deployed import BUCKET, DATABASE, Deployed, act_as, filled, publish_years
from clients import client

from data_pipeline.cli.main import status_of

POLICY = Path(__file__).resolve().parents[2] / "docs" / "reference" / "reader-policy.json"


@pytest.fixture
def reader(published: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The published table, and commands that act as this user."""
    return act_as(published, "reader", filled(POLICY, published), tmp_path, monkeypatch)


def test_a_reader_reads_asks_and_freezes(
    reader: dict[str, str], published: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Every command of the page, under this policy alone."""
    publish_years("years", 1)
    get = ("features", "get", "local", "--format", "csv")
    with published.feature_group("online", "offline") as group:
        published.write(group, dataset="all", window_end="2019-01-22T00:00:00Z", rides=7)
        for words in (
            ("sql", "local", "SELECT count(*) AS n FROM ride_counts"),
            get,
            (*get, "--record", "all"),
            (*get, "--athena"),
            (*get, "--offline"),
            (*get, "--offline", "--athena"),
            ("features", "list", "local"),
            ("features", "show", "local", "rides"),
            ("training-set", "create", "local", "next_window"),
            ("training-set", "list", "local"),
            ("training-set", "verify", "local", "next_window"),
        ):
            assert status_of("data_pipeline", words) == 0, (words, capfd.readouterr().err)
        assert status_of("data_pipeline", ("features", "diff", "local")) == 2


NOT_HIS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "output/export/X.parquet", "Body": b""}),
    ("s3", "put_object", {"Bucket": BUCKET, "Key": "output/warehouse/ride_counts/data/x", "Body": b""}),
    ("s3", "delete_object", {"Bucket": BUCKET, "Key": "output/datasets/x"}),
    ("s3", "get_object", {"Bucket": BUCKET, "Key": "input/x"}),
    ("glue", "delete_table", {"DatabaseName": DATABASE, "Name": "ride_counts"}),
    ("glue", "get_tables", {"DatabaseName": "other"}),
    ("athena", "update_work_group", {"WorkGroup": "nyc-tlc-local", "State": "DISABLED"}),
    ("stepfunctions", "list_state_machines", {}),
    ("sagemaker", "delete_feature_group", {"FeatureGroupName": "nyc-tlc-local-rides"}),
)


def test_a_reader_can_do_nothing_else(reader: dict[str, str], published: Deployed) -> None:
    """What is published, and what others ask with, is not his to change."""
    for service, call, arguments in NOT_HIS:
        made = client(published.endpoint, service, **reader)
        with pytest.raises(made.exceptions.ClientError, match=r"AccessDenied|not authorized"):
            getattr(made, call)(**arguments)


def test_every_statement_says_what_for() -> None:
    """The page names each statement."""
    page = POLICY.with_suffix(".md").read_text(encoding="utf-8")
    statements = json.loads(POLICY.read_text())["Statement"]
    assert [s["Sid"] for s in statements if f"`{s['Sid']}`" not in page] == []
