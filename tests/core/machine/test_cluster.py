"""When a step takes a cluster and how large a one: the expressions, on a table of sizes."""

from __future__ import annotations

from typing import Any

import pytest
from asl import evaluate
from environments import CLUSTER, CLUSTER_ON_GLUE, environment

from data_pipeline.core.machine import cluster
from data_pipeline.core.machine.state_machine import state_machine

GB = 10**9


def _states(changes: dict[str, Any] | None = None) -> dict[str, Any]:
    states: dict[str, Any] = state_machine(environment(CLUSTER if changes is None else changes))["States"]
    return states


def _following(decision: dict[str, Any]) -> str:
    check = _states()["CheckDecision"]
    for rule in check["Choices"]:
        holds = evaluate(rule["Condition"], {}, decision=decision)
        assert isinstance(holds, bool), "Step Functions takes nothing else for a condition"
        if holds:
            return str(rule["Next"])
    return str(check["Default"])


@pytest.mark.parametrize(
    ("decision", "following"),
    [
        ({"bytes": 0}, "Load"),
        ({"bytes": 1}, "Load"),
        ({"bytes": 20 * GB}, "Load"),
        ({"bytes": 20 * GB + 1}, "LoadOnCluster"),
        ({"bytes": 10**15}, "LoadOnCluster"),
        ({"bytes": None}, "Load"),
        ({"bytes": "many"}, "Load"),
        ({}, "Load"),
        ({"bytes": 10**15, "proceed": True}, "LoadOnCluster"),
        ({"bytes": 10**15, "proceed": False}, "NothingNew"),
    ],
)
def test_the_bytes_choose(decision: dict[str, Any], following: str) -> None:
    """Above the threshold, and only then; a result that names none takes the one machine."""
    assert _following(decision) == following


@pytest.mark.parametrize(
    ("size", "sagemaker", "glue"),
    [
        (0, 1, 2),
        (1, 1, 2),
        (15 * GB, 1, 2),
        (15 * GB + 1, 2, 2),
        (20 * GB + 1, 2, 2),
        (30 * GB + 1, 3, 3),
        (150 * GB, 10, 10),
        (150 * GB + 1, 10, 10),
        (10**15, 10, 10),
    ],
)
def test_the_bytes_say_how_many(size: int, sagemaker: int, glue: int) -> None:
    """One for each share, rounded up, as a whole number, within the bounds; Glue's driver needs a worker too."""
    machines = _states()["LoadOnCluster"]["Arguments"]["ProcessingResources"]["ClusterConfig"]
    workers = _states(CLUSTER_ON_GLUE)["LoadOnCluster"]["Arguments"]
    for expression, number in ((machines["InstanceCount"], sagemaker), (workers["NumberOfWorkers"], glue)):
        found = evaluate(expression, {}, decision={"bytes": size})
        assert (found, float(found).is_integer()) == (number, True)


def test_a_cluster_on_sagemaker_runs_the_same_script() -> None:
    """Another image and its Python, more and larger machines that speak in cipher, its own argument beside."""
    states = _states()
    alone, cluster = states["Load"]["Arguments"], states["LoadOnCluster"]["Arguments"]
    assert cluster["ProcessingJobName"] == alone["ProcessingJobName"]
    assert cluster["RoleArn"] == alone["RoleArn"]
    assert cluster["StoppingCondition"] == alone["StoppingCondition"]
    assert cluster["NetworkConfig"] == {"EnableInterContainerTrafficEncryption": True}
    assert "NetworkConfig" not in alone
    machines = cluster["ProcessingResources"]["ClusterConfig"]
    assert (machines["InstanceType"], machines["VolumeSizeInGB"]) == ("ml.m5.2xlarge", 100)
    application = cluster["AppSpecification"]
    assert application["ImageUri"] == "${SagemakerSparkImage}"
    assert application["ContainerEntrypoint"] == [
        "python3",
        "/opt/ml/processing/input/code/bootstrap.py",
        "load.py",
    ]
    given = alone["AppSpecification"]["ContainerArguments"]
    assert application["ContainerArguments"] == [*given, "--engine", "spark"]
    wheels = cluster["ProcessingInputs"][1]["S3Input"]["S3Uri"]
    assert wheels.endswith("/wheels/sagemaker-spark/${SagemakerSparkWheelsHash}/")


def test_a_cluster_on_glue_is_the_same_job_with_more_workers() -> None:
    """The run's own size goes over the job's; everything else of the job stays."""
    states = _states(CLUSTER_ON_GLUE)
    alone, cluster = states["Load"]["Arguments"], states["LoadOnCluster"]["Arguments"]
    assert cluster.pop("WorkerType") == "G.2X"
    assert cluster.pop("NumberOfWorkers").startswith("{%")
    assert cluster["Arguments"].pop("--engine") == "spark"
    assert cluster == alone


def test_an_argument_of_the_cluster_replaces_the_step_s() -> None:
    """A step may say which engine it takes on one machine."""
    changes = {"steps": {"load": {**CLUSTER["steps"]["load"], "arguments": {"engine": "duckdb"}}}}
    states = _states(changes)
    engines = {
        name: dict(zip(given[::2], given[1::2], strict=True))["--engine"]
        for name in ("Load", "LoadOnCluster")
        for given in [states[name]["Arguments"]["AppSpecification"]["ContainerArguments"]]
    }
    assert engines == {"Load": "duckdb", "LoadOnCluster": "spark"}


def test_what_follows_and_what_fails_is_the_same() -> None:
    """The verdict of either is read, and either is started again when the service failed."""
    states = _states()
    for name in ("Load", "LoadOnCluster"):
        assert states[name]["Next"] == "ReadVerdict"
        assert states[name]["Catch"][0]["Next"] == f"{name}Failure"
        assert states[f"{name}Failure"]["Choices"][0]["Next"] == f"{name}Backoff"
        assert states[f"{name}Backoff"]["Next"] == name


def test_without_a_cluster_there_is_no_such_state() -> None:
    """An environment takes it away by one word, as it may any other key."""
    both = {"steps": {"load": {"cluster": None}}}
    for states in (_states({}), _states(both)):
        assert not [name for name in states if "OnCluster" in name]
        assert [rule["Next"] for rule in states["CheckDecision"]["Choices"]] == [
            "DefinitionChanged",
            "NothingNew",
            "QualityGateFailed",
        ]


@pytest.mark.parametrize("changes", [CLUSTER, CLUSTER_ON_GLUE])
@pytest.mark.parametrize("size", [0, 20 * GB, 20 * GB + 1, 75 * GB, 75 * GB + 1, 10**15])
def test_a_preview_knows_as_many_machines_as_the_states(changes: dict[str, Any], size: int) -> None:
    """None where the one machine reads them."""
    env = environment(changes)
    step = env.steps["load"]
    assert step.cluster is not None
    rule = next(
        rule for rule in _states(changes)["CheckDecision"]["Choices"] if rule["Next"] == "LoadOnCluster"
    )
    wanted = None
    if evaluate(rule["Condition"], {}, decision={"bytes": size}):
        wanted = evaluate(
            cluster.instances(step.cluster, "decision", step.service), {}, decision={"bytes": size}
        )
    assert cluster.machines(step.cluster, size, step.service) == wanted
