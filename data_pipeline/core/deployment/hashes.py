"""Hashes of code, packages and documents: which are new, and which changes only carry them; pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .changes import Change
from .page.values import renewed

_DIGEST = re.compile("[0-9a-f]{64}")


def changed(old: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Old SHA-256 → the new one, of every parameter of a stack that is one and changes."""
    return {
        old[name]: value
        for name, value in new.items()
        if name in old and old[name] != value and _DIGEST.fullmatch(value) and _DIGEST.fullmatch(old[name])
    }


def only_carried(change: Change, hashes: Mapping[str, str]) -> bool:
    """Whether a change is nothing but a new hash."""
    known = bool(change.before) and bool(change.after)
    if change.action != "Modify" or change.replaces or not known or "Tags" in change.because:
        return False
    return bool(renewed(change.before, hashes) == change.after)
