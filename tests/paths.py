"""Where this repository is, which is a project of its own."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
