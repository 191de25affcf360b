"""How rules read what is published already."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol


class KeptRows(Protocol):
    """The rows of a table that stay as they are beside the new ones."""

    def read(self, columns: Sequence[str], time: str = "", since: datetime | None = None) -> Any:
        """Arrow batches (a reader, or None where there is nothing) of these columns; where ``time`` names a column, of
        no file that has none from ``since`` on.
        """
