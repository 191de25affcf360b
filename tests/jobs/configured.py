"""The data sets and tables of the project as configured, and with what a test has of its own."""

from dataclasses import replace
from functools import cache

import ride_counts
from paths import ROOT

from data_pipeline.etl.documents.datasets import Definitions


@cache
def _as_configured() -> Definitions:
    return ride_counts.definitions()


def definitions(*arguments: str) -> Definitions:
    """The project's data sets and tables, but for what ``arguments`` say: ``--outside-month``,
    ``--month-tolerance-days``, ``--quarantine-limit``, ``--fill-windows`` and ``--rule-NAME``, each with its value.
    """
    found = _as_configured()
    trips, rides = found.datasets["trip_counts"], found.tables["ride_counts"]
    for option, value in zip(arguments[::2], arguments[1::2], strict=True):
        name = option.removeprefix("--")
        if name == "quarantine-limit":
            trips = replace(trips, quarantine_limit=int(value))
        elif name == "fill-windows":
            if value == "zero":
                sql = (ROOT / "jobs" / "ride_counts_filled.sql").read_text()
                rides = replace(rides, sql=sql, follows={})
        elif name.startswith("rule-"):
            trips = replace(trips, rules={**trips.rules, name.removeprefix("rule-"): value})
        else:
            trips = replace(trips, options={**trips.options, name: value})
    return Definitions({**found.datasets, "trip_counts": trips}, {"ride_counts": rides})
