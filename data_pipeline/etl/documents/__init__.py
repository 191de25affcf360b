"""Documents that jobs and package exchange, one module each: its names, its version, its writer and its reader.

The tool on the laptop imports this room, and so does the code in the cloud: it needs the standard library alone (and
``etl.errors``), and runs on Python 3.9. Written by the tool: ``sources``, ``features``, ``datasets``. Written by jobs:
``plan``, ``load_plan``, ``decision``, ``summary``, ``verdict``, ``findings``, ``acceptances``, ``profile``. ``form`` is
what all have in common. ``patterns`` (with its modules ``pattern_…``), ``types`` and ``rules`` are the words of data
sets: patterns of paths, types of columns, quality rules. ``values`` (with ``numbers``, ``times``, ``formats`` and
``reasons``) says what a text is a value of, whether it stands in a file or is a default.
"""
