"""What is known of a project's SQL before it runs: whether it is one SELECT that gives the same result for the same
rows, what it reads, and the columns of its result.

The only room of the tool on the laptop that imports DuckDB, which a project without SQL never does. ``review`` is what
others call. It reads no files: texts go in, findings come out. It may import ``core`` and ``etl.documents``.
"""
