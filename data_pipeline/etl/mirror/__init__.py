"""The mirror of a source: from URLs that are published by date into the input, verified before they are visible.

Pure: ``periods`` (months and days), ``wanted`` (what to ask for), ``verdicts`` (what an answer means),
``retry_policy`` (when to try again), ``footer`` (a Parquet file's end), ``report``. Edges: ``web`` (with
``addresses``) and ``bucket`` (where files come from), ``store`` (where they go), ``record`` (what is known of them).
``transfer`` brings one file, ``mirroring`` all of them, ``verifying`` looks at what is stored. Runs on Python 3.9
with the standard library and boto3.
"""
