"""Writes ``core/service_limits.py``: the closed sets of AWS that the configuration is checked against.

``python -m data_pipeline.aws.service_limits`` takes them from the installed botocore and from the time zones
of this machine; ``core`` keeps them as data, because it imports no botocore and must give the same answer
everywhere, on a machine without a time zone database too.
"""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import botocore
import botocore.session

TARGET = Path(__file__).resolve().parents[1] / "core" / "service_limits.py"

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


if __name__ == "__main__":
    TARGET.write_text(render(), encoding="utf-8")
