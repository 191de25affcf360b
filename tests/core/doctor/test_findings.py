"""Answers of an account → findings."""

from __future__ import annotations

import pytest

from data_pipeline.core.config.environment import Step
from data_pipeline.core.config.sizes import Cluster
from data_pipeline.core.doctor import capacity, deployment, leftovers
from data_pipeline.core.doctor.answers import CheckResult, Quota, Refusal

SAGEMAKER = Step(script="s.py", service="sagemaker")
NAME = "ml.m5.xlarge for processing job usage"


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
    assert capacity.region(name, opt_in).level == level


def test_a_new_account_with_a_quota_of_zero_is_told_how_to_raise_it() -> None:
    """The command names the quota's own code."""
    found = capacity.instance_type("s", SAGEMAKER, "eu-west-1", {NAME: Quota(NAME, "L-0307F515", 0.0)})
    assert found.level == "problem"
    assert found.found == f"the quota {NAME!r} is 0"
    assert found.remedy == (
        "aws service-quotas request-service-quota-increase --service-code sagemaker --quota-code L-0307F515 "
        "--desired-value 1 --region eu-west-1"
    )


def test_instance_types_with_and_without_a_quota() -> None:
    """One that SageMaker does not offer has no quota there."""
    ok = capacity.instance_type("s", SAGEMAKER, "us-east-1", {NAME: Quota(NAME, "L-1", 4.0)})
    assert (ok.level, ok.found) == ("ok", "4 at once")
    missing = capacity.instance_type(
        "s", SAGEMAKER, "us-east-1", {"ml.m5.large for training job usage": Quota("", "", 1)}
    )
    assert (missing.level, "does not offer it in us-east-1" in missing.found) == ("problem", True)


def test_a_cluster_needs_all_its_instances_at_once() -> None:
    """The quota of its own instance type, for as many as the cluster may have."""
    cluster = Cluster(above_gb=20, gb_per_instance=20, most_instances=10)
    name = "ml.m5.2xlarge for processing job usage"
    enough = capacity.cluster_instances("s", cluster, "us-east-1", {name: Quota(name, "L-1", 10)})
    assert (enough.check, enough.level) == ("s on a cluster: ml.m5.2xlarge", "ok")
    few = capacity.cluster_instances("s", cluster, "us-east-1", {name: Quota(name, "L-1", 4)})
    assert (few.level, few.found) == ("problem", f"the quota '{name}' is 4, needed 10")
    assert "--quota-code L-1 --desired-value 10" in few.remedy


def test_a_cluster_s_workers_count_as_units() -> None:
    """Glue's limit is on what runs at once."""
    size = {"above_gb": 20, "gb_per_instance": 20, "most_instances": 10, "glue": {"worker_type": "G.4X"}}
    step = Step.model_validate({"script": "s.py", "service": "glue", "cluster": size})
    assert capacity.data_processing_units(step) == 40


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
    assert capacity.data_processing_units(step) == units


def test_glue_capacity() -> None:
    """Too few units is a problem with the number needed; a quota that is not listed is a warning."""
    step = Step.model_validate(
        {"script": "s.py", "service": "glue", "glue": {"worker_type": "G.2X", "workers": 10}}
    )
    known = {"max task dpus per account": Quota("Max task dpus per account", "L-9", 10)}
    runs, units = capacity.glue_capacity({"s": step}, "us-east-1", known)
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
    found = deployment.stack("s", status, "./deploy.sh dev BUCKET")
    assert found.level == level
    assert bool(found.remedy) == (level != "ok")


def test_log_groups_of_others_fail_a_deployment() -> None:
    """A group that exists without being the stack's is a problem with the command that removes it; a stack that is
    new takes it over.
    """
    given = ["/a", "/b", "/c"], {"/a", "/b"}, ["/a"], "us-east-1"
    assert [each.level for each in leftovers.log_groups(*given, new_stack=True)] == ["ok", "warning", "ok"]
    mine, theirs, free = leftovers.log_groups(*given, new_stack=False)
    assert [mine.level, theirs.level, free.level] == ["ok", "problem", "ok"]
    assert theirs.remedy == "aws logs delete-log-group --log-group-name /b --region us-east-1"


def test_permissions() -> None:
    """A long list of refusals is cut, and says by how much."""
    refused = [Refusal(f"s3:A{n} on x (implicitDeny)") for n in range(9)]
    found = deployment.permissions("c", refused, "give it")
    assert (found.level, found.remedy) == ("problem", "give it")
    assert found.found.endswith("s3:A4 on x (implicitDeny); and 4 more")
    assert deployment.permissions("c", [], "").level == "ok"


def test_templates_and_definition() -> None:
    """The service's own words are the finding; warnings of Step Functions are no problems."""
    assert deployment.template("t", None).level == "ok"
    assert deployment.template("t", "line 3").found == "line 3"
    assert deployment.definition("m", []).level == "ok"
    assert deployment.definition("m", [("WARNING", "w")]).level == "warning"
    assert deployment.definition("m", [("WARNING", "w"), ("ERROR", "e")]) == CheckResult(
        "state machine m", "problem", "w; e", "the jobs in config/pipeline.yaml make it"
    )


def test_image() -> None:
    """By the table of published images."""
    assert capacity.image("sagemaker-python", "us-east-1").level == "ok"
    assert capacity.image("sagemaker-python", "mars-north-1").level == "problem"
