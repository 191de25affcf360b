"""Reading features: the published tables as records of feature groups, joined to labels as of their time.

Imports only core, and no boto3: whoever connects passes the Glue client and the access to S3. PyIceberg reads
the tables, DuckDB joins; rows are Arrow tables (``.to_pandas()`` where pandas is installed).
"""
