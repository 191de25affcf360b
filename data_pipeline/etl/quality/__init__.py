"""Quality rules: what a run is about to publish is held against them before anything of it is.

``facts`` is what is known, ``judging`` decides, ``periods`` names what comes before what: pure, standard library alone,
Python 3.9. ``measuring`` and ``series`` ask DuckDB for the values of rules that look at rows. Rules themselves, their
names and limits, are in ``documents.rules``.
"""
