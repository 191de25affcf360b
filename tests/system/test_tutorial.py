"""The tutorial "Your own data in fifteen minutes", typed word for word from an empty folder."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tutorial
from paths import ROOT
from randomness import SOAK

PAGE = ROOT / "docs" / "tutorial" / "your-own-data.md"
STEPS = tutorial.steps(PAGE)
#: seconds that the page promises for all of its commands
MOST = 300


def environment() -> dict[str, str]:
    """What the shell inherits: no AWS settings of the machine, a free port, the tests' own packages and programs."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "DATA_PIPELINE_"))}
    path = f"{sys.prefix}/bin{os.pathsep}{os.environ['PATH']}"
    return {**kept, "VIRTUAL_ENV": sys.prefix, "PATH": path, "DATA_PIPELINE_LOCAL_PORT": "0", "COLUMNS": "80"}


def typed(step: tutorial.Step, folder: Path, kept: Path) -> tuple[Path, int, str]:
    """Type the commands of a step in ``folder``: where one is then, the status, and all that was said."""
    script = f"set -e\ntrap 'pwd > {kept}' EXIT\n{step.commands}"
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Path(kept.read_text().strip()), done.returncode, done.stdout


def follow(steps: list[tutorial.Step], folder: Path, kept: Path) -> Path:
    """Type all of them; where one is at the end."""
    for step in steps:
        folder, status, said = typed(step, folder, kept)
        assert (status != 0) == step.fails, f"{step.commands}ended with {status}:\n{said}"
        wrong = tutorial.differs(step.shown, said) if step.shown else ""
        assert not wrong, f"{step.commands}\nnot as shown: {wrong}\n\n{said}"
    return folder


def test_the_first_minutes_word_for_word(tmp_path: Path) -> None:
    """Up to the project that `init` writes of the files, without AWS."""
    (tmp_path / "empty").mkdir()
    (first,) = [
        at
        for at, step in enumerate(STEPS)
        if "data-pipeline try" in step.commands and "--file" not in step.commands
    ]
    follow(STEPS[:first], tmp_path / "empty", tmp_path / "kept")


@pytest.mark.soak
@pytest.mark.timeout(1200)
@pytest.mark.skipif(not SOAK, reason="eight runs of a new project: `make soak` makes them")
def test_the_tutorial_word_for_word(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every command and its output as shown, but for what differs from run to run."""
    (tmp_path / "empty").mkdir()
    started = time.monotonic()
    place = tmp_path / "empty"
    try:
        place = follow(STEPS, place, tmp_path / "kept")
    finally:
        subprocess.run(
            ["data-pipeline", "local", "down"],
            cwd=tmp_path / "empty" / "bakery",
            env=environment(),
            capture_output=True,
            check=False,
        )
    took = time.monotonic() - started
    with capsys.disabled():
        print(f"\nthe tutorial took {took:.0f} s, of {MOST} s that its page promises")
    assert took < 3 * MOST  # of a busy machine the clock says little


@pytest.mark.parametrize(
    ("shown", "said", "wrong"),
    [
        ("a\nb\n", "a  \nb\n", ""),
        ("a …\n…\nc\n", "a 1\n2\n3\nc\n", ""),
        ("…\nc\n", "c\n", ""),
        ("a\n", "a\nb\n", "the end: there are more lines"),
        ("a\nb\n", "a\nc\n", "b"),
        ("x … y\n", "x 1\n", "x … y"),
        ("(1)\n", "1\n", "(1)"),
    ],
)
def test_what_is_not_as_shown_is_found(shown: str, said: str, wrong: str) -> None:
    assert tutorial.differs(shown, said) == wrong
