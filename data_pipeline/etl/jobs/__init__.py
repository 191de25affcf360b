"""The entry scripts that are the tool's own."""

from data_pipeline.etl import exits

exits.collect_seldom()  # before they import what they need, which makes many objects, and nothing that is garbage
