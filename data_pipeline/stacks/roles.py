"""Roles: who may take them, and the grants that each is made of. None is named; CloudFormation does that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from awacs import sts
from awacs.aws import Allow, ArnLike, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import FindInMap, GetAtt, Ref, iam

from data_pipeline.core import images
from data_pipeline.core.config import Environment, Location, Step
from data_pipeline.core.locations import key_prefix
from data_pipeline.core.runtimes import RUNTIMES, Runtime
from data_pipeline.core.steps import camel, in_order, sources_key

from . import mirror
from . import permissions as may
from .permissions import Grant, arn

#: where Glue writes a Python shell job's output: the service's own groups, which no setting changes.
PYTHON_SHELL_LOG_GROUPS = ("/aws-glue/python-jobs/output", "/aws-glue/python-jobs/error")

#: locations that the pipeline itself fills: before the first run, what a job looks for there is missing.
_FILLED_BY_RUNS: frozenset[Location] = frozenset({"warehouse", "export", "state"})

#: locations where a job that is started again replaces the folder that its first attempt left.
_REPLACED_AS_FOLDERS: frozenset[Location] = frozenset({"quarantine"})


def job_role_id(step: str) -> str:
    """Logical id of a step's role."""
    return f"{camel(step)}JobRole"


def job_role(env: Environment, name: str, step: Step) -> iam.Role:
    """The role of a step's jobs: its own data, its own code, its own log."""
    run_as = _sagemaker_trust(env.names.job(name)) if step.service == "sagemaker" else _glue_trust()
    data = [*_data(env, step), *mirror.grants(env, step)]
    grants = [*data, *_artifacts(env, step), *_service(env, name, step)]
    return role(job_role_id(name), f"Jobs of the step {name}", run_as, grants)


def state_machine_role(env: Environment) -> iam.Role:
    """The role of the state machine: start its steps' jobs, read their results, log."""
    on = {
        service: [name for name, step in in_order(env.steps) if step.service == service]
        for service in ("sagemaker", "glue")
    }
    grants: list[Grant] = []
    if on["sagemaker"]:
        grants += may.run_processing_jobs([env.names.job(name) for name in on["sagemaker"]])
        roles = [GetAtt(job_role_id(name), "Arn") for name in on["sagemaker"]]
        grants.append(may.pass_roles(roles, "sagemaker.amazonaws.com"))
    if on["glue"]:
        grants.append(may.run_glue_jobs([env.names.job(name) for name in on["glue"]]))
    if any(step.result for step in env.steps.values()):
        grants.append(may.read_objects("ReadResults", "DataBucket", [key_prefix(env, "runs")]))
    # By its name, not by a reference: the state machine refers to this role.
    source = arn("states", f"stateMachine:{env.names.state_machine}")
    grants += [may.list_executions(source), may.deliver_logs()]
    return role("StateMachineRole", "The state machine", _trust("states", source), grants)


def schedule_role(env: Environment) -> iam.Role:  # noqa: ARG001 - one signature for the roles of a stack
    """The role of the schedule: start the state machine, keep what could not be delivered."""
    grants = [may.start_executions(Ref("StateMachine")), may.send_dead_letters(GetAtt("DeadLetters", "Arn"))]
    return role("ScheduleRole", "The schedule", _trust("scheduler", GetAtt("ScheduleGroup", "Arn")), grants)


def role(title: str, description: str, trust: Statement, grants: Sequence[Grant]) -> iam.Role:
    """A role with one inline policy; the reason for each ``*`` stands in its Metadata."""
    reasons = {grant.statement.properties["Sid"]: grant.reason for grant in grants if grant.reason}
    made = iam.Role(
        title,
        Description=description,
        AssumeRolePolicyDocument=PolicyDocument(Version="2012-10-17", Statement=[trust]),
        Policies=[
            iam.Policy(
                PolicyName="permissions",
                PolicyDocument=PolicyDocument(
                    Version="2012-10-17", Statement=[grant.statement for grant in grants]
                ),
            )
        ],
    )
    if reasons:
        made.Metadata = {"ReasonForWildcard": reasons}
    return made


def _data(env: Environment, step: Step) -> list[Grant]:
    reads = [key_prefix(env, location) for location in step.reads]
    replaces = [key_prefix(env, location) for location in step.writes if location in _REPLACED_AS_FOLDERS]
    grants: list[Grant] = []
    if reads:
        grants.append(may.read_objects("ReadData", "DataBucket", reads))
    if reads or replaces:
        lists = may.list_objects_and_probe if _FILLED_BY_RUNS & {*step.reads} else may.list_objects
        grants.append(lists("ListData", "DataBucket", [*reads, *replaces]))
    if step.writes:
        writes = [key_prefix(env, location) for location in step.writes]
        grants.append(may.write_objects("WriteData", "DataBucket", writes))
    if replaces:
        grants.append(may.delete_objects("ReplaceData", "DataBucket", replaces))
    if step.tables:
        grants.append(may.publish_tables(step.tables))
    return grants


def _artifacts(env: Environment, step: Step) -> list[Grant]:
    prefixes = [f"{env.pipeline}/code/${{CodeVersion}}/"]
    for runtime in (RUNTIMES[name] for name in step.runtimes):
        prefixes.append(f"{env.pipeline}/wheels/{runtime.name}/${{{runtime.wheels_parameter}}}/")
    listed = [sources_key(env)] if mirror.mirrors(env, step) else []
    return [
        may.read_objects("ReadArtifacts", "ArtifactBucket", [*prefixes, *listed]),
        may.list_objects("ListArtifacts", "ArtifactBucket", prefixes),
    ]


def _service(env: Environment, name: str, step: Step) -> list[Grant]:
    """What the service needs of the job's role, over and above the job itself."""
    runtime = RUNTIMES[step.runtime]
    if step.service == "sagemaker":
        pulled = {images.repository(name): _registry(RUNTIMES[name]) for name in step.runtimes}
        return [
            *may.write_processing_logs(env.names.job(name)),
            may.put_processing_metrics(),
            *may.pull_images(pulled),
        ]
    if runtime.glue_command == "pythonshell":
        return [may.write_glue_logs(PYTHON_SHELL_LOG_GROUPS)]
    prefix = env.names.glue_log_group_prefix
    return [may.write_glue_logs([f"{prefix}/output", f"{prefix}/error"])]


def _registry(runtime: Runtime) -> FindInMap:
    return FindInMap(runtime.camel, Ref("AWS::Region"), "Registry")


def _sagemaker_trust(job_prefix: str) -> Statement:
    return _trust("sagemaker", arn("sagemaker", f"processing-job/{job_prefix}-*"))


def _glue_trust() -> Statement:
    """No condition: AWS documents none for Glue; a key that Glue leaves out would lock it out."""
    return Statement(
        Effect=Allow, Principal=Principal("Service", "glue.amazonaws.com"), Action=[sts.AssumeRole]
    )


def _trust(service: str, source: Any) -> Statement:
    """A service may take the role on behalf of one source of this account."""
    return Statement(
        Effect=Allow,
        Principal=Principal("Service", f"{service}.amazonaws.com"),
        Action=[sts.AssumeRole],
        Condition=Condition(
            [StringEquals("aws:SourceAccount", Ref("AWS::AccountId")), ArnLike("aws:SourceArn", source)]
        ),
    )
