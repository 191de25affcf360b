"""A list, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from data_pipeline.embedded_aws.dispatch import Refused

MOST = 100


def page(items: Sequence[Any], member: str, data: Mapping[str, Any], most: int = MOST) -> dict[str, Any]:
    """The answer with the page that the request asks for; the token is the number of the first item."""
    token = str(data.get("NextToken") or "0")
    if not token.isdecimal():
        raise Refused(f"Invalid NextToken: {token}", "InvalidInputException")
    first, size = int(token), min(int(data.get("MaxResults") or most), most)
    more = {"NextToken": str(first + size)} if len(items) > first + size else {}
    return {member: list(items[first : first + size]), **more}
