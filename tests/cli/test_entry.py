"""Entry points: exit statuses, missing packages, other Pythons."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import click
import pytest

from data_pipeline import __version__
from data_pipeline.cli import main
from data_pipeline.core.errors import UserError
from data_pipeline.embedded_aws.errors import LocalError

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize(
    ("raised", "status", "said"),
    [
        (UserError("config/dev.yaml:3: no such thing"), 1, "error: config/dev.yaml:3: no such thing"),
        (LocalError("port 4566 is taken"), 1, "error: port 4566 is taken"),
        (click.UsageError("no such option: --fast"), 1, "no such option: --fast"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (click.Abort(), 130, "interrupted"),
        (ValueError("impossible"), 3, "This is a bug"),
        (click.exceptions.Exit(2), 2, ""),
    ],
)
def test_every_outcome_has_its_exit_status(
    raised: BaseException,
    status: int,
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """What the user can mend is 1, a bug 3 with its traceback, ^C 130, differences 2."""

    @click.command()
    def failing() -> None:
        raise raised

    monkeypatch.setattr(main, "load_command", lambda _: failing)
    assert main.status_of("pipeline", [], "failing") == status
    shown = capsys.readouterr().err
    assert said in shown
    assert ("Traceback" in shown) == (status == 3)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("dataset", "data-pipeline training-set create|verify ENV NAME"),
        ("picture", "data-pipeline diagram ENV -o FILE"),
        ("sample", "python jobs/sample.py DIR"),
    ],
)
def test_an_old_name_says_the_new_one(old: str, new: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever options follow it; the usual message would only say that there is no such command."""
    assert main.status_of("data-pipeline", [old, "dev", "--fast"]) == 1
    assert capsys.readouterr().err.startswith(
        f"error: {old!r} has another name since version 0.2; type: {new}"
    )


def test_every_command_of_the_tree_loads_and_has_help() -> None:
    """Each name in the registry leads to a command of that name whose help begins as the registry says."""
    for name, text in main.COMMANDS.items():
        command = main.load_command(name)
        assert command.name == name
        assert text
        assert " ".join((command.help or "").partition("\n\n")[0].split()) == text


def test_the_version_is_the_package_s(capsys: pytest.CaptureFixture[str]) -> None:
    """One version, which the distribution has too."""
    assert main.status_of("data-pipeline", ["--version"]) == 0
    assert capsys.readouterr().out == f"data-pipeline, version {__version__}\n"
    assert metadata.version("daily-data-pipeline") == __version__


def test_the_list_of_commands_is_the_one_that_click_writes() -> None:
    """At any width it is what click makes of the commands themselves."""
    for width in (40, 80, 120):
        context = click.Context(main.tree, terminal_width=width, max_content_width=width)
        ours, theirs = context.make_formatter(), context.make_formatter()
        main.tree.format_commands(context, ours)
        click.Group.format_commands(main.tree, context, theirs)
        assert ours.getvalue() == theirs.getvalue() != ""


#: arguments → packages that the command must not import: without them it starts in a fraction of the time.
UNNEEDED = {
    ("--help",): ("pydantic", "botocore", "yaml", "rich", "pyarrow", "numpy", "troposphere"),
    ("local", "status"): ("pydantic", "botocore", "yaml", "rich", "pyarrow"),
    ("create", "--help"): ("botocore", "jsonata", "rich", "pyarrow", "sqlglot"),
    ("create", "--check"): (
        "botocore",
        "jsonata",
        "rich",
        "duckdb",
        "sqlglot",
        "data_pipeline.core.checks.keys",
    ),
    ("check", "--help"): ("boto3", "rich", "pyarrow", "sqlglot"),
    ("check", "dev"): ("boto3", "rich", "pyarrow", "numpy", "sqlglot", "botocore.loaders"),
}


@pytest.mark.parametrize("arguments", UNNEEDED)
def test_a_command_imports_no_package_that_it_does_not_use(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """What starts quickly today is kept from importing something large in passing."""
    code = (
        "import sys; from data_pipeline.cli.main import status_of\n"
        "status = status_of('pipeline', sys.argv[1:])\n"
        "print(*sys.modules, file=sys.stderr); sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "DATA_PIPELINE_LOCAL_STATE": str(tmp_path / "none")},
    )
    status = 1 if arguments == ("local", "status") else 0  # 1: it does not run
    assert done.returncode == status, done.stderr
    assert done.stdout, "the command came to its answer"
    assert set(UNNEEDED[arguments]) & set(done.stderr.split()) == set()


ENTRIES = ["data_pipeline_create.py", "data_pipeline_run.py"]


def start(entry: str, *options: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Run an entry point in an interpreter with these options, after these statements."""
    code = (
        f"import runpy, sys; sys.path.insert(0, '.'); {before}runpy.run_path({entry!r}, run_name='__main__')"
    )
    command = [sys.executable, *options, "-c", code]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("entry", ENTRIES)
def test_a_missing_package_is_one_line_with_its_remedy(entry: str) -> None:
    """An interpreter without the project's packages says which one and how to install it."""
    done = start(entry, "-S", "-I")
    assert done.returncode == 1
    assert done.stderr.startswith("error: the Python package 'click' is not installed here: ")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("entry", ENTRIES)
def test_another_python_is_refused_by_name(entry: str) -> None:
    """A Python outside 3.11 to 3.14 is named and refused before any package is imported."""
    done = start(entry, "-S", "-I", before="sys.version_info = (3, 9, 18); ")
    assert (done.returncode, done.stderr) == (1, "error: Python 3.11 to 3.14 is needed, this is 3.9\n")


def test_make_refuses_another_python_by_name(tmp_path: Path) -> None:
    """`make install` with a Python it does not support changes nothing and names the one it was given."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    for name in ("pyproject.toml", "requirements.txt", "jobs/requirements.txt", "locks/constraints.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    fake = tmp_path / "python3.9"
    pretend = "import sys; sys.version_info = (3, 9); exec(sys.argv[1])"
    fake.write_text(f'#!/bin/sh\nexec {sys.executable} -c "{pretend}" "$2"\n')
    fake.chmod(0o755)
    done = subprocess.run(
        ["make", "install", f"PYTHON={fake}"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode == 2
    assert f"Python 3.11 to 3.14 is needed, {fake} is 3.9" in done.stderr
    assert not (tmp_path / ".venv").exists()
