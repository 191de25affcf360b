"""One step → the task state that runs it, on either service."""

from __future__ import annotations

from typing import Any

from data_pipeline.core.config.environment import Environment, Job
from data_pipeline.core.facts import glue_code
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime

from . import failures, jsonata
from .steps import argument_values, camel, expand

#: what SageMaker puts into a container, fixed by the service.
PROCESSING = "/opt/ml/processing"

#: a task's own time limit lies this far behind the job's, so that the service ends the job and says why; it
#: covers the wait for machines, which the job's limit does not count.
_GRACE_SECONDS = 30 * 60

_PARTITIONS = {"cn-": "aws-cn", "us-gov-": "aws-us-gov"}

_CALL_ERRORS = {
    "sagemaker": ["SageMaker.AmazonSageMakerException", "SageMaker.ThrottlingException"],
    "glue": ["Glue.AWSGlueException", "Glue.InternalServiceException", "Glue.OperationTimeoutException"],
}
_BUSY_ERRORS = {
    "sagemaker": ["SageMaker.TooManyRequestsException"],
    "glue": ["Glue.ThrottlingException", "Glue.ConcurrentRunsExceededException"],
}


def resource(env: Environment, integration: str) -> str:
    """The ARN by which a state names a service integration, in the region's partition.

    Not a substitution: cfn-lint knows these ARNs and checks what is written here.
    """
    partition = next((p for start, p in _PARTITIONS.items() if env.region.startswith(start)), "aws")
    return f"arn:{partition}:states:::{integration}"


def task(env: Environment, name: str, step: Job, instances: str | None = None) -> dict[str, Any]:
    """The task state of a step, without what it goes on to; ``instances``: JSONata of how many, of a cluster."""
    run = _run_on_sagemaker if step.service == "sagemaker" else _run_on_glue
    return {
        "Type": "Task",
        **run(env, name, step, instances),
        "TimeoutSeconds": step.timeout_minutes * 60 + _GRACE_SECONDS,
        "Retry": [
            failures.retry_call(_BUSY_ERRORS[step.service], attempts=8),
            failures.retry_call(_CALL_ERRORS[step.service], attempts=4),
        ],
        "Assign": failures.START,
        "Output": {},
    }


def job_name(env: Environment, name: str) -> str:
    """JSONata of a SageMaker job's name: unique in every attempt, and at most ``naming.JOB_NAME_LIMIT`` long.

    The hash tells executions apart; the counts tell apart a redriven execution's jobs, a restarted job and a
    retried call.
    """
    context = "$states.context"
    return jsonata.expression(
        jsonata.concatenation(
            [
                jsonata.literal(f"{env.names.job(name)}-"),
                f"$substring($hash({context}.Execution.Id, 'SHA-256'), 0, 12)",
                f"'-' & {context}.Execution.RedriveCount",
                "'-' & $attempt",
                f"'-' & {context}.State.RetryCount",
            ]
        )
    )


def arguments(env: Environment, step: Job) -> dict[str, str]:
    """``--name`` → value of a step's arguments, as the state machine spells them."""
    values = argument_values(env)
    return {f"--{option}": expand(text, values) for option, text in step.arguments.items()}


def _artifacts(env: Environment, runtime: Runtime) -> tuple[str, str]:
    """URIs of the folders of the version's code and of its packages."""
    folder = f"s3://${{ArtifactBucketName}}/{env.names.artifacts}"
    wheels = f"{folder}/wheels/{runtime.name}/${{{runtime.camel}WheelsHash}}/"
    return f"{folder}/code/${{CodeVersionHash}}/", wheels


def _run_on_sagemaker(env: Environment, name: str, step: Job, instances: str | None) -> dict[str, Any]:
    runtime = RUNTIMES[step.runtime]
    code, wheels = _artifacts(env, runtime)
    return {
        "Resource": resource(env, "sagemaker:createProcessingJob.sync"),
        "Arguments": {
            "ProcessingJobName": job_name(env, name),
            "RoleArn": f"${{{camel(name)}RoleArn}}",
            "AppSpecification": {
                "ImageUri": f"${{{runtime.camel}Image}}",
                "ContainerEntrypoint": [
                    "python3",
                    f"{PROCESSING}/input/code/bootstrap.py",
                    step.script,
                ],
                "ContainerArguments": [x for pair in arguments(env, step).items() for x in pair],
            },
            # The container has no other word for its region that boto3 reads.
            "Environment": {"AWS_DEFAULT_REGION": "${RegionName}", "PYTHONUNBUFFERED": "1"},
            "ProcessingInputs": [_folder("code", code), _folder("wheels", wheels)],
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": instances or 1,
                    "InstanceType": step.sagemaker.instance_type,
                    "VolumeSizeInGB": step.sagemaker.volume_gb,
                    **({"VolumeKmsKeyId": "${DataKeyArn}"} if env.customer_key else {}),
                }
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": step.timeout_minutes * 60},
            **_network(env, cluster=instances is not None),
            # The stack's tags do not reach what the state machine starts, and costs are told apart by tags.
            "Tags": [{"Key": key, "Value": value} for key, value in sorted(env.all_tags.items())],
        },
    }


def _network(env: Environment, cluster: bool) -> dict[str, Any]:
    """Where the machines are. They are not isolated, because a job calls AWS; a cluster's talk encrypted."""
    config: dict[str, Any] = {"EnableInterContainerTrafficEncryption": True} if cluster else {}
    if env.vpc:
        groups, subnets = list(env.vpc.security_groups), list(env.vpc.subnets)
        config["VpcConfig"] = {"SecurityGroupIds": groups, "Subnets": subnets}
    return {"NetworkConfig": config} if config else {}


def _folder(name: str, uri: str) -> dict[str, Any]:
    """Everything under ``uri``, in the container before the job starts."""
    return {
        "InputName": name,
        "S3Input": {
            "S3Uri": uri,
            "LocalPath": f"{PROCESSING}/input/{name}",
            "S3DataType": "S3Prefix",
            "S3InputMode": "File",
            "S3DataDistributionType": "FullyReplicated",
            "S3CompressionType": "None",
        },
    }


def _run_on_glue(env: Environment, name: str, step: Job, instances: str | None) -> dict[str, Any]:
    """The job is one for all versions of the state machine: so each run is told the code of its own."""
    runtime = RUNTIMES[step.runtime]
    own = glue_code.script_and_packages(runtime, step.script, *_artifacts(env, runtime))
    size = {"WorkerType": step.glue.worker_type, "NumberOfWorkers": instances}
    return {
        "Resource": resource(env, "glue:startJobRun.sync"),
        "Arguments": {
            "JobName": f"${{{camel(name)}JobName}}",
            "Arguments": {**own, **arguments(env, step)},
            "Timeout": step.timeout_minutes,
            **(size if instances else {}),
        },
    }
