"""Daily data pipelines on AWS, rendered from YAML and runnable on a laptop.

Rooms and who may import whom: ``core`` is pure and imports nothing; ``stacks`` and ``aws`` import ``core``;
``cli`` may import every room; ``local`` and ``sample`` import no other room.
"""
