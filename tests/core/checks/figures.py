"""Printed by `make check`: how many rules and machines there are, and how long a check of our own takes."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

from data_pipeline.aws.service_models import load
from data_pipeline.cli import job_code
from data_pipeline.cli.commands.check import command_lines
from data_pipeline.core.checks import expressions, template
from data_pipeline.core.checks.rules import RULES
from data_pipeline.core.deployment import templates
from data_pipeline.core.loading.load import load_all
from tests.core.checks import corpus
from tests.paths import ROOT


def seconds(path: Path, repeats: int = 5) -> float:
    """Processor time of one check of a template, the service models being loaded: the median of some."""
    document = templates.read(path.read_text(encoding="utf-8"))
    services = load(template.services(document))
    used = {s.script for env in load_all(ROOT).values() for s in env.steps.values()}
    scripts = command_lines(job_code.sources(ROOT), used)
    taken = []
    for _ in range(repeats):
        expressions.parse.cache_clear()
        start = time.process_time()
        template.check(document, services, scripts)
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def main() -> None:
    """One line."""
    cases = corpus.read("templates").values()
    broken = len(corpus.broken()) + sum(bool(case["findings"]) for case in cases)
    correct = len(corpus.read("correct")) + sum(not case["findings"] for case in cases)
    slowest = max(seconds(path) for path in (ROOT / "templates").glob("*-pipeline.yaml"))
    print(
        f"checks: {len(RULES)} rules, {broken} broken documents and {correct} correct ones; "
        f"{slowest:.3f} s of processor time for our largest template"
    )


if __name__ == "__main__":
    main()
