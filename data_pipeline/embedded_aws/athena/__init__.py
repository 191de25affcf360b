"""Athena's queries: started, run, stopped, listed, with results in S3, and its view of the Glue catalog.

`service` is what the server calls; `executions` has the operations on queries, `settings` what their workgroup decides,
`workgroups` its end, `named` and `prepared` the queries and statements that are kept in it, `pages` reads results,
`metadata` the catalog, and `engine` the processes that run queries: programs of their own, told what to do by lines of
JSON. The other operations on workgroups are MiniStack's.
"""
