"""The configuration's models of what the published tables offer to models: feature groups and training sets.

Limits of names: the service model of SageMaker (``FeatureName``, ``FeatureGroupName``). What concerns several
fields at once is in ``feature_rules``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from data_pipeline.core.facts import dataset_limits, limits
from data_pipeline.core.problems import RefusedError
from data_pipeline.etl.documents.feature_records import AVAILABILITY

from .sizes import Expected, Model

FeatureType = Literal["string", "integral", "fractional"]

STRING: FeatureType = "string"

#: type of a feature → the types of Iceberg that a column of it may have.
COLUMN_TYPES = {
    "integral": ("int", "long"),
    "fractional": ("float", "double", "decimal", "int", "long"),
    "string": ("string", "boolean", "date", "timestamp", "timestamptz"),
}

#: what is of the stores alone: a training set is the same with them and without.
STORES = frozenset({"online", "offline", "ttl_days"})


def _with_unit(value: Any) -> Any:
    """A number alone is no time."""
    if isinstance(value, int) and not isinstance(value, bool):
        raise RefusedError("a time with its unit, as in '3 days'", f"write '{value} days'")
    return value


FeatureName = Annotated[str, AfterValidator(limits.feature_name)]
GroupName = Annotated[str, AfterValidator(limits.step_name)]
ColumnName = Annotated[str, AfterValidator(limits.table_name)]
AnyColumnName = Annotated[str, AfterValidator(dataset_limits.published_column)]
Lag = Annotated[
    str,
    BeforeValidator(_with_unit),
    WithJsonSchema({"type": "string"}),
    AfterValidator(dataset_limits.lag),
    Expected("a time, as in '3 days'"),
]
Period = Literal["hour", "day", "month", "year"]
TableName = Annotated[str, AfterValidator(limits.table_name)]
RecordName = Annotated[str, AfterValidator(limits.record_name)]
Day = Annotated[str, AfterValidator(limits.day), Expected('a day in quotes, as in "2021-07-01"')]
TimeZone = Annotated[str, AfterValidator(limits.timezone), Expected("a name of the IANA time zone database")]


class Feature(Model):
    """One feature: a column of the table."""

    type: FeatureType | None = Field(
        None, description="What its values are; without it, what the column's are.", examples=["integral"]
    )
    description: str = Field("", description="What it says, in a sentence.", examples=["orders of the day"])
    column: AnyColumnName | None = Field(
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
    """Features of a table by record identifier and event time."""

    description: str = Field(description="What the group is about.", examples=["orders by customer"])
    owner: str = Field(description="Who answers for it.", examples=["data-team"])
    table: TableName = Field(
        description="The published table that the features are read from.", examples=["customers"]
    )
    window: Window | None = Field(
        None,
        description="What time a row is about, where its end is the event time. Without it, the event time is a "
        "column as it is.",
    )
    record_identifier: FeatureName = Field(
        description="What records are about: a column, whose values tell records of one time apart. It is a feature, "
        "also where `features` does not name it.",
        examples=["customer_id"],
    )
    event_time: FeatureName = Field(
        description="What holds the event time: a column with a day or a time, or a name for the window's end. It is "
        "a feature, too.",
        examples=["day"],
    )
    features: dict[FeatureName, Feature] = Field(
        min_length=1, description="The features by name; `{}` for a column of that name."
    )
    records: dict[RecordName, dict[FeatureName, ColumnName]] = Field(
        {},
        description="Where a row of the table holds several records: the record identifier of each, and the "
        "columns of the features that only it has. A single one, with `{}`, gives all rows one identifier.",
        examples=[{"all": {"orders": "num_orders"}, "web": {"orders": "web"}}],
    )
    lag: Lag | None = Field(
        None,
        description="The longest that the source takes, after the end of a record's period, to deliver it. A record "
        "that became available later is history that was loaded afterwards: it is taken to have been available then.",
        examples=["3 days"],
    )
    available_at: AnyColumnName | None = Field(
        None,
        description="The table's column that says since when a row could be known. Without it, `_available_at`, which "
        "data sets have, or `available_at`, if the table has one of them.",
        examples=["known_since"],
    )
    valid_to: AnyColumnName | None = Field(
        None,
        description="The table's column that says until when a record holds, that time excluded; null: it still does, "
        "as in the history of a data set with a key. From then on nothing is known. Without it, a record holds until "
        "the next one.",
        examples=["valid_to"],
    )
    period: Period | None = Field(
        None,
        description="The period of a record, after which `lag` counts. Without it, the longest of the data sets that "
        "the table is made of; where they have none, `lag` counts from the event time.",
        examples=["day"],
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

    @model_validator(mode="before")
    @classmethod
    def _lag_in_days(cls, given: Any) -> Any:
        """What a lag was called before."""
        if isinstance(given, dict) and "source_lag_days" in given:
            advice = f"write 'lag: {given['source_lag_days']} days'"
            raise RefusedError("the key 'lag'", advice, "the key 'source_lag_days'")
        return given

    @property
    def every_feature(self) -> dict[str, Feature]:
        """The features with record identifier and event time, which need not be written."""
        keys = (self.record_identifier, self.event_time)
        return {**{key: Feature() for key in keys if key not in self.features}, **self.features}

    @property
    def lag_minutes(self) -> int | None:
        return None if self.lag is None else dataset_limits.lag_minutes(self.lag)

    def columns_of(self, feature: str) -> dict[str, tuple[str, ...]]:
        """The table's columns that a feature is read from → where that is written in the group. None for what is no
        column: the event time, and the record identifier where each record names its own.
        """
        if feature == self.event_time or (self.records and feature == self.record_identifier):
            return {}
        found: dict[str, tuple[str, ...]] = {
            of[feature]: ("records", record, feature) for record, of in self.records.items() if feature in of
        }
        written = self.every_feature[feature].column
        own = ("features", feature) if feature in self.features else ("record_identifier",)
        return found or {written or feature: (*own, *(("column",) if written else ()))}

    @property
    def managed(self) -> bool:
        """Whether it is a feature group of SageMaker, beside a view of its table."""
        return self.online or self.offline

    @property
    def stored(self) -> dict[str, FeatureType]:
        """The features of the managed group with their types, in order: each record says when it was available. Types
        that are not written are those of ``with_types``.
        """
        own = {name: feature.type or STRING for name, feature in self.every_feature.items()}
        return {**own, **dict.fromkeys(AVAILABILITY, STRING)}

    def with_types(self, columns: Mapping[str, str]) -> FeatureGroup:
        """The same with the type of each feature, from the table's ``columns`` (name → type)."""
        found = {}
        for name, feature in self.every_feature.items():
            kind = next((columns[column] for column in self.columns_of(name) if column in columns), "string")
            found[name] = feature if feature.type else feature.model_copy(update={"type": stored_type(kind)})
        return self.model_copy(update={"features": found})


def stored_type(column: str) -> FeatureType:
    """The type of a feature that is read from a column of this type: what is no number is stored as its text."""
    kind = column.partition("(")[0]
    return next((of for of in ("integral", "fractional") if kind in COLUMN_TYPES[of]), STRING)


class Labels(Model):
    """What is to be predicted, and when: a feature of a group, or a column of any table with identifier and time."""

    group: GroupName | None = Field(
        None, description="The feature group that has it; or else `table`.", examples=["orders"]
    )
    table: TableName | None = Field(
        None, description="The published table that has it; or else `group`.", examples=["orders"]
    )
    identifier: AnyColumnName | None = Field(
        None, description="With `table`: the column with the record identifier.", examples=["customer_id"]
    )
    time: AnyColumnName | None = Field(
        None,
        description="With `table`: the column with the day or time of the label.",
        examples=["ordered_at"],
    )
    feature: AnyColumnName = Field(
        description="The feature, or with `table` the column, that is to be predicted.", examples=["orders"]
    )
    records: Annotated[tuple[RecordName, ...], AfterValidator(limits.distinct)] = Field(
        (), description="Of these record identifiers only.", examples=[["all"]]
    )
    horizon_minutes: int = Field(
        0,
        ge=0,
        le=limits.MINUTES_OF_A_YEAR,
        description="How long before its event time the prediction is made. Nothing later is joined to it.",
        examples=[15],
    )
    known: Annotated[tuple[AnyColumnName, ...], AfterValidator(limits.distinct)] = Field(
        (), description="Features of the label's own row that are known beforehand.", examples=[["dow"]]
    )
    since: Day | None = Field(
        None, description="Predictions made from this day on only.", examples=["2019-01-01"]
    )
    until: Day | None = Field(
        None, description="Predictions made before this day only.", examples=["2021-11-01"]
    )

    @model_validator(mode="after")
    def _of_one(self) -> Labels:
        """A group has identifier and time; a table is told which columns they are."""
        if (self.group is None) == (self.table is None):
            said = "neither 'group' nor 'table'" if self.group is None else "'group' and 'table'"
            raise RefusedError(
                "one of the two", "a group has identifier and time; of a table, name them", said
            )
        own = [key for key in ("identifier", "time") if getattr(self, key) is not None]
        if self.group is not None and own:
            raise RefusedError("no such key beside 'group'", "the group says it", f"{own[0]!r}")
        if self.table is not None and len(own) < 2:
            raise RefusedError("'identifier' and 'time' beside 'table'", "name its columns", "a table alone")
        return self


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
    as_corrected: bool = Field(
        False,
        description="Features may come from a table that has of each key only the newest version: the model then "
        "learns from what became known after the prediction.",
    )
