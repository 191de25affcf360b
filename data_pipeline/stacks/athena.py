"""Where the tables are asked with SQL: Athena's workgroup and the named queries. No role of ours may use it: whoever
asks does so with permissions of his own (docs/reference/reader-policy.md).
"""

from __future__ import annotations

from typing import Any

from troposphere import Ref, Sub, athena

from data_pipeline.core.config.athena import Athena
from data_pipeline.core.machine.steps import camel
from data_pipeline.core.naming import Names

_ENGINE = "Athena engine version 3"


def queries(settings: Athena, names: Names, results: str, key: str | None) -> list[Any]:
    """The workgroup, and a query for each that the configuration names. ``results``: the prefix in the data bucket
    below which they go; ``key``: the parameter of the key that encrypts them, if any.
    """
    named = [
        athena.NamedQuery(
            f"{camel(name)}Query",
            Name=name,
            Description=query.description,
            Database=Ref("Database"),
            WorkGroup=Ref("WorkGroup"),
            QueryString=query.sql,
        )
        for name, query in settings.queries.items()
    ]
    return [_workgroup(settings, names, results, key), *named]


def _workgroup(settings: Athena, names: Names, results: str, key: str | None) -> athena.WorkGroup:
    """What a query may scan, and where its result goes, whatever the one who asks says."""
    encryption = (
        {"EncryptionOption": "SSE_KMS", "KmsKey": Ref(key)} if key else {"EncryptionOption": "SSE_S3"}
    )
    return athena.WorkGroup(
        "WorkGroup",
        Name=names.workgroup,
        Description=f"Questions to the tables of {names.pipeline} in {names.environment}",
        State="ENABLED",
        RecursiveDeleteOption=True,  # its history of queries holds nothing that its results do not
        WorkGroupConfiguration=athena.WorkGroupConfiguration(
            EnforceWorkGroupConfiguration=True,
            BytesScannedCutoffPerQuery=int(settings.gb_per_query * 10**9),
            EngineVersion=athena.EngineVersion(SelectedEngineVersion=_ENGINE),
            ResultConfiguration=athena.ResultConfiguration(
                OutputLocation=Sub(f"s3://${{DataBucket}}/{results}"),
                EncryptionConfiguration=athena.EncryptionConfiguration(**encryption),
            ),
        ),
    )
