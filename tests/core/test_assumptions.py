"""What is assumed of AWS: every entry is complete, and an environment is told what concerns it."""

from __future__ import annotations

from collections import Counter
from typing import Any, get_args

import pytest
from environments import environment

from data_pipeline.core import assumptions
from data_pipeline.core.assumptions import CONDITIONS, Evidence, Sure, matters

ALL = assumptions.assumptions()


def test_entries_use_the_closed_words() -> None:
    """Conditions, kinds of evidence and degrees are those that the module knows, each id stands once, and every
    condition has an entry.
    """
    assert {each.when for each in ALL} == CONDITIONS.keys()
    assert {each.evidence for each in ALL} <= set(get_args(Evidence))
    assert {each.sure for each in ALL} <= set(get_args(Sure))
    assert Counter(each.id for each in ALL).most_common(1)[0][1] == 1


def test_evidence_and_certainty_agree() -> None:
    """High is what a document or a model says; without evidence nothing is high; a document has its address."""
    for each in ALL:
        assert each.sure != "high" or each.evidence in ("document", "model"), each.id
        if each.evidence == "document":
            assert "https://" in each.source or "RFC" in each.source, each.id
    assert all(each.evidence in ("document", "model") for each in assumptions.confirmed())


def shown(env: str, **changes: Any) -> set[str]:
    return {each.id for each in matters(environment(changes, env))}


def test_the_embedded_aws_is_told_nothing() -> None:
    """It is the one on which all of it was observed."""
    assert not shown("local")


def test_the_least_sure_comes_first() -> None:
    """What nothing says stands before what follows from a document; what is sure is left out."""
    sure = [each.sure for each in matters(environment({}, "prod"))]
    assert set(sure) == {"open", "likely"}
    assert sure == sorted(sure, key=["open", "likely"].index)


VPC = {
    "subnets": ["subnet-0f4e2a9b"],
    "security_groups": ["sg-0f4e2a9b"],
    "availability_zone": "us-east-1a",
}


@pytest.mark.parametrize(
    ("changes", "entry"),
    [
        ({"vpc": VPC}, "vpc-interfaces"),
        ({"kms": {"customer_key": True}}, "customer-key"),
        ({"artifacts": {"kms_key": "arn:aws:kms:us-east-1:123456789012:key/k"}}, "bucket-key"),
        ({"lake_formation": True}, "lake-formation"),
        ({"steps": {"load": {"service": "glue"}}}, "no-spark-context"),
        ({"features": {"rides": {"online": True}}}, "same-event-time"),
        ({"schedule": {"enabled": True}}, "doubled-time"),
    ],
)
def test_an_option_brings_its_entries(changes: dict[str, Any], entry: str) -> None:
    """An environment is told of what it uses, and of nothing else."""
    assert entry not in shown("dev")
    assert entry in shown("dev", **changes)


def test_the_service_of_a_step_decides() -> None:
    """Without a Python shell, its entries are left out."""
    assert "python-shell-packages" in shown("dev")
    assert "python-shell-packages" not in shown("dev", steps={"prepare": {"service": "sagemaker"}})
