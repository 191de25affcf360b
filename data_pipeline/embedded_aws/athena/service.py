"""Athena on the embedded AWS: queries and the catalog by the modules beside this one, the rest by MiniStack.

MiniStack runs DuckDB's SQL over files that are not Iceberg's, keeps every row in its state, and knows neither the
caller's permissions nor a workgroup's limits; so its data plane is replaced.
"""

from __future__ import annotations

from data_pipeline.embedded_aws.dispatch import Operation, in_front

from . import executions, metadata, named, pages, prepared, settings, workgroups

OPERATIONS: dict[str, Operation] = {
    "BatchGetQueryExecution": executions.get_batch,
    "CreateNamedQuery": named.create,
    "CreatePreparedStatement": prepared.create,
    "DeleteNamedQuery": named.delete,
    "DeletePreparedStatement": prepared.delete,
    "DeleteWorkGroup": workgroups.delete,
    "GetDataCatalog": metadata.get_catalog,
    "GetDatabase": metadata.get_database,
    "GetNamedQuery": named.get,
    "GetPreparedStatement": prepared.get,
    "GetQueryExecution": executions.get,
    "GetQueryResults": pages.get,
    "GetTableMetadata": metadata.get_table,
    "GetWorkGroup": settings.get,
    "ListDataCatalogs": metadata.list_catalogs,
    "ListDatabases": metadata.list_databases,
    "ListNamedQueries": named.list_all,
    "ListPreparedStatements": prepared.list_all,
    "ListQueryExecutions": executions.list_all,
    "ListTableMetadata": metadata.list_tables,
    "StartQueryExecution": executions.start,
    "StopQueryExecution": executions.stop,
    "UpdatePreparedStatement": prepared.update,
}


def install() -> None:
    """Put these operations in front of MiniStack's."""
    in_front("athena", OPERATIONS)


def recover() -> None:
    """After a server that was killed: its queries ended with it, and say so."""
    executions.end_all()


def shutdown() -> None:
    """End every query now; called in the event loop, so nothing is waited for."""
    executions.end_all()
    executions.engine().end()
