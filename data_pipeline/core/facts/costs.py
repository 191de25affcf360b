"""What days and options cost, for docs/reference/costs.md, from the prices of ``prices.yaml`` beside this module.

Prices are dated and each names where it was read. How long a job takes on AWS was never observed: the minutes stand
here as assumptions, and the page prints them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

TABLE = Path(__file__).with_name("prices.yaml")

#: the states that a run of the example passes through when nothing is new, and when it publishes.
QUIET = (
    "CheckInput",
    "LookForOthers",
    "CheckOthers",
    "BeginAt",
    "Prepare",
    "ReadDecision",
    "CheckDecision",
    "NothingNew",
)
BUSY = (*QUIET[:-1], "Load", "ReadVerdict", "CheckVerdict", "CheckWarnings", "Published")

HOURS_OF_MONTH = 730
#: minutes that are billed for a job: what it does, and what the service needs around it. Never observed.
PREPARE_MINUTES, COUNT_MINUTES, MAINTENANCE_MINUTES, CLUSTER_MINUTES = 2, 6, 6, 20
#: sizes that the example's configuration gives its jobs; the cluster's instances are an example.
SHELL_DPU, DISK_GB, CLUSTER_INSTANCES = 0.0625, 50, 10


@dataclass(frozen=True)
class Price:
    """US dollars for one of ``what``; ``seen`` is where the figure was read, nowhere if it is from memory."""

    id: str
    what: str
    usd: float
    page: str
    seen: str = ""
    date: str = ""


@dataclass(frozen=True)
class Charge:
    """So much of what has a price, for one purpose."""

    what: str
    amount: float
    price: str


Bill = Sequence[Charge]


def usd(bill: Iterable[Charge], prices: Mapping[str, Price] | None = None) -> float:
    """The dollars of a bill."""
    known = table() if prices is None else prices
    return sum(line.amount * known[line.price].usd for line in bill)


@cache
def table() -> dict[str, Price]:
    """The prices by id."""
    loaded = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    return {entry["id"]: Price(**entry) for entry in loaded}


def quiet_day() -> Bill:
    """The scheduled run finds nothing new and ends after its first step."""
    return [
        *_started(QUIET),
        *_shell(PREPARE_MINUTES),
        *_requests(puts=20, gets=50),
        Charge("logs", 0.001, "log-gb"),
    ]


def busy_day() -> Bill:
    """The scheduled run counts one new file on one instance and publishes."""
    return [
        *_started(BUSY),
        *_shell(PREPARE_MINUTES),
        *_processing(COUNT_MINUTES, 1),
        *_requests(puts=200, gets=500),
        Charge("logs", 0.005, "log-gb"),
    ]


def options() -> dict[str, Bill]:
    """What each option of the configuration adds in a month, and what is paid without any run."""
    return {
        "100 GB of data are kept": [Charge("data", 100, "storage-month")],
        "`maintenance`, once a week": [
            line for _ in range(4) for line in _processing(MAINTENANCE_MINUTES, 1)
        ],
        "`notify`: four alarms": [Charge("alarms", 4, "alarm-month")],
        "`kms: {customer_key: true}`, 100,000 requests": [
            Charge("key", 1, "key-month"),
            Charge("requests", 100_000, "key-request"),
        ],
        "`vpc` with a NAT gateway, 10 GB through it": [
            Charge("NAT gateway", HOURS_OF_MONTH, "nat-hour"),
            Charge("traffic", 10, "nat-gb"),
        ],
        "`vpc` with interface endpoints, each in one zone": [
            Charge("endpoint", HOURS_OF_MONTH, "endpoint-hour")
        ],
        "`steps: {prepare: {service: sagemaker}}`, 30 runs, beside Glue's share that it saves": [
            line for _ in range(30) for line in _processing(PREPARE_MINUTES, 1)
        ],
        f"`cluster`: one run on {CLUSTER_INSTANCES} instances": _processing(
            CLUSTER_MINUTES, CLUSTER_INSTANCES
        ),
        "`athena`: 1,000 queries of 100 MB": [Charge("read", 0.1, "athena-tb")],
        "`online: true`: a million records of 1 KB": [Charge("records", 1_000_000, "record-write")],
    }


def _started(states: Sequence[str]) -> Bill:
    return [
        Charge("start", 1, "schedule-start"),
        Charge("state transitions", len(states), "state-transition"),
    ]


def _shell(minutes: float) -> Bill:
    return [Charge(f"prepare, {minutes:g} minutes on Glue", SHELL_DPU * minutes / 60, "glue-dpu-hour")]


def _processing(minutes: float, instances: int) -> Bill:
    hours = minutes / 60 * instances
    return [
        Charge(f"job, {minutes:g} minutes on {instances} x ml.m5.xlarge", hours, "processing-hour"),
        Charge("its disk", DISK_GB * hours / HOURS_OF_MONTH, "processing-disk-month"),
    ]


def _requests(puts: int, gets: int) -> Bill:
    return [Charge(f"{puts} writes to S3", puts, "put"), Charge(f"{gets} reads", gets, "get")]


_HEAD = """\
# Costs

<!-- Written by `{command}` from data_pipeline/core/facts/prices.yaml; do not edit. -->

US dollars, on demand, in us-east-1, without AWS's free allowances and without tax. Nothing of this was billed to us:
the prices are AWS's as they were read (below, with date and source), and the minutes of the jobs are assumptions.
Before you rely on a figure, look at the page of its price.
"""

_MINUTES = f"""\
A job is taken to be billed for so many minutes: {PREPARE_MINUTES} where it prepares, {COUNT_MINUTES} where it counts
one new file, {MAINTENANCE_MINUTES} in the maintenance, {CLUSTER_MINUTES} on a cluster. `aws glue get-job-runs` and
`aws sagemaker describe-processing-job` show yours. A month is 30 such days; what is stored and the options below
come on top.
"""

_DATES = """\
The date is that of the source, or, where it has none, of the day on which its stored text was read.
"""


def page(command: str) -> str:
    """docs/reference/costs.md; ``command`` writes it."""
    days = (("A quiet day: nothing is new", quiet_day()), ("A busy day: one new file", busy_day()))
    parts = [_HEAD.format(command=command)]
    for title, bill in days:
        rows = "".join(f"| {line.what} | {_dollars(usd([line]))} |\n" for line in bill)
        parts.append(
            f"## {title}\n\n| | $ |\n| --- | ---: |\n{rows}| **together** | **{_dollars(usd(bill))}** |\n"
        )
    parts.append(_MINUTES)
    rows = "".join(f"| {name} | {_dollars(usd(bill))} |\n" for name, bill in options().items())
    parts.append(f"## What options cost in a month\n\n| option | $ |\n| --- | ---: |\n{rows}")
    rows = "".join(_row(price) for price in table().values())
    parts.append(
        f"## Prices\n\n{_DATES}\n| price of | $ | read at | date |\n| --- | ---: | --- | --- |\n{rows}"
    )
    return "\n".join(parts)


def _row(price: Price) -> str:
    seen = f"<{price.seen}>" if price.seen else "not confirmed: from memory"
    if price.seen != price.page:
        seen += f"; AWS's page: <{price.page}>"
    return f"| {price.what} | {_plain(price.usd)} | {seen} | {price.date or '-'} |\n"


def _dollars(value: float) -> str:
    """Two digits that say something, cents at least."""
    return f"{value:.2f}" if value >= 0.095 else f"{value:.2g}" if value >= 0.0001 else "under 0.0001"


def _plain(value: float) -> str:
    """Without an exponent."""
    return f"{value:.10f}".rstrip("0").rstrip(".")
