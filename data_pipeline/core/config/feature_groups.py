"""The configuration's models of what the published tables offer to models: feature groups and training sets.

Limits of names: the service model of SageMaker (``FeatureName``, ``FeatureGroupName``). What concerns several
fields at once is in ``feature_rules``.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from data_pipeline.core.facts import limits

from .sizes import Expected, Model

FeatureType = Literal["string", "integral", "fractional"]

STRING: FeatureType = "string"

#: type of a feature → the types of Iceberg that a column of it may have.
COLUMN_TYPES = {
    "integral": ("int", "long"),
    "fractional": ("float", "double", "decimal", "int", "long"),
    "string": ("string",),
}

#: what every record of a managed group carries besides: from when on it could be known, and what says so.
AVAILABILITY = ("available_at", "available_by")
#: what is of the stores alone: a training set is the same with them and without.
STORES = frozenset({"online", "offline", "ttl_days"})

FeatureName = Annotated[str, AfterValidator(limits.feature_name)]
GroupName = Annotated[str, AfterValidator(limits.step_name)]
ColumnName = Annotated[str, AfterValidator(limits.table_name)]
TableName = Annotated[str, AfterValidator(limits.table_name)]
RecordName = Annotated[str, AfterValidator(limits.record_name)]
Day = Annotated[str, AfterValidator(limits.day), Expected('a day in quotes, as in "2021-07-01"')]
TimeZone = Annotated[str, AfterValidator(limits.timezone), Expected("a name of the IANA time zone database")]


class Feature(Model):
    """One feature: a column of the table."""

    type: FeatureType = Field(description="What its values are.")
    description: str = Field("", description="What it says, in a sentence.", examples=["orders of the day"])
    column: ColumnName | None = Field(
        None,
        description="The table's column; without it, the one of the feature's name.",
        examples=["num_orders"],
    )


class Window(Model):
    """What time a row of the table is about."""

    start: ColumnName = Field(description="The column with the start of the window.", examples=["timestamp"])
    minutes: int = Field(
        ge=0,
        le=limits.MINUTES_OF_A_YEAR,
        description="How long it is. The event time is its end.",
        examples=[15],
    )


class FeatureGroup(Model):
    """Features of a table by record identifier and event time, which is the end of the window."""

    description: str = Field(description="What the group is about.", examples=["orders by customer"])
    owner: str = Field(description="Who answers for it.", examples=["data-team"])
    table: TableName = Field(
        description="The published table that the features are read from.", examples=["customers"]
    )
    window: Window = Field(description="What time a row is about.")
    record_identifier: FeatureName = Field(
        description="The feature that tells records of one time apart: a data set, or `all` for all of them.",
        examples=["dataset"],
    )
    event_time: FeatureName = Field(
        description="The feature that holds the end of the window.", examples=["window_end"]
    )
    features: dict[FeatureName, Feature] = Field(
        min_length=1, description="Every feature by name, record identifier and event time among them."
    )
    records: dict[RecordName, dict[FeatureName, ColumnName]] = Field(
        {},
        description="Where a row of the table holds several records: the record identifier of each, and the "
        "columns of the features that only it has.",
        examples=[{"all": {"orders": "num_orders"}, "web": {"orders": "web"}}],
    )
    source_lag_days: int = Field(
        ge=0,
        le=limits.MOST_DAYS,
        description="The longest that the source takes, after a month has ended, to publish it. A month that was "
        "first published here later than that is history, and taken to have been available then.",
        examples=[105],
    )
    timezone: TimeZone = Field(
        "UTC", description="The time zone of the table's wall clock.", examples=["America/New_York"]
    )
    online: bool = Field(
        False,
        description="Keep the newest record of each identifier in an online store of SageMaker, to be read within "
        "milliseconds.",
        examples=[True],
    )
    offline: bool = Field(
        False,
        description="Append every record to an offline store of SageMaker: an Iceberg table of the service's own.",
        examples=[True],
    )
    ttl_days: int | None = Field(
        None,
        ge=1,
        le=limits.MOST_DAYS,
        description="How long after its event time the online store keeps a record; for ever without it.",
        examples=[400],
    )

    def columns_of(self, feature: str) -> dict[str, tuple[str, ...]]:
        """The table's columns that a feature is read from → where that is written in the group. None for what is no
        column: the event time, and the record identifier where each record names its own.
        """
        if feature == self.event_time or (self.records and feature == self.record_identifier):
            return {}
        found: dict[str, tuple[str, ...]] = {
            of[feature]: ("records", record, feature) for record, of in self.records.items() if feature in of
        }
        written = self.features[feature].column
        own = ("features", feature, *(("column",) if written else ()))
        return found or {written or feature: own}

    @property
    def managed(self) -> bool:
        """Whether it is a feature group of SageMaker, beside a view of its table."""
        return self.online or self.offline

    @property
    def stored(self) -> dict[str, FeatureType]:
        """The features of the managed group with their types, in order: each record says when it was available."""
        own = {name: feature.type for name, feature in self.features.items()}
        return {**own, **dict.fromkeys(AVAILABILITY, STRING)}


class Labels(Model):
    """What is to be predicted, and when."""

    group: GroupName = Field(description="The feature group that has it.", examples=["orders"])
    feature: FeatureName = Field(description="The feature that is to be predicted.", examples=["orders"])
    records: Annotated[tuple[RecordName, ...], AfterValidator(limits.distinct)] = Field(
        (), description="Of these record identifiers only.", examples=[["all"]]
    )
    horizon_minutes: int = Field(
        ge=0,
        le=limits.MINUTES_OF_A_YEAR,
        description="How long before its event time the prediction is made. Nothing later is joined to it.",
        examples=[15],
    )
    known: Annotated[tuple[FeatureName, ...], AfterValidator(limits.distinct)] = Field(
        (), description="Features of the label's own row that are known beforehand.", examples=[["dow"]]
    )
    since: Day | None = Field(
        None, description="Predictions made from this day on only.", examples=["2019-01-01"]
    )
    until: Day | None = Field(
        None, description="Predictions made before this day only.", examples=["2021-11-01"]
    )


class Joined(Model):
    """A feature as it was known when the prediction is made."""

    group: GroupName = Field(description="The feature group that has it.", examples=["orders"])
    feature: FeatureName = Field(description="The feature.", examples=["orders"])
    record: RecordName | None = Field(
        None, description="Of this record identifier; without it, of the label's own.", examples=["all"]
    )
    before_minutes: int = Field(
        0,
        ge=0,
        le=10 * limits.MINUTES_OF_A_YEAR,
        description="As it was that long before; 524160 is 52 weeks. Known it must be by the time of the prediction.",
        examples=[524160],
    )


class Split(Model):
    """Which predictions a model is fitted to, chosen with and judged by, by their time alone."""

    validation: Day = Field(
        description="From this day on they are for validation; before, for training.", examples=["2021-07-01"]
    )
    test: Day = Field(description="From this day on they are for the test.", examples=["2021-09-01"])


class TrainingSet(Model):
    """A training set that `training-set create` freezes: labels, and features as they were known at their time."""

    description: str = Field(description="What it is for.", examples=["orders of the next day"])
    labels: Labels = Field(description="What is to be predicted.")
    features: dict[FeatureName, Joined] = Field(
        {}, description="What it is predicted from, by name of column."
    )
    split: Split = Field(description="The parts, by time.")
