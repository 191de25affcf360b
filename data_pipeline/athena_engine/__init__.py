"""The program that runs the queries of the embedded AWS's Athena: ``python -m data_pipeline.athena_engine.main``.

The embedded AWS starts it as a process of its own and speaks with it by lines of JSON (`main`), so that a query has a
memory of its own and ends when it is stopped. It reads Glue and S3 with the credentials of whoever asked (`catalog`),
so that their policies decide; `athena_sql` gives the statement its meaning, DuckDB its rows (`data_pipeline.features`),
and `results` writes the files that Athena leaves in S3.

It may import ``athena_sql``, ``features`` and ``core``. Nothing imports it.
"""
