"""Documents of other people hold anything: a check says what is wrong, and never ends with an error of its own."""

from __future__ import annotations

import contextlib
import copy
import random
from collections.abc import Iterator
from typing import Any

import pytest
from randomness import SEED, times

from data_pipeline.core.checks import expressions, machine, template
from data_pipeline.core.checks.command_line import CommandLine
from data_pipeline.core.checks.tasks import Services
from tests.core.checks import corpus

VALUES: tuple[Any, ...] = (None, True, 5, "x", "{% $x %}", [], [1], {}, {"a": 1})
SCRIPTS = {"prepare.py": CommandLine({"input": ()}, frozenset({"input"}))}


def _positions(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every container with every key or index."""
    for key, each in (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    ):
        yield value, key
        yield from _positions(each)


def _with_anything_in_one_place(cases: list[Any], rng: random.Random) -> Any:
    document = copy.deepcopy(rng.choice(cases))
    container, key = rng.choice(list(_positions(document)))
    container[key] = rng.choice(VALUES)
    return document


def _expressions(value: Any) -> Iterator[str]:
    for container, key in _positions(value):
        if isinstance(container[key], str) and container[key].startswith("{%"):
            yield container[key]


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("documents")))
def test_any_expression_is_read_or_refused(attempt: int) -> None:
    """A hundred expressions, each cut off or with a character more: the parser's own errors are none of ours."""
    rng = random.Random(f"{SEED}-expressions-{attempt}")
    known = sorted({text for machine in corpus.read("correct").values() for text in _expressions(machine)})
    for _ in range(100):
        text = rng.choice(known)[2:-2]
        at = rng.randrange(len(text) + 1)
        broken = rng.choice([text[:at], text[:at] + rng.choice("()[]{}'/*`$.%@#^|~?:;,&=!<>") + text[at:]])
        with contextlib.suppress(expressions.BrokenExpressionError):
            expressions.uses(expressions.parse(f"{{%{broken}%}}"))


@pytest.mark.soak
@pytest.mark.parametrize("attempt", range(times("documents")))
def test_any_document_is_checked(attempt: int) -> None:
    """Fifty correct machines and fifty templates, each with one value replaced by any other."""
    rng = random.Random(f"{SEED}-documents-{attempt}")
    machines = [*corpus.read("correct").values()]
    all_templates = [case["template"] for case in corpus.read("templates").values()]
    for _ in range(50):
        found = [
            *machine.check(_with_anything_in_one_place(machines, rng), Services()),
            *template.check(_with_anything_in_one_place(all_templates, rng), Services(), SCRIPTS),
        ]
        assert all(f"[{finding.code}]" in str(finding) for finding in found)
