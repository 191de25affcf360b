"""What a step's role may do besides when it mirrors sources: no more than that, and only where sources are."""

from __future__ import annotations

from collections.abc import Mapping

from awacs import s3
from awacs.aws import Allow, Condition, Statement, StringLike
from troposphere import Sub

from data_pipeline.core.config.environment import Data, Job
from data_pipeline.core.config.locations import key_prefix
from data_pipeline.core.config.sources import Source, takes_sources

from .permissions import Grant, objects


def mirrors(sources: Mapping[str, Source], step: Job) -> bool:
    """Whether the step's jobs mirror; ``sources``: those that each run mirrors."""
    return bool(sources) and takes_sources(step.arguments)


def grants(sources: Mapping[str, Source], data: Data, step: Job) -> list[Grant]:
    """Store files below the input, keep the record of them, and read the sources that lie in S3."""
    if not mirrors(sources, step):
        return []
    bucket = Sub("arn:${AWS::Partition}:s3:::${DataBucket}")
    stored = [s3.PutObject, s3.AbortMultipartUpload, s3.ListMultipartUploadParts]
    record = f"{key_prefix(data, 'state')}mirror.json"
    found = [
        _grant(
            "MirrorInput",
            stored,
            objects("DataBucket", [key_prefix(data, "input")]),
            f"sources: {', '.join(sorted(sources))} are mirrored into the input",
        ),
        _grant(
            "RecordMirror",
            [s3.PutObject],
            [Sub(f"arn:${{AWS::Partition}}:s3:::${{DataBucket}}/{record}")],
            "sources: the record of what is mirrored, and with which hash",
        ),
        _grant(
            "AskForVersions",
            [s3.GetBucketVersioning],
            [bucket],
            "sources: superseded issues are kept, so the bucket must have versions",
        ),
    ]
    on_s3 = [(name, source) for name, source in sorted(sources.items()) if source.s3]
    for number, (name, source) in enumerate(on_s3, 1):
        found += _of_bucket(name, source, number)
    return found


def _of_bucket(name: str, source: Source, number: int) -> list[Grant]:
    bucket, _, prefix = str(source.s3).removeprefix("s3://").partition("/")
    arn = f"arn:${{AWS::Partition}}:s3:::{bucket}"
    listing = Statement(
        Sid=f"ListSource{number}",
        Effect=Allow,
        Action=[s3.ListBucket],
        Resource=[Sub(arn)],
        Condition=Condition(StringLike("s3:prefix", [f"{prefix}*"])),
    )
    why = f"sources.{name}: {source.s3}"
    read = _grant(f"ReadSource{number}", [s3.GetObject], [Sub(f"{arn}/{prefix}*")], why)
    return [read, Grant(listing, why)]


def _grant(sid: str, actions: list[s3.Action], resources: list[Sub], why: str) -> Grant:
    return Grant(Statement(Sid=sid, Effect=Allow, Action=actions, Resource=resources), why)
