"""A script's command line as its source says it."""

from __future__ import annotations

import pytest

from data_pipeline.core.checks.command_line import CommandLine, read

SCRIPT = """
parser.add_argument("--input", required=True, help="where")
parser.add_argument("--mode", choices=("new", "all"), default="new")
parser.add_argument("file")
"""


def test_options_are_read_with_what_they_require_and_allow() -> None:
    """Positional arguments are no options."""
    assert read(SCRIPT, []) == CommandLine({"input": (), "mode": ("new", "all")}, frozenset({"input"}))


def test_a_module_may_add_options_but_requires_none() -> None:
    """Which of its functions the script calls is not known."""
    library = 'def common(parser):\n    parser.add_argument("--run", required=True)\n'
    assert read(SCRIPT, [library]).options.keys() == {"input", "mode", "run"}
    assert read(SCRIPT, [library]).required == {"input"}


def test_another_name_for_add_argument_is_followed() -> None:
    """Alone and in a tuple."""
    short = "add = parser.add_argument\nadd('--input', required=True)\n"
    pair = (
        "add, switch = parser.add_argument, {'default': 'false'}\nadd('--input', required=True, **switch)\n"
    )
    assert read(short, []) == read(pair, []) == CommandLine({"input": ()}, frozenset({"input"}))


def test_an_option_whose_name_is_computed_may_be_any_that_begins_so() -> None:
    """Others are still unknown."""
    line = read(SCRIPT + 'for name in RULES:\n    parser.add_argument(f"--rule-{name}")\n', [])
    assert line.may_have("rule-median")
    assert not line.may_have("rul")


@pytest.mark.parametrize(
    "more", ["parser.add_argument(*names)", "declare(parser.add_argument)", "adding = [p.add_argument]"]
)
def test_what_cannot_be_followed_leaves_the_command_line_open(more: str) -> None:
    """Then no option can be called unknown."""
    assert read(f"{SCRIPT}{more}\n", []).may_have("anything")
    assert not read(SCRIPT, []).may_have("anything")


def test_a_script_without_options_is_open() -> None:
    """It reads its arguments in another way."""
    assert read("import sys\nprint(sys.argv)\n", []).may_have("anything")
