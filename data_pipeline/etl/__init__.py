"""What runs in the cloud, shipped without the rest of the tool: storage, reading, publishing, mirror, ingestion, and
the entry scripts in ``jobs``. A project's own jobs import it; it imports no other room of ``data_pipeline``.
"""
