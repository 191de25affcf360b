"""Objects of S3 as files: their bodies come and go in pieces, and are never in memory as a whole.

- ``body``: the bytes of an object, a part or a range, in a file;
- ``arriving``: a body on its way from the client to a file;
- ``disk``: an object on disk, whole after a kill at any point;
- ``multipart``: an object made of its parts;
- ``register``: all of it in the place of MiniStack's own, which holds every body several times.
"""
