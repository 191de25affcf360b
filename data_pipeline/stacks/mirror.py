"""What a step's role may do besides when it mirrors sources: no more than that, and only where sources are."""

from __future__ import annotations

from awacs import s3
from awacs.aws import Allow, Condition, Statement, StringLike
from troposphere import Sub

from data_pipeline.core.config import Environment, Step
from data_pipeline.core.locations import key_prefix
from data_pipeline.core.source_rules import takes_sources
from data_pipeline.core.sources import Source

from .permissions import Grant, objects


def mirrors(env: Environment, step: Step) -> bool:
    """Whether the step's jobs mirror."""
    return env.mirrors and takes_sources(step)


def grants(env: Environment, step: Step) -> list[Grant]:
    """Store files below the input, keep the record of them, and read the sources that lie in S3."""
    if not mirrors(env, step):
        return []
    bucket = Sub("arn:${AWS::Partition}:s3:::${DataBucket}")
    stored = [s3.PutObject, s3.AbortMultipartUpload, s3.ListMultipartUploadParts]
    record = f"{key_prefix(env, 'state')}mirror.json"
    found = [
        _grant("MirrorInput", stored, objects("DataBucket", [key_prefix(env, "input")])),
        _grant(
            "RecordMirror", [s3.PutObject], [Sub(f"arn:${{AWS::Partition}}:s3:::${{DataBucket}}/{record}")]
        ),
        _grant("AskForVersions", [s3.GetBucketVersioning], [bucket]),
    ]
    for number, source in enumerate((s for _, s in sorted(env.sources.items()) if s.s3), 1):
        found += _of_bucket(source, number)
    return found


def _of_bucket(source: Source, number: int) -> list[Grant]:
    bucket, _, prefix = str(source.s3).removeprefix("s3://").partition("/")
    arn = f"arn:${{AWS::Partition}}:s3:::{bucket}"
    listing = Statement(
        Sid=f"ListSource{number}",
        Effect=Allow,
        Action=[s3.ListBucket],
        Resource=[Sub(arn)],
        Condition=Condition(StringLike("s3:prefix", [f"{prefix}*"])),
    )
    return [_grant(f"ReadSource{number}", [s3.GetObject], [Sub(f"{arn}/{prefix}*")]), Grant(listing)]


def _grant(sid: str, actions: list[s3.Action], resources: list[Sub]) -> Grant:
    return Grant(Statement(Sid=sid, Effect=Allow, Action=actions, Resource=resources))
