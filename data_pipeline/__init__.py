"""Daily data pipelines on AWS, rendered from YAML and runnable on a laptop.

Rooms and who may import whom: ``core`` is pure and imports no other room; ``stacks``, ``aws`` and ``features`` import
``core``; ``project`` (an opened project) stands on these, and beside each other on that ``cli``, which may import every
room, and ``api``, what Python uses; ``etl`` (what runs in the cloud) and ``embedded_aws`` import none of them.
"""

__version__ = "0.2.0"
