"""No secret is ever read from YAML: keys and values that look like one are refused, and never printed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from data_pipeline.core.problems import Path, Violation

from .yaml_lines import Node

#: words of a key that name a secret, and pairs of words that do.
_WORDS = frozenset(
    ("password", "passwd", "passphrase", "pwd", "secret", "secrets", "token", "credential", "credentials")
)
_PAIRS = frozenset((first, "key") for first in ("api", "access", "private", "auth", "account", "signing"))

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


def findings(root: Node) -> Iterator[tuple[Violation, Node]]:
    """Every key and value of a file that looks like a secret, with its node."""
    for path, node in root.walk():
        found = _looks_like(path, node)
        if found:
            yield Violation(path, f"what looks like {found}", "no secret in YAML", _ADVICE), node


def _names_a_column(path: Path) -> bool:
    """A column of personal data may be called what a secret is; its value is a type."""
    return path[0] == "datasets" and "columns" in path[2:3]


def _looks_like(path: Path, node: Node) -> str | None:
    if isinstance(node.value, str):
        for name, pattern in _VALUES.items():
            whole = name == "a secret access key of AWS"
            if pattern.fullmatch(node.value) if whole else pattern.search(node.value):
                return name
    key = path[-1] if path and not _names_a_column(path) else None
    reference = isinstance(node.value, str) and node.value.startswith("arn:")
    if isinstance(key, str) and not isinstance(node.value, dict | tuple) and not reference:
        words = [word.lower() for word in re.findall("[A-Z]+(?![a-z])|[A-Z]?[a-z]+", key)]
        if _WORDS & set(words) or _PAIRS & set(pairwise(words)):
            return "the name of a secret"
    return None
