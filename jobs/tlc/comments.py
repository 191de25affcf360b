"""What the published tables and their columns say of themselves in the Glue catalog."""

from __future__ import annotations

from collections.abc import Mapping

from pyiceberg.schema import Schema
from pyiceberg.table import Table

from tlc.sources import DATASETS

TABLES: Mapping[str, str] = {
    "trip_counts": "Trips by data set, source file and window of 15 minutes",
    "ride_counts": "Rides by window of 15 minutes, all data sets together and each; a window without a ride has no row "
    "unless the pipeline fills it",
}
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "trip_counts": {
        "dataset": f"{', '.join(DATASETS[:-1])} or {DATASETS[-1]}",
        "source": "path of the source file below the input",
        "etag": "ETag of the version of the source file that was counted",
        "month": "month that the source file is of, as YYYY-MM",
        "window_start": "start of the window, on New York's wall clock",
        "trips": "trips of the file that began in the window",
    },
    "ride_counts": {
        "timestamp": "start of the window, on New York's wall clock",
        "num_rides": "rides that began in the window, of all data sets",
        "minutes": "minutes from midnight to the start of the window",
        "dow": "day of the week, 1 on Sunday to 7 on Saturday",
        "month": "month of the year, 1 to 12",
        "doy": "day of the year, 1 on 1 January",
        **{dataset: f"rides of {dataset} that began in the window" for dataset in DATASETS},
    },
}


def properties(name: str) -> dict[str, str]:
    """The table's properties by which Glue (``Description``) and Iceberg's engines (``comment``) know what it is."""
    return {"Description": TABLES[name], "comment": TABLES[name]}


def commented(schema: Schema, name: str) -> Schema:
    """``schema`` with a comment on each column of the table ``name``."""
    texts = COLUMNS[name]
    return Schema(*(field.model_copy(update={"doc": texts[field.name]}) for field in schema.fields))


def upgrade(table: Table, name: str) -> bool:
    """Give a table that an earlier version has made its comments; whether it lacked any. The data stay as they are.

    Raises CommitFailedException if the table has changed since it was loaded.
    """
    columns = {field.name: field.doc for field in table.schema().fields}
    lacking = {c: text for c, text in COLUMNS[name].items() if c in columns and columns[c] != text}
    wrong = {key: text for key, text in properties(name).items() if table.properties.get(key) != text}
    if not lacking and not wrong:
        return False
    with table.transaction() as transaction:
        if wrong:
            transaction.set_properties(wrong)
        if lacking:
            with transaction.update_schema() as update:
                for column, text in lacking.items():
                    update.update_column(column, doc=text)
    return True
