"""The taxi example: layouts, reading, counting, quality gate, publication of trips and rides. Imports
``data_pipeline.etl`` and no other room of the tool.
"""
