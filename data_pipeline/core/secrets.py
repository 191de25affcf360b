"""No secret is ever read from YAML: keys and values that look like one are refused, and never printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from .problems import Finding, Path
from .yaml_lines import Node

_KEY = re.compile(
    r"passw(or)?d|passphrase|secret|token|credential|(api|access|private|auth|account)[-_]?key", re.IGNORECASE
)

_VALUES = {
    "an access key id of AWS": re.compile(r"\b(AKIA|ASIA)[A-Z0-9]{16}\b"),
    "a private key": re.compile("-----BEGIN [A-Z ]*PRIVATE KEY-----"),
    "a token of GitHub": re.compile(r"\b(gh[pousr]_|github_pat_)[A-Za-z0-9_]{20,}"),
    "a token of Slack": re.compile(r"\bxox[abprs]-[A-Za-z0-9-]{10,}"),
    "a URI with a password": re.compile(r"\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@"),
    "a secret access key of AWS": re.compile(
        r"(?=[^a-z]*[a-z])(?=[^A-Z]*[A-Z])(?=[^0-9]*[0-9])[A-Za-z0-9/+]{40}"
    ),
}

_ADVICE = "remove it from the file and from the history of git; a job gets its rights from its role"


def findings(root: Node) -> Iterator[tuple[Finding, Node]]:
    """Every key and value of a file that looks like a secret, with its node."""
    for path, node in root.walk():
        found = _looks_like(path, node)
        if found:
            yield Finding(path, f"what looks like {found}", "no secret in YAML", _ADVICE), node


def _looks_like(path: Path, node: Node) -> str | None:
    if isinstance(node.value, str):
        for name, pattern in _VALUES.items():
            whole = name == "a secret access key of AWS"
            if pattern.fullmatch(node.value) if whole else pattern.search(node.value):
                return name
    key = path[-1] if path else None
    if isinstance(key, str) and _KEY.search(key) and not isinstance(node.value, dict | tuple):
        return "the name of a secret"
    return None
