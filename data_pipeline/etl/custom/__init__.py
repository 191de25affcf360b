"""What the code of a project imports: ``reader`` for readers of files, ``transform`` for what is made of a unit's rows,
``step`` for scripts of its own (Python 3.9, so that a Glue Python shell runs them, too), ``tables`` for reading and
publishing tables in them, ``spark`` for Spark in them. Its names stay; whatever else is in ``data_pipeline.etl`` may
change with any version.
"""
