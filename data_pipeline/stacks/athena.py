"""Where the tables are asked with SQL: Athena's workgroup and the named queries. No role of ours may use it: whoever
asks does so with permissions of his own (docs/reference/reader-policy.md).
"""

from __future__ import annotations

from typing import Any

from troposphere import Ref, Sub, athena

from data_pipeline.core import bucket_keys
from data_pipeline.core.config.environment import Environment
from data_pipeline.core.config.locations import athena_results
from data_pipeline.core.machine.steps import camel

_ENGINE = "Athena engine version 3"


def queries(env: Environment) -> list[Any]:
    """The workgroup, and a query for each that the configuration names."""
    named = [
        athena.NamedQuery(
            f"{camel(name)}Query",
            Name=name,
            Description=query.description,
            Database=Ref("Database"),
            WorkGroup=Ref("WorkGroup"),
            QueryString=query.sql,
        )
        for name, query in env.athena.queries.items()
    ]
    return [_workgroup(env), *named]


def _workgroup(env: Environment) -> athena.WorkGroup:
    """What a query may scan, and where its result goes, whatever the one who asks says."""
    key = bucket_keys.DATA if env.data.kms_key else "DataKey" if env.customer_key else None
    encryption = (
        {"EncryptionOption": "SSE_KMS", "KmsKey": Ref(key)} if key else {"EncryptionOption": "SSE_S3"}
    )
    return athena.WorkGroup(
        "WorkGroup",
        Name=env.names.workgroup,
        Description=f"Questions to the tables of {env.pipeline} in {env.name}",
        State="ENABLED",
        RecursiveDeleteOption=True,  # its history of queries holds nothing that its results do not
        WorkGroupConfiguration=athena.WorkGroupConfiguration(
            EnforceWorkGroupConfiguration=True,
            BytesScannedCutoffPerQuery=int(env.athena.gb_per_query * 10**9),
            EngineVersion=athena.EngineVersion(SelectedEngineVersion=_ENGINE),
            ResultConfiguration=athena.ResultConfiguration(
                OutputLocation=Sub(f"s3://${{DataBucket}}/{athena_results(env.data)}"),
                EncryptionConfiguration=athena.EncryptionConfiguration(**encryption),
            ),
        ),
    )
