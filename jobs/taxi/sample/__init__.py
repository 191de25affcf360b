"""Sample trip files: small or large, of every layout that the TLC has published, with their true counts
beside them.

A second witness to what the files look like: written from the published layouts, it imports nothing of the
package and nothing of ``jobs``, so that a mistake there cannot repeat itself here. ``write.write_sample`` is
the way in; ``catalogue`` says which files there are, ``layouts`` and ``parquet_layouts`` what they look like,
``rhythm`` and ``trips`` when the rides begin, ``rides`` what else a row says.
"""
