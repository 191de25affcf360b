"""`run --dry-run` on an embedded AWS: what a run would do, as an operator, with nothing written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cli.deployed import BUCKET, Deployed, act_as, filled, machine_name, publishing
from cli.test_operator import POLICY
from cli.test_runs import ended, start
from environments import CLUSTER, CLUSTER_ON_GLUE, environment
from paths import ROOT

from data_pipeline.cli.main import status_of
from data_pipeline.cli.running import preview
from data_pipeline.core.config import dataset_document
from data_pipeline.core.loading.load import load_environment
from data_pipeline.etl.documents import datasets
from data_pipeline.project.definitions import load_definitions

FILE = "green_tripdata_2019-01.parquet"


def run(*words: str) -> int:
    """Exit status of `run local --dry-run …`."""
    return status_of("run", ["local", "--dry-run", *words], "run")


@pytest.fixture
def planning(deployed: Deployed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """A stack with the definitions of the example and a file of its input; the commands act as an operator."""
    env = load_environment(ROOT, "local")
    text = datasets.write(load_definitions(ROOT, env))
    digest = dataset_document.digest(text)
    given = {"ArtifactBucket": BUCKET, dataset_document.PARAMETER: digest}
    deployed.deploy(
        publishing(), parameters={name: {"Type": "String", "Default": each} for name, each in given.items()}
    )
    deployed.put(dataset_document.key(env.names.artifacts, digest), text)
    deployed.put(f"input/{FILE}", "x" * 1000)
    act_as(deployed, "operator", filled(POLICY, deployed, machine_name(deployed)), tmp_path, monkeypatch)
    return deployed


@pytest.mark.parametrize("option", ["--report", "--no-wait"])
def test_a_dry_run_is_none_to_follow_or_to_draw(option: str, capfd: pytest.CaptureFixture[str]) -> None:
    """It is refused before anything is asked."""
    assert run(option) == 1
    assert capfd.readouterr().err == (
        f"error: found --dry-run and {option}, expected one of them: a dry run starts nothing\n"
    )


def test_a_dry_run_says_what_a_run_would_do_and_does_nothing(
    planning: Deployed, capfd: pytest.CaptureFixture[str]
) -> None:
    """Files, engine and minutes; no run is started and no object written; within 80 columns."""
    name = start(planning)
    planning.put(f"output/runs/{name}/decision.json", json.dumps({"proceed": True, "bytes": 900}))
    planning.put(f"output/runs/{name}/verdict.json", json.dumps({"passed": True}))
    planning.put("output/summary.json", "{}")
    ended(planning, name)
    capfd.readouterr()
    before, executions = planning.keys(), planning.executions()
    assert run() == 0
    lines = capfd.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    assert lines[0].split() == ["data", "set", "files", "bytes", "because"]
    assert "reason    source files: 1 new" in lines
    assert "engine    DuckDB on 1 ml.m5.xlarge (sagemaker)" in lines
    assert next(line for line in lines if line.startswith("expected")).endswith(", by 1 run before")
    assert f"files     {FILE}, 1.0 kB, new" in lines
    assert lines[-1] == "nothing was started, and nothing written"
    assert run("--part", "dataset=yellow", "--json") == 0
    told = json.loads(capfd.readouterr().out)
    assert (told["decision"]["proceed"], told["engine"], told["estimate"]) == (False, None, None)
    assert "matches --part dataset=yellow" in told["decision"]["reason"]
    assert run("--source", "samples") == 1
    assert (planning.keys(), planning.executions()) == (before, executions)


@pytest.mark.parametrize(
    ("changes", "size", "said"),
    [
        (CLUSTER, 10**9, {"name": "DuckDB", "service": "sagemaker", "machines": 1}),
        (CLUSTER, 75 * 10**9, {"name": "Spark", "service": "sagemaker", "machines": 5}),
        (CLUSTER_ON_GLUE, 75 * 10**9, {"name": "Spark", "service": "glue"}),
    ],
)
def test_what_loads_so_many_bytes(changes: dict[str, Any], size: int, said: dict[str, Any]) -> None:
    """One machine, or a cluster with a machine for each share of them."""
    found = preview.engine(environment(changes), size)
    assert {name: found[name] for name in said} == said
    assert found["machine"]


def test_what_is_not_known_is_said() -> None:
    """What a mirror would bring first, and what a step of the project's own may bring."""
    found = {
        "decision": {
            "reason": "source files: 1 new",
            "messages": ["notes.txt: no data set claims this file"],
        },
        "datasets": {"orders": {"files": 1, "bytes": 5, "because": {"new": 1}}},
        "files": [{"path": "a.csv", "bytes": 5, "because": "new", "dataset": "orders"}],
        "more_files": 3,
        "mirror": {"counts": {"new": 2, "updated": 1, "unchanged": 7}, "partial": True, "files": []},
        "before": ["fetch"],
        "engine": None,
    }
    assert [*preview._lines(found, "not known yet")] == [
        "data set  files    bytes  because",
        "orders        1  5 bytes  1 new",
        "",
        "reason     source files: 1 new",
        "           notes.txt: no data set claims this file",
        "mirror     partial: 2 new, 1 updated, 7 unchanged",
        "           the plan is without these 3 files, which would be there by then: size",
        "           and rows are not known",
        "not known  what fetch may bring, which runs before the plan is made",
        "expected   not known yet",
        "files      a.csv, 5 bytes, new",
        "           and 3 more; --json names up to 500",
        "nothing was started, and nothing written",
    ]
