"""The configuration's models of what an account's security asks for: limits of the roles, a network, a key, traces."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from data_pipeline.core.facts import limits

from .sizes import Expected, Model

PolicyName = Annotated[str, AfterValidator(limits.policy_name), Expected("the name of a policy")]
RolePath = Annotated[str, AfterValidator(limits.role_path), Expected("a path of IAM")]
KeyArn = Annotated[str, AfterValidator(limits.key_arn), Expected("the ARN of a key")]
Subnet = Annotated[str, AfterValidator(limits.subnet)]
SecurityGroup = Annotated[str, AfterValidator(limits.security_group)]
LogBucket = Annotated[str, AfterValidator(limits.bucket), Expected("a bucket's name")]
Zone = Annotated[str, AfterValidator(limits.availability_zone), Expected("an availability zone")]

KEY_EXAMPLE = "arn:aws:kms:us-east-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


class Iam(Model):
    """What every role of the pipeline is made with."""

    permissions_boundary: PolicyName | None = Field(
        None,
        description="Name, with its path, of a policy of the same account beyond which no role may go.",
        examples=["boundaries/pipelines"],
    )
    role_path: RolePath = Field(
        "/",
        description="Path of the roles, by which an account's policies can tell them.",
        examples=["/data/"],
    )


class Artifacts(Model):
    """The bucket of code and packages, which is named when one deploys."""

    kms_key: KeyArn | None = Field(
        None,
        description="ARN of the key that encrypts that bucket, where it is not S3's or AWS's own.",
        examples=[KEY_EXAMPLE],
    )


class Kms(Model):
    """Which key encrypts what the stacks hold."""

    customer_key: bool = Field(
        False,
        description="A key of the storage stack for its bucket, the log groups, the queue and SageMaker's disks, in "
        "place of the services' own keys.",
        examples=[True],
    )


class Security(Model):
    """What security reviews ask for besides, off where it costs."""

    access_logs: LogBucket | None = Field(
        None,
        description="An existing bucket, of the same account and region, for the access logs of the bucket that the "
        "storage stack makes. Its policy must let `logging.s3.amazonaws.com` put objects.",
        examples=["my-company-access-logs"],
    )
    tracing: bool = Field(
        False,
        description="X-Ray traces of every execution of the state machines; X-Ray bills by the trace.",
        examples=[True],
    )
    glue_configuration: bool = Field(
        False,
        description="A security configuration for the jobs on Glue, by which they write to S3, and keep bookmarks, "
        "under the `customer_key`.",
        examples=[True],
    )


class Vpc(Model):
    """The network in which the jobs run; without it, they run in the services' own."""

    subnets: Annotated[tuple[Subnet, ...], AfterValidator(limits.distinct)] = Field(
        min_length=1,
        max_length=16,
        description="Ids of private subnets with an S3 endpoint; a Glue job runs in the first.",
        examples=[["subnet-0f4e2a9b1c3d5e7fa"]],
    )
    security_groups: Annotated[tuple[SecurityGroup, ...], AfterValidator(limits.distinct)] = Field(
        min_length=1,
        max_length=5,
        description="Ids of the jobs' security groups; one of them must let its own members in.",
        examples=[["sg-0f4e2a9b1c3d5e7fa"]],
    )
    availability_zone: Zone | None = Field(
        None,
        description="Zone of the first subnet, which Glue asks for beside it.",
        examples=["us-east-1a"],
    )
    egress: Literal["none", "nat"] = Field(
        "none", description="`nat` where the subnets reach the internet; an HTTP source needs it."
    )
