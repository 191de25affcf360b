"""The configuration's models of how large a step's job is: one machine, or a cluster when there is much to do.

``Model`` and ``Expected`` are what every model of the configuration is made of.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from data_pipeline.core.facts import limits
from data_pipeline.core.facts.service_limits import INSTANCE_TYPES

from . import arguments


@dataclass(frozen=True)
class Expected:
    """How to tell somebody who wrote a value of another type what belongs here."""

    words: str


class Model(BaseModel):
    """Validators are built when a value is read. A default is made by ``model_construct``, which builds none."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


ArgumentName = Annotated[str, AfterValidator(limits.argument_name)]
ArgumentValue = Annotated[str, AfterValidator(arguments.check)]
InstanceType = Annotated[
    str,
    AfterValidator(limits.instance_type),
    Expected("an instance type of SageMaker Processing"),
    Field(json_schema_extra={"enum": [*INSTANCE_TYPES]}),
]
WorkerType = Annotated[
    str,
    AfterValidator(limits.worker_type),
    Expected("a worker type of Glue"),
    Field(json_schema_extra={"enum": [*limits.WORKER_TYPES]}),
]
MaxCapacity = Annotated[
    float,
    AfterValidator(limits.max_capacity),
    Expected("0.0625 or 1"),
    Field(json_schema_extra={"enum": [*limits.MAX_CAPACITIES]}),
]
Gigabytes = Annotated[
    float,
    AfterValidator(limits.gigabytes),
    Expected(f"a number of GB above 0, at most {limits.MOST_GIGABYTES:,}"),
    Field(json_schema_extra={"exclusiveMinimum": 0, "maximum": limits.MOST_GIGABYTES}),
]


class SageMaker(Model):
    """A step's size on SageMaker Processing."""

    runtime: Literal["sagemaker-python", "sagemaker-spark"] = Field(
        "sagemaker-python",
        description="What the script runs on: a prebuilt image with Python, or with Spark.",
    )
    instance_type: InstanceType = Field(
        "ml.m5.xlarge", description="The machine.", examples=["ml.m5.xlarge", "ml.r5.4xlarge"]
    )
    volume_gb: int = Field(
        30, ge=1, le=16384, description="Size of the machine's disk, in GB.", examples=[50]
    )


class Glue(Model):
    """A step's size on AWS Glue: workers for a Spark job, capacity for a Python shell job."""

    runtime: Literal["glue-spark", "glue-pythonshell"] = Field(
        "glue-spark",
        description="What the script runs on: a Spark job's driver, or a small Python shell (pure Python).",
    )
    worker_type: WorkerType = Field(
        "G.1X", description="glue-spark: size of each worker.", examples=["G.2X", "R.1X"]
    )
    workers: int = Field(2, ge=2, le=299, description="glue-spark: number of workers.", examples=[2])
    max_capacity: MaxCapacity = Field(
        0.0625,
        description="glue-pythonshell: data processing units; 1 has 16 times the memory.",
        examples=[1],
    )


class ClusterOnSageMaker(Model):
    """The cluster's machines on SageMaker Processing, with AWS's Spark image."""

    instance_type: InstanceType = Field(
        "ml.m5.2xlarge", description="Each machine.", examples=["ml.m5.2xlarge"]
    )
    volume_gb: int = Field(
        100, ge=1, le=16384, description="Size of each machine's disk, in GB.", examples=[100]
    )


class ClusterOnGlue(Model):
    """The cluster's workers on AWS Glue; one of them runs the driver."""

    worker_type: WorkerType = Field("G.2X", description="Size of each worker.", examples=["G.2X"])


class Cluster(Model):
    """A Spark cluster for the same script, in the place of the one machine, when there is much to read.

    How much, says `bytes` in the result of the step before.
    """

    above_gb: Gigabytes = Field(
        description="More than this takes the cluster; in GB of a thousand million bytes.", examples=[20]
    )
    gb_per_instance: Gigabytes = Field(
        description="An instance (on Glue a worker) for each that many GB, rounded up.", examples=[20]
    )
    most_instances: int = Field(
        ge=2, le=limits.MOST_INSTANCES, description="No more instances than these.", examples=[10]
    )
    sagemaker: ClusterOnSageMaker = Field(
        ClusterOnSageMaker.model_construct(), description="Its machines when the service is sagemaker."
    )
    glue: ClusterOnGlue = Field(
        ClusterOnGlue.model_construct(), description="Its workers when the service is glue."
    )
    arguments: dict[ArgumentName, ArgumentValue] = Field(
        {},
        description="What the script is given on the cluster, over and above the step's arguments.",
        examples=[{"engine": "spark"}],
    )
