"""The embedded AWS: MiniStack in a process of our own, with what it lacks added and what it only pretends
refused.

It plays AWS over HTTP, so it knows nothing of the pipeline: this room imports no other room of the package.
Two halves:

- ``endpoint``, ``lifecycle``, ``errors`` start, find and stop the server; they never import MiniStack;
- ``server`` is the process; it sets the environment that MiniStack reads at import, then loads ``plugin``,
  which installs one module per service (``iam``, ``states``, ``scheduler``, …) over private names of
  MiniStack that ``tests/embedded_aws/test_pins.py`` lists.
"""
