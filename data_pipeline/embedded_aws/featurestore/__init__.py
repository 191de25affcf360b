"""SageMaker Feature Store on the embedded AWS: feature groups, their online store and their offline store.

``groups`` has the actions on feature groups, ``runtime`` those on records, which ``values`` checks; ``online`` keeps
the newest record of each identifier, ``offline`` appends every record to an Iceberg table. What the service does
beyond that (collections, the in-memory tier, keys, provisioned throughput, updates of single features) is refused
by name.
"""
