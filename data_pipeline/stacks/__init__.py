"""Core values → CloudFormation templates, with troposphere and awacs. Imports ``core`` alone."""

from .render import as_text, documents, file_names, render

__all__ = ["as_text", "documents", "file_names", "render"]
