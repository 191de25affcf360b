"""What roles may do: one function per permission, each returning a ``Grant``.

Sources of the actions: the Step Functions developer guide (integrations of SageMaker and Glue, logging), the
SageMaker developer guide (execution role of a processing job), PyIceberg's ``GlueCatalog`` (its calls).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from awacs import (
    cloudwatch,
    ec2,
    ecr,
    events,
    glue,
    iam,
    kms,
    lakeformation,
    logs,
    s3,
    sagemaker,
    sns,
    sqs,
    states,
    xray,
)
from awacs.aws import (
    Action,
    Allow,
    ArnEquals,
    Bool,
    Condition,
    Deny,
    ForAllValuesStringEquals,
    Principal,
    Statement,
    StringEquals,
    StringLike,
    StringLikeIfExists,
)
from troposphere import Ref, Sub


@dataclass(frozen=True)
class Grant:
    """A statement, what needs it, and the reason for its ``*`` where AWS offers nothing smaller."""

    statement: Statement
    why: str
    reason: str | None = None


def arn(service: str, resource: str, **values: Any) -> Sub:
    """ARN of a resource in the stack's own account and region; ``values`` fill ``${…}`` in ``resource``."""
    return Sub(f"arn:${{AWS::Partition}}:{service}:${{AWS::Region}}:${{AWS::AccountId}}:{resource}", **values)


def objects(bucket: str, prefixes: Sequence[str]) -> list[Sub]:
    """ARNs of everything under key prefixes of the bucket that the parameter ``bucket`` names."""
    return [Sub(f"arn:${{AWS::Partition}}:s3:::${{{bucket}}}/{prefix}*") for prefix in prefixes]


def refuse_plain_http(action: Action, resources: Sequence[Any]) -> Statement:
    """For the policy of a bucket, a queue or a topic: nobody does this to it but over TLS."""
    return Statement(
        Sid="RefusePlainHttp",
        Effect=Deny,
        Principal=Principal("*"),
        Action=[action],
        Resource=list(resources),
        Condition=Condition(Bool("aws:SecureTransport", "false")),
    )


# --- data and artifacts; ``why`` names what in the configuration or the state machine needs them


def read_objects(sid: str, bucket: str, prefixes: Sequence[str], *, why: str) -> Grant:
    return _grant(sid, [s3.GetObject], objects(bucket, prefixes), why=why)


def write_objects(sid: str, bucket: str, prefixes: Sequence[str], *, why: str) -> Grant:
    return _grant(sid, [s3.PutObject, s3.AbortMultipartUpload], objects(bucket, prefixes), why=why)


def delete_objects(sid: str, bucket: str, prefixes: Sequence[str], *, why: str) -> Grant:
    return _grant(sid, [s3.DeleteObject], objects(bucket, prefixes), why=why)


def list_objects(sid: str, bucket: str, prefixes: Sequence[str], *, why: str) -> Grant:
    """List under these prefixes only."""
    listed = StringLike("s3:prefix", [Sub(f"{p}*") if "${" in p else f"{p}*" for p in prefixes])
    return _list(sid, bucket, listed, why)


def list_objects_and_probe(sid: str, bucket: str, prefixes: Sequence[str], *, why: str) -> Grant:
    """List under these prefixes, and learn that an object is missing.

    To a caller who may not list, S3 answers 403 in place of 404 when an object is not there, and a HEAD or
    GET carries no ``s3:prefix`` for the condition to match: hence IfExists. A table's writer asks for objects
    that are not there yet and would take the 403 for a failure.
    """
    return _list(sid, bucket, StringLikeIfExists("s3:prefix", [f"{prefix}*" for prefix in prefixes]), why)


def publish_tables(tables: Sequence[str], *, why: str) -> Grant:
    """Create Iceberg tables of these names in the stack's Glue database and commit to them."""
    return _grant(
        "PublishTables",
        [glue.GetDatabase, glue.GetTable, glue.CreateTable, glue.UpdateTable],
        _tables(tables),
        why=why,
    )


def read_tables(tables: Sequence[str], *, why: str) -> Grant:
    """Read these tables."""
    return _grant("ReadTables", [glue.GetTable], _tables(tables), why=why)


def maintain_tables(tables: Sequence[str], *, why: str) -> Grant:
    """Commit to these tables, which others have made."""
    return _grant(
        "MaintainTables", [glue.GetDatabase, glue.GetTable, glue.UpdateTable], _tables(tables), why=why
    )


def access_lake() -> Grant:
    """Take part in Lake Formation, whose own grants say on what."""
    return _grant(
        "UseLakeFormation",
        [lakeformation.GetDataAccess],
        ["*"],
        why="lake_formation: what is granted there is used with this action",
        reason="GetDataAccess has no resources: Lake Formation's grants are the limit",
    )


# --- what a job needs to run


def write_processing_logs(job_prefix: str) -> list[Grant]:
    """Log streams of SageMaker jobs of this name, in the service's own group, made by whoever comes first."""
    group = "log-group:/aws/sagemaker/ProcessingJobs"
    return [
        _grant(
            "MakeLogGroup",
            [logs.CreateLogGroup, logs.DescribeLogStreams],
            [arn("logs", group), arn("logs", f"{group}:*")],
            why="SageMaker makes its account-wide log group with the role of the first job",
        ),
        _grant(
            "WriteLogs",
            [logs.CreateLogStream, logs.PutLogEvents],
            [arn("logs", f"{group}:log-stream:{job_prefix}-*")],
            why="SageMaker writes the job's log with the job's role",
        ),
    ]


def write_glue_logs(groups: Sequence[str]) -> Grant:
    """Streams of a Glue job, in these groups; Glue calls CreateLogGroup whether or not they exist."""
    return _grant(
        "WriteLogs",
        [logs.CreateLogGroup, logs.CreateLogStream, logs.PutLogEvents],
        [arn("logs", f"log-group:{group}{end}") for group in groups for end in ("", ":*")],
        why="Glue writes the job's log with the job's role",
    )


def read_glue_configuration() -> Grant:
    """The security configuration of a Glue job, which Glue reads with the job's role."""
    return _grant(
        "ReadSecurityConfiguration",
        [glue.GetSecurityConfiguration],
        ["*"],
        why="security.glue_configuration: Glue looks up with which key a job encrypts",
        reason="Glue's security configurations have no resources",
    )


def put_processing_metrics() -> Grant:
    """The instance metrics that SageMaker publishes with the job's role."""
    return _grant(
        "PutMetrics",
        [cloudwatch.PutMetricData],
        ["*"],
        Condition(StringEquals("cloudwatch:namespace", "/aws/sagemaker/ProcessingJobs")),
        why="SageMaker publishes the machine's CPU, memory and disk with the job's role",
        reason="a metric is no resource; the namespace is the only limit that CloudWatch offers",
    )


def pull_images(registries: Mapping[str, Any]) -> list[Grant]:
    """Pull prebuilt images from AWS's own registries: repository → registry."""
    start = "arn:${AWS::Partition}:ecr:${AWS::Region}:${Registry}:repository/"
    images = [Sub(f"{start}{repository}", Registry=registry) for repository, registry in registries.items()]
    return [
        _grant(
            "PullImage",
            [ecr.BatchCheckLayerAvailability, ecr.BatchGetImage, ecr.GetDownloadUrlForLayer],
            images,
            why=f"the job runs in AWS's image {' or '.join(registries)}",
        ),
        _grant(
            "LogInToRegistry",
            [ecr.GetAuthorizationToken],
            ["*"],
            why="a pull begins with a token of the registry",
            reason="GetAuthorizationToken has no resources: it is for the caller's whole registry",
        ),
    ]


# --- what the customer's key needs


def use_key(service: str, *, write: bool, why: str, key: Any = None, sid: str = "UseDataKey") -> Grant:
    """Read, or write, what a service encrypts with a key, through that service alone.

    ``key``: its ARN; without it, the storage stack's key by the parameter of that name.
    """
    actions: list[Action] = [kms.GenerateDataKey, kms.Decrypt] if write else [kms.Decrypt]
    via = Sub(f"{service}.${{AWS::Region}}.${{AWS::URLSuffix}}")
    condition = Condition(StringEquals("kms:ViaService", via))
    return _grant(sid, actions, [key or Ref("DataKey")], condition, why=why)


def lend_key() -> Grant:
    """Let the disks of SageMaker's machines be encrypted: AWS itself takes the grant, and nobody else."""
    return _grant(
        "LendDataKey",
        [kms.CreateGrant],
        [Ref("DataKey")],
        Condition(Bool("kms:GrantIsForAWSResource", "true")),
        why="kms: the machine's disk is encrypted with the key",
    )


# --- what a job in a VPC needs


def join_network_of_sagemaker(subnets: Sequence[str], security_groups: Sequence[str]) -> list[Grant]:
    """Interfaces of SageMaker's machines in these subnets, lent to the service's own account."""
    look = [ec2.DescribeVpcs, ec2.DescribeDhcpOptions]
    lend = [ec2.CreateNetworkInterfacePermission, ec2.DeleteNetworkInterfacePermission]
    why = "vpc: SageMaker puts its machines into the subnets with the job's role"
    return _join_network(subnets, security_groups, look, lend, why)


def join_network_of_glue(
    connection: str, subnets: Sequence[str], security_groups: Sequence[str]
) -> list[Grant]:
    """Interfaces of Glue's workers in these subnets, which the service tags; by its connection of this name."""
    why = "vpc: Glue puts its workers into the first subnet with the job's role"
    tagged = Condition(ForAllValuesStringEquals("aws:TagKeys", ["aws-glue-service-resource"]))
    named = [arn("glue", "catalog"), arn("glue", f"connection/{connection}")]
    return [
        _grant("ReadConnection", [glue.GetConnection], named, why="vpc: Glue reads its connection"),
        *_join_network(
            subnets, security_groups, [ec2.DescribeVpcEndpoints, ec2.DescribeRouteTables], [], why
        ),
        _grant("FindVpc", [ec2.DescribeVpcAttribute], [arn("ec2", "vpc/*")], why=why),
        _grant(
            "TagInterfaces",
            [ec2.CreateTags, ec2.DeleteTags],
            [arn("ec2", "network-interface/*")],
            tagged,
            why="vpc: Glue knows its interfaces again by their tag",
        ),
    ]


def _join_network(
    subnets: Sequence[str],
    security_groups: Sequence[str],
    look: Sequence[Action],
    lend: Sequence[Action],
    why: str,
) -> list[Grant]:
    """What both services do; ``look`` and ``lend``: what one of them does besides."""
    interfaces = arn("ec2", "network-interface/*")
    subnet_arns = [arn("ec2", f"subnet/{subnet}") for subnet in subnets]
    groups = [arn("ec2", f"security-group/{group}") for group in security_groups]
    described = [ec2.DescribeNetworkInterfaces, ec2.DescribeSubnets, ec2.DescribeSecurityGroups]
    return [
        _grant(
            "FindNetwork",
            [*described, *look],
            ["*"],
            why=why,
            reason="EC2's Describe actions have no resources",
        ),
        _grant("MakeInterfaces", [ec2.CreateNetworkInterface], [interfaces, *subnet_arns, *groups], why=why),
        _grant(
            "UseInterfaces",
            [*lend, ec2.DeleteNetworkInterface],
            [interfaces],
            Condition(ArnEquals("ec2:Subnet", subnet_arns)),
            why=why,
        ),
    ]


# --- what the state machine needs


def run_processing_jobs(job_prefixes: Sequence[str], *, why: str) -> list[Grant]:
    """``sagemaker:createProcessingJob.sync``: jobs by the fixed part of their names; the rule that waits."""
    rule = "rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule"
    return [
        _grant(
            "RunProcessingJobs",
            [
                sagemaker.CreateProcessingJob,
                sagemaker.DescribeProcessingJob,
                sagemaker.StopProcessingJob,
                sagemaker.AddTags,
                sagemaker.ListTags,
            ],
            [arn("sagemaker", f"processing-job/{prefix}-*") for prefix in job_prefixes],
            why=why,
        ),
        _grant(
            "WaitForProcessingJobs",
            [events.PutTargets, events.PutRule, events.DescribeRule],
            [arn("events", rule)],
            why=".sync learns of a job's end by this rule of Step Functions",
        ),
    ]


def list_processing_jobs(*, why: str) -> Grant:
    """Find out whether another job of the pipeline is in progress."""
    return _grant(
        "ListProcessingJobs",
        [sagemaker.ListProcessingJobs],
        ["*"],
        why=why,
        reason="ListProcessingJobs has no resources: a list is the account's, and shows names and states only",
    )


def pass_roles(roles: Sequence[Any], service: str, *, why: str) -> Grant:
    return _grant(
        "PassJobRoles",
        [iam.PassRole],
        list(roles),
        Condition(StringEquals("iam:PassedToService", service)),
        why=why,
    )


def run_glue_jobs(jobs: Sequence[str], *, why: str) -> Grant:
    """``glue:startJobRun.sync`` for jobs of these names."""
    return _grant(
        "RunGlueJobs",
        [glue.StartJobRun, glue.GetJobRun, glue.GetJobRuns, glue.BatchStopJobRun],
        [arn("glue", f"job/{job}") for job in jobs],
        why=why,
    )


def list_executions(state_machine: Any, *, why: str) -> Grant:
    """Find out whether another execution of the machine is running."""
    return _grant("ListExecutions", [states.ListExecutions], [state_machine], why=why)


def publish(topic: Any, *, why: str) -> Grant:
    """Tell the subscribers of a topic."""
    return _grant("Notify", [sns.Publish], [topic], why=why)


def deliver_logs() -> Grant:
    """What Step Functions needs to write an execution's events to CloudWatch Logs."""
    return _grant(
        "DeliverLogs",
        [
            logs.CreateLogDelivery,
            logs.GetLogDelivery,
            logs.UpdateLogDelivery,
            logs.DeleteLogDelivery,
            logs.ListLogDeliveries,
            logs.PutResourcePolicy,
            logs.DescribeResourcePolicies,
            logs.DescribeLogGroups,
        ],
        ["*"],
        why="an execution's events go to the state machine's log group",
        reason="CloudWatch Logs' delivery actions have no resources",
    )


def send_traces() -> Grant:
    """What Step Functions needs to trace executions with X-Ray."""
    return _grant(
        "SendTraces",
        [xray.PutTraceSegments, xray.PutTelemetryRecords, xray.GetSamplingRules, xray.GetSamplingTargets],
        ["*"],
        why="security.tracing: X-Ray traces the executions",
        reason="a trace is no resource, and sampling rules are the account's",
    )


# --- what the schedule needs


def start_executions(state_machines: Sequence[Any]) -> Grant:
    why = "the schedules start the state machines; of an alias, AWS asks for its state machine"
    return _grant("StartExecutions", [states.StartExecution], list(state_machines), why=why)


def send_dead_letters(queue: Any) -> Grant:
    why = "a start that the schedule could not deliver is kept in its queue"
    return _grant("SendDeadLetters", [sqs.SendMessage], [queue], why=why)


def _tables(tables: Sequence[str]) -> list[Any]:
    """Tables of the stack's Glue database, with what Glue asks for above them."""
    return [
        arn("glue", "catalog"),
        arn("glue", "database/${Database}"),
        *(arn("glue", f"table/${{Database}}/{table}") for table in tables),
    ]


def _list(sid: str, bucket: str, condition: Any, why: str) -> Grant:
    arn_of_bucket = Sub(f"arn:${{AWS::Partition}}:s3:::${{{bucket}}}")
    return _grant(sid, [s3.ListBucket], [arn_of_bucket], Condition(condition), why=why)


def _grant(
    sid: str,
    actions: list[Action],
    resources: list[Any],
    condition: Condition | None = None,
    *,
    why: str,
    reason: str | None = None,
) -> Grant:
    more = {"Condition": condition} if condition else {}
    statement = Statement(Sid=sid, Effect=Allow, Action=actions, Resource=resources, **more)
    return Grant(statement, why, reason)
