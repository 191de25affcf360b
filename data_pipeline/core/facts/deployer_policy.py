"""What the person or CI that deploys needs to be allowed, as a policy with placeholders: deployer-policy.json."""

from __future__ import annotations

from pathlib import Path

FILE = Path(__file__).with_name("deployer-policy.json")


def text() -> str:
    """The policy as JSON; docs/reference/deployer-policy.md says what stands for its placeholders."""
    return FILE.read_text(encoding="utf-8")
