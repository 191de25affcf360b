"""A rehearsal: what a run would make of the files of a folder, tried on this machine by the code of the run itself.

``rehearsing`` plans, loads and publishes with the functions that the jobs call, into tables of a scratch folder, whose
catalog is ``catalog``; ``samples`` are rows to look at. ``python -m data_pipeline.etl.rehearsal`` leaves what was found
as a document, ``documents.rehearsal``.
"""
