"""Core values → CloudFormation templates, with troposphere and awacs. Imports ``core`` alone."""

from .render import file_names, render

__all__ = ["file_names", "render"]
