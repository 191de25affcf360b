"""The feature groups that there are, of every account and region."""

from __future__ import annotations

from typing import Any

from ministack.core.responses import AccountRegionScopedDict

#: name → DescribeFeatureGroup's answer, and "Tags"
GROUPS = AccountRegionScopedDict()


def of_arn(arn: str) -> dict[str, Any] | None:
    """A group of any account and region."""
    groups = [*GROUPS._data.values()]
    found: dict[str, Any] | None = next((group for group in groups if group["FeatureGroupArn"] == arn), None)
    return found
