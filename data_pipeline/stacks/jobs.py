"""Glue's job definitions. SageMaker has none: the state machine says everything in its call."""

from __future__ import annotations

from typing import Any

from troposphere import GetAtt, Ref, Sub, glue, logs

from data_pipeline.core.config.access import Vpc
from data_pipeline.core.config.environment import Environment, Job
from data_pipeline.core.facts import glue_code
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime
from data_pipeline.core.machine.steps import camel
from data_pipeline.core.naming import Names

from .roles import job_role_id

#: executions may overlap (a person starts one while the schedule's runs); Glue's own default is one.
_CONCURRENT_RUNS = 5


def job_id(step: str) -> str:
    """Logical id of a step's Glue job."""
    return f"{camel(step)}Job"


def glue_job(env: Environment, name: str, step: Job) -> glue.Job:
    """The Glue job of a step; its arguments, and which code it runs, come with each run, from the state machine."""
    runtime = RUNTIMES[step.runtime]
    size = _shell_size(step) if runtime.glue_command == "pythonshell" else _spark_size(step)
    return glue.Job(
        job_id(name),
        Name=env.names.job(name),
        Description=f"Step {name} of {env.pipeline} in {env.name}",
        Role=GetAtt(job_role_id(name), "Arn"),
        GlueVersion=runtime.glue_version,
        Command=glue.JobCommand(
            Name=runtime.glue_command,
            PythonVersion=runtime.python if runtime.glue_command == "pythonshell" else "3",
            ScriptLocation=Sub(_code(env.names) + step.script),
        ),
        DefaultArguments=_packages(env.names, runtime),
        # Besides the stack's, which CloudFormation hands down: a run is billed by its job's tags.
        Tags=dict(sorted(env.all_tags.items())),
        ExecutionProperty=glue.ExecutionProperty(MaxConcurrentRuns=_CONCURRENT_RUNS),
        **({"Connections": glue.ConnectionsList(Connections=[Ref("Network")])} if env.vpc else {}),
        **({"SecurityConfiguration": Ref("GlueConfiguration")} if env.glue_configuration else {}),
        MaxRetries=0,  # the state machine decides what is tried again
        Timeout=step.timeout_minutes,
        **size,
    )


def network(vpc: Vpc, names: Names, region: str) -> glue.Connection:
    """The connection by which Glue's jobs join the VPC, in its first subnet: Glue takes one."""
    return glue.Connection(
        "Network",
        CatalogId=Ref("AWS::AccountId"),
        ConnectionInput=glue.ConnectionInput(
            Name=names.network_connection,
            Description=f"The network of the jobs of {names.pipeline} in {names.environment}",
            ConnectionType="NETWORK",
            PhysicalConnectionRequirements=glue.PhysicalConnectionRequirements(
                SubnetId=vpc.subnets[0],
                SecurityGroupIdList=list(vpc.security_groups),
                AvailabilityZone=Sub("${AWS::Region}" + str(vpc.availability_zone).removeprefix(region)),
            ),
        ),
    )


def glue_configuration(name: str, *, data: bool) -> glue.SecurityConfiguration:
    """What Glue's jobs encrypt with the customer's key; ``data``: what they write to S3, too. Not their logs: the
    stack's groups are under the key by themselves, and Glue would write to others, with names that it makes up.
    """
    key = {"KmsKeyArn": Ref("DataKey")}
    to_s3 = glue.S3Encryption(S3EncryptionMode="SSE-KMS", **key)
    return glue.SecurityConfiguration(
        "GlueConfiguration",
        Name=name,
        EncryptionConfiguration=glue.EncryptionConfiguration(
            CloudWatchEncryption=glue.CloudWatchEncryption(CloudWatchEncryptionMode="DISABLED"),
            JobBookmarksEncryption=glue.JobBookmarksEncryption(JobBookmarksEncryptionMode="CSE-KMS", **key),
            # A bucket that the user brings is encrypted as he decided.
            **({"S3Encryptions": [to_s3]} if data else {}),
        ),
    )


def log_groups(prefix: str, days: int, customer_key: bool) -> list[logs.LogGroup]:
    """The groups that Glue 5 makes of the prefix given to Spark jobs: ``…/output`` and ``…/error``."""
    return [
        log_group(f"Glue{kind.capitalize()}Logs", f"{prefix}/{kind}", days, customer_key)
        for kind in ("output", "error")
    ]


def log_group(title: str, name: str, days: int, customer_key: bool) -> logs.LogGroup:
    """A log group that goes with the stack."""
    return logs.LogGroup(
        title,
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Delete",
        LogGroupName=name,
        RetentionInDays=days,
        **({"KmsKeyId": Ref("DataKey")} if customer_key else {}),
    )


def _packages(names: Names, runtime: Runtime) -> dict[str, Any]:
    """Glue's own arguments: where the library and the packages come from, never a package index."""
    wheels = (
        f"s3://${{ArtifactBucket}}/{names.artifacts}/wheels/{runtime.name}/${{{runtime.wheels_parameter}}}/"
    )
    found = glue_code.packages(runtime, _code(names), wheels)
    places = {name: Sub(value) for name, value in found.items()}
    if runtime.glue_command == "pythonshell":
        return {**places, "library-set": "none"}
    return {
        **places,
        "--python-modules-installer-option": "--no-index",
        "--custom-logGroup-prefix": names.glue_log_group_prefix,
    }


def _code(names: Names) -> str:
    """URI of the folder of code, in the stack's terms."""
    return f"s3://${{ArtifactBucket}}/{names.artifacts}/code/${{CodeVersion}}/"


def _shell_size(step: Job) -> dict[str, Any]:
    return {"MaxCapacity": step.glue.max_capacity}


def _spark_size(step: Job) -> dict[str, Any]:
    return {
        "WorkerType": step.glue.worker_type,
        "NumberOfWorkers": step.glue.workers,
    }
