"""Types and values of the attributes of a message, which SQS and SNS take alike. Pure.

Source: MessageAttributeValue in the API References of both.
"""

from __future__ import annotations

import re

_TYPE = re.compile(r"(String|Number|Binary)(\..+)?", re.DOTALL)
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


def is_type(name: str) -> bool:
    """Whether this is a type, with a word of the user's own behind it or without."""
    return bool(_TYPE.fullmatch(name))


def is_of(type_: str, value: str) -> bool:
    """Whether the text ``value`` is one of the type: a number of Number."""
    return not type_.startswith("Number") or bool(_NUMBER.fullmatch(value))
