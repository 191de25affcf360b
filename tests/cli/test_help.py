"""Every command's help has an example that the command takes; shells complete commands, options and environments."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from paths import ROOT

from data_pipeline.cli.examples import PROGRAM
from data_pipeline.cli.main import COMMANDS, load_command, status_of


def _commands(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[str, click.Command]]:
    yield " ".join(path), command
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from _commands(child, (*path, name))


EVERY = dict(pair for name in COMMANDS for pair in _commands(load_command(name), (name,)))


@pytest.mark.parametrize("path", EVERY)
def test_every_help_has_an_example_that_the_command_takes(path: str) -> None:
    """Its words lead to the command, or to one below it, which takes its options and arguments."""
    command = EVERY[path]
    text = command.get_help(click.Context(command, info_name=path, terminal_width=200))
    lines = text.splitlines()
    head = next(n for n, line in enumerate(lines) if line.strip() in ("Example:", "Examples:"))
    shown = [line.strip() for line in lines[head + 1 :] if line.strip()]
    assert shown
    for example in shown:
        assert f"{example} ".startswith(f"{PROGRAM} {path} "), example
        words = shlex.split(example.removeprefix(PROGRAM).partition(" >")[0])
        inner: click.Command = load_command(words.pop(0))
        while isinstance(inner, click.Group):
            inner = inner.commands[words.pop(0)]
        inner.make_context(path, words)


def test_no_word_of_the_list_is_other_than_the_commands_own(capsys: pytest.CaptureFixture[str]) -> None:
    """The list of all commands is written without importing them: it says what each says of itself."""
    for name, text in COMMANDS.items():
        own = (load_command(name).help or "").split("\n\n")[0].replace("\n", " ")
        assert " ".join(own.split()) == text, name


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_is_given_its_script(shell: str, capfd: pytest.CaptureFixture[str]) -> None:
    """It asks the installed program through click's variable."""
    assert status_of("data-pipeline", ["completion", shell]) == 0
    out = capfd.readouterr().out
    assert f"_DATA_PIPELINE_COMPLETE={shell}_complete" in out
    assert "data-pipeline" in out


@pytest.mark.parametrize(
    ("words", "expected"),
    [("data-pipeline sche", ["schedule"]), ("data-pipeline schedule show ", ["dev", "local", "prod"])],
)
def test_words_are_completed(words: str, expected: list[str], tmp_path: Path) -> None:
    """As bash asks; outside of a project there is no environment, and no error."""
    script = "from data_pipeline.cli.entry import console; console()"
    asked = {
        "COMP_WORDS": words,
        "COMP_CWORD": str(words.count(" ")),
        "_DATA_PIPELINE_COMPLETE": "bash_complete",
    }

    def completed(folder: Path) -> list[str]:
        done = subprocess.run(
            [sys.executable, "-c", f"import sys; sys.argv[0] = 'data-pipeline'; {script}"],
            cwd=folder,
            env={**os.environ, **asked},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.stderr == ""
        return [line.partition(",")[2] for line in done.stdout.splitlines() if line]

    assert completed(ROOT) == expected
    assert completed(tmp_path) == (expected if words.endswith("sche") else [])
