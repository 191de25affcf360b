"""One thing that is wrong: its rule's code, where it stands in the document, what it is, what to do."""

from __future__ import annotations

from dataclasses import dataclass

from data_pipeline.core.problems import Path, dotted

from .rules import RULES


@dataclass(frozen=True)
class Finding:
    """``path`` leads from the document's top to what is wrong, or to where something is missing."""

    code: str
    path: Path
    message: str
    advice: str = ""

    def __post_init__(self) -> None:
        assert self.code in RULES, f"no rule is called {self.code}"

    def __str__(self) -> str:
        where = dotted(self.path) or "(top)"
        advice = f"; {self.advice}" if self.advice else ""
        return f"{where}: {self.message}{advice} [{self.code}]"
