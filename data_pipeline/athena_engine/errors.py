"""Why a query failed, as Athena says it."""

from __future__ import annotations

import re

from data_pipeline.core.errors import UserError
from data_pipeline.features.queries import TooManyBytesError

_PLACE = re.compile(r"^line (\d+), column (\d+)(, at '.*?'(?=: ))?")
_DENIED = re.compile(r"ACCESS_DENIED|AccessDenied|Access Denied|not authorized", re.IGNORECASE)


class QueryError(UserError):
    """A failure with Athena's name of its kind."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(words)
        self.code = code


def in_one_line(error: Exception) -> str:
    """The first line of a message, places written as Athena does: ``line 1:8: …``."""
    text = str(error).strip().partition("\n")[0]
    return _PLACE.sub(r"line \1:\2", text)


def reason(error: Exception) -> str | None:
    """Athena's reason for a failure of a query; None for what is a mistake of this program."""
    text = in_one_line(error)
    if isinstance(error, QueryError):
        return f"{error.code}: {text}"
    if isinstance(error, TooManyBytesError):
        return "Bytes scanned limit was exceeded"
    if isinstance(error, UserError):
        return f"{_kind(text)}: {text}"
    response = getattr(error, "response", None)  # botocore's ClientError, which is not imported here
    said = response["Error"].get("Message", text) if isinstance(response, dict) else text
    if _DENIED.search(text):
        return f"PERMISSION_DENIED: {said}"
    if isinstance(error, FileNotFoundError):
        return f"ICEBERG_MISSING_METADATA: {said}"
    return f"GENERIC_USER_ERROR: {said}" if isinstance(error, OSError) or response else None


def _kind(text: str) -> str:
    if "the embedded AWS" in text:
        return "NOT_SUPPORTED"
    return "SYNTAX_ERROR" if text.startswith("line ") else "GENERIC_USER_ERROR"
