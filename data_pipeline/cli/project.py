"""Where the project is: found from the package, so that every command works from any directory."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
