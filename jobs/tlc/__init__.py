"""What the jobs share: layouts, reading, counting, quarantine, publication. Imports nothing of data_pipeline.

``prepare.py`` imports arguments, errors, exits, packages, sources and storage only: these run on Python 3.9 with boto3
and the standard library. The others need Python 3.10, DuckDB and PyArrow; tables and publication need
PyIceberg.
"""
