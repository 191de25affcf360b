"""A project and what stands in its environments: opened, run and read, for the commands and for ``data_pipeline.api``.

Over ``aws``, ``features`` and ``core``; it starts the embedded AWS where that is needed. It prints nothing.
"""
