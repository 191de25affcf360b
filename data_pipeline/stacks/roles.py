"""Roles: who may take them, and the grants that each is made of. None is named; CloudFormation does that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from awacs import sts
from awacs.aws import Allow, ArnLike, Condition, PolicyDocument, Principal, Statement, StringEquals
from troposphere import FindInMap, GetAtt, Ref, Sub, iam

from data_pipeline.core import bucket_keys
from data_pipeline.core.config import dataset_document, default_steps
from data_pipeline.core.config.access import Iam
from data_pipeline.core.config.dataset_document import takes_definitions
from data_pipeline.core.config.datasets import Dataset
from data_pipeline.core.config.definitions import tables_of
from data_pipeline.core.config.environment import Data, Environment, Job, Location, Maintenance, Step
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.config.locations import erased_files_prefix, key_prefix, rebuilds_prefix
from data_pipeline.core.facts import images
from data_pipeline.core.facts.runtimes import RUNTIMES, Runtime
from data_pipeline.core.machine.state_machine import callers, maintenance, state_machine
from data_pipeline.core.machine.steps import camel, in_order
from data_pipeline.core.naming import MAINTENANCE, job_path

from . import ingestion, mirror, notifications
from . import permissions as may
from .lake import uses_tables
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


def job_role(env: Environment, name: str, step: Job) -> iam.Role:
    """The role of a step's jobs: its own data, its own code, its own log."""
    run_as = _sagemaker_trust(env.names.job(name)) if step.service == "sagemaker" else _glue_trust()
    data = [*_data(env, name, step), *mirror.grants(env.mirrored, env.data, step)]
    data += ingestion.grants(env.managed_features, env.names, step)
    if env.lake_formation and uses_tables(env.managed_features, step):
        data.append(may.access_lake())
    grants = [*data, *_artifacts(env, step), *_service(env, name, step)]
    what = "Jobs of the maintenance" if name == MAINTENANCE else f"Jobs of the step {name}"
    return role(env.iam, job_role_id(name), what, run_as, grants)


def state_machine_role(env: Environment) -> iam.Role:
    """The role of the state machine: start its steps' jobs, read their results, log."""
    # By its name, not by a reference: the state machine refers to this role.
    source = arn("states", f"stateMachine:{env.names.state_machine}")
    # As its versions and its alias are named; no machine's name has a colon.
    qualified = arn("states", f"stateMachine:{env.names.state_machine}:*")
    calls = callers(state_machine(env))
    results = any(step.result for step in env.steps.values())
    grants = [
        *_runs(env, in_order(env.steps), results, calls),
        may.list_executions(source, why=calls["aws-sdk:sfn:listExecutions"]),
        *_events(env.traced),
    ]
    return role(env.iam, "StateMachineRole", "The state machine", trust("states", source, qualified), grants)


def maintenance_machine_role(env: Environment, job: Maintenance) -> iam.Role:
    """The role of the maintenance's state machine: start its job, read what it did, log."""
    source = arn("states", f"stateMachine:{env.names.maintenance}")
    runs = _runs(env, [(MAINTENANCE, job)], True, callers(maintenance(env, job)))
    title, description = "MaintenanceStateMachineRole", "The maintenance's state machine"
    return role(env.iam, title, description, trust("states", source), [*runs, *_events(env.traced)])


def _events(traced: bool) -> list[Grant]:
    """Where a state machine's events go."""
    return [may.deliver_logs(), *([may.send_traces()] if traced else [])]


def _runs(
    env: Environment, jobs: Sequence[tuple[str, Job]], results: bool, calls: Mapping[str, str]
) -> list[Grant]:
    """What a state machine needs to run these jobs and, with ``results``, to read what they leave. ``calls``:
    integration → which of its states call it.
    """
    on = {
        service: [name for name, job in jobs if job.service == service] for service in ("sagemaker", "glue")
    }
    grants: list[Grant] = []
    if on["sagemaker"]:
        why = calls["sagemaker:createProcessingJob.sync"]
        grants += may.run_processing_jobs([env.names.job(name) for name in on["sagemaker"]], why=why)
        roles = [GetAtt(job_role_id(name), "Arn") for name in on["sagemaker"]]
        grants.append(may.list_processing_jobs(why=calls["aws-sdk:sagemaker:listProcessingJobs"]))
        grants.append(may.pass_roles(roles, "sagemaker.amazonaws.com", why=f"{why} with the job's role"))
    if on["glue"]:
        names = [env.names.job(name) for name in on["glue"]]
        grants.append(may.run_glue_jobs(names, why=calls["glue:startJobRun.sync"]))
    if results:
        read = [key_prefix(env.data, "runs")]
        why = calls["aws-sdk:s3:getObject"]
        grants.append(may.read_objects("ReadResults", "DataBucket", read, why=why))
        missing = "S3 says 404 for a missing result to who may list"
        grants.append(may.list_objects_and_probe("ProbeResults", "DataBucket", read, why=missing))
        grants += key_of_data(env.data, env.key_of_data, write=False)
    return [*grants, *notifications.grants(env.own_topic, env.customer_key, calls)]


def schedule_role(limits: Iam | None, machines: Sequence[str], customer_key: bool) -> iam.Role:
    """The role of the schedules: start the state machines with these logical ids, keep what could not be delivered."""
    grants = [
        may.start_executions([Ref(machine) for machine in machines]),
        may.send_dead_letters(GetAtt("DeadLetters", "Arn")),
    ]
    if customer_key:
        why = "kms: the queue is encrypted with the key"
        grants.append(may.use_key("sqs", write=True, why=why))
    trusts = trust("scheduler", GetAtt("ScheduleGroup", "Arn"))
    return role(limits, "ScheduleRole", "The schedule", trusts, grants)


def role(
    limits: Iam | None, title: str, description: str, trusts: Statement, grants: Sequence[Grant]
) -> iam.Role:
    """A role with one inline policy; what needs each statement, and why a ``*``, stands in its Metadata."""
    reasons = {grant.statement.properties["Sid"]: grant.reason for grant in grants if grant.reason}
    made = iam.Role(
        title,
        **_limits(limits),
        Description=description,
        AssumeRolePolicyDocument=PolicyDocument(Version="2012-10-17", Statement=[trusts]),
        Policies=[
            iam.Policy(
                PolicyName="permissions",
                PolicyDocument=PolicyDocument(
                    Version="2012-10-17", Statement=[grant.statement for grant in grants]
                ),
            )
        ],
    )
    whys = {grant.statement.properties["Sid"]: grant.why for grant in grants}
    made.Metadata = {"Why": whys, **({"ReasonForWildcard": reasons} if reasons else {})}
    return made


def _limits(limits: Iam | None) -> dict[str, Any]:
    """The path and the boundary that the account asks for."""
    if limits is None:
        return {}
    given: dict[str, Any] = {} if limits.role_path == "/" else {"Path": limits.role_path}
    if limits.permissions_boundary:
        policy = f"policy/{limits.permissions_boundary}"
        given["PermissionsBoundary"] = Sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:{policy}")
    return given


def _data(env: Environment, name: str, step: Job) -> list[Grant]:
    place = ".".join(job_path(name))
    reads = [key_prefix(env.data, location) for location in step.reads]
    replaces = _replaced(env.data, step.writes, bool(env.datasets))
    grants: list[Grant] = []
    if reads:
        why = f"{place}.reads: {', '.join(step.reads)}"
        grants.append(may.read_objects("ReadData", "DataBucket", reads, why=why))
    if reads or replaces:
        lists = may.list_objects_and_probe if _FILLED_BY_RUNS & {*step.reads} else may.list_objects
        why = f"{place} finds what it reads" + (", and what it replaces" if replaces else "")
        grants.append(lists("ListData", "DataBucket", [*reads, *replaces], why=why))
    if step.writes:
        writes = [key_prefix(env.data, location) for location in step.writes]
        why = f"{place}.writes: {', '.join(step.writes)}"
        grants.append(may.write_objects("WriteData", "DataBucket", writes, why=why))
    if replaces:
        why = "a job that is started again replaces what its first attempt left"
        grants.append(may.delete_objects("ReplaceData", "DataBucket", replaces, why=why))
    if env.datasets and name == default_steps.LOAD and isinstance(step, Step) and step.cluster:
        parts = [f"{key_prefix(env.data, 'runs')}*/parts/"]
        why = f"{place}.cluster: what its machines leave for one of them is deleted then"
        grants.append(may.delete_objects("DeleteParts", "DataBucket", parts, why=why))
    if name == default_steps.LOAD:
        grants += _erasing(env.data, env.datasets, env.tables, place)
    stores = bool(step.writes or step.tables or mirror.mirrors(env.mirrored, step))
    if reads or stores:
        grants += key_of_data(env.data, env.key_of_data, write=stores)
    if isinstance(step, Maintenance):
        grants += _upkeep(env.data, step)
    elif step.tables:
        why = f"{place}.tables: {', '.join(step.tables)}"
        grants.append(may.publish_tables(step.tables, why=why))
    if others := _read_besides(env.steps.values(), env.managed_features, step):
        why = f"{place}.reads: warehouse, in which these tables are"
        grants.append(may.read_tables(others, why=why))
    return grants


def _replaced(data: Data, writes: Sequence[Location], datasets: bool) -> list[str]:
    """Prefixes below which a job that is started again replaces what its first attempt left."""
    found = [key_prefix(data, location) for location in writes if location in _REPLACED_AS_FOLDERS]
    return [*found, rebuilds_prefix(data)] if datasets and found and "state" in writes else found


def _erasing(data: Data, datasets: Mapping[str, Dataset], tables: Iterable[str], place: str) -> list[Grant]:
    """What takes erased keys out of the tables of data sets that have keys, and out of those that may be made of them:
    files of snapshots that have them are deleted, and texts of refused rows emptied.
    """
    keyed = [table for name, each in datasets.items() if each.key for table in tables_of(name, each)]
    if not keyed:
        return []
    warehouse, refused = key_prefix(data, "warehouse"), key_prefix(data, "quarantine")
    gone = [erased_files_prefix(data), *(f"{warehouse}{table}/" for table in (*keyed, *tables))]
    why = f"{place}: a key that is erased"
    return [
        may.read_objects(
            "ReadRefused", "DataBucket", [refused], why=f"{why} leaves the texts of refused rows"
        ),
        may.delete_objects("EraseKeys", "DataBucket", gone, why=f"{why} leaves the snapshots that had it"),
    ]


def _read_besides(steps: Iterable[Step], groups: Mapping[str, FeatureGroup], step: Job) -> list[str]:
    """The tables of other steps that a script of the project's own reads. What ingests reads those of its groups."""
    if "warehouse" not in step.reads or isinstance(step, Maintenance) or ingestion.ingests(groups, step):
        return []
    published = dict.fromkeys(table for each in steps for table in each.tables)
    return [table for table in published if table not in step.tables]


def key_of_data(data: Data, stacks_key: bool, *, write: bool, own: Any = None) -> list[Grant]:
    """Use of the key that encrypts the data bucket: the storage stack's with ``stacks_key``, or the one that the user's
    bucket has. ``own``: the ARN of the stack's key, where it is in this stack.
    """
    if stacks_key:
        why = "kms: the data are encrypted with the key"
        return [may.use_key("s3", write=write, key=own, why=why)]
    if data.kms_key:
        why = "data.kms_key: the bucket is encrypted with the key"
        key = Ref(bucket_keys.DATA)
        return [may.use_key("s3", write=write, key=key, sid="UseDataBucketKey", why=why)]
    return []


def _upkeep(data: Data, job: Maintenance) -> list[Grant]:
    """What only the maintenance may: delete data, and commit to tables without making any."""
    deletes = [key_prefix(data, location) for location in job.deletes]
    grants = []
    if deletes:
        why = f"maintenance.deletes: {', '.join(job.deletes)}"
        grants.append(may.delete_objects("DeleteData", "DataBucket", deletes, why=why))
    if job.tables:
        why = f"maintenance.tables: {', '.join(job.tables)}"
        grants.append(may.maintain_tables(job.tables, why=why))
    return grants


def _artifacts(env: Environment, step: Job) -> list[Grant]:
    """Every version of this environment's code and packages, not the present one alone: an execution that a deployment
    overtakes, or that is redriven after one, keeps its definition and so the versions that this names. The keys are
    hashes of the content, and nobody but who deploys writes them.
    """
    folder = env.names.artifacts
    prefixes = [f"{folder}/code/", f"{folder}/wheels/"]
    what = f"{step.script} and the packages of {' and '.join(step.runtimes)}"
    documents = [f"{folder}/sources/"] if mirror.mirrors(env.mirrored, step) else []
    documents += [f"{folder}/features/"] if ingestion.ingests(env.managed_features, step) else []
    if env.datasets and takes_definitions(step.arguments):
        documents.append(dataset_document.folder(folder))
    read = [*prefixes, *documents]
    grants = [
        may.read_objects("ReadArtifacts", "ArtifactBucket", read, why=f"the job runs {what}"),
        may.list_objects(
            "ListArtifacts", "ArtifactBucket", prefixes, why="the service copies them by folder"
        ),
    ]
    if env.artifacts.kms_key:
        why = "artifacts.kms_key: the bucket is encrypted with the key"
        key = Ref(bucket_keys.ARTIFACTS)
        grants.append(may.use_key("s3", write=False, key=key, sid="UseArtifactBucketKey", why=why))
    return grants


def _service(env: Environment, name: str, step: Job) -> list[Grant]:
    """What the service needs of the job's role, over and above the job itself."""
    runtime = RUNTIMES[step.runtime]
    if step.service == "sagemaker":
        pulled = {images.repository(name): _registry(RUNTIMES[name]) for name in step.runtimes}
        return [
            *may.write_processing_logs(env.names.job(name)),
            may.put_processing_metrics(),
            *may.pull_images(pulled),
            *([may.lend_key()] if env.customer_key else []),
            *(may.join_network_of_sagemaker(env.vpc.subnets, env.vpc.security_groups) if env.vpc else []),
        ]
    more: list[Grant] = []
    if env.vpc:
        connection = env.names.network_connection
        more = may.join_network_of_glue(connection, env.vpc.subnets[:1], env.vpc.security_groups)
    if env.glue_configuration:
        more.append(may.read_glue_configuration())
    if runtime.glue_command == "pythonshell":
        return [may.write_glue_logs(PYTHON_SHELL_LOG_GROUPS), *more]
    prefix = env.names.glue_log_group_prefix
    return [may.write_glue_logs([f"{prefix}/output", f"{prefix}/error"]), *more]


def _registry(runtime: Runtime) -> FindInMap:
    return FindInMap(runtime.camel, Ref("AWS::Region"), "Registry")


def _sagemaker_trust(job_prefix: str) -> Statement:
    return trust("sagemaker", arn("sagemaker", f"processing-job/{job_prefix}-*"))


def _glue_trust() -> Statement:
    """No condition: AWS documents none for Glue; a key that Glue leaves out would lock it out."""
    return Statement(
        Effect=Allow, Principal=Principal("Service", "glue.amazonaws.com"), Action=[sts.AssumeRole]
    )


def trust(service: str, *sources: Any) -> Statement:
    """A service may take the role on behalf of these sources of this account."""
    return Statement(
        Effect=Allow,
        Principal=Principal("Service", f"{service}.amazonaws.com"),
        Action=[sts.AssumeRole],
        Condition=Condition(
            [
                StringEquals("aws:SourceAccount", Ref("AWS::AccountId")),
                ArnLike("aws:SourceArn", sources[0] if len(sources) == 1 else list(sources)),
            ]
        ),
    )
