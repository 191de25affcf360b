"""The pipeline stack: roles, Glue jobs, state machine, schedule, log groups; free to replace."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from troposphere import FindInMap, GetAtt, Output, Parameter, Ref, Sub, Template, stepfunctions

from data_pipeline.core import bucket_keys
from data_pipeline.core.config import dataset_document
from data_pipeline.core.config.environment import Data, Environment, Job
from data_pipeline.core.config.locations import athena_results, key_prefix, output_prefix
from data_pipeline.core.facts import images
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime
from data_pipeline.core.machine.state_machine import maintenance, state_machine
from data_pipeline.core.machine.steps import camel, in_order, runtimes
from data_pipeline.core.naming import LIVE, MAINTENANCE

from . import notifications
from .athena import queries
from .jobs import glue_configuration, glue_job, job_id, log_group, log_groups, network
from .keys import key_parameter
from .lake import grants_of_lake
from .roles import job_role, job_role_id, maintenance_machine_role, schedule_role, state_machine_role
from .schedule import schedule

_SUBSTITUTION = re.compile(r"\$\{(\w+)\}")


def pipeline(env: Environment) -> Template:
    """The template of the pipeline stack."""
    used = [RUNTIMES[name] for name in runtimes(env)]
    template = Template(f"{env.pipeline} in {env.name}: state machine, jobs, schedule")
    _add_parameters(template, env, used)
    for runtime in used:
        if runtime.image:
            images.require_region(runtime.name, env.region)
            registries = images.registries(runtime.name)
            template.add_mapping(runtime.camel, {region: {"Registry": r} for region, r in registries.items()})
    jobs: list[tuple[str, Job]] = [*in_order(env.steps)]
    if env.maintenance:
        jobs.append((MAINTENANCE, env.maintenance))
    for name, job in jobs:
        template.add_resource(job_role(env, name, job))
        if job.service == "glue":
            template.add_resource(glue_job(env, name, job))
    configuration = (
        [glue_configuration(env.names.glue_configuration, data=env.key_of_data)]
        if env.glue_configuration
        else []
    )
    joined = [network(env.vpc, env.names, env.region)] if env.vpc and env.on_glue else []
    kept = (env.log_retention_days, env.customer_key)
    logs = log_groups(env.names.glue_log_group_prefix, *kept) if _on_spark(env.jobs.values()) else []
    template.add_resource([*joined, *configuration, *logs, *_machines(env, used)])
    if env.lake_formation:
        template.add_resource(grants_of_lake(env.jobs, env.managed_features))
    asked = queries(
        env.athena, env.names, athena_results(env.data), _key_of_results(env.data, env.customer_key)
    )
    template.add_resource([*_schedules(env), *asked, *notifications.resources(env)])
    _add_outputs(template, env)
    return template


def _add_parameters(template: Template, env: Environment, used: list[Runtime]) -> None:
    """None has a default: deploy fills each from the storage stack's outputs and the artifacts' hashes."""
    digest = {"Type": "String", "AllowedPattern": "[0-9a-f]{64}"}
    template.add_parameter(
        [
            Parameter("DataBucket", Type="String", Description="The storage stack's output DataBucket"),
            Parameter("Database", Type="String", Description="The storage stack's output Database"),
            Parameter("ArtifactBucket", Type="String", Description="Bucket of code and wheels"),
            Parameter("CodeVersion", Description="SHA-256 of the jobs' code", **digest),
        ]
    )
    if env.datasets:
        what = "SHA-256 of the list of data sets and tables"
        template.add_parameter(Parameter(dataset_document.PARAMETER, Description=what, **digest))
    if env.customer_key:
        template.add_parameter(
            Parameter("DataKey", Type="String", Description="The storage stack's output DataKey")
        )
    if env.data.kms_key:
        template.add_parameter(key_parameter(bucket_keys.DATA, "data.kms_key"))
    if env.artifacts.kms_key:
        template.add_parameter(key_parameter(bucket_keys.ARTIFACTS, "artifacts.kms_key"))
    if env.notify:
        template.add_parameter(notifications.parameters(env.notify))
    for runtime in used:
        what = f"SHA-256 of the wheels of the runtime {runtime.name}"
        template.add_parameter(Parameter(runtime.wheels_parameter, Description=what, **digest))


def _on_spark(jobs: Iterable[Job]) -> bool:
    """Whether Glue runs one of the jobs on Spark."""
    return any(RUNTIMES[job.runtime].glue_command == "glueetl" for job in jobs)


def _schedules(env: Environment) -> list[Any]:
    upkeep = env.maintenance.schedule if env.maintenance else None
    machines = ["StateMachine", *(["MaintenanceStateMachine"] if env.maintenance else [])]
    return [
        *schedule(env.names, env.schedule, upkeep, env.customer_key),
        schedule_role(env.iam, machines, env.customer_key),
    ]


def _key_of_results(data: Data, customer_key: bool) -> str | None:
    """The parameter with the key that encrypts what Athena answers."""
    return bucket_keys.DATA if data.kms_key else "DataKey" if customer_key else None


def _machines(env: Environment, used: list[Runtime]) -> list[Any]:
    """State machines with their log groups and roles."""
    names, kept = env.names, (env.log_retention_days, env.customer_key)
    given = _substitutions(env, used)
    logs = log_group("StateMachineLogs", names.state_machine_log_group, *kept)
    role = state_machine_role(env)
    found = [
        logs,
        role,
        _machine(names.state_machine, state_machine(env), given, role, logs, traced=env.traced),
        *published(),
    ]
    if env.maintenance:
        logs = log_group("MaintenanceStateMachineLogs", names.maintenance_log_group, *kept)
        role = maintenance_machine_role(env, env.maintenance)
        definition = maintenance(env, env.maintenance)
        found += [logs, role, _machine(names.maintenance, definition, given, role, logs, traced=env.traced)]
    return found


def _machine(
    name: str, definition: dict[str, Any], given: dict[str, Any], role: Any, logs: Any, *, traced: bool
) -> stepfunctions.StateMachine:
    """A state machine, whose logical id is its role's without ``Role``; ``given``: what its ``${…}`` may name."""
    tracing = stepfunctions.TracingConfiguration(Enabled=True)
    named = set(_SUBSTITUTION.findall(json.dumps(definition)))
    return stepfunctions.StateMachine(
        role.title.removesuffix("Role"),
        StateMachineName=name,
        StateMachineType="STANDARD",
        RoleArn=GetAtt(role, "Arn"),
        Definition=definition,
        **({"TracingConfiguration": tracing} if traced else {}),
        DefinitionSubstitutions={k: v for k, v in given.items() if k in named},
        # Every event with its data: these are URIs, counts and messages, never rows, and an error without its
        # cause explains nothing. A run has some forty events.
        LoggingConfiguration=stepfunctions.LoggingConfiguration(
            Level="ALL",
            IncludeExecutionData=True,
            Destinations=[
                stepfunctions.LogDestination(
                    CloudWatchLogsLogGroup=stepfunctions.CloudWatchLogsLogGroup(
                        LogGroupArn=GetAtt(logs, "Arn")
                    )
                )
            ],
        ),
    )


def published() -> list[Any]:
    """A version of each revision of the state machine, and the alias that goes to the newest one.

    A version that is replaced stays, for runs that are under way and the record of deployments; one that a failed
    deployment has published goes, since CloudFormation makes none of a revision that has one.
    """
    version = stepfunctions.StateMachineVersion(
        "StateMachineVersion",
        DeletionPolicy="Delete",
        UpdateReplacePolicy="Retain",
        StateMachineArn=Ref("StateMachine"),
        StateMachineRevisionId=GetAtt("StateMachine", "StateMachineRevisionId"),
    )
    route = stepfunctions.RoutingConfigurationVersion(StateMachineVersionArn=Ref(version), Weight=100)
    alias = stepfunctions.StateMachineAlias("StateMachineAlias", Name=LIVE, RoutingConfiguration=[route])
    return [version, alias]


def _substitutions(env: Environment, used: list[Runtime]) -> dict[str, Any]:
    """What the definition's ``${…}`` may name: strings, none called as a parameter or resource is."""
    known: dict[str, Any] = {
        "RegionName": Ref("AWS::Region"),
        "DataBucketName": Ref("DataBucket"),
        "DatabaseName": Ref("Database"),
        "ArtifactBucketName": Ref("ArtifactBucket"),
        "CodeVersionHash": Ref("CodeVersion"),
    }
    if env.datasets:
        known[dataset_document.SUBSTITUTION] = Ref(dataset_document.PARAMETER)
    if env.customer_key:
        known["DataKeyArn"] = Ref("DataKey")
    if env.notify:
        known["NotificationTopicArn"] = notifications.topic(env.own_topic)
    for runtime in used:
        known[f"{runtime.camel}WheelsHash"] = Ref(runtime.wheels_parameter)
        if runtime.image:
            known[f"{runtime.camel}Image"] = _image(runtime)
    for name, job in env.jobs.items():
        known[f"{camel(name)}RoleArn"] = GetAtt(job_role_id(name), "Arn")
        if job.service == "glue":
            known[f"{camel(name)}JobName"] = Ref(job_id(name))
    return known


def _image(runtime: Runtime) -> Sub:
    path = f"{images.repository(runtime.name)}:{images.tag(runtime.name)}"
    return Sub(
        "${Registry}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/" + path,
        Registry=FindInMap(runtime.camel, Ref("AWS::Region"), "Registry"),
    )


def _add_outputs(template: Template, env: Environment) -> None:
    output = output_prefix(env.data)
    values = {
        "StateMachineArn": ("ARN of the state machine", Ref("StateMachine")),
        "StateMachineAliasArn": (
            "What starts a run: the alias of the deployed version",
            Ref("StateMachineAlias"),
        ),
        "StateMachineVersionArn": ("The deployed version of the state machine", Ref("StateMachineVersion")),
        "StateMachineLogGroup": ("Log group of the state machine", Ref("StateMachineLogs")),
        "Schedule": (f"Name of the schedule in the group {env.names.schedule_group}", Ref("Schedule")),
        "InputUri": (
            "Where the originals are read",
            Sub(f"s3://${{DataBucket}}/{key_prefix(env.data, 'input')}"),
        ),
        "OutputUri": ("Where everything is written", Sub(f"s3://${{DataBucket}}/{output}")),
    }
    export = f"s3://${{DataBucket}}/{key_prefix(env.data, 'export')}"
    if not env.datasets:
        values["ExportUri"] = ("Where the features are", Sub(f"{export}X.parquet"))
    elif any("export" in step.writes for step in env.steps.values()):
        values["ExportUri"] = ("Where exported tables are", Sub(export))
    if env.maintenance:
        values["MaintenanceStateMachineArn"] = (
            "ARN of the maintenance's state machine",
            Ref("MaintenanceStateMachine"),
        )
    template.add_output([Output(k, Description=d, Value=v) for k, (d, v) in values.items()])
