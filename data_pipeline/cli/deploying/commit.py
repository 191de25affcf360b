"""The commit of the project's git: what a deployment was made of, for people."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit(folder: Path) -> tuple[str, bool]:
    """The commit that is checked out in a folder, and whether anything below the folder differs from it.

    Nothing and False where there is no git, no commit, or nothing of the folder in it.
    """
    found = _git(folder, "rev-parse", "HEAD")
    if not found or not _git(folder, "ls-files", "."):
        return "", False
    return found, bool(_git(folder, "status", "--porcelain", "."))


def _git(folder: Path, *arguments: str) -> str:
    """What git prints; nothing where it fails."""
    try:
        done = subprocess.run(
            ["git", "--no-optional-locks", *arguments],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
