"""The resources of requests to Athena and Glue, as the rest of an ARN behind region and account.

The operation decides which members of a request count: another member in its body, which the service passes over,
must not name another resource. After the Service Authorization Reference. Names of databases and tables count in small
letters, as the catalog reads them (``catalog.names``), and that of the data catalog as it is written: otherwise a Deny
would not hold for another spelling.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ministack.services import athena

Members = Mapping[str, Any]
#: Athena's name of the Glue catalog, which it takes in capitals and small letters.
CATALOG = "AwsDataCatalog"
#: Athena's statement that runs a prepared one, behind comments or not.
EXECUTE = re.compile(r"(?:\s|--[^\n]*\n|/\*(?:[^*]|\*(?!/))*\*/)*EXECUTE\s", re.IGNORECASE)

_OF_CATALOGS = {
    **{f"{verb}DataCatalog": "Name" for verb in ("Create", "Delete", "Get", "Update")},
    **dict.fromkeys(("GetDatabase", "GetTableMetadata", "ListDatabases", "ListTableMetadata"), "CatalogName"),
}
_OF_QUERIES = {
    "BatchGetQueryExecution": "QueryExecutionIds",
    **dict.fromkeys(("GetQueryExecution", "GetQueryResults", "StopQueryExecution"), "QueryExecutionId"),
}
_OF_NAMED_QUERIES = {
    "BatchGetNamedQuery": "NamedQueryIds",
    **dict.fromkeys(("DeleteNamedQuery", "GetNamedQuery"), "NamedQueryId"),
}


def of_athena(operation: str, members: Members) -> list[str]:
    """Catalogs, or workgroups: a query has no name of its own in a policy, its workgroup's stands for it."""
    if operation in _OF_CATALOGS:
        catalog = str(members.get(_OF_CATALOGS[operation]) or "*")
        return [f"datacatalog/{CATALOG if catalog.lower() == CATALOG.lower() else catalog}"]
    if operation in _OF_QUERIES:
        return _workgroups(athena._executions, members.get(_OF_QUERIES[operation]))
    if operation in _OF_NAMED_QUERIES:
        return _workgroups(athena._named_queries, members.get(_OF_NAMED_QUERIES[operation]))
    name = members.get("Name" if operation == "CreateWorkGroup" else "WorkGroup")
    return [f"workgroup/{name or 'primary'}"]


def _workgroups(queries: Mapping[str, Any], ids: Any) -> list[str]:
    """Of queries, the primary one where none is known."""
    records = [queries.get(each) for each in (ids if isinstance(ids, list) else [ids])]
    names = {str(record["WorkGroup"]) for record in records if record} or {"primary"}
    return [f"workgroup/{name}" for name in sorted(names)]


def of_glue(operation: str, members: Members) -> list[str]:
    """Jobs; or the catalog, the database and the tables, each of which must be allowed."""
    return _jobs(operation, members) if "Job" in operation else _catalog(operation, members)


def _jobs(operation: str, members: Members) -> list[str]:
    if operation in ("GetJobs", "ListJobs"):
        return ["job/*"]
    return [f"job/{members.get('Name' if operation == 'CreateJob' else 'JobName') or '*'}"]


def _catalog(operation: str, members: Members) -> list[str]:
    if operation == "CreateDatabase":
        return ["catalog", f"database/{_folded(members.get('DatabaseInput', {}).get('Name'))}"]
    if operation in ("DeleteDatabase", "GetDatabase", "UpdateDatabase"):
        name = _folded(members.get("Name"))
        within = [f"table/{name}/*", f"userDefinedFunction/{name}/*"]
        return ["catalog", f"database/{name}", *(within if operation == "DeleteDatabase" else [])]
    database = members.get("DatabaseName")
    if database is None or operation == "GetDatabases":
        return ["catalog"]
    tables = [f"table/{_folded(database)}/{_folded(name)}" for name in _tables(operation, members)]
    return ["catalog", f"database/{_folded(database)}", *tables]


def _folded(name: Any) -> str:
    """A name of a database or a table, as `catalog.names` folds it."""
    return str(name).lower()


def _tables(operation: str, members: Members) -> list[str]:
    if operation == "BatchDeleteTable":
        return list(members.get("TablesToDelete") or ["*"])
    name = None
    if operation in ("CreateTable", "UpdateTable"):
        name = members.get("TableInput", {}).get("Name")
    elif operation in ("DeleteTable", "GetTable"):
        name = members.get("Name")
    elif any(part in operation for part in ("ColumnStatistics", "Partition", "TableVersion")):
        name = members.get("TableName")
    return [name or "*"]
