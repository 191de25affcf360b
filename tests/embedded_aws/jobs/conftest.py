"""Fixtures of the jobs' conformance tests: SageMaker and Glue, each with a role and quick requests."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from clients import client
from embedded_aws.jobs import support

from data_pipeline.embedded_aws.server import lifecycle
from data_pipeline.embedded_aws.server.endpoint import Endpoint


@dataclass
class World:
    """One embedded AWS and a role for jobs that may read and write S3 and write logs."""

    endpoint: Endpoint
    service: str
    role: str
    api: Any = field(init=False)

    def __post_init__(self) -> None:
        self.api = support.api(self.endpoint, self.service)

    def client(self, service: str, **credentials: str) -> Any:
        """A client of this embedded AWS."""
        if not credentials:
            return support.api(self.endpoint, service)
        return client(self.endpoint, service, **credentials)


class Processing(World):
    """SageMaker Processing."""

    def request(self, script: str = "", *arguments: str, **changes: Any) -> dict[str, Any]:
        """CreateProcessingJob of a script that is an input, as the pipeline does; `changes` set members."""
        bucket = support.bucket(self.endpoint, code__main_py=script)
        source = {"S3Uri": f"s3://{bucket}/code/", "S3DataType": "S3Prefix", "S3InputMode": "File"}
        local = "/opt/ml/processing/input/code"
        cluster = {"InstanceCount": 1, "InstanceType": "ml.t3.medium", "VolumeSizeInGB": 5}
        application = {"ImageUri": "image", "ContainerEntrypoint": ["python3", f"{local}/main.py"]}
        if arguments:
            application["ContainerArguments"] = list(arguments)
        request = {
            "ProcessingJobName": support.unique("job"),
            "RoleArn": self.role,
            "AppSpecification": application,
            "ProcessingInputs": [{"InputName": "code", "S3Input": {**source, "LocalPath": local}}],
            "ProcessingResources": {"ClusterConfig": cluster},
        }
        return {name: value for name, value in {**request, **changes}.items() if value is not None}

    def create(self, script: str = "", *arguments: str, **changes: Any) -> str:
        """Start a job; its name."""
        request = self.request(script, *arguments, **changes)
        self.api.create_processing_job(**request)
        return str(request["ProcessingJobName"])

    def ended(self, name: str) -> dict[str, Any]:
        """The job's description once it has ended."""
        return support.until(
            lambda: self.api.describe_processing_job(ProcessingJobName=name),
            lambda job: job["ProcessingJobStatus"] not in ("InProgress", "Stopping"),
        )

    def log(self, name: str) -> list[str]:
        """The messages of the job's log stream."""
        return support.messages(self.endpoint, "/aws/sagemaker/ProcessingJobs", f"{name}/algo-1-")


class GlueJobs(World):
    """Glue jobs and their runs."""

    def define(self, script: str = "", kind: str = "pythonshell", **changes: Any) -> str:
        """A job that runs a script; its name."""
        bucket = support.bucket(self.endpoint, script_py=script)
        version = {"PythonVersion": "3.9" if kind == "pythonshell" else "3"}
        job = {
            "Name": support.unique("job"),
            "Role": self.role,
            "Command": {"Name": kind, "ScriptLocation": f"s3://{bucket}/script.py", **version},
        }
        if kind == "glueetl":
            job |= {"GlueVersion": "5.1", "WorkerType": "G.1X", "NumberOfWorkers": 2}
        return str(self.api.create_job(**{**job, **changes})["Name"])

    def start(self, job: str, **changes: Any) -> str:
        """Start a run; its id."""
        return str(self.api.start_job_run(JobName=job, **changes)["JobRunId"])

    def run(self, job: str, run: str) -> dict[str, Any]:
        """A run's description."""
        return dict(self.api.get_job_run(JobName=job, RunId=run)["JobRun"])

    def ended(self, job: str, run: str) -> dict[str, Any]:
        """The run's description once it has ended."""
        live = ("STARTING", "RUNNING", "STOPPING")
        return support.until(lambda: self.run(job, run), lambda found: found["JobRunState"] not in live)


def _world(endpoint: Endpoint, kind: type[World], service: str) -> Any:
    role = support.role(
        endpoint,
        f"{service}.amazonaws.com",
        support.allow([*support.LOGS, *support.IMAGE]),
        support.allow(support.S3),
    )
    return kind(endpoint, service, role)


@pytest.fixture(scope="session")
def processing(embedded: Endpoint) -> Processing:
    """SageMaker Processing on the session's embedded AWS."""
    return _world(embedded, Processing, "sagemaker")


@pytest.fixture(scope="session")
def glue_jobs(embedded: Endpoint) -> GlueJobs:
    """Glue jobs on the session's embedded AWS."""
    return _world(embedded, GlueJobs, "glue")


@dataclass
class OwnServer:
    """An embedded AWS of one test's own, which it may kill and start again."""

    state: Path

    def up(self) -> Endpoint:
        """Start it, or find it running."""
        return lifecycle.ensure_up(self.state, 0)

    def processing(self) -> Processing:
        """SageMaker Processing on it."""
        return _world(self.up(), Processing, "sagemaker")

    def glue_jobs(self) -> GlueJobs:
        """Glue jobs on it."""
        return _world(self.up(), GlueJobs, "glue")


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[Callable[[], OwnServer]]:
    """Makes an embedded AWS whose environment is that of the moment; stopped at the end of the test."""
    made: list[OwnServer] = []

    def make() -> OwnServer:
        made.append(OwnServer(tmp_path / f"aws{len(made)}"))
        return made[-1]

    yield make
    for server in made:
        lifecycle.down(server.state)
