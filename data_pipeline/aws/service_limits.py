"""Writes ``core/service_limits.py``, the closed sets of AWS that the configuration is checked against, and
``core/skipped_times.json``, the times that zones leave out when they change to summer time.

``python -m data_pipeline.aws.service_limits`` takes them from the installed botocore and from the time zones
of this machine; ``core`` keeps them as data, because it imports no botocore and must give the same answer
everywhere, on a machine without a time zone database too.
"""

from __future__ import annotations

import json
import re
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import botocore
import botocore.session

from data_pipeline.core.facts.service_limits import TIME_ZONES

TARGET = Path(__file__).resolve().parents[1] / "core" / "facts" / "service_limits.py"
SKIPPED = TARGET.with_name("skipped_times.json")

#: the years whose changes are kept; the last is not.
YEARS = (2026, 2041)

#: a region is usable when it offers all of them.
SERVICES = ("sagemaker", "glue", "stepfunctions", "scheduler", "s3")

_HEAD = '''"""Closed sets of AWS, kept as data; written by ``python -m data_pipeline.aws.service_limits``."""

#: where the sets come from.
SOURCE = "botocore {version}"
'''


def render() -> str:
    """The text of ``core/service_limits.py``."""
    session = botocore.session.Session()
    sagemaker: Any = session.get_service_model("sagemaker")
    logs: Any = session.get_service_model("logs")
    instance_types = sagemaker.shape_for("ProcessingInstanceType").enum
    zones = {z for z in zoneinfo.available_timezones() if z not in ("Factory", "localtime")}
    parts = [
        _HEAD.format(version=botocore.__version__),
        _set("REGIONS", "regions that offer " + ", ".join(SERVICES), _regions(session)),
        _set("INSTANCE_TYPES", "SageMaker's ProcessingInstanceType", instance_types),
        _set("RETENTION_DAYS", "CloudWatch Logs' retentionInDays", _retention_days(logs)),
        _set("TIME_ZONES", "names of the IANA time zone database", zones),
    ]
    return "\n".join(parts)


def _regions(session: Any) -> set[str]:
    found: set[str] = set()
    for partition in session.get_available_partitions():
        found |= set.intersection(*(set(session.get_available_regions(s, partition)) for s in SERVICES))
    return found


def _retention_days(logs: Any) -> list[int]:
    """Botocore has them in a sentence of the documentation only."""
    member = logs.operation_model("PutRetentionPolicy").input_shape.members["retentionInDays"]
    sentence = re.search(r"Possible values are: ([0-9, and]+)\.", member.documentation)
    if sentence is None:
        raise RuntimeError("botocore's documentation of retentionInDays lists no values any more")
    return [int(n) for n in re.findall(r"[0-9]+", sentence[1])]


def _set(name: str, comment: str, values: Iterable[str] | Iterable[int]) -> str:
    rows = "".join(f"    {value!r},\n".replace("'", '"') for value in sorted(values))
    return f"#: {comment}.\n{name} = (\n{rows})\n"


def render_skipped() -> str:
    """The text of ``core/skipped_times.json``: zones that leave out the same times stand together."""
    groups: dict[tuple[tuple[str, int], ...], list[str]] = defaultdict(list)
    for zone in sorted(TIME_ZONES):
        groups[tuple(skipped(zone))].append(zone)
    rows = [
        json.dumps({"zones": zones, "skipped": times}) for times, zones in sorted(groups.items()) if times
    ]
    listed = ",\n".join(f"  {row}" for row in rows)
    return f'{{"years": {json.dumps(YEARS)}, "groups": [\n{listed}\n]}}\n'


def skipped(zone: str) -> Iterator[tuple[str, int]]:
    """Each time on a zone's wall clock from which it leaves minutes out, with their number."""
    here = zoneinfo.ZoneInfo(zone)
    day, end = (datetime(year, 1, 1, tzinfo=UTC) for year in YEARS)
    while day < end:
        if (minutes := _ahead(here, day, day + timedelta(1))) > 0:
            change = _change(here, day)
            before = (change - timedelta(minutes=1)).astimezone(here).replace(tzinfo=None)
            yield (before + timedelta(minutes=1)).isoformat(timespec="minutes"), minutes
        day += timedelta(1)


def _ahead(here: zoneinfo.ZoneInfo, earlier: datetime, later: datetime) -> int:
    """Minutes by which the zone's clock is further from UTC at the later moment."""
    offsets = [moment.astimezone(here).utcoffset() or timedelta() for moment in (earlier, later)]
    return int((offsets[1] - offsets[0]) / timedelta(minutes=1))


def _change(here: zoneinfo.ZoneInfo, day: datetime) -> datetime:
    """The minute of a day (UTC) from which the zone's clock is changed."""
    before, after = 0, 1440
    while after - before > 1:
        middle = (before + after) // 2
        if _ahead(here, day, day + timedelta(minutes=middle)):
            after = middle
        else:
            before = middle
    return day + timedelta(minutes=after)


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
    SKIPPED.write_text(render_skipped(), encoding="utf-8")
