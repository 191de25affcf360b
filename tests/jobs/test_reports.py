"""The documents of a run: what they leave out so that a state machine can hold them."""

import json

from taxi import reports
from taxi.gate import Breach, Judgement

SUMMARY = {
    "run": "r",
    "rows": {"read": 0, "counted": 0, "quarantined": 0},
    "windows": None,
    "tables": {},
    "export": None,
    "drift": {"months": [], "ride_counts_snapshot": None},
}


def test_a_verdict_names_ten_broken_rules_and_the_summary_all():
    """However many files break rules, and however long their names are, a verdict stays small."""
    broken = tuple(
        Breach("future-time", "fail", f"{'x' * 900}/{n}_fhv_tripdata_2099-01.csv", 1, 0) for n in range(2_000)
    )
    judgement = Judgement(broken, broken, broken)
    verdict = reports.verdict(SUMMARY, "s3://b/summary.json", [], ["w" * 900] * 2_000, judgement)
    assert len(verdict["failed_rules"]) == 10
    assert [breach["source"] for breach in verdict["failed_rules"]] == [b.source[:300] for b in broken[:10]]
    assert verdict["accepted"] == ["future-time"]
    assert len(json.dumps(verdict)) < 16 * 1024
    assert len(reports.quality(judgement)["failed_rules"]) == len(broken)
