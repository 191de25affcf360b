"""Two readers of YAML: libyaml, where it is taken, composes what PyYAML does."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_pipeline.core.loading import yaml_nodes
from tests.randomness import SEED, times

ROOT = Path(__file__).resolve().parents[3]
CONFIGURATIONS = [
    path.read_text(encoding="utf-8")
    for folder in ("config", "data_pipeline/cli/scaffold/config")
    for path in sorted((ROOT / folder).glob("*.yaml"))
]
#: what means something in YAML, and what is rare in it.
SIGNS = "{}[]:,-?!&*#|>'\"%@` \n\t~<=.0aé…\x85\u2028\ufeff\r\\"
LONGER = (
    "\n  ",
    "- ",
    ": ",
    "? ",
    "--- ",
    "...\n",
    "<<: ",
    "|2\n",
    "> -",
    "!!str ",
    "&a ",
    "*a ",
    "# x",
    "{a: 1}",
)
PIECES = ["", *SIGNS, *LONGER, "[a, b]", "''", '"\\u00e9"', ">#", "|-#", "\n? "]

pytestmark = pytest.mark.skipif(yaml_nodes.CSafeLoader is None, reason="PyYAML has no libyaml here")


@pytest.mark.parametrize("text", CONFIGURATIONS)
def test_configurations_are_read_by_libyaml(text: str) -> None:
    """The quick reader is the one that counts."""
    quick = yaml_nodes.by_libyaml(text)
    assert quick is not None
    assert _shape(quick) == _shape(yaml_nodes.by_python(text))


@pytest.mark.parametrize(
    "text",
    [
        "a: [b?c]",
        "a: {b: c?d, e: f}",
        "a: {b: &x c?d}\ne: *x",
        "a: b\tc",
        "a: {b\t: c}",
        "a: >#x\n",
        "a: [!b, c]",
        "? a",
        "\n\ufeffa: b",
    ],
)
def test_what_they_read_otherwise_is_left_to_python(text: str) -> None:
    """Each of these libyaml reads, and PyYAML refuses or takes for something else."""
    assert _outcome(text, libyaml=True) != _outcome(text, libyaml=False)
    assert yaml_nodes.by_libyaml(text) is None


def test_a_list_that_holds_itself_is_composed() -> None:
    """Looking through it comes to an end."""
    assert yaml_nodes.by_libyaml("a: &x [*x]") is not None


def test_what_is_nested_too_deeply_does_not_end_the_process() -> None:
    """libyaml's own composer would."""
    with pytest.raises(RecursionError):
        yaml_nodes.by_libyaml("- " * 5000)


@pytest.mark.soak
def test_any_text_is_read_alike() -> None:
    """Configurations with characters added, taken away and changed: the same nodes in the same lines."""
    quickly = 0
    for attempt in range(times("yaml")):
        text = _changed(random.Random(f"{SEED}-yaml-{attempt}"))
        quick = yaml_nodes.by_libyaml(text)
        if quick is not None and quick.value:  # an empty document has no line
            quickly += 1
            assert _shape(quick) == _shape(yaml_nodes.by_python(text)), text
    assert quickly > times("yaml") / 10


def _changed(rng: random.Random) -> str:
    """Some lines of a configuration with up to four changes."""
    lines = rng.choice(CONFIGURATIONS).splitlines(keepends=True)
    start = rng.randrange(len(lines))
    text = "".join(lines[start : start + rng.randint(1, 12)])
    for _ in range(rng.randint(0, 4)):
        at = rng.randint(0, len(text))
        text = text[:at] + rng.choice(PIECES) + text[at + rng.choice([0, 0, 1, 2]) :]
    return text


def _outcome(text: str, *, libyaml: bool) -> Any:
    """What a reader makes of a text, if nothing keeps it from it."""
    kind = yaml.CSafeLoader if libyaml else yaml.SafeLoader
    try:
        return _shape(yaml.compose(text, kind))
    except yaml.YAMLError:
        return "an error"


def _shape(node: yaml.Node | None) -> Any:
    """All of a node that the configuration's reader looks at."""
    if node is None:
        return None
    value = node.value
    if isinstance(node, yaml.MappingNode):
        value = [(_shape(key), _shape(child)) for key, child in node.value]
    elif isinstance(node, yaml.SequenceNode):
        value = [_shape(child) for child in node.value]
    return node.tag, value, getattr(node, "style", None) or None, node.start_mark.line
