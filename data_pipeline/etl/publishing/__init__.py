"""Iceberg tables in the Glue catalog: made, replaced, committed, expired."""
