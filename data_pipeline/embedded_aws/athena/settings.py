"""What the workgroup of a query decides: where its result goes, and how much it may read.

https://docs.aws.amazon.com/athena/latest/ug/workgroups-settings-override.html
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ministack.services import athena

from data_pipeline.embedded_aws.answers import Response, answer
from data_pipeline.embedded_aws.dispatch import Refused

_PRIMARY = "primary"


@dataclass(frozen=True)
class Settings:
    """``location`` is a URI with a slash at its end; ``most_bytes`` None is no limit."""

    workgroup: str
    location: str
    most_bytes: int | None
    engine: dict[str, str]

    @property
    def bucket(self) -> str:
        """Of the results."""
        return self.location.split("/")[2]


async def get(data: Mapping[str, Any]) -> Response:
    """GetWorkGroup, with the settings that AWS shows where none were given."""
    workgroup = workgroup_of(data)
    name = workgroup["Name"]
    given = workgroup.get("Configuration") or {}
    defaults = {
        "EnforceWorkGroupConfiguration": name != _PRIMARY,
        "PublishCloudWatchMetricsEnabled": False,
        "RequesterPaysEnabled": False,
    }
    return answer(
        {"WorkGroup": {**workgroup, "Configuration": defaults | given | {"EngineVersion": _engine(given)}}}
    )


def workgroup_of(data: Mapping[str, Any]) -> dict[str, Any]:
    """The workgroup that a request names, the primary one if none. Refused if there is none of the name."""
    athena._ensure_default_workgroup()
    name = data.get("WorkGroup") or _PRIMARY
    workgroup: dict[str, Any] | None = athena._workgroups.get(name)
    if workgroup is None:
        raise Refused(f"WorkGroup {name} is not found.")
    return workgroup


def _engine(configuration: Mapping[str, Any]) -> dict[str, str]:
    chosen = configuration.get("EngineVersion") or {"SelectedEngineVersion": "AUTO"}
    return {**chosen, "EffectiveEngineVersion": "Athena engine version 3"}


def of_request(data: Mapping[str, Any]) -> Settings:
    """The settings of StartQueryExecution's request. Refused where it cannot be run."""
    workgroup = workgroup_of(data)
    name = workgroup["Name"]
    if workgroup.get("State") == "DISABLED":
        raise Refused(f"WorkGroup {name} is disabled.")
    configuration: Mapping[str, Any] = workgroup.get("Configuration") or {}
    own = data.get("ResultConfiguration") or {}
    if configuration.get("EnforceWorkGroupConfiguration", name != _PRIMARY):
        own = {}
    _check_emulated(own)
    location = own.get("OutputLocation") or configuration.get("ResultConfiguration", {}).get("OutputLocation")
    return Settings(
        name,
        _folder(location),
        configuration.get("BytesScannedCutoffPerQuery"),
        _engine(configuration),
    )


def _check_emulated(own: Mapping[str, Any]) -> None:
    encryption = own.get("EncryptionConfiguration", {}).get("EncryptionOption", "SSE_S3")
    if encryption != "SSE_S3":
        raise Refused(f"athena:StartQueryExecution with {encryption}", "NotImplementedException")
    if own.get("AclConfiguration"):
        raise Refused("athena:StartQueryExecution with AclConfiguration", "NotImplementedException")


def _folder(location: str | None) -> str:
    if not location:
        raise Refused(
            "No output location provided. An output location is required either through the Workgroup result "
            "configuration setting or as an API input."
        )
    scheme, _, rest = location.partition("://")
    if scheme != "s3" or not rest.partition("/")[0]:
        raise Refused(f"outputLocation is not a valid S3 path: {location}")
    return location if location.endswith("/") else f"{location}/"
