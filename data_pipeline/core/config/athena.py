"""The configuration's models of how the tables are asked with SQL.

Limits: the service model of Athena (``NameString``, ``DescriptionString``, ``QueryString``,
``BytesScannedCutoffValue``).
"""

from __future__ import annotations

from pydantic import Field

from .feature_groups import GroupName
from .sizes import Model

LEAST_GIGABYTES = 0.01


class NamedQuery(Model):
    """A query that Athena's console offers, and `sql ENV --named NAME` runs."""

    description: str = Field(
        description="What it answers, in a sentence.", max_length=1024, examples=["orders by month"]
    )
    sql: str = Field(
        description="One SELECT in Athena's SQL; tables are called as in the Glue catalog.",
        min_length=1,
        max_length=262_144,
        examples=["SELECT month, sum(amount) FROM orders GROUP BY month"],
    )


class Athena(Model):
    """How the tables are asked with SQL."""

    gb_per_query: float = Field(
        10,
        ge=LEAST_GIGABYTES,
        le=1_000_000,
        description="What one query may scan, in GB: one that would read more is stopped.",
        examples=[10],
    )
    queries: dict[GroupName, NamedQuery] = Field({}, description="Queries by name.")
