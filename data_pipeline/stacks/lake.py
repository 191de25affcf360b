"""What the roles are granted in Lake Formation, where an account's databases are not open to IAM's permissions alone.

The grants are on the database and on all its tables: a table that no run has published yet cannot be named in one.
Whoever may create tables in a database may also put them at its location, which needs no grant of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from troposphere import GetAtt, Ref
from troposphere import lakeformation as lake

from data_pipeline.core.config.environment import Job, Maintenance
from data_pipeline.core.config.feature_groups import FeatureGroup
from data_pipeline.core.machine.steps import camel

from .ingestion import ingests

_READ = ["DESCRIBE", "SELECT"]
_COMMIT = ["ALTER", "DELETE", "DESCRIBE", "INSERT", "SELECT"]


def uses_tables(groups: Mapping[str, FeatureGroup], job: Job) -> bool:
    """Whether a job's role reads or writes tables of the database; ``groups``: those with a store."""
    return bool(job.tables) or "warehouse" in job.reads or ingests(groups, job)


def grants_of_lake(
    jobs: Mapping[str, Job], groups: Mapping[str, FeatureGroup]
) -> list[lake.PrincipalPermissions]:
    """Grants one after another: Lake Formation refuses changes of one resource at the same time."""
    made: list[lake.PrincipalPermissions] = []
    using = {name: job for name, job in jobs.items() if uses_tables(groups, job)}
    for name, job in using.items():
        for grant in _of_job(name, job):
            if made:
                grant.DependsOn = made[-1].title
            made.append(grant)
    return made


def _of_job(name: str, job: Job) -> Iterator[lake.PrincipalPermissions]:
    commits = bool(job.tables)
    on_database = (
        ["CREATE_TABLE", "DESCRIBE"] if commits and not isinstance(job, Maintenance) else ["DESCRIBE"]
    )
    catalog = Ref("AWS::AccountId")
    database = lake.DatabaseResource(CatalogId=catalog, Name=Ref("Database"))
    tables = lake.TableResource(CatalogId=catalog, DatabaseName=Ref("Database"), TableWildcard={})
    yield _granted(name, "Database", on_database, lake.PrincipalResource(Database=database))
    yield _granted(name, "Tables", _COMMIT if commits else _READ, lake.PrincipalResource(Table=tables))


def _granted(name: str, what: str, permissions: list[str], resource: Any) -> lake.PrincipalPermissions:
    role = GetAtt(f"{camel(name)}JobRole", "Arn")
    return lake.PrincipalPermissions(
        f"{camel(name)}Lake{what}",
        Principal=lake.DataLakePrincipal(DataLakePrincipalIdentifier=role),
        Resource=resource,
        Permissions=permissions,
        PermissionsWithGrantOption=[],
    )
