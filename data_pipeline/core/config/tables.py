"""The configuration's model of tables: what is made of data sets and of other tables by SQL."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from data_pipeline.core.facts import dataset_limits, limits

from .datasets import ColumnName, Export, Partition, Partitions, RuleText, Series, SqlFile
from .sizes import Model

InputName = Annotated[str, AfterValidator(limits.table_name)]
"""What SQL may read: a data set, what it makes beside it with a key, or a table."""


class Table(Model):
    """A table made of the tables of data sets, and of other tables, whenever one of them has changed."""

    sql: SqlFile = Field(
        description="A file in `jobs/` with one SELECT, in DuckDB's SQL, over data sets and tables by their names. "
        "It gives the same result for the same rows: no clock, no chance, no order that is not asked for.",
        examples=["customers.sql"],
    )
    partition: Partitions = Field(
        (), description="How it is partitioned, as for data sets.", examples=["month(day)"]
    )
    follows: dict[InputName, Partition] = Field(
        {},
        description="From what of each input the table's partition follows. Only the partitions that a change "
        "touches are then made anew; without it, the whole table.",
        examples=[{"orders": "day(ordered_at)"}],
    )
    reach: Annotated[str, AfterValidator(dataset_limits.days)] | None = Field(
        None,
        description="With `follows`: how many later days a day of an input touches, as a sum over the last 30 days "
        "reaches 29 days.",
        examples=["29 days"],
    )
    export: Export | None = Field(
        None,
        description="Write the table out whole, too, as one Parquet file of this name.",
        examples=["customers.parquet"],
    )
    series: Series | None = Field(None, description="Rows at regular times, for rules about them.")
    comment: str = Field("", description="What it is, for the catalog.", examples=["customers by day"])
    comments: dict[ColumnName, str] = Field(
        {}, description="What its columns say, for the catalog.", examples=[{"orders": "of the last 30 days"}]
    )
    rules: dict[str, RuleText] = Field(
        {},
        description="Quality rules: `fail LIMIT`, `warn LIMIT` or `off` for each.",
        examples=[{"unique(customer_id, day)": "fail"}],
    )
