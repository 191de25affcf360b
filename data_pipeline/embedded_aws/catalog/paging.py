"""A list, a page at a time."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from data_pipeline.embedded_aws.dispatch import Refused

MOST = 100


def page(
    items: Sequence[Any], key: Callable[[Any], Any], member: str, data: Mapping[str, Any], most: int = MOST
) -> dict[str, Any]:
    """The answer with the page that the request asks for, of items in the order of their keys, which are values of
    JSON. The token is the key of the next item, so that none is passed over where others have been deleted since.
    """
    first = _first(items, key, data.get("NextToken"))
    following = first + _size(data, most)
    more = {"NextToken": json.dumps(key(items[following]))} if len(items) > following else {}
    return {member: list(items[first:following]), **more}


def _size(data: Mapping[str, Any], most: int) -> int:
    asked = data.get("MaxResults")
    size = most if asked is None else int(asked)
    if size < 1:
        raise Refused(f"MaxResults is {asked}; expected 1 or more.", "InvalidInputException")
    return min(size, most)


def _first(items: Sequence[Any], key: Callable[[Any], Any], token: Any) -> int:
    if not token:
        return 0
    try:
        return bisect_left(items, json.loads(token), key=key)
    except (TypeError, ValueError) as error:  # no JSON, or no key of these items
        raise Refused(f"Invalid NextToken: {token}", "InvalidInputException") from error
