"""CloudFormation's drift detection: what it last found, and found anew."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from data_pipeline.core.deployment.drifts import StackDrift, resource
from data_pipeline.core.errors import UserError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation.client import CloudFormationClient

_SECONDS = 900.0


def last(client: CloudFormationClient, stack: str) -> StackDrift:
    """What the last detection has found; nothing of a stack that was never looked at."""
    found: Any = client.describe_stacks(StackName=stack)["Stacks"][0].get("DriftInformation", {})
    checked = found.get("LastCheckTimestamp")
    if checked is None or found.get("StackDriftStatus") == "NOT_CHECKED":
        return StackDrift(stack)
    request: dict[str, Any] = {
        "StackName": stack,
        "StackResourceDriftStatusFilters": ["MODIFIED", "DELETED"],
    }
    resources = []
    while True:
        page: Any = client.describe_stack_resource_drifts(**request)
        resources += [resource(each) for each in page["StackResourceDrifts"]]
        if not page.get("NextToken"):
            return StackDrift(stack, checked, tuple(sorted(resources, key=lambda each: each.logical_id)))
        request["NextToken"] = page["NextToken"]


def detect(
    client: CloudFormationClient, stack: str, pace: float, sleep: Callable[[float], None] = time.sleep
) -> None:
    """Look at every resource anew; minutes for a large stack. UserError where some could not be looked at."""
    detection = client.detect_stack_drift(StackName=stack)["StackDriftDetectionId"]
    deadline = time.monotonic() + _SECONDS
    while True:
        found: Any = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if found["DetectionStatus"] == "DETECTION_FAILED":
            reason = found.get("DetectionStatusReason", "no reason given")
            raise UserError(f"{stack}: its drift could not be detected: {reason}")
        if found["DetectionStatus"] == "DETECTION_COMPLETE":
            return
        if time.monotonic() > deadline:
            raise UserError(
                f"{stack}: its drift is not detected after {_SECONDS / 60:.0f} minutes; look again later"
            )
        sleep(pace)
