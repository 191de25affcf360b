"""Answers of an account → findings."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_pipeline.core import doctor
from data_pipeline.core.config import Environment, Step
from data_pipeline.core.doctor import Bucket, Finding, Quota, Unanswered
from data_pipeline.core.load import load_environment
from data_pipeline.core.sizes import Cluster

ROOT = Path(__file__).resolve().parents[2]
DEV = load_environment(ROOT, "dev")
SAGEMAKER = Step(script="s.py", service="sagemaker")
NAME = "ml.m5.xlarge for processing job usage"
NO = Unanswered("it may not")
NOT_HERE = Unanswered("x", emulated=False)


def test_an_unanswered_look_up_is_never_ok() -> None:
    """Whatever the check: what the embedded AWS lacks is unchecked, what is forbidden is a warning."""
    for answer, level in ((NOT_HERE, "unchecked"), (NO, "warning")):
        found = [
            doctor.region("us-east-1", answer),
            doctor.instance_type("s", SAGEMAKER, "us-east-1", answer),
            *doctor.glue_capacity({"s": SAGEMAKER}, "us-east-1", answer),
            doctor.template("t.yaml", answer),
            doctor.definition("m", answer),
            doctor.bucket("data", DEV, "1", answer),
            *doctor.log_groups(["g"], answer, [], "us-east-1"),
            doctor.permissions("c", answer, "r"),
        ]
        assert {finding.level for finding in found} == {level}
        expected = "not on the embedded AWS" if level == "unchecked" else "could not be looked up: it may not"
        assert {finding.found for finding in found} == {expected}


@pytest.mark.parametrize(
    ("opt_in", "name", "level"),
    [
        ("opt-in-not-required", "us-east-1", "ok"),
        ("opted-in", "af-south-1", "ok"),
        ("not-opted-in", "af-south-1", "problem"),
        (None, "us-east-1", "problem"),
        ("opted-in", "mars-north-1", "problem"),
    ],
)
def test_region(opt_in: str | None, name: str, level: str) -> None:
    """A region must offer every service, and be switched on."""
    assert doctor.region(name, opt_in).level == level


def test_a_new_account_with_a_quota_of_zero_is_told_how_to_raise_it() -> None:
    """The command names the quota's own code."""
    found = doctor.instance_type("s", SAGEMAKER, "eu-west-1", {NAME: Quota(NAME, "L-0307F515", 0.0)})
    assert found.level == "problem"
    assert found.found == f"the quota {NAME!r} is 0"
    assert found.remedy == (
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-0307F515 "
        "--desired-value 1 --region eu-west-1"
    )


def test_instance_types_with_and_without_a_quota() -> None:
    """One that SageMaker does not offer has no quota there."""
    ok = doctor.instance_type("s", SAGEMAKER, "us-east-1", {NAME: Quota(NAME, "L-1", 4.0)})
    assert (ok.level, ok.found) == ("ok", "4 at once")
    missing = doctor.instance_type(
        "s", SAGEMAKER, "us-east-1", {"ml.m5.large for training job usage": Quota("", "", 1)}
    )
    assert (missing.level, "does not offer it in us-east-1" in missing.found) == ("problem", True)


def test_a_cluster_needs_all_its_instances_at_once() -> None:
    """The quota of its own instance type, for as many as the cluster may have."""
    cluster = Cluster(above_gb=20, gb_per_instance=20, most_instances=10)
    name = "ml.m5.2xlarge for processing job usage"
    enough = doctor.cluster_instances("s", cluster, "us-east-1", {name: Quota(name, "L-1", 10)})
    assert (enough.check, enough.level) == ("s on a cluster: ml.m5.2xlarge", "ok")
    few = doctor.cluster_instances("s", cluster, "us-east-1", {name: Quota(name, "L-1", 4)})
    assert (few.level, few.found) == ("problem", f"the quota '{name}' is 4, needed 10")
    assert "--quota-code L-1 --desired-value 10" in few.remedy


def test_a_cluster_s_workers_count_as_units() -> None:
    """Glue's limit is on what runs at once."""
    size = {"above_gb": 20, "gb_per_instance": 20, "most_instances": 10, "glue": {"worker_type": "G.4X"}}
    step = Step.model_validate({"script": "s.py", "service": "glue", "cluster": size})
    assert doctor.data_processing_units(step) == 40


@pytest.mark.parametrize(
    ("glue", "units"),
    [
        ({"worker_type": "G.1X", "workers": 2}, 2.0),
        ({"worker_type": "G.2X", "workers": 10}, 20.0),
        ({"runtime": "glue-pythonshell", "max_capacity": 0.0625}, 0.0625),
    ],
)
def test_data_processing_units(glue: dict[str, object], units: float) -> None:
    """Workers times what their type is; a shell has its own capacity."""
    step = Step.model_validate({"script": "s.py", "service": "glue", "glue": glue})
    assert doctor.data_processing_units(step) == units


def test_glue_capacity() -> None:
    """Too few units is a problem with the number needed; a quota that is not listed is a warning."""
    step = Step.model_validate(
        {"script": "s.py", "service": "glue", "glue": {"worker_type": "G.2X", "workers": 10}}
    )
    known = {"max task dpus per account": Quota("Max task dpus per account", "L-9", 10)}
    runs, units = doctor.glue_capacity({"s": step}, "us-east-1", known)
    assert (runs.level, units.level, units.found) == ("warning", "problem", "10, needed 20")
    assert "--service-code glue --quota-code L-9 --desired-value 20" in units.remedy


@pytest.mark.parametrize(
    ("status", "level"),
    [
        (None, "ok"),
        ("REVIEW_IN_PROGRESS", "ok"),
        ("UPDATE_COMPLETE", "ok"),
        ("UPDATE_ROLLBACK_COMPLETE", "ok"),
        ("UPDATE_IN_PROGRESS", "warning"),
        ("ROLLBACK_COMPLETE", "problem"),
        ("UPDATE_ROLLBACK_FAILED", "problem"),
    ],
)
def test_stack(status: str | None, level: str) -> None:
    """What the next deployment will do is said where something is wrong."""
    found = doctor.stack("s", status, "./deploy.sh dev BUCKET")
    assert found.level == level
    assert bool(found.remedy) == (level != "ok")


@pytest.mark.parametrize(
    ("look", "level", "found"),
    [
        (
            Bucket("b", region="us-east-1", public_access_blocked=True),
            "ok",
            "ours, in us-east-1, closed to the public",
        ),
        (
            Bucket("b", region="us-east-1", public_access_blocked=False),
            "warning",
            "public access is not blocked",
        ),
        (Bucket("b", region="us-east-1"), "warning", "is not known"),
        (
            Bucket("b", region="eu-west-1", public_access_blocked=True),
            "problem",
            "is in eu-west-1, not in us-east-1",
        ),
        (Bucket("b", exists=False), "problem", "does not exist"),
        (Bucket("b", hidden=True), "problem", "is not in account 123456789012"),
    ],
)
def test_bucket(look: Bucket, level: str, found: str) -> None:
    """There, ours, in the region, closed: the first that fails is the finding."""
    finding = doctor.bucket("data", DEV, "123456789012", look)
    assert finding.level == level
    assert found in finding.found


def test_log_groups_of_others_fail_a_deployment() -> None:
    """A group that exists without being the stack's is a problem with the command that removes it."""
    mine, theirs, free = doctor.log_groups(["/a", "/b", "/c"], {"/a", "/b"}, ["/a"], "us-east-1")
    assert [mine.level, theirs.level, free.level] == ["ok", "problem", "ok"]
    assert theirs.remedy == "aws logs delete-log-group --log-group-name /b --region us-east-1"


def test_permissions() -> None:
    """A long list of refusals is cut, and says by how much."""
    refused = [f"s3:A{n} on x (implicitDeny)" for n in range(9)]
    found = doctor.permissions("c", refused, "give it")
    assert (found.level, found.remedy) == ("problem", "give it")
    assert found.found.endswith("s3:A4 on x (implicitDeny); and 4 more")
    assert doctor.permissions("c", [], "").level == "ok"


def test_templates_and_definition() -> None:
    """The service's own words are the finding; warnings of Step Functions are no problems."""
    assert doctor.template("t", None).level == "ok"
    assert doctor.template("t", "line 3").found == "line 3"
    assert doctor.definition("m", []).level == "ok"
    assert doctor.definition("m", [("WARNING", "w")]).level == "warning"
    assert doctor.definition("m", [("WARNING", "w"), ("ERROR", "e")]) == Finding(
        "state machine m", "problem", "w; e", "the jobs in config/pipeline.yaml make it"
    )


def test_identity() -> None:
    """The root of an account is warned about; a missing guard is mentioned."""
    found = doctor.identity(DEV, "1", "arn:aws:iam::1:user/me")
    assert (found.level, "names no account as a guard" in found.found) == ("ok", True)
    guarded = Environment.model_validate(DEV.model_dump() | {"account": "123456789012"})
    assert "guard" not in doctor.identity(guarded, "123456789012", "arn:aws:iam::1:user/me").found
    assert doctor.identity(DEV, "1", "arn:aws:iam::1:root").level == "warning"


def test_image() -> None:
    """By the table of published images."""
    assert doctor.image("sagemaker-python", "us-east-1").level == "ok"
    assert doctor.image("sagemaker-python", "mars-north-1").level == "problem"
