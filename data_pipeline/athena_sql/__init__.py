"""SQL that means in DuckDB what it means in Athena (engine version 3, which is Trino), or is refused by name; pure.

A statement goes through four stages: `grammar` (Trino's own grammar; a syntax error has line and column), `queries` and
`names` (clauses, relations, which column a name is), `expressions` (a type for every expression, bottom-up), and the
tables of what is let through (`operators`, `casts`, `functions`, `times`, `aggregates`, `nested`): name and types of
the arguments → type of the result and a template of DuckDB's SQL. What is not in a table is refused.

It may import the errors and the wording of ``core`` and nothing else of the tool; DuckDB itself is not imported, and
Arrow by `results` alone, which gives the answer its types.
"""
