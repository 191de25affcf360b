"""SQL over tables of the Glue catalog: by Athena on AWS, and by DuckDB on the embedded AWS."""

from __future__ import annotations

from data_pipeline.aws import athena
from data_pipeline.aws.session import Connection
from data_pipeline.core import sql
from data_pipeline.core.config.environment import Environment
from data_pipeline.features import athena_rows, queries
from data_pipeline.features.snapshots import Tables

from .deployed import pipeline_stack


def ask(
    environment: Environment, connection: Connection, tables: Tables, statement: sql.Query
) -> queries.Answer:
    """What the statement answers of ``tables``. UserError if it cannot be run or reads over the limit."""
    if environment.embedded:
        return queries.run(tables, statement, int(environment.athena.gb_per_query * 10**9))
    sql.sources(statement, tables.database, tables.names())
    pipeline_stack(environment, connection)
    clients = connection.client("athena"), connection.client("s3")
    result = athena.run(*clients, statement.text, tables.database, environment.names.workgroup)
    return queries.Answer(athena_rows.rows(result.columns, result.csv), result.scanned)
