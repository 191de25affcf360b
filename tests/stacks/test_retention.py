"""`retention` as rules of the data bucket."""

from __future__ import annotations

from typing import Any

import pytest
from environments import environment

import templates
from data_pipeline.stacks import render


def rules(**retention: int | None) -> dict[str, dict[str, Any]]:
    """The lifecycle rules of the storage stack, by id."""
    (body,) = [
        text
        for name, text in render(environment({"retention": retention}, "dev")).items()
        if "storage" in name
    ]
    bucket = templates.parse(body)["Resources"]["DataBucket"]["Properties"]
    return {rule["Id"]: rule for rule in bucket["LifecycleConfiguration"]["Rules"]}


def test_runs_and_quarantine_expire_and_older_versions_go() -> None:
    found = rules(runs_days=100, quarantine_days=50, export_versions_days=20, state_versions_days=10)
    assert found["forget-runs"]["Prefix"] == "output/runs/"
    assert found["forget-runs"]["ExpirationInDays"] == 100
    assert (found["forget-quarantine"]["Prefix"], found["forget-quarantine"]["ExpirationInDays"]) == (
        "output/quarantine/",
        50,
    )
    for name, days in (("export", 20), ("state", 10)):
        rule = found[f"forget-older-{name}"]
        assert rule["Prefix"] == f"output/{name}/"
        assert rule["NoncurrentVersionExpiration"] == {"NoncurrentDays": days}
        assert "ExpirationInDays" not in rule, "what is current never expires"


def test_each_can_be_switched_off() -> None:
    off = rules(runs_days=None, quarantine_days=None, export_versions_days=None, state_versions_days=None)
    assert off.keys() == {
        "abort-half-sent-uploads",
        "forget-deleted-table-files",
        "forget-query-results",
        "forget-rebuilds",
    }


def test_no_rule_touches_input_warehouse_or_current_state() -> None:
    """Only what the page names expires; of the state only what an unfinished rebuild has read."""
    expiring = {rule["Prefix"] for rule in rules().values() if "ExpirationInDays" in rule}
    assert expiring == {"output/runs/", "output/quarantine/", "output/athena/", "output/state/rebuilds/"}


def test_artifacts_are_kept_for_as_long_as_a_run_can_be_redriven() -> None:
    with pytest.raises(ValueError, match="greater than or equal to 14"):
        rules(artifacts_days=13)
