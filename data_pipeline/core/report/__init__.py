"""The report of a run: ``report.json`` of its documents and its history, the page that is drawn from it, and the index
of an environment's runs.

``document`` puts together what is known (``earlier``: what runs before add, ``outcome``: how it ended and what to do,
``distributions``: how rows differ from those before). ``page`` and ``index`` draw it as one HTML file each, by
``sections``, ``states``, ``sources``, ``tables``, ``plots`` and ``machine``; ``markup`` escapes whatever is no markup.
Pure.
"""
