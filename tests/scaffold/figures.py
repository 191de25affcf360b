"""python -m tests.scaffold.figures [N]: of N generated folders, how many patterns and types were right at once."""

from __future__ import annotations

import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from data_pipeline.scaffold import proposing
from data_pipeline.scaffold.folder import folder
from tests.scaffold.generated import generate
from tests.scaffold.test_generated import wrong_types


def main(times: int) -> None:
    """Print the figures, and what was wrong."""
    count: Counter[str] = Counter()
    for attempt in range(times):
        with tempfile.TemporaryDirectory() as place:
            files, scratch = Path(place) / "files", Path(place) / "scratch"
            scratch.mkdir()
            made = generate(files, random.Random(f"figures-{attempt}"))
            found = proposing.propose("orders", folder(files), None, scratch)
        wrong = wrong_types(made, found)
        right = found.proposal.patterns == made.patterns
        count["patterns"] += right
        count["types"] += len(made.types)
        count["types wrong"] += len(wrong)
        if wrong or not right:
            print(attempt, made.about, "" if right else found.proposal.patterns, wrong)
    right_types = count["types"] - count["types wrong"]
    print(
        f"{times} folders: patterns {count['patterns']} right, types {right_types} of {count['types']} right"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
