"""The configuration's models: what ``config/pipeline.yaml`` and an environment's file may say, once merged."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from .naming import Names

Service = Literal["sagemaker", "glue"]
Location = Literal["input", "runs", "quarantine", "export", "warehouse", "state"]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Data(Model):
    """Where the data live."""

    bucket: str | None = Field(None, description="An existing bucket; without it the storage stack makes one.")
    input: str = Field("input", description="Key prefix of the originals.")
    output: str = Field("output", description="Key prefix of everything the pipeline writes.")
    files: tuple[str, ...] = Field(description="Names of source files, as glob patterns; `run --source` uploads these.")


class SageMaker(Model):
    """A step's size on SageMaker Processing."""

    runtime: Literal["sagemaker-python"] = "sagemaker-python"
    instance_type: str = "ml.m5.xlarge"
    volume_gb: int = Field(30, ge=1, le=16384)


class Glue(Model):
    """A step's size on AWS Glue: workers for a Spark job, max_capacity (DPU) for a Python shell job."""

    runtime: Literal["glue-spark", "glue-pythonshell"] = "glue-spark"
    worker_type: str = "G.1X"
    workers: int = Field(2, ge=2, le=299)
    max_capacity: Literal[0.0625, 1] = 0.0625


class Step(Model):
    """One job of the pipeline: a script in ``jobs/`` on one of two services."""

    script: str
    service: Service
    after: str | None = None
    timeout_minutes: int = Field(60, ge=1, le=7200)
    arguments: dict[str, str] = {}
    result: str | None = Field(
        None, description="Name of the small JSON file that the step leaves under runs/<run>/ and the machine reads."
    )
    reads: tuple[Location, ...] = ()
    writes: tuple[Location, ...] = ()
    tables: tuple[str, ...] = ()
    sagemaker: SageMaker = SageMaker()
    glue: Glue = Glue()

    @property
    def runtime(self) -> str:
        return self.sagemaker.runtime if self.service == "sagemaker" else self.glue.runtime


class Schedule(Model):
    """When EventBridge Scheduler starts the state machine."""

    enabled: bool = True
    expression: str = "cron(0 6 * * ? *)"
    timezone: str = "UTC"


class Environment(Model):
    """One environment of the pipeline: ``pipeline.yaml`` merged with the environment's own file."""

    pipeline: str
    name: str
    region: str
    account: str | None = None
    endpoint: Literal["aws", "embedded"] = "aws"
    data: Data
    steps: dict[str, Step]
    schedule: Schedule = Schedule()
    log_retention_days: int = 30
    tags: dict[str, str] = {}

    @property
    def names(self) -> Names:
        return Names(self.pipeline, self.name)

    @property
    def embedded(self) -> bool:
        return self.endpoint == "embedded"
