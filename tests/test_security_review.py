"""The security review: only a finding whose reason is written passes, and no reason outlives its finding."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

import templates
from tests.security import REVIEWED, compare

ROOT = Path(__file__).resolve().parents[1]
BUCKET = {"rule": "CKV_1 logs", "where": ["AWS::S3::Bucket.A", "AWS::S3::Bucket.B"], "reason": "because"}
FOUND = {("CKV_1 logs", "AWS::S3::Bucket.A"), ("CKV_1 logs", "AWS::S3::Bucket.B")}


def test_a_finding_with_its_reason_passes() -> None:
    """Every resource that the reason names."""
    assert compare(FOUND, [BUCKET]) == []


def test_a_new_finding_is_told() -> None:
    """Of another rule, or of another resource under the same rule."""
    new = {("CKV_2 keys", "AWS::S3::Bucket.A"), ("CKV_1 logs", "AWS::S3::Bucket.C")}
    assert compare(FOUND | new, [BUCKET]) == [
        f"AWS::S3::Bucket.C: CKV_1 logs: mend it, or give the reason in {REVIEWED}",
        f"AWS::S3::Bucket.A: CKV_2 keys: mend it, or give the reason in {REVIEWED}",
    ]


def test_a_reason_without_its_finding_is_told() -> None:
    """What was mended is no longer excused."""
    assert compare({("CKV_1 logs", "AWS::S3::Bucket.A")}, [BUCKET]) == [
        f"AWS::S3::Bucket.B: CKV_1 logs: not found any more; remove it from {REVIEWED}"
    ]


def test_an_empty_reason_is_none() -> None:
    """A name alone excuses nothing."""
    told = compare(FOUND, [{**BUCKET, "reason": ""}])
    assert told == [f"AWS::S3::Bucket.{name}: CKV_1 logs: {REVIEWED} gives no reason" for name in "AB"]


def test_the_reviewed_file_is_of_that_form() -> None:
    """Each entry has a rule, places and a reason of more than a word."""
    reviewed: dict[str, list[dict[str, Any]]] = yaml.safe_load((ROOT / REVIEWED).read_text(encoding="utf-8"))
    assert reviewed.keys() == {"templates", "cdk-nag", "secrets"}
    for entry in (entry for entries in reviewed.values() for entry in entries):
        assert entry.keys() == {"rule", "where", "reason"}
        assert len(entry["reason"].split()) > 4


def test_what_the_other_pack_found_is_still_there() -> None:
    """cdk-nag is run by hand: a reason whose resource no template has any more goes, too."""
    reviewed = yaml.safe_load((ROOT / REVIEWED).read_text(encoding="utf-8"))["cdk-nag"]
    rendered = [templates.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "templates").iterdir()]
    known = {f"{r['Type']}.{name}" for template in rendered for name, r in template["Resources"].items()}
    assert {where for entry in reviewed for where in entry["where"]} - known == set()
