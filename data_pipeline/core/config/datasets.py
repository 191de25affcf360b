"""The configuration's models of data sets: which files, how they are written, which columns, what becomes of them.

What concerns several fields at once is in ``loading.dataset_rules``; what they become is ``definitions``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    GetJsonSchemaHandler,
    WithJsonSchema,
    field_validator,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema

from data_pipeline.core.facts import dataset_limits, limits
from data_pipeline.core.problems import RefusedError, quoted
from data_pipeline.etl.documents.types import Type

from . import column_types
from .sizes import Expected, Model

_EITHER = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}


def _listed(value: Any) -> Any:
    """A single text is a list of one."""
    return (value,) if isinstance(value, str) else value


def _text(value: Any) -> Any:
    """A whole number as its digits, true and false as these words."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def _limit(value: Any) -> Any:
    """The words fail, warn or off stand for themselves; a number alone is no rule."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise RefusedError("'fail LIMIT', 'warn LIMIT' or 'off'", f"write 'fail {value}' or 'warn {value}'")
    return value


def _type(value: Any) -> Any:
    column_types.read(value)
    return value


def _or_a_file(schema: dict[str, Any]) -> None:
    """An editor takes the name of a file, too, in whose place the columns of that file are read."""
    keys = ("type", "additionalProperties", "propertyNames", "minProperties")
    schema["anyOf"] = [{"type": "string"}, {key: schema.pop(key) for key in keys if key in schema}]


DatasetName = Annotated[str, AfterValidator(dataset_limits.dataset_name)]
ColumnName = Annotated[str, AfterValidator(dataset_limits.column_name)]
FilePattern = Annotated[str, AfterValidator(dataset_limits.file_pattern)]
FilePatterns = Annotated[tuple[FilePattern, ...], BeforeValidator(_listed), WithJsonSchema(_EITHER)]
Partition = Annotated[str, AfterValidator(dataset_limits.partition)]
Partitions = Annotated[tuple[Partition, ...], BeforeValidator(_listed), WithJsonSchema(_EITHER)]
FileNames = Annotated[tuple[str, ...], BeforeValidator(_listed), WithJsonSchema(_EITHER)]
SqlFile = Annotated[str, AfterValidator(dataset_limits.sql_file), Expected("the name of a file in jobs/")]
ColumnNames = Annotated[
    tuple[ColumnName, ...], BeforeValidator(_listed), AfterValidator(limits.distinct), WithJsonSchema(_EITHER)
]
Check = Annotated[str, AfterValidator(dataset_limits.check), Expected("an expression in SQL")]
Reason = Annotated[str, AfterValidator(dataset_limits.reason)]
RuleText = Annotated[
    str,
    BeforeValidator(_limit),
    AfterValidator(dataset_limits.of_rule),
    Expected("'fail LIMIT', 'warn LIMIT' or 'off'"),
]
Text = Annotated[str, BeforeValidator(_text), WithJsonSchema({"type": ["string", "integer", "boolean"]})]
OptionName = Annotated[str, AfterValidator(dataset_limits.option_name)]
Export = Annotated[str, AfterValidator(dataset_limits.export)]
ColumnType = Annotated[
    Any,
    AfterValidator(_type),
    WithJsonSchema({"type": ["string", "array", "object"]}),
    Expected("a type, as in 'string'"),
]


class Column(Model):
    """One column: a text with its type (`decimal(12,2)`, `string?`, `timestamptz ts`), a list (`[string]`), a struct
    (`{struct: {city: string, zip: "string?"}}`), or a map with the keys below.

    Behind the type may stand the name that the files have for it. `?` says that it may be null: an empty field of a
    CSV file, JSON's `null`, a missing key. A row with null in any other column is refused. A struct or list that may
    be null is `{"struct?": …}` or `{"list?": …}`. Inside `{ }` and `[ ]`, YAML wants quotes around a text with `?` or
    a comma.
    """

    type: ColumnType = Field(
        description="`boolean`, `int`, `long`, `float`, `double`, `decimal(DIGITS,SCALE)`, `date`, `timestamp` (no "
        "zone), `timestamptz`, `string`, with `?` where it may be null; or a list or struct, as above.",
        examples=["decimal(12,2)"],
    )
    from_: FileNames = Field(
        (),
        alias="from",
        description="What the files call it, where that is not the column's own name: one name, or several of which "
        "each file has one.",
        examples=[["ts", "order time"]],
    )
    default: Text | None = Field(
        None,
        description="What stands for null or for a column that a file lacks, written as in a CSV file.",
        examples=["0"],
    )
    comment: str = Field("", description="What it says, for the catalog.", examples=["before tax, in euros"])
    pii: Literal["drop", "hash"] | None = Field(
        None,
        description="Personal data. `drop`: it is read and checked, and not published. `hash`: the SHA-256 of its "
        "text is published. The data set then keeps no raw text of refused rows.",
        examples=["hash"],
    )
    was: ColumnName | None = Field(
        None, description="Its name in the table so far: the column is renamed.", examples=["total"]
    )

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, given: Any) -> Any:
        """A text, a list or a struct is a column's type; its faults are those of the column."""
        if isinstance(given, dict) and {"map", "map?"} & set(given):
            raise RefusedError("a type that is read", "a map is not; leave the column out", "a map")
        if isinstance(given, dict) and not set(given) <= {"struct", "list", "struct?", "list?"}:
            return given
        if isinstance(given, dict) and not given:
            raise RefusedError("a type, or a map with 'type'", found="an empty map")
        column_types.read(given)
        return {"type": given}

    @model_validator(mode="after")
    def _one_name(self) -> Column:
        """The type is read once, here, for its faults; a name stands behind it or under ``from``."""
        if self.written.named and self.from_:
            raise RefusedError(
                "one of the two", "write all names under 'from'", "a name behind the type, and 'from'"
            )
        return self

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        long = dict(handler.resolve_ref_schema(handler(core)))
        about = long.pop("description")
        struct = {
            "type": "object",
            "properties": {form: {} for form in ("struct", "struct?", "list", "list?")},
        }
        short = [{"type": "string"}, {"type": "array"}, {**struct, "additionalProperties": False}]
        return {"description": about, "anyOf": [*short, long]}

    @property
    def written(self) -> column_types.Written:
        return column_types.read(self.type)

    @property
    def kind(self) -> Type:
        return self.written.type

    @property
    def nullable(self) -> bool:
        return self.written.nullable

    @property
    def named(self) -> tuple[str, ...]:
        """What a file calls it, the usual name first; empty where that is the column's own name."""
        return self.from_ or ((self.written.named,) if self.written.named else ())


class Series(Model):
    """Rows at regular times, for the rules about missing windows and drift."""

    time: ColumnName = Field(description="The column with the time of a row.", examples=["ordered_at"])
    step: Annotated[str, AfterValidator(dataset_limits.window)] = Field(
        description="How long a window is: what divides a day.", examples=["15 minutes"]
    )
    by: Annotated[tuple[ColumnName, ...], AfterValidator(limits.distinct)] = Field(
        (), description="The columns that tell series apart.", examples=[["country"]]
    )
    period: Literal["hour", "day", "month", "year"] = Field(
        "month", description="What is compared with those before it."
    )
    weight: ColumnName | None = Field(
        None, description="The column that counts; without it, each row counts one.", examples=["orders"]
    )
    values: Annotated[tuple[ColumnName, ...], AfterValidator(limits.distinct)] = Field(
        (), description="Columns whose distribution is compared.", examples=[["weekday"]]
    )


class Transform(Model):
    """A function of the project's own that makes the rows of the table of a unit's accepted rows, in place of `sql`."""

    function: Annotated[str, AfterValidator(dataset_limits.reader)] = Field(
        description="A module in `jobs/` and a function in it.", examples=["shop.orders:lines"]
    )
    columns: dict[ColumnName, ColumnType] = Field(
        min_length=1,
        description="The columns that it makes, by name, and their types; with `?` where they may be null.",
        examples=[{"order_id": "string", "price": "decimal(12,2)?"}],
    )

    @field_validator("columns")
    @classmethod
    def _types_alone(cls, given: dict[str, Any]) -> dict[str, Any]:
        for name, text in given.items():
            if named := column_types.read(text).named:
                raise RefusedError(
                    "a type alone", "the function names its columns", f"{quoted(named)} of {name}"
                )
        return given


class Dataset(Model):
    """What a file pattern's files mean: each data set becomes a table of its name."""

    files: FilePatterns = Field(
        min_length=1,
        description="The paths of its files below the input, as a pattern or a list of them. `{year}`, `{month}`, "
        "`{day}` and `{hour}` are the period. Any other name in braces is a part: it becomes a column and tells series "
        "apart; `{kind:new|old}` lists its values. `{month}` reads 4 and 04, `{month:02}` 04 alone. `*` stands for any "
        "characters within a folder's name, `?` for one. A pattern speaks of the whole path: `*.csv` is not in a "
        "folder. Put quotes around a pattern that begins with a brace or a star.",
        examples=["orders/{year}/{month}/{day}/part-*.json.gz"],
    )
    replaces: Literal["file", "period", "all"] = Field(
        "file",
        description="What a new issue takes the place of. `file`: the rows of the same file. `period`: all files of "
        "one period (and of one value of each other part) are one issue. `all`: the newest period is the table; "
        "with a `key`, all periods stay among the versions.",
    )
    complete: Annotated[str, AfterValidator(dataset_limits.marker)] | None = Field(
        None,
        description="The name of a file that says that its folder, which is a period, is complete; until it is there "
        "the period waits.",
        examples=["_SUCCESS"],
    )
    format: Literal["csv", "json", "parquet"] | None = Field(
        None,
        description="How the files are written: `csv`, `json` (an object a line) or `parquet`. Without it, the "
        "pattern's ending says so: .csv, .tsv, .json, .jsonl, .ndjson or .parquet, before .gz, .zst or .bz2.",
    )
    delimiter: Annotated[str, AfterValidator(dataset_limits.one_character)] | None = Field(
        None, description="CSV: what separates fields; `,` without it, in a .tsv file a tab.", examples=[";"]
    )
    quote: Annotated[str, AfterValidator(dataset_limits.quote_character)] | None = Field(
        None, description='CSV: what quotes a field; `"` without it, `""` for nothing.', examples=["'"]
    )
    header: bool = Field(
        True,
        description="CSV: whether the first line names the columns. Without, they stand in the order here.",
    )
    nulls: Annotated[tuple[Text, ...], BeforeValidator(_listed), WithJsonSchema(_EITHER)] | None = Field(
        None,
        description="CSV: the texts that say null; without it, an empty field alone.",
        examples=[["", "NA", "null"]],
    )
    encoding: Annotated[str, AfterValidator(dataset_limits.encoding)] | None = Field(
        None, description="CSV and JSON: the files' encoding; `utf-8` without it.", examples=["iso-8859-1"]
    )
    decimal: Literal[".", ","] | None = Field(
        None, description="CSV: what stands between whole and fraction of a number; `.` without it."
    )
    date_format: Annotated[str, AfterValidator(dataset_limits.date_format)] | None = Field(
        None, description="How a date is written, as in strftime; ISO 8601 without it.", examples=["%d.%m.%Y"]
    )
    timestamp_format: Annotated[str, AfterValidator(dataset_limits.time_format)] | None = Field(
        None,
        description="How a timestamp is written, as in strftime; ISO 8601 without it.",
        examples=["%d.%m.%Y %H:%M"],
    )
    timezone: (
        Annotated[str, AfterValidator(limits.timezone), Expected("a name of the IANA database")] | None
    ) = Field(
        None,
        description="The zone of a `timestamptz` that is written without an offset, and in which a text with an offset "
        "becomes a `timestamp`.",
        examples=["Europe/Berlin"],
    )
    columns: dict[ColumnName, Column] = Field(
        min_length=1,
        json_schema_extra=_or_a_file,
        description="The columns by name, in order; or the name of a file in a folder of `config/` that holds them, as "
        "in `columns/orders.yaml`. What a file has besides is ignored and named in the report.",
        examples=[{"order_id": "string", "ordered_at": "timestamptz ts", "amount": "decimal(12,2)"}],
    )
    checks: dict[Reason, Check] = Field(
        {},
        description="Conditions on a row, in DuckDB's SQL. A row for which one is false is refused with its name as "
        "the reason; null passes, as in SQL.",
        examples=[{"negative-amount": "amount >= 0"}],
    )
    sql: SqlFile | None = Field(
        None,
        description="A file in `jobs/` with one SELECT over the accepted rows of a unit (a file, a period, or all), "
        "which are called as the data set is; its result is published. It gives the same result for the same rows: no "
        "clock, no chance, no order that is not asked for.",
        examples=["orders.sql"],
    )
    transform: Transform | None = Field(
        None, description="In place of `sql`: a function of the project's own, where SQL cannot say it."
    )
    key: ColumnNames = Field(
        (),
        description="The columns that tell things apart, such as an order's number: one or a list. The table of the "
        "data set's name then has one row for each key, the newest; `<name>_versions` has all accepted rows. A row "
        "without a key is refused as `null-key`.",
        examples=["order_id"],
    )
    latest: ColumnNames = Field(
        (),
        description="With a `key`: which of its rows is the newest, by one column or a list; of equal ones, and "
        "without it, by period, file and row. A row with null there is refused as `null-latest`.",
        examples=["updated_at"],
    )
    deleted: Check | None = Field(
        None,
        description="With a `key`: a condition on a row, in DuckDB's SQL, that says that its key is deleted. While "
        "such a row is the newest of its key, the key is not in the table.",
        examples=["status = 'deleted'"],
    )
    history: bool = Field(
        False,
        description="With a `key`: `<name>_history` tells from when to when each version held, in `valid_from` and "
        "`valid_to`: by the first column of `latest`, or without it by the begin of the file's period.",
    )
    partition: Partitions = Field(
        (),
        description="How the table is partitioned: `year`, `month`, `day` or `hour` of a column, `bucket(16, x)`, "
        "`truncate(4, x)`, or a column; one of them or a list. With a `key`, without it: by the month of a row's file.",
        examples=["day(ordered_at)"],
    )
    rules: dict[str, RuleText] = Field(
        {},
        description="Quality rules: `fail LIMIT`, `warn LIMIT` or `off` for each.",
        examples=[{"quarantined-share": "fail 0.05", "unreadable-files": "fail 0"}],
    )
    read: Annotated[str, AfterValidator(dataset_limits.reader)] | None = Field(
        None,
        description="A reader of the project's own: a module in `jobs/` and the function in it that yields rows, or a "
        "class.",
        examples=["shop.reader:rows"],
    )
    options: dict[OptionName, Text] = Field(
        {},
        description="What that reader and a `transform` are given.",
        examples=[{"outside-month": "quarantine"}],
    )
    reissues: Literal["versions", "corrections"] = Field(
        "versions",
        description="When a row of a file that was issued again was available: `versions`, since that issue came; "
        "`corrections`, since the first one did.",
    )
    series: Series | None = Field(None, description="Rows at regular times, for rules about them.")
    comment: str = Field(
        "", description="What it is, for the catalog.", examples=["all orders, as they come in"]
    )
    comments: dict[ColumnName, str] = Field(
        {},
        description="With `sql` or `transform`: what the columns of its result say, for the catalog.",
        examples=[{"total": "of the day, in euros"}],
    )
    export: Export | None = Field(
        None,
        description="Write the table out whole, too, as one Parquet file of this name.",
        examples=["orders.parquet"],
    )
    quarantine_limit: int = Field(
        100_000,
        ge=0,
        le=100_000_000,
        description="Refused rows of one file that are kept to look at; the rest are only counted.",
        examples=[1000],
    )
