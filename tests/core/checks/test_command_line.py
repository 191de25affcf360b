"""A script's command line as its source says it."""

from __future__ import annotations

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


def test_an_option_whose_name_is_computed_leaves_the_command_line_open() -> None:
    """Then no option can be called unknown."""
    assert read('for name in RULES:\n    parser.add_argument(f"--rule-{name}")\n', []).open
    assert not read(SCRIPT, []).open
