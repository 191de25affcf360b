"""Ingestion: the records of published tables into the stores of feature groups.

``groups`` are told by the deployment, ``changes`` finds what is new between two snapshots, ``sending`` writes it,
``newest`` brings the online store to the newest records, ``state`` notes what has been ingested.
"""
